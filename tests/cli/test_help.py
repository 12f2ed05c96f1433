"""`meanrev help` and `meanrev man`: what the commands say of themselves, and progress where there is no terminal."""

import json
import re
import shutil
import subprocess
import sys

import click
import pytest

from meanrev_cli import progress_lines
from meanrev_cli.asking import progress_shown
from meanrev_cli.progress_lines import ProgressLines
from meanrev_cli.root import COMMANDS
from meanrev_cli.root import meanrev as cli
from meanrev_cli.shared import Shared
from meanrev_cli.topics import TOPICS
from tests.cli.universe import prices, write


@pytest.mark.parametrize("words", [("scan",), ("jobs", "list"), ("batch",)])
def test_help_of_a_command_is_its_own(run, words):
    expected = run(*words, "--help").stdout
    assert run("help", *words).stdout.split() == expected.split()
    assert json.loads(run("help", *words, "--json").stdout)["topic"] == " ".join(words)


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_every_topic_fits_a_terminal_and_is_listed(run, topic):
    text = run("help", topic).stdout
    assert text == TOPICS[topic]
    assert all(len(line) <= 80 for line in text.splitlines())
    assert f"  {topic} " in run("help").stdout


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_a_topic_names_options_that_exist(topic):
    context = click.Context(cli)
    commands = [cli.get_command(context, name) for name in COMMANDS]
    known = {flag for command in commands for option in command.params for flag in option.opts}
    assert set(re.findall(r"--[a-z-]+", TOPICS[topic])) <= known | {"--help"}


def test_an_unknown_topic_is_refused_with_those_that_are_known(run):
    result = run("help", "sweeep")
    assert result.exit_code == 2
    assert "sweep" in result.stderr
    assert "files" in result.stderr
    assert "no commands of its own" in run("help", "scan", "more").stderr


def test_every_command_has_a_page_with_all_its_options(run, tmp_path):
    result = run("man", "--out", str(tmp_path / "man1"), "--json")
    pages = json.loads(result.stdout)["pages"]
    assert {f"meanrev-{name}.1" for name in COMMANDS} | {"meanrev.1", "meanrev-jobs-list.1"} <= set(pages)
    for name in COMMANDS:
        text = (tmp_path / "man1" / f"meanrev-{name}.1").read_text(encoding="utf-8")
        for parameter in cli.get_command(click.Context(cli), name).params:
            assert all(flag.replace("-", "\\-") in text for flag in parameter.opts if flag.startswith("-"))
    (tmp_path / "file").write_text("")
    refused = run("man", "--out", str(tmp_path / "file" / "below"))
    assert refused.exit_code == 4
    assert "cannot write to" in refused.stderr


@pytest.mark.skipif(shutil.which("groff") is None, reason="needs groff, which sets manual pages")
def test_groff_sets_every_page_without_a_warning(run, tmp_path):
    run("man", "--out", str(tmp_path))
    pages = sorted(tmp_path.glob("*.1"))
    command = ["groff", "-man", "-ww", "-Tutf8", "-P-cbou", *map(str, pages)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr == ""
    set_text = " ".join(done.stdout.split())
    assert "--walk-forward TRAIN/TEST" in set_text
    assert "Exit codes: 0 ok" in set_text


def test_progress_is_a_line_every_five_seconds_and_none_of_a_short_command(capsys):
    times = iter([0.0, 1.0, 4.9, 5.0, 9.0, 10.5])
    report = ProgressLines(lambda: next(times))
    for done, eta_s in ((1, float("nan")), (2, 8.0), (3, 4.0), (4, 3.0), (5, 2.0)):
        report(done, 8, eta_s)
    assert capsys.readouterr().err == "38% (3/8), 4 s left\n62% (5/8), 2 s left\n"


@pytest.mark.parametrize("command", ["sweep", "scan", "fit", "stats"])
def test_a_long_command_reports_in_lines_where_there_is_no_terminal(run, tmp_path, monkeypatch, command):
    monkeypatch.setattr(progress_lines, "_EVERY_S", 0.0)
    result = run(command, str(write(tmp_path / "prices.csv", prices())), "--json")
    assert result.exit_code == 0
    assert re.search(r"^100% \((\d+)/\1\), 0 s left$", result.stderr, re.MULTILINE)
    assert json.loads(result.stdout)


def test_a_terminal_has_a_bar_unless_json_is_asked_for(monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert progress_shown(Shared()) is True
    assert isinstance(progress_shown(Shared(as_json=True)), ProgressLines)
