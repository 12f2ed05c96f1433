"""The workflow on GitHub and the hooks run make targets that exist, and together the same ones as .ci/run."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
WORKFLOW = ROOT / ".github" / "workflows" / "ci.yml"
HOOKS = ROOT / ".pre-commit-config.yaml"

pytestmark = pytest.mark.skipif(not WORKFLOW.is_file(), reason="needs the checkout, and this run has the wheel alone")


def targets(path):
    """Return the make targets that a file runs."""
    text = re.sub(r"^\s*#.*", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {name for line in re.findall(r"\bmake ([a-z][a-z -]*)", text) for name in line.split()}


def test_the_workflow_runs_what_a_clean_clone_runs():
    expected = {"check", "test", "faults", "proof", "peers", "examples", "docs"}
    assert targets(WORKFLOW) == targets(ROOT / ".ci" / "run") == expected


def test_every_step_of_the_workflow_is_a_make_target():
    steps = re.findall(r"^ *- run: (.*)", WORKFLOW.read_text(encoding="utf-8"), re.MULTILINE)
    assert steps
    assert all(re.fullmatch(r"make [a-z]+", step) for step in steps)


def test_a_hook_runs_a_tool_of_the_environment_or_a_make_target():
    commands = re.findall(r"^ *entry: (\S+)", HOOKS.read_text(encoding="utf-8"), re.MULTILINE)
    assert commands
    assert all(command == "make" or command.startswith(".venv/bin/") for command in commands)
    made = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert targets(HOOKS) <= made
