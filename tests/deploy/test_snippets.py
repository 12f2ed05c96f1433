"""The Python files of docs/schedules.md, with stand-ins for Airflow and Prefect: what becomes of an exit code."""

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from meanrev_cli.root import meanrev as cli

PAGE = Path(__file__).resolve().parents[2] / "docs" / "schedules.md"

pytestmark = pytest.mark.skipif(not PAGE.is_file(), reason="needs the checkout, and this run has the wheel alone")


class Hopeless(Exception):
    """Stands in for AirflowFailException."""


def decorator(given=None, /, **_options):
    """Stand in for dag, task and flow, which a function gets with or without options; it stays a function."""
    return given if callable(given) else lambda function: function


def module(**names):
    made = ModuleType("stand_in")
    vars(made).update(names)
    return made


@pytest.fixture
def snippet(monkeypatch, tmp_path):
    """Run a file of the page with a command `meanrev` that ends with a code; returns the file's names."""
    exceptions, sdk = module(AirflowFailException=Hopeless), module(dag=decorator, task=decorator)
    for name, made in {
        "airflow": module(exceptions=exceptions, sdk=sdk),
        "airflow.exceptions": exceptions,
        "airflow.sdk": sdk,
        "prefect": module(flow=decorator, task=decorator),
    }.items():
        monkeypatch.setitem(sys.modules, name, made)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    def run(title, code):
        (tmp_path / "meanrev").write_text(f"#!/bin/sh\necho $@ >{tmp_path}/words\nexit {code}\n")
        (tmp_path / "meanrev").chmod(0o755)
        text = re.search(rf"^## {title}\n.*?^```py\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)[1]
        names = {"__name__": "snippet"}
        exec(compile(text, f"{title}.py", "exec"), names)
        if title == "Prefect":
            names["night"]()
        return names

    return run


@pytest.mark.parametrize(("title", "hopeless"), [("Airflow", Hopeless), ("Prefect", ValueError)])
def test_a_code_that_a_further_try_cannot_help_is_told_from_one_that_it_can(snippet, title, hopeless):
    assert snippet(title, 0)
    for code in (2, 4):
        with pytest.raises(hopeless, match=f"ended with {code}: see the log"):
            snippet(title, code)
    for code in (1, 6, 130):
        with pytest.raises(RuntimeError, match=f"ended with {code}: the next try goes on"):
            snippet(title, code)


@pytest.mark.parametrize("title", ["Airflow", "Prefect"])
def test_the_words_are_those_of_the_command(snippet, tmp_path, title):
    program, group, command, *words = snippet(title, 0)["SCAN"]
    assert (program, group, command) == ("meanrev", "batch", "scan")
    assert "/srv/prices.parquet" in words  # which has to be there for the words to be read
    words = [word.replace("/srv/prices.parquet", str(tmp_path)) for word in words]
    context = cli.get_command(None, "batch").get_command(None, "scan").make_context("scan", words)
    assert (context.params["split"], context.params["extend"], context.params["shard"]) == ("2021-12-31", True, None)
