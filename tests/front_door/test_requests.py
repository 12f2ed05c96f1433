"""Random requests against a server in this process; `python -m tests.front_door.requests --count 100000` sends more."""

import logging
import sys

import pytest

from tests.front_door import requests
from tests.front_door.made_requests import MARKED_NAME, MARKED_VALUE

SEED = 1
COUNT = 200


def test_no_request_ends_in_an_internal_error_or_without_a_reason(client):
    """Random columns and options: never INTERNAL, never figures missing without a reason, never data in a log."""
    with requests.Log() as log:
        for count in range(COUNT):
            try:
                requests.number(client, log, SEED, count)
            except requests.Violation as violation:
                pytest.fail(f"python -m tests.front_door.requests --seed {SEED} --first {count} --count 1: {violation}")


@pytest.mark.parametrize("leak", [f"column {MARKED_NAME}3", f"got {MARKED_VALUE}"])
def test_a_log_that_holds_a_callers_data_is_seen(leak):
    """A check that cannot fail shows nothing: a name or a price in a log line is seen, in its fields too."""
    with requests.Log() as log:
        logging.getLogger("meanrev_server").warning("refused")
        log.check()
        logging.getLogger("meanrev_server").warning("refused", extra={"told": leak})
        with pytest.raises(requests.Violation):
            log.check()


def test_a_log_that_holds_a_callers_data_in_its_traceback_is_seen():
    """A traceback that quotes a caller's name is seen."""
    with requests.Log() as log:
        try:
            int(MARKED_NAME)
        except ValueError:
            known = {"name": "meanrev_server", "msg": "unexpected error", "exc_info": sys.exc_info()}
            log.handle(logging.makeLogRecord(known))  # a server of this process may strip others
        with pytest.raises(requests.Violation):
            log.check()
