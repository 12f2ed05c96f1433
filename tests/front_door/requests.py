"""Random requests against a server in this process: python -m tests.front_door.requests --count 100000 --seed 1.

What may never happen: an answer INTERNAL, or an error that is not ours; a column without figures and without a reason;
a good column whose figures change because of a bad one beside it; a log that holds a caller's names or prices.
"""

import argparse
import logging
import sys
import time

import numpy as np

import meanrev as mr
from gpu_kernels.ou import inference
from tests.front_door.made_requests import MARKED_NAME, MARKED_VALUE, asked

__all__ = ["Log", "Violation", "answered", "check", "main", "methods_of", "number"]

_FORBIDDEN = frozenset({"INTERNAL", "UNKNOWN", "DATA_LOSS"})
_TOO_LITTLE = frozenset(inference.FINDINGS[kind][1] for kind in inference.SHORT)
"""Reasons of a fit that waits for more prices and has no figure yet."""


class Violation(AssertionError):
    """The server did what it may never do; the message says what."""


class Log(logging.Handler):
    """Keeps what the program logs while it is open, tracebacks included."""

    def __init__(self):
        super().__init__(logging.DEBUG)
        self.lines = []
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))

    def __enter__(self):
        self._level = logging.getLogger().level
        logging.getLogger().setLevel(logging.INFO)
        logging.getLogger().addHandler(self)
        return self

    def __exit__(self, *exc):
        logging.getLogger().removeHandler(self)
        logging.getLogger().setLevel(self._level)

    def emit(self, record):
        extra = {key: value for key, value in vars(record).items() if key not in {"msg", "args"}}
        self.lines.append(f"{self.format(record)} {extra}")

    def check(self):
        """Look through what was logged since the last time; raises Violation where a caller's data is in it."""
        lines, self.lines = self.lines, []
        for line in lines:
            if MARKED_NAME in line or f"{MARKED_VALUE:.4f}"[:7] in line:
                raise Violation(f"the log holds the caller's data: {line[:600]}")


def methods_of(client):
    """Return the methods that are tried, and that this client has."""
    known = ("sweep", "sweep", "scan", "fit_ou", "ou", "backtest", "stats")
    return [name for name in known if hasattr(client, name)]


def answered(client, request, prices=None):
    """Ask; returns the result, or None where the request was refused in our words."""
    named = {} if request.method in {"backtest", "stats"} or prices is not None else {"asset_ids": request.names}
    try:
        return getattr(client, request.method)(request.prices if prices is None else prices, **request.options, **named)
    except mr.ServerError as error:
        if error.code in _FORBIDDEN or not error.code:
            raise Violation(f"{error.code or 'no status'}: {error}") from error
    except mr.MeanRevError as error:
        if not str(error).strip():
            raise Violation(f"{type(error).__name__} without a word") from error
    except Exception as error:
        raise Violation(f"{type(error).__name__} instead of a MeanRevError: {error}") from error
    return None


def check(request, answer):
    """Check that every column, step or pair without figures says why."""
    if request.method == "sweep":
        _swept(request, answer)
    elif request.method in {"fit_ou", "ou"}:
        for i, theta in enumerate(np.atleast_1d(answer.theta)):
            status, reason = np.atleast_1d(answer.status)[i], np.atleast_1d(answer.reason)[i]
            said = (status == "error" and reason) or (status == "updating" and reason in _TOO_LITTLE)
            if np.isnan(theta) and not said:
                raise Violation(f"column {i} ({request.kinds[i]}) has no fit, status {status!r}, reason {reason!r}")
            if "tests_status" in answer and (np.atleast_1d(answer.tests_status)[i] == "error") != bool(
                np.atleast_1d(answer.tests_reason)[i]
            ):
                raise Violation(f"column {i} ({request.kinds[i]}) has no tests, and no reason")
    elif request.method == "scan":
        if not len(answer.y) == len(answer.x) == len(answer.status) == len(answer.p_value):
            raise Violation("the lists of the pairs have different lengths")
        if answer.n_pairs > len(request.kinds) * (len(request.kinds) - 1) // 2:
            raise Violation(f"{answer.n_pairs} pairs of {len(request.kinds)} columns")


def _swept(request, answer):
    figures = [values for _, values in answer.figures.items() if values is not None]
    if not hasattr(answer.best, "reason"):
        raise Violation("the best cells have neither status nor reason")
    statuses, reasons = (np.atleast_1d(answer.best[name]) for name in ("status", "reason"))
    cells = np.atleast_1d(answer.best.cell)
    for i, kind in enumerate(request.kinds):
        without = cells[i] < 0 or (figures and all(np.isnan(values[i]).all() for values in figures))
        if without and (statuses[i] != "error" or not reasons[i]):
            raise Violation(f"column {i} ({kind}) has no figure, status {statuses[i]!r}, reason {reasons[i]!r}")
    walk = answer.walk_forward
    if walk is None:
        return
    for step in np.flatnonzero(walk.cell < 0):
        if walk.status[step] != "error" or not walk.reason[step]:
            raise Violation(f"step {step} has no cell, status {walk.status[step]!r}, reason {walk.reason[step]!r}")


def _as_alone(client, request, answer):
    """Compare the good columns with an answer for them alone, bit for bit."""
    good = request.good
    if request.method not in {"sweep", "fit_ou"} or not good or len(good) == len(request.kinds):
        return
    alone = answered(client, request, request.prices[:, good])
    if alone is None:
        raise Violation("good columns are refused alone, and answered beside bad ones")
    pairs = [("theta", answer.theta[good], alone.theta)] if request.method == "fit_ou" else []
    if request.method == "sweep":
        for name, values in answer.figures.items():
            if values is not None:
                pairs.append((name, values[good], alone.figures[name]))
        pairs.append(("best cell", np.atleast_1d(answer.best.cell)[good], np.atleast_1d(alone.best.cell)))
    for name, got, right in pairs:
        if not np.array_equal(got, right, equal_nan=True):
            raise Violation(f"{name} of the good columns {good} changed: {got} beside bad ones, {right} alone")


def number(client, log, seed, count):
    """Send request number count of a seed; returns it, raises Violation."""
    rng = np.random.default_rng([seed, count])
    request = asked(rng, methods_of(client))
    answer = answered(client, request)
    if answer is not None:
        check(request, answer)
        if rng.random() < 0.2:
            _as_alone(client, request, answer)
    log.check()
    return request, answer is not None


def main(words=None):
    """Send many requests; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first request, to see one again")
    parser.add_argument("--backend", default="", help="a server on a socket with this backend; in the process else")
    chosen = parser.parse_args(words)
    if not chosen.backend:
        with mr.Client("local") as client:
            return _sent(client, chosen)
    with mr.serve(backend=chosen.backend, grace_s=0) as where, mr.Client(where) as client:
        return _sent(client, chosen)


def _sent(client, chosen):
    started, n_answered = time.monotonic(), 0
    with Log() as log:
        for count in range(chosen.first, chosen.first + chosen.count):
            try:
                _, was_answered = number(client, log, chosen.seed, count)
            except Violation as violation:
                request = asked(np.random.default_rng([chosen.seed, count]), methods_of(client))
                print(f"--seed {chosen.seed} --first {count} --count 1: {violation}")  # noqa: T201 - the result
                print(request.method, request.kinds, request.options, request.prices.shape)  # noqa: T201 - the result
                return 1
            n_answered += was_answered
            if (count + 1) % 1_000 == 0:
                print(f"{count + 1} requests, {time.monotonic() - started:.0f} s", flush=True)  # noqa: T201 - progress
    print(f"{chosen.count} requests held, {n_answered} of them answered")  # noqa: T201 - the result
    return 0


if __name__ == "__main__":
    sys.exit(main())
