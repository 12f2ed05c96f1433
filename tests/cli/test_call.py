"""`meanrev call`: JSON in, JSON out, through descriptors that the server itself sends."""

import json

import pytest


def test_a_unary_method(run, server):
    result = run("call", server, "ComputeLogReturns", '{"prices": [1, 2, 4]}')
    assert result.exit_code == 0, result.stderr
    answer = json.loads(result.stdout)
    assert answer["n_periods"] == 2
    assert answer["mean_return"] == pytest.approx(0.6931471805599453)


def test_the_request_may_come_from_stdin(run, server):
    for words in ([], ["-"]):
        result = run("call", server, "ComputeLogReturns", *words, stdin='{"prices":\n [1, 2, 4]}\n')
        assert json.loads(result.stdout)["n_periods"] == 2


PRICES = [1.0, 2.0, 1.5, 1.2, 1.9, 1.4]


@pytest.mark.parametrize("form", ["array", "lines", "blank lines"])
def test_a_stream_takes_an_array_or_lines(run, server, form):
    objects = [{"price": price} for price in PRICES]
    separator = "\n\n" if form == "blank lines" else "\n"
    text = json.dumps(objects) if form == "array" else separator.join(map(json.dumps, objects))
    result = run("call", server, "EstimateOUParams", stdin=text)
    assert result.exit_code == 0, result.stderr
    replies = [json.loads(line) for line in result.stdout.splitlines()]
    assert [reply["n_samples"] for reply in replies] == [1, 2, 3, 4, 5, 6]


def test_first_stops_a_stream_of_replies(run, server):
    text = json.dumps([{"price": price} for price in PRICES])
    result = run("call", server, "EstimateOUParams", text, "--first", "2")
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 2


def test_verbose_says_what_is_called_and_how_long_it_took(run, server):
    result = run("call", server, "ComputeLogReturns", '{"prices": [1, 2]}', "-v")
    assert "ReturnsRequest -> ReturnsResponse" in result.stderr
    assert "ms" in result.stderr


def test_a_request_that_the_server_refuses_is_bad_data(run, server):
    result = run("call", server, "ComputeLogReturns", '{"prices": [1, -2]}', "-v")
    assert result.exit_code == 4
    assert "prices[1]" in result.stderr
    assert '"index": 1' in result.stderr


@pytest.mark.parametrize(
    ("method", "request_text", "said"),
    [
        ("ComputeLogReturns", '{"prizes": [1]}', "prizes"),
        ("ComputeLogReturns", '{"prices": ["x"]}', "prices"),
        ("ComputeLogReturns", "{prices", "not JSON"),
        ("ComputeLogReturns", "[1]", "must be a JSON object"),
        ("ComputeLogReturns", " ", "is empty"),
        ("EstimateOUParams", '[{"price": 1}, 3]', "request [1] must be a JSON object, got 3"),
        ("EstimateOUParams", '{"price": 1}\n{"price":', "line 2 is not JSON"),
    ],
)
def test_a_request_that_does_not_fit_is_bad_data(run, server, method, request_text, said):
    result = run("call", server, method, request_text)
    assert result.exit_code == 4
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_an_unknown_method_suggests_a_known_one(run, server):
    result = run("call", server, "OptimalThreshold", "{}")
    assert result.exit_code == 2
    assert "did you mean OptimalThresholds?" in result.stderr
    result = run("call", server, "xyzzy", "{}")
    assert result.exit_code == 2
    assert "EstimateOUParams" in result.stderr


def test_no_server(run, closed_port):
    assert run("call", closed_port, "OptimalThresholds", "{}", "--timeout", "0.5").exit_code == 3


def test_a_deadline_names_its_knob(run, server):
    result = run("call", server, "PortfolioHealthStream", '{"asset_ids": ["A"]}', "--timeout", "0.3")
    assert result.exit_code == 3
    assert "--timeout (or MEANREV_TIMEOUT)" in result.stderr


@pytest.mark.parametrize("seconds", ["inf", "1e300"])
def test_a_timeout_may_be_endless(run, server, seconds):
    for words in (("call", server, "ComputeLogReturns", '{"prices": [1, 2]}'), ("health", server), ("info", server)):
        assert run(*words, "--timeout", seconds).exit_code == 0


@pytest.mark.parametrize("seconds", ["nan", "0", "-1", "soon"])
def test_a_timeout_is_a_number_of_seconds(run, server, seconds):
    for words in (("call", server, "ComputeLogReturns", "{}"), ("health", server)):
        result = run(*words, "--timeout", seconds)
        assert result.exit_code == 2
        assert "Invalid value for '--timeout'" in result.stderr


def test_a_fit_has_the_tests_that_are_asked_for(run, server):
    values = [100 + (-0.5) ** (row % 7) + row % 3 for row in range(40)]
    chunk = {
        "block": {"rows": 40, "cols": 1, "values": values},
        "metadata": '{"tests": ["pp", "hurst"], "trend": "ct"}',
    }
    result = run("call", server, "FitOu", json.dumps([chunk]))
    assert result.exit_code == 0, result.stderr
    tests = json.loads(result.stdout.splitlines()[-1])["result"]["tests"]
    found = {name for name, values in tests.items() if values}
    assert found == {"status", "reason", "pp_statistic", "pp_p_value", "hurst_rescaled_range", "hurst_increments"}
