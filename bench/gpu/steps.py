"""Steps under a budget of time: each is a process of its own, may fail, and leaves its log, status and seconds."""

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.gpu.section import SKIPPED

__all__ = ["Step", "carry_out"]

LEAST_S = 2.0
"""A step that is given less is not begun."""

GRACE_S = 2.0
"""For a process that is told to end before it is killed."""


class Step(NamedTuple):
    """A command and its share of the time.

    Attributes:
        name: Of the step.
        command: The program and its arguments.
        seconds: Its share; what earlier steps leave is added.
        program: One that must be on the PATH, "" for none.
        module: One that Python must find, "" for none.
    """

    name: str
    command: tuple[str, ...]
    seconds: float
    program: str = ""
    module: str = ""

    @property
    def missing(self) -> str:
        """What the machine lacks for it, "" if nothing."""
        if self.program and shutil.which(self.program) is None:
            return f"{self.program} is not on the PATH"
        if self.module and importlib.util.find_spec(self.module) is None:
            return f"{self.module} is not installed"
        return ""


class Outcome(NamedTuple):
    """How a step ended.

    Attributes:
        name: The step's.
        status: "ok", "failed", "timed out" or "skipped".
        reason: Why, unless it is ok.
        exit_code: Of its process; None where there was none.
        seconds: That it took.
    """

    name: str
    status: str
    reason: str
    exit_code: int | None
    seconds: float


def carry_out(steps: Sequence[Step], seconds: float, out: Path) -> list[Outcome]:
    """Carry out steps one after the other, and keep after each one what is known by then.

    Args:
        steps: What is to be done; their shares are scaled to the seconds.
        seconds: For all of them.
        out: Folder for log.txt, the output of all steps, and summary.json.
    """
    out.mkdir(parents=True, exist_ok=True)
    (out / "log.txt").write_bytes(b"")
    deadline = time.monotonic() + seconds
    scale = seconds / sum(step.seconds for step in steps)
    outcomes: list[Outcome] = []
    _keep(outcomes, steps, out)
    for place, step in enumerate(steps):
        later = scale * sum(each.seconds for each in steps[place + 1 :])
        outcomes.append(_carried_out(step, deadline - time.monotonic() - later, out / "log.txt"))
        print(*_words(outcomes[-1]), sep="  ", flush=True)
        _keep(outcomes, steps, out)
    return outcomes


def _carried_out(step: Step, seconds: float, log: Path) -> Outcome:
    if step.missing:
        return Outcome(step.name, "skipped", step.missing, None, 0.0)
    if seconds < LEAST_S:
        return Outcome(step.name, "skipped", "no time was left", None, 0.0)
    began, begin = time.monotonic(), log.stat().st_size
    with log.open("ab") as lines:
        lines.write(f"\n==== {step.name}: {' '.join(step.command)}\n".encode())
        lines.flush()
        try:
            code = _ended(step.command, seconds, lines.fileno())
        except OSError as error:
            return Outcome(step.name, "failed", str(error), None, time.monotonic() - began)
    taken = time.monotonic() - began
    if code is None:
        return Outcome(step.name, "timed out", f"it had {seconds:.0f} s", None, taken)
    said = log.read_bytes()[begin:].decode(errors="replace").strip().splitlines()
    if code == SKIPPED:
        return Outcome(step.name, "skipped", said[-1], code, taken)
    return Outcome(step.name, "ok" if code == 0 else "failed", "" if code == 0 else said[-1], code, taken)


def _ended(command: Sequence[str], seconds: float, output: int) -> int | None:
    """Run a command with its children, and end them all when its time is over; returns its exit code, None then."""
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
    )
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return None
    finally:
        for number, patience in ((signal.SIGTERM, GRACE_S), (signal.SIGKILL, None)):
            try:
                os.killpg(process.pid, number)
                process.wait(patience)
            except ProcessLookupError:
                break
            except subprocess.TimeoutExpired:
                continue


def _keep(outcomes: Sequence[Outcome], steps: Sequence[Step], out: Path) -> None:
    """Write the summary; a step that was not reached has no status but "not begun"."""
    rest = [Outcome(step.name, "not begun", "", None, 0.0) for step in steps[len(outcomes) :]]
    fresh = out / "summary.json.new"
    summary = {"steps": [outcome._asdict() for outcome in (*outcomes, *rest)]}
    fresh.write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    fresh.replace(out / "summary.json")


def _words(outcome: Outcome) -> Iterator[str]:
    yield f"{outcome.status:10}"
    yield f"{outcome.name:14}"
    yield f"{outcome.seconds:6.1f} s"
    yield outcome.reason[:300]
