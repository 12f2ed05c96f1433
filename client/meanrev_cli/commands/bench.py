"""`meanrev bench`: how fast a server answers, from one caller to many."""

import asyncio
import csv
import io
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass

import click
import numpy as np
from rich.console import Group
from rich.table import Table
from rich.text import Text

import meanrev
from meanrev.methods.log_returns import log_returns
from meanrev.methods.ou import ou
from meanrev.methods.thresholds import thresholds
from meanrev.question import Question
from meanrev.transport.asynchronous import AsynchronousTransport
from meanrev.transport.options import Endpoint
from meanrev_cli.access import Access, access_flags
from meanrev_cli.failure import failure_from
from meanrev_cli.remote import address_of, connected, timeout_flag
from meanrev_cli.shared import Shared, shared_flags

__all__ = ["bench"]

_MOST = 4096
_BARS = 1000


@dataclass(frozen=True)
class _Step:
    """The measurements of one number of callers."""

    concurrency: int
    calls: int
    calls_per_s: float
    p50_ms: float
    p90_ms: float
    p99_ms: float


class _Ladder(click.ParamType):  # type: ignore[type-arg, unused-ignore] # generic in newer releases only
    """Numbers of callers: "8", "1,4,16", or "1:64", which doubles."""

    name = "ladder"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        try:
            if ":" in str(value):
                low, high = (int(part) for part in str(value).split(":"))
                steps = tuple(low << i for i in range(_MOST.bit_length()) if 0 < low << i <= high)
            else:
                steps = tuple(int(part) for part in str(value).split(","))
        except ValueError:
            steps = ()
        if not steps or not all(0 < step <= _MOST for step in steps):
            self.fail(f"{value!r} is no number of callers: give 8, 1,4,16 or 1:64, at most {_MOST}.", param, ctx)
        return steps


@click.command()
@click.argument("host", required=False)
@click.option(
    "--op", type=click.Choice(["ou", "returns", "thresholds"]), default="ou", show_default=True, help="What to ask."
)
@click.option(
    "--concurrency", type=_Ladder(), default="1:64", show_default=True, help="Callers at once: 8, 1,4,16 or 1:64."
)
@click.option(
    "--seconds", type=click.FloatRange(min=0.05, max=600), default=2.0, show_default=True, help="For each step."
)
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@timeout_flag
@access_flags
@shared_flags
def bench(
    shared: Shared,
    host: str | None,
    op: str,
    concurrency: tuple[int, ...],
    seconds: float,
    timeout_s: float,
    access: Access,
    *,
    as_csv: bool,
) -> None:
    """Measure the server at HOST: calls a second and the time that a call takes, for growing numbers of callers.

    Each caller asks again as soon as it is answered; ou and returns send 1,000 prices. All callers share one process
    and one connection, whose own speed bounds what is measured. HOST is as for `meanrev info`.
    """
    address = address_of(shared, host)
    with connected(address, timeout_s, access):
        pass
    try:
        steps = asyncio.run(_measured(access.endpoint(address), _question(op), concurrency, seconds, timeout_s))
    except meanrev.DeadlineExceeded as error:
        raise failure_from(error, "--timeout (or MEANREV_TIMEOUT) allows more") from None
    except meanrev.MeanRevError as error:
        raise failure_from(error) from None
    rows = [asdict(step) for step in steps]
    if as_csv and not shared.as_json:
        click.echo(_csv(rows), nl=False)
    else:
        shared.show({"address": address, "op": op, "steps": rows}, _picture(address, op, rows))


def _question(op: str) -> Question[object]:
    prices = 100 * np.exp(np.cumsum(np.random.default_rng(1).normal(0, 0.01, _BARS)))
    asked: Question[object]
    if op == "ou":
        asked = ou(prices)  # type: ignore[assignment] # what the answer is read as does not matter here
    elif op == "returns":
        asked = log_returns(prices)  # type: ignore[assignment] # likewise
    else:
        process = {"theta": 0.1, "mu": 100.0, "sigma": 1.0}
        asked = thresholds(process, round_trip_cost=0.1)  # type: ignore[assignment] # likewise
    return asked


async def _measured(
    where: Endpoint, question: Question[object], ladder: tuple[int, ...], seconds: float, timeout_s: float
) -> list[_Step]:
    transport = AsynchronousTransport(where)
    try:
        await _caller(transport, question, 0.0, timeout_s)
        return [await _step(transport, question, callers, seconds, timeout_s) for callers in ladder]
    finally:
        await transport.close()


async def _step(
    transport: AsynchronousTransport, question: Question[object], callers: int, seconds: float, timeout_s: float
) -> _Step:
    start = time.perf_counter()
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(_caller(transport, question, start + seconds, timeout_s)) for _ in range(callers)
            ]
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None
    took = time.perf_counter() - start
    times_ms = 1e3 * np.concatenate([task.result() for task in tasks])
    p50, p90, p99 = (round(float(q), 3) for q in np.percentile(times_ms, (50, 90, 99)))
    return _Step(callers, times_ms.size, round(times_ms.size / took, 1), p50, p90, p99)


async def _caller(
    transport: AsynchronousTransport, question: Question[object], until: float, timeout_s: float
) -> list[float]:
    """Ask again and again, once at least; return what each call took, in seconds."""
    messages = question.calls[0]
    took: list[float] = []
    while not took or time.perf_counter() < until:
        start = time.perf_counter()
        if question.streaming:
            async for _ in transport.stream(question.path, _sent(messages), timeout_s):
                pass
        else:
            await transport.unary(question.path, messages[0], timeout_s)
        took.append(time.perf_counter() - start)
    return took


async def _sent(messages: Sequence[bytes]) -> AsyncIterator[bytes]:
    for message in messages:
        yield message


def _csv(rows: list[dict[str, float]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _picture(address: str, op: str, rows: list[dict[str, float]]) -> Group:
    table = Table(box=None, header_style="dim", padding=(0, 1), pad_edge=False)
    for name in rows[0]:
        table.add_column(name.replace("_per_s", "/s").replace("_", " "), justify="right")
    for row in rows:
        table.add_row(*(f"{value:,}" for value in row.values()))
    return Group(Text(f"{op} at {address}"), table)
