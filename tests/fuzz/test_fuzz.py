"""A few random requests of every method against a server in this process; `make fuzz` sends a million."""

import hashlib
import json
import logging
from collections import Counter

import pytest

from tests.fuzz.draw import Draw
from tests.fuzz.made import KINDS, Asked, asked
from tests.fuzz.messages import ordinary
from tests.fuzz.methods import METHODS
from tests.fuzz.sending import TOKENS, block
from tests.fuzz.verdict import Answer, of_answer, of_log
from tests.server.serving import serving

SEED = 1
COUNT = 120


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    tokens = tmp_path_factory.mktemp("fuzz") / "tokens"
    digests = {name: hashlib.sha256(TOKENS[name].encode()).hexdigest() for name in ("one", "two")}
    tokens.write_text("".join(f"{name} sha256:{digest}\n" for name, digest in digests.items()), encoding="ascii")
    tokens.chmod(0o600)
    with serving(backend="numpy", token_file=str(tokens), max_work_in_flight=10**7, message_timeout_s=20) as address:
        yield address


def test_no_request_is_answered_as_none_may_be(address, caplog):
    with caplog.at_level(logging.ERROR):
        tally = block(address, SEED, 0, COUNT)
    assert tally.wrong == {}, "python -m tests.fuzz --first NUMBER --count 1 sends one of these again"
    assert tally.calls.total() == COUNT
    assert [record.getMessage() for record in caplog.records if record.name.startswith("meanrev_server")] == []


def test_a_seed_and_a_number_make_the_same_request_again():
    assert [asked(SEED, number) for number in range(100)] == [asked(SEED, number) for number in range(100)]
    assert asked(SEED, 1) != asked(SEED + 1, 1)


def test_every_method_and_every_kind_of_request_is_among_some_hundreds():
    drawn = Counter((request.method, request.kind) for request in (asked(SEED, number) for number in range(1500)))
    assert {method for method, _ in drawn} == set(METHODS)
    assert {kind for _, kind in drawn} == set(KINDS)


def test_whole_messages_parse():
    for name, method in METHODS.items():
        for message in ordinary(Draw(SEED, 7), name, ""):
            assert type(message) is method.message


def test_a_method_without_a_maker_of_its_own_is_asked_with_every_field_filled():
    (request,) = ordinary(Draw(SEED, 7), "FitJohansen", '{"lags": 1}')
    assert request.prices.cols >= 2
    assert len(request.prices.values or request.prices.values_f32) == request.prices.rows * request.prices.cols > 0
    assert request.metadata == '{"lags": 1}'
    (request,) = ordinary(Draw(SEED, 7), "GetPortfolio", "")
    assert request.portfolio_id


QUESTION = Asked(7, "values", "FitPair", "/x", [], one=True)
SOUND = "prices[3, 0] must be above 0, got -1.0"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("INTERNAL", "internal error; the server's log has the particulars"),
        ("UNKNOWN", "Exception iterating requests!"),
        ("UNAVAILABLE", "Socket closed"),
        ("UNIMPLEMENTED", "Method not found!"),
        ("DEADLINE_EXCEEDED", "Deadline Exceeded"),
        ("INVALID_ARGUMENT", ""),
        ("INVALID_ARGUMENT", "ValueError: not so"),
        ("INVALID_ARGUMENT", "InvalidInput(prices)"),
        ("INVALID_ARGUMENT", "Traceback (most recent call last)"),
        ("NOT_FOUND", "/tmp/state/results/1.npy"),
        ("NOT_FOUND", "the portfolio 'SECRETTICKER000000008' is not stored"),
        ("INVALID_ARGUMENT", "prices must be above 0, got 735119.000000124"),
    ],
)
def test_an_answer_that_may_not_be_is_seen(code, said):
    assert of_answer(QUESTION, Answer(code, said, 0.0))


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("OK", ""),
        ("INVALID_ARGUMENT", SOUND),
        ("NOT_FOUND", "the portfolio 'SECRETTICKER000000007' is not stored"),
        ("INVALID_ARGUMENT", "prices must be above 0, got 735119.000000007"),
        ("INVALID_ARGUMENT", "price must keep quantity times price within 1e300, got 735119.000000123"),
        ("INVALID_ARGUMENT", 'metadata must be as in chunk[0], got \'{"periods_per_year": 735119.000000... '),
    ],
)
def test_an_answer_that_may_be_is_let_pass(code, said):
    assert of_answer(QUESTION, Answer(code, said, 0.0)) == ""


def test_a_refusal_for_another_reason_than_a_missing_token_is_seen():
    stranger = Asked(7, "values", "FitPair", "/x", [], one=True, token="none")
    assert of_answer(stranger, Answer("INVALID_ARGUMENT", SOUND, 0.0))
    assert of_answer(stranger, Answer("UNAUTHENTICATED", "the call has no token", 0.0)) == ""


def test_a_deadline_of_the_clients_own_is_let_pass():
    hasty = Asked(7, "values", "FitPair", "/x", [], one=True, deadline_s=0.001)
    assert of_answer(hasty, Answer("DEADLINE_EXCEEDED", "Deadline Exceeded", 0.0)) == ""


@pytest.mark.parametrize(
    "line",
    [
        "Traceback (most recent call last):",
        json.dumps({"event": "call", "level": "info", "name": "SECRETTICKER000000007"}),
        json.dumps({"event": "call", "level": "info", "value": 735119.000000007}),
        json.dumps({"event": "unexpected error", "level": "error"}),
    ],
)
def test_a_log_line_that_may_not_be_is_seen(line):
    assert of_log(line)[0]


def test_a_log_line_that_may_be_is_let_pass():
    assert of_log(json.dumps({"event": "call", "level": "info", "ms": 1.2}))[0] == ""
