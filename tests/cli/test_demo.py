"""`meanrev demo` as a person meets it."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.timeout(60)
def test_one_command_tells_the_story_and_saves_the_page(tmp_path):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MEANREV_")}
    done = subprocess.run(
        [sys.executable, "-m", "meanrev_cli", "demo", "--save", "demo.html"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=tmp_path,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    for words in (
        "serving on 127.0.0.1:",
        "ordinary least squares of log WTI on log Brent",
        "1.5 sqrt(1 + 100 cost) = 1.64",
        "Median-unbiased half-life 1.63 months, 95 % interval 1.16 to 2.48",
        "none looks at least as cointegrated: p_best = 0.002, with a standard error of 0.002. That is evidence of",
        "Sharpe 1.03 ± ",
        " in sample (1987-2005), 0.55 ± ",
        " in 2006-2010, -0.09 ± ",
        "z = -9.0",
        "from 0.27 to 0.15",
        "Monthly averages flatter the in-sample figure",
        "bars/s",
        str(tmp_path / "demo.html"),
    ):
        assert words in " ".join(done.stdout.split()), words
    page = (tmp_path / "demo.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "p_best = 0.002, with a standard error of 0.002" in page


def test_json_holds_the_figures_and_the_server_is_gone(run):
    result = run("demo", "--json", "-v")
    assert result.exit_code == 0, result.stderr
    told = json.loads(result.stdout)
    assert told["months"] == 393
    assert told["walks"]["no stop"]["1987-2005"]["trades"] == 25
    assert (told["p_best"], told["null_universes"]) == (0.002, 499)
    assert told["fit"]["status"] == "converged"
    assert told["saved"] is None
    host, _, port = result.stderr.split("serving on ")[1].strip().rpartition(":")
    with socket.socket() as probe:
        assert probe.connect_ex((host, int(port))) != 0


def test_numbers_that_are_not_finite_are_null():
    from meanrev_demo.document import _finite

    assert _finite({"half_life_upper": float("inf"), "n": 3, "status": "error"}) == {
        "half_life_upper": None,
        "n": 3,
        "status": "error",
    }


def test_a_page_that_cannot_be_written_is_bad_data(run, tmp_path):
    result = run("demo", "--save", str(tmp_path / "missing" / "demo.html"))
    assert result.exit_code == 4
    assert "--save" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_refusal_of_the_server_is_one_sentence(run, monkeypatch):
    import meanrev
    from meanrev_demo import story

    def refuse(*_):
        raise meanrev.ServerError("it is ill")

    monkeypatch.setattr(story, "compute", refuse)
    result = run("demo")
    assert result.exit_code == 1
    assert "it is ill; `meanrev doctor`" in result.stderr


def test_the_prices_say_where_they_come_from():
    import meanrev_demo as demo

    text = (Path(demo.__file__).parent / "README.md").read_text(encoding="utf-8")
    for word in ("MCOILBRENTEU", "MCOILWTICO", "public domain"):
        assert word in text
