"""The options of `meanrev batch`: what is computed, and with what."""

import functools
import re
from collections.abc import Callable
from typing import Any, TypeVar, cast

import click
import msgspec

from meanrev_cli.failure import ExitCode, Failure
from meanrev_cli.words import COST, COSTS, RATE, SPANS, WINDOWS

__all__ = ["fit_options", "means_options", "only_scan_options", "require_batch", "scan_options", "sweep_options"]

F = TypeVar("F", bound=Callable[..., Any])

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}


class _Bytes(click.ParamType):  # type: ignore[type-arg, unused-ignore] # generic in newer releases only
    """A size, such as "512MB" or "2GB"."""

    name = "bytes"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        found = re.fullmatch(r"(\d+)\s*([kmg]?)b?", str(value).strip().lower())
        if found is None:
            self.fail(f"{value!r} is no size: give 512MB or 2GB.", param, ctx)
        return int(found[1]) * _UNITS[found[2]]


class _Shard(click.ParamType):  # type: ignore[type-arg, unused-ignore] # generic in newer releases only
    """One of several parts: "2/3" is the second of three."""

    name = "shard"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        if isinstance(value, tuple):
            return value
        found = re.fullmatch(r"(\d+)/(\d+)", str(value))
        if found is None or not 1 <= int(found[1]) <= int(found[2]):
            self.fail(f"{value!r} is no shard: give I/N with I from 1 to N, such as 2/3.", param, ctx)
        return int(found[1]), int(found[2])


_SCAN = (
    click.option("--select", metavar="RULE", help="Pairs to trade: p<LEVEL or q<LEVEL; p<0.05."),
    click.option("--split", metavar="DAY|BARS", help="Last day or number of bars of the train part; 70 % of the bars."),
    click.option(
        "--windows",
        type=WINDOWS,
        metavar="L,H,STEP",
        help="Choose on L bars, trade the next H, and move on by STEP, in place of one split.",
    ),
    click.option("--fill", type=click.IntRange(min=0), metavar="N", help="Bars over which a price is carried; 2."),
    click.option("--least-bars", type=float, help="Share of the train part's bars with a price of their own; 0.98."),
    click.option("--lags", type=click.IntRange(min=0), help="Lagged differences in the test of the residual; 1."),
    click.option("--prices-as-they-are", is_flag=True, help="Regress prices instead of their logarithms."),
    click.option(
        "--cost", type=COST, help="A side, such as 5bp, in units of the residual; 5 bp of each leg by default."
    ),
    click.option("--cost-legs", type=click.IntRange(1, 2), help="Legs of a pair that pay; 2."),
    click.option("--objective", type=click.Choice(["profit", "sharpe", "kelly"]), help="Of the thresholds; sharpe."),
    click.option("--score", type=click.Choice(["fixed", "rolling"]), help="The z-score that is traded; fixed."),
    click.option("--lookback", type=click.IntRange(min=2), help="Bars of the rolling z-score; 60."),
    click.option("--bias", type=click.Choice(["none", "median_unbiased"]), help="Correction of the speed."),
    click.option("--periods-per-year", type=float, help="Bars in a year; 252."),
    click.option(
        "--rank-by", type=click.Choice(["p_value", "train_sharpe", "deflated_sharpe"]), help="p_value by default."
    ),
    click.option("--top", type=click.IntRange(min=1), metavar="N", help="Most pairs in pairs.parquet; all selected."),
    click.option("--memory", type=_Bytes(), metavar="SIZE", help="What a worker may take; 512MB."),
)

_SWEEP = (
    click.option("--entry", metavar="A:B:STEP", help="Entry levels, both ends included; 0.5:3:0.25."),
    click.option("--exit", metavar="A:B:STEP", help="Exit levels; -0.5:1.5:0.25."),
    click.option("--cost", type=COSTS, help="Costs a side, such as 1bp,5bp; 5bp. Of the notional in Y with --pairs."),
    click.option("--lookback", type=int, multiple=True, help="Bars of the rolling z-score (again for more); 20."),
    click.option(
        "--walk-forward", type=SPANS, metavar="TRAIN/TEST", help="Choose on so many bars, trade the next, step on."
    ),
    click.option(
        "--mode", type=click.Choice(["compounding", "unit"]), help="Invest all equity, or one unit of a spread."
    ),
    click.option("--stop", type=float, metavar="Z", help="Score at which a losing trade is closed, above every entry."),
    click.option("--borrow", type=RATE, metavar="RATE", help="Yearly rate on short positions: 3%, 300bp or 0.03."),
    click.option("--periods-per-year", type=float, help="Bars in a year; 252."),
)

_FIT = (
    click.option("--dt", type=float, help="Time between bars, in the unit of time that theta shall have; 1."),
    click.option(
        "--bias",
        type=click.Choice(["none", "tang_chen", "jackknife", "median_unbiased"]),
        help="Correction of theta and half_life for small samples; none.",
    ),
    click.option("--adf-lags", type=click.IntRange(0, 100), help="Lagged differences of the Dickey-Fuller test; 0."),
)

_OF_SERIES = (
    click.option("--prices-as-they-are", is_flag=True, help="Spreads of prices instead of their logarithms."),
    click.option("--top", type=click.IntRange(min=1), metavar="N", help="The first pairs of --pairs alone."),
    click.option("--memory", type=_Bytes(), metavar="SIZE", help="What a worker may take; 512MB."),
)


def require_batch() -> None:
    """Refuse, with what to install, where the extra [batch] is missing.

    Raises:
        Failure: it is.
    """
    try:
        import meanrev_batch  # noqa: F401, PLC0415 - the extra [batch] may not be installed
    except ModuleNotFoundError as error:
        advice = "which the extra [batch] brings: pip install '.[batch]' in a checkout of meanrev"
        raise Failure(ExitCode.USAGE, f"meanrev batch needs {error.name}, {advice}") from None


def scan_options(command: F) -> F:
    """Add what is computed to a command, which takes options: a ScanOptions of meanrev_batch."""
    return _adding(command, _SCAN, "ScanOptions")


def sweep_options(command: F) -> F:
    """Add what is computed to a command, which takes options: a SweepOptions of meanrev_batch."""
    return _adding(command, (*_SWEEP, *_OF_SERIES), "SweepOptions")


def fit_options(command: F) -> F:
    """Add what is computed to a command, which takes options: a FitOptions of meanrev_batch."""
    return _adding(command, (*_FIT, *_OF_SERIES), "FitOptions")


def _adding(command: F, choices: tuple[Any, ...], kind: str) -> F:
    """Add options to a command, which takes them as one struct of meanrev_batch.options."""
    names = [option(lambda: None).__click_params__[0].name for option in choices]

    @functools.wraps(command)
    def with_options(*args: Any, **given: Any) -> Any:
        require_batch()
        from meanrev_batch import options as kinds  # noqa: PLC0415 - the extra [batch] may not be installed

        taken = {name: given.pop(name) for name in names}
        taken["log"] = False if taken.pop("prices_as_they_are") else None
        asked = {name: value for name, value in taken.items() if value not in (None, ())}
        try:
            options = msgspec.convert(asked, getattr(kinds, kind))
        except msgspec.ValidationError as error:
            rule, _, field = str(error).partition(" - at `$.")
            name = field.rstrip("`").replace("_", "-")
            raise Failure(ExitCode.USAGE, f"--{name}: {rule[0].lower()}{rule[1:]}") from None
        return command(*args, options=options, **given)

    whole: Any = with_options
    for option in reversed(choices):
        whole = option(whole)
    return cast("F", whole)


def only_scan_options(command: F) -> F:
    """Add what only a scan has, of where it is computed, to a command, which takes stage and extend."""
    for option in (
        click.option(
            "--extend", is_flag=True, help="Go on with a run whose universe had fewer bars, with the same --split."
        ),
        click.option(
            "--stage", type=click.Choice(["test", "trade"]), help="The only stage of a shard; trade needs all tests."
        ),
    ):
        command = option(command)
    return command


def means_options(command: F) -> F:
    """Add where it is computed to a command, which takes engine, address, gpus, workers, shard and fresh."""
    for option in (
        click.option("--fresh", is_flag=True, help="Remove the run that the folder holds, and begin anew."),
        click.option("--shard", type=_Shard(), metavar="I/N", help="Compute one part of N; `batch gather` joins them."),
        click.option("--workers", type=click.IntRange(min=1), metavar="N", help="Processes; one a CPU by default."),
        click.option("--gpus", type=click.IntRange(min=0), default=0, metavar="N", help="GPUs of ray, one a chunk."),
        click.option("--address", default="", metavar="HOST:PORT", help="Head of ray; starts one by default."),
        click.option(
            "--engine",
            type=click.Choice(["local", "here", "ray"]),
            default="local",
            help="Processes, this one, or Ray; local.",
        ),
    ):
        command = option(command)
    return command
