"""docs/statuses.md: every status, reason, error and exit code, as the code has them, with what each means.

The code lists what there is, and the tables here say what it means. A word of the code without a meaning, or a meaning
without its word, is an error.
"""

import ast
import importlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from meanrev import errors
from meanrev.errors import MeanRevError, Overloaded, from_status
from meanrev_batch.panel import REASONS as LEFT_OUT
from meanrev_cli.failure import ExitCode, failure_from
from meanrev_server.config import Settings
from meanrev_server.jobs import FINAL
from meanrev_server.observation.kept import _STATUSES as OF_JOBS
from meanrev_server.rpc.status import _ANSWERS, REASONS
from tests.pages.meanings import (
    CALLS,
    EXITS,
    FATES,
    JOBS,
    OPERATIONS,
    TRANSPORT,
    UNIVERSES,
)

__all__ = ["page", "paired"]

KERNELS = Path(__file__).resolve().parents[2] / "gpu_kernels"


def page() -> str:
    """Return the page."""
    parts = {
        "CALLS": _calls(),
        "ERRORS": _errors(),
        "OPERATIONS": _operations(),
        "JOBS": _named(("status", "the job", "meaning"), _jobs()),
        "UNIVERSES": _named(("reason", "meaning"), paired(LEFT_OUT, UNIVERSES)),
        "EXITS": _named(("code", "name", "meaning"), _exits()),
    }
    text = TEXT
    for name, lines in parts.items():
        text = text.replace(f"<{name}>", "\n".join(lines))
    return text


def _calls() -> Iterator[str]:
    """Yield a row for each reason why a call ends, with what the client raises and the command line returns."""
    found = {answer.reason: answer.code.name for answer in _ANSWERS.values()} | {
        reason: code for reason, (code, _, _) in TRANSPORT.items()
    }
    words = {reason for reason in REASONS - set(Settings.__struct_fields__) if reason} | set(found)
    paired(sorted(words), CALLS | TRANSPORT)
    yield "| gRPC status | reason | what happened | Python raises | exit code | what to do |"
    yield "|---|---|---|---|---|---|"
    for reason in sorted(words, key=lambda word: (found[word], word)):
        happened, remedy = CALLS[reason] if reason in CALLS else TRANSPORT[reason][1:]
        raised = from_status(found[reason], "", address="HOST")
        code = str(failure_from(raised).exit_code)
        if isinstance(raised, Overloaded):
            now = failure_from(from_status(found[reason], "", retry_after_s=1.0)).exit_code
            code = f"{code}, or {now} with a time to call again"
        yield f"| {found[reason]} | `{reason}` | {happened} | `{type(raised).__name__}` | {code} | {remedy} |"


def _errors() -> Iterator[str]:
    """Yield a row for each error of the client."""
    yield "| error | also a | meaning |"
    yield "|---|---|---|"
    for name in errors.__all__:
        kind = getattr(errors, name)
        if isinstance(kind, type) and issubclass(kind, MeanRevError):
            others = [base.__name__ for base in kind.__bases__ if not issubclass(base, MeanRevError)]
            also = ", ".join(f"`{other}`" for other in others if other != "Exception")
            yield f"| `{name}` | {also} | {(kind.__doc__ or '').partition(chr(10))[0]} |"


def _operations() -> Iterator[str]:
    """Yield a row for each status of a series, a pair, a cell or a portfolio."""
    listed = {path.parent.name for path in KERNELS.glob("*/model.py") if _has_statuses(path)}
    paired(sorted(listed), OPERATIONS)
    yield "| operation | status | meaning |"
    yield "|---|---|---|"
    for operation in sorted(listed):
        words: Sequence[str] = importlib.import_module(f"gpu_kernels.{operation}").STATUSES
        for word, meaning in paired(words, OPERATIONS[operation]):
            yield f"| [{operation}](operations/{operation}.md) | `{word}` | {meaning} |"
    for operation, (word, meaning) in FATES:
        yield f"| [{operation}](operations/{operation}.md) | `{word}` | {meaning} |"


def _has_statuses(path: Path) -> bool:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assigned = [target for node in tree.body if isinstance(node, ast.Assign) for target in node.targets]
    return any(isinstance(target, ast.Name) and target.id == "STATUSES" for target in assigned)


def _jobs() -> Iterator[tuple[str, str, str]]:
    for word, meaning in paired(OF_JOBS, JOBS):
        yield word, "has ended" if word in FINAL else "goes on", meaning


def _exits() -> Iterator[tuple[str, str, str]]:
    for name, meaning in paired([code.name for code in ExitCode], EXITS):
        yield str(int(ExitCode[name])), name.lower().replace("_", " "), meaning


def _named(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield "|" + "---|" * len(heads)
    for first, *rest in rows:
        yield f"| `{first}` | {' | '.join(rest)} |"


def paired(words: Sequence[str], meanings: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return the words of the code, each with its meaning; raises where one of the two lacks an entry."""
    if set(words) != set(meanings):
        raise ValueError(f"without a meaning: {set(words) - set(meanings)}; unknown: {set(meanings) - set(words)}")
    return [(word, meanings[word]) for word in words]


TEXT = """# Statuses and errors

Every way in which a call, a series, a job or a command can end. The tables are written from the code by
`python -m tests.pages`, and a test compares the page with the code.

A request that breaks a rule ends with one error, which names the field, the value, the rule and the way out. One bad
series of a batch is no error: it has NaN, a status and a `reason`, and no bit of the other results changes.

## How calls end

The reason is a word for logs and metrics ([operating](operating.md)); the message of the status says the same in a
sentence. For RESOURCE_EXHAUSTED the reason is the name of the setting that raises the limit, such as
`max_calls_in_flight`, and `limit` where no setting does; [tuning](tuning.md) describes the settings.

<CALLS>

Where the server refuses a part of the request, the trailing metadata `meanrev-error` has `field`, `rule`, `value` and
`index` as JSON, for clients in any language. The Python client makes an `InvalidInput` of it, with the caller's own
names and labels; it does so for RESOURCE_EXHAUSTED too, where that part of the request is larger than any call may
have. Where the server has no room now, `grpc-retry-pushback-ms` in the trailing metadata says when to call again.

## Errors of the Python client

All are raised by methods of `Client` and `AsyncClient`, and one `except mr.MeanRevError` catches them. [The
client](client.md#errors) shows how they read.

<ERRORS>

## Statuses of series, pairs and portfolios

A result's `status` has one of these words an entry. Where it is a bad one, `reason` beside it says why.

<OPERATIONS>

## Jobs

<JOBS>

## Names that a batch run leaves out

`universe.parquet` of a [batch run](batch.md) has one of these reasons, and the place and the value in `detail`.

<UNIVERSES>

## Exit codes of the command line

A command that fails prints one sentence on stderr. With `--json` it prints
`{"error": {"exit_code": 4, "kind": "bad data", "message": ...}}` on stdout too; the kind is the name below.

<EXITS>
"""
