"""`meanrev completion`: a shell that has read the script completes our words."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from meanrev_cli.root import COMMANDS


def completed(script, *words):
    """Return what bash offers after words, the last of which is not finished."""
    command = Path(sys.executable).with_name("meanrev")
    asked = f"{script}\nCOMP_WORDS=({' '.join(words)}); COMP_CWORD={len(words) - 1}; _meanrev_completion {command}"
    ended = subprocess.run(
        ["bash", "-c", f'{asked}; printf "%s\\n" "${{COMPREPLY[@]}}"'], capture_output=True, text=True, check=True
    )
    return ended.stdout.split()


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("meanrev", "s"), {"serve", "sweep", "scan", "stats", "statarb"}),
        (("meanrev", "sweep", "--wa"), {"--walk-forward"}),
        (("meanrev", "scan", "--rank-by", "t"), {"train_sharpe"}),
        (("meanrev", "jobs", "f"), {"fetch"}),
    ],
)
def test_bash_completes_commands_options_and_choices(run, words, offered):
    script = run("completion", "bash").stdout
    assert set(completed(script, *words)) == offered


@pytest.mark.parametrize(("shell", "words"), [("bash", "complete"), ("zsh", "#compdef meanrev"), ("fish", "complete")])
def test_every_shell_has_a_script(run, shell, words):
    document = json.loads(run("completion", shell, "--json").stdout)
    assert document["shell"] == shell
    assert words in document["script"]
    assert run("completion", shell).stdout.strip() == document["script"].strip()


def test_an_unknown_shell_is_refused_with_those_that_are_known(run):
    result = run("completion", "tcsh")
    assert result.exit_code == 2
    assert "'bash', 'zsh', 'fish'" in result.stderr
    assert "completion" in COMMANDS
