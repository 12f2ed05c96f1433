"""`meanrev bench`: a ladder of callers; no figure is held to anything."""

import csv
import io
import json

import pytest

QUICK = ("--seconds", "0.05")


@pytest.mark.parametrize("op", ["ou", "returns", "thresholds"])
def test_each_step_of_the_ladder_is_a_row(run, server, op):
    answer = json.loads(run("bench", server, "--op", op, "--concurrency", "1:4", *QUICK, "--json").stdout)
    assert (answer["address"], answer["op"]) == (server, op)
    assert [step["concurrency"] for step in answer["steps"]] == [1, 2, 4]
    for step in answer["steps"]:
        assert step["calls"] >= step["concurrency"]
        assert step["calls_per_s"] > 0
        assert 0 < step["p50_ms"] <= step["p90_ms"] <= step["p99_ms"]


def test_csv_is_for_machines(run, server):
    text = run("bench", server, "--concurrency", "1,3", *QUICK, "--csv").stdout
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["concurrency"] for row in rows] == ["1", "3"]
    assert list(rows[0]) == ["concurrency", "calls", "calls_per_s", "p50_ms", "p90_ms", "p99_ms"]


def test_for_a_person(run, server):
    text = run("bench", server, "--concurrency", "2", *QUICK).stdout
    assert f"ou at {server}" in text
    assert "p99 ms" in text


@pytest.mark.parametrize("ladder", ["0", "x", "8:4", "1:x", "-1", "9999"])
def test_a_ladder_without_a_step_is_refused(run, server, ladder):
    result = run("bench", server, "--concurrency", ladder)
    assert result.exit_code == 2
    assert "is no number of callers" in result.stderr


def test_no_server(run, closed_port):
    assert run("bench", closed_port, "--timeout", "0.5").exit_code == 3
