import json
import math
import pickle
import re

import pytest

import meanrev as mr
from meanrev import errors
from meanrev.errors import from_status


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("INVALID_ARGUMENT", mr.InvalidInput),
        ("FAILED_PRECONDITION", mr.InvalidInput),
        ("NOT_FOUND", mr.InvalidInput),
        ("UNAVAILABLE", mr.ConnectionFailed),
        ("DEADLINE_EXCEEDED", mr.DeadlineExceeded),
        ("RESOURCE_EXHAUSTED", mr.Overloaded),
        ("UNAUTHENTICATED", mr.Unauthenticated),
        ("PERMISSION_DENIED", mr.PermissionDenied),
        ("INTERNAL", mr.ServerError),
        ("UNIMPLEMENTED", mr.ServerError),
        ("CANCELLED", mr.ServerError),
    ],
)
def test_every_status_has_its_error(code, kind):
    error = from_status(code, "what happened", "", "box:1")
    assert type(error) is kind
    assert isinstance(error, mr.MeanRevError)


@pytest.mark.parametrize(
    ("kind", "also"),
    [
        (mr.InvalidInput, ValueError),
        (mr.ConnectionFailed, ConnectionError),
        (mr.DeadlineExceeded, TimeoutError),
        (mr.PermissionDenied, PermissionError),
    ],
)
def test_errors_are_also_the_standard_ones(kind, also):
    assert issubclass(kind, also)


def test_details_become_the_fields_of_invalid_input():
    details = json.dumps({"field": "prices", "rule": "must be > 0", "value": -2.0, "index": [1, 0]})
    error = from_status("INVALID_ARGUMENT", "whatever", details)
    assert isinstance(error, mr.InvalidInput)
    assert (error.field, error.rule, error.value, error.index) == ("prices", "must be > 0", -2.0, (1, 0))
    assert str(error) == "prices[1, 0] must be > 0, got -2.0"


def test_an_option_is_named_as_the_argument_it_is():
    details = json.dumps({"field": "metadata.bias", "rule": "must be one of them", "value": "x"})
    assert vars(from_status("INVALID_ARGUMENT", "", details))["field"] == "bias"


@pytest.mark.parametrize(("word", "number"), [("inf", math.inf), ("-inf", -math.inf)])
def test_infinities_travel_as_words_and_come_back_as_numbers(word, number):
    details = json.dumps({"field": "prices", "rule": "must be finite", "value": word})
    assert vars(from_status("INVALID_ARGUMENT", "", details))["value"] == number


def test_the_message_of_a_refusal_with_details_is_not_read():
    details = json.dumps({"field": "theta", "rule": "must be > 0", "value": 0.0})
    error = from_status("INVALID_ARGUMENT", "theta must be > 0 and more, got 7.0", details)
    assert str(error) == "theta must be > 0, got 0.0"


def test_a_long_rule_is_told_in_full(client):
    with pytest.raises(mr.InvalidInput) as caught:
        next(client.health({"A": 1.0}, limits={"drawdown": 1}))
    assert len(caught.value.rule) > 60
    assert caught.value.rule.endswith(")")


def test_the_tree_is_the_one_that_is_drawn():
    """Every error that the module defines is in the drawing of its docstring, below the base."""
    drawn = re.findall(r"^[├└]── (\w+)", errors.__doc__, re.MULTILINE)
    defined = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert sorted([*drawn, "MeanRevError"]) == sorted(kind.__name__ for kind in defined)
    assert all(mr.MeanRevError in kind.__bases__ for kind in defined if kind is not mr.MeanRevError)
    assert set(drawn) | {"MeanRevError"} <= set(mr.__all__)


@pytest.mark.parametrize("details", ["", "{", "[1]", '{"index": 3}'])
def test_details_that_say_nothing_leave_the_message(details):
    error = from_status("INVALID_ARGUMENT", "the message", details)
    assert str(error) == "the message"


def test_the_hint_stands_at_the_end():
    error = mr.InvalidInput("prices", "must be > 0", value=-2.0, index=3, hint="'PEP', 2020-03-16")
    assert str(error) == "prices[3] must be > 0, got -2.0 (at 'PEP', 2020-03-16)"


@pytest.mark.parametrize(
    "error",
    [
        mr.InvalidInput("prices", "must be > 0", value=-2.0, index=3, hint="here"),
        mr.ServerError("what", "ABORTED"),
        mr.ConnectionFailed("gone"),
    ],
)
def test_errors_survive_pickling(error):
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert copy.__dict__ == error.__dict__


def test_a_bad_price_is_named_with_its_place(client):
    with pytest.raises(mr.InvalidInput, match=r"prices\[1\] must be finite and > 0 .* got -2.0") as caught:
        client.log_returns([1.0, -2.0])
    assert (caught.value.field, caught.value.index, caught.value.value) == ("prices", 1, -2.0)


def test_a_misspelt_option_value_names_the_argument(client, prices):
    with pytest.raises(mr.InvalidInput, match="bias") as caught:
        client.ou(prices, bias="jacknife")
    assert caught.value.value == "jacknife"


@pytest.mark.parametrize("row", [7, 399])
def test_an_infinite_price_of_a_fit_is_named_with_its_row(client, prices, row):
    spoilt = prices[:, 0].copy()
    spoilt[row] = math.inf
    with pytest.raises(mr.InvalidInput, match=rf"prices\[{row}\] must not be infinite"):
        client.ou(spoilt)


def test_an_infinite_price_of_one_column_leaves_the_others(client, prices):
    spoilt, clean = prices.copy(), client.ou(prices)
    spoilt[7, 2] = math.inf
    found = client.ou(spoilt)
    assert (found.status[2], found.reason[2]) == ("error", "the price inf at row 7 is infinite")
    assert found.theta[:2].tolist() == clean.theta[:2].tolist()


def test_a_deadline_that_passes_is_deadline_exceeded(client):
    with pytest.raises(mr.DeadlineExceeded, match="timeout="):
        list(client.health({"A": 1.0}, update_frequency_ms=60_000, timeout=0.2))


def test_a_path_that_nobody_answers_is_a_server_error(client):
    with pytest.raises(mr.ServerError) as caught:
        client._transport.unary("/meanrev.MeanRevService/Nothing", b"", 5.0)
    assert caught.value.code == "UNIMPLEMENTED"


@pytest.mark.parametrize("timeout", [0, -1.0, math.nan])
def test_a_calls_own_timeout_is_a_positive_number_too(client, timeout):
    with pytest.raises(mr.InvalidInput, match="timeout must be a number of seconds > 0"):
        client.log_returns([1.0, 2.0], timeout=timeout)
    with pytest.raises(mr.InvalidInput, match="timeout must be a number of seconds > 0"):
        next(client.ou_stream([1.0], timeout=timeout))
