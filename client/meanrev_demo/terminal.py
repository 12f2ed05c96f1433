"""The story on a terminal."""

from collections.abc import Iterator

import numpy as np
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule as Line
from rich.table import Table
from rich.text import Text

from meanrev.pictures.colours import contrasting, hexadecimal, ramp
from meanrev_demo import chapters, sentences

__all__ = ["picture"]

_ALARM = 4.0
_APART = (1, 0, 1, 2)
_EVERY = 2
_BARS = "▁▂▃▄▅▆▇█"


def picture(story: chapters.Story, saved: str | None) -> Group:
    """Draw the story.

    Args:
        story: The results.
        saved: Where the story was written, or None.
    """
    return Group(*_parts(story, saved))


def _parts(story: chapters.Story, saved: str | None) -> Iterator[RenderableType]:
    yield from _chapter("A server and a client", f"{story.device}; serving on {story.address}")
    yield from _chapter("WTI against Brent", sentences.of_the_spread(story))
    yield Padding(_fit(story), _APART, expand=False)
    yield Text(sentences.of_the_search(story))
    yield Text(sentences.of_the_fit(story))
    yield from _chapter("Where to trade", sentences.of_the_thresholds(story))
    yield Padding(_yardsticks(story), _APART, expand=False)
    yield Text(sentences.of_the_heatmap(story))
    yield Padding(_heatmap(story.heatmap), _APART, expand=False)
    yield from _chapter("Freeze the model in 2005, and walk forward", sentences.of_the_walk(story))
    yield Padding(_distances(story.spread), (1, 0, 0, 2), expand=False)
    yield Padding(_walks(story), _APART, expand=False)
    yield Text(sentences.of_the_stop(story))
    yield Text(sentences.caveat(story), style="bold yellow")
    yield from _chapter("Scale", sentences.of_the_universe(story))
    if saved is not None:
        yield Text(f"\nSaved: {saved}", style="bold")


def _chapter(title: str, text: str) -> Iterator[RenderableType]:
    yield Text()
    yield Line(Text(title, style="bold"), align="left", style="dim")
    yield Text(text)


def _table(*columns: str) -> Table:
    table = Table(box=None, header_style="dim", padding=(0, 1), pad_edge=False)
    for i, column in enumerate(columns):
        table.add_column(column, justify="right" if i else "left")
    return table


def _fit(story: chapters.Story) -> Table:
    fit = story.fit
    table = _table("fitted on the first months", "estimate", "95 % interval, or standard error")
    table.add_row("theta, a month", f"{fit.theta:.3f}", f"{fit.theta_lower:.3f} to {fit.theta_upper:.3f}")
    table.add_row("mu", f"{fit.mu:.4f}", f"{fit.mu_lower:.4f} to {fit.mu_upper:.4f}")
    table.add_row("sigma, a root month", f"{fit.sigma:.4f}", f"± {fit.sigma_std_error:.4f}")
    table.add_row("stationary standard deviation", f"{fit.stationary_sd:.4f}", "")
    table.add_row(
        "half-life, months", f"{fit.half_life:.2f}", f"{fit.half_life_lower:.2f} to {fit.half_life_upper:.2f}"
    )
    table.add_row("p-value of a unit root", f"{fit.adf_p_value:.1e}", "")
    return table


def _yardsticks(story: chapters.Story) -> Table:
    table = _table("process", "rule", "entry", "exit", "promised", "trades/year", "profit/trade")
    for yardstick in story.yardsticks:
        name = "this spread" if yardstick.factor == 1 else f"{yardstick.factor:g} x volatility"
        for kind, rule in (("optimum", yardstick.optimal), ("constant", yardstick.constant)):
            table.add_row(
                name if kind == "optimum" else "",
                kind,
                f"{rule.entry_z:.2f}",
                f"{rule.exit_z:+.2f}",
                f"{rule.sharpe:.2f}",
                f"{rule.trades_a_year:.1f}",
                f"{rule.profit_a_trade:.4f}",
                style="bold" if kind == "optimum" else "",
            )
    return table


def _heatmap(heatmap: chapters.Heatmap) -> Table:
    """Draw every other row and column, so that 80 columns hold them."""
    entries, exits, sharpe = heatmap.entry_z[::_EVERY], heatmap.exit_z[::_EVERY], heatmap.sharpe[::_EVERY, ::_EVERY]
    best = np.nanmax(sharpe)
    table = Table.grid(padding=0)
    for _ in range(exits.size + 1):
        table.add_column(justify="right", no_wrap=True)
    for entry, row in reversed(list(zip(entries, sharpe, strict=True))):
        cells = [_cell(value, heatmap, bold=value == best) for value in row]
        table.add_row(Text(f"entry {entry:.1f} ", style="dim"), *cells)
    table.add_row(Text("exit ", style="dim"), *(Text(f"{leave:+.1f} ", style="dim") for leave in exits))
    return table


def _cell(value: float, heatmap: chapters.Heatmap, *, bold: bool) -> Text:
    if np.isnan(value):
        return Text("    . ", style="dim")
    colour = ramp(heatmap.share(value))
    weight = "bold underline " if bold else ""
    return Text(f" {value:4.2f} ", style=f"{weight}{contrasting(colour)} on {hexadecimal(colour)}")


def _distances(spread: chapters.Spread) -> Text:
    """Draw the farthest |z| of each year as a bar of one character."""
    years = sorted({month[:4] for month in spread.months})
    line = Text("largest |z| of each year  1987 ", style="dim")
    tallest = float(np.abs(spread.z_score).max())
    for year in years:
        far = max(abs(z) for month, z in zip(spread.months, spread.z_score, strict=True) if month.startswith(year))
        bar = _BARS[min(int(far / tallest * len(_BARS)), len(_BARS) - 1)]
        line.append(bar, style="red" if far >= _ALARM else "green")
    return line.append(f" {years[-1]}; red from {_ALARM:g}", style="dim")


def _walks(story: chapters.Story) -> Table:
    table = _table("", "", "Sharpe", "profit", "drawdown", "trades")
    for stretch in story.walk.stretches:
        for walk in (story.walk, story.stopped):
            result = walk.stretches[stretch]
            table.add_row(
                stretch if walk is story.walk else "",
                walk.name,
                Text(result.sharpe_words, style="red" if result.sharpe < 0 else ""),
                f"{result.profit:+.2f}",
                f"{result.max_drawdown:.2f}",
                str(result.trades),
            )
    return table
