"""The story as one file that needs nothing else: no script, no font, no request."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape

import numpy as np

from meanrev_demo import charts, sentences
from meanrev_demo.chapters import Fit, Story, Universe
from meanrev_demo.style import STYLE

__all__ = ["page"]

Rows = Iterable[Sequence[str]]


def page(story: Story) -> str:
    """Return the page as HTML."""
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>meanrev demo: WTI against Brent</title><style>{STYLE}</style>"
    )
    body = "".join(_sections(story))
    return f'<!doctype html><html lang="en"><head>{head}</head><body><main>{body}</main></body></html>\n'


def _sections(story: Story) -> Iterator[str]:
    yield "<h1>WTI against Brent: a spread, its model, and what became of it</h1>"
    yield _paragraph(f"Computed by {story.device}, through a server and a client on {story.address}.")
    yield _section(
        "The spread", sentences.of_the_spread(story), sentences.of_the_search(story), sentences.of_the_fit(story)
    )
    yield _figure(charts.spread(story), _caption_of_the_spread(story), _table(*_months(story)))
    yield _table(*_fit(story))
    yield _section("Where to trade", sentences.of_the_thresholds(story))
    yield _table(*_yardsticks(story))
    yield _section("Every pair of thresholds", sentences.of_the_heatmap(story))
    yield _figure(charts.heatmap(story), "The circle marks the optimum.", _table(*_threshold_pairs(story)))
    yield _section("Freeze the model in 2005, and walk forward", sentences.of_the_walk(story))
    yield _paragraph(sentences.caveat(story), "caveat")
    unit = "Profits are in units of the money in the WTI leg, net of costs, without compounding."
    yield _figure(charts.equity(story), unit, _table(*_stretches(story)), opened=True)
    yield _paragraph(sentences.of_the_stop(story))
    yield _section("Scale", sentences.of_the_universe(story))
    dots = "One dot a series; on the line the fit is the truth."
    yield _figure(charts.universe(story.universe), dots, _table(*_groups(story.universe)), opened=True)
    yield _paragraph(
        "Prices: monthly averages of Brent (MCOILBRENTEU) and WTI (MCOILWTICO), measured by the U.S. Energy "
        "Information Administration and redistributed by FRED; public domain.",
        "source",
    )


def _section(title: str, *paragraphs: str) -> str:
    return f"<h2>{escape(title)}</h2>" + "".join(_paragraph(words) for words in paragraphs)


def _paragraph(words: str, class_: str = "") -> str:
    kind = f' class="{class_}"' if class_ else ""
    return f"<p{kind}>{escape(words)}</p>"


def _figure(chart: str, caption: str, table: str, *, opened: bool = False) -> str:
    """Return a chart with the same numbers as a table beside it."""
    state = " open" if opened else ""
    beside = f"<details{state}><summary>The numbers</summary>{table}</details>"
    return f"<figure>{chart}<figcaption>{escape(caption)}</figcaption>{beside}</figure>"


def _table(heads: Sequence[str], rows: Rows) -> str:
    first = "".join(f'<th scope="col">{escape(head)}</th>' for head in heads)
    rest = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in row[1:])}</tr>'
        for row in rows
    )
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="Table: {escape(", ".join(heads))}">'
        f"<table><thead><tr>{first}</tr></thead><tbody>{rest}</tbody></table></div>"
    )


def _caption_of_the_spread(story: Story) -> str:
    return (
        "The band is where nothing is entered; the strip at the foot shows when the rule is long "
        "(green) or short (magenta). "
        f"Every z-score is in standard deviations of the model of 2005 ({story.fit.stationary_sd:.4f} in log units)."
    )


def _months(story: Story) -> tuple[Sequence[str], Rows]:
    chapter, walks = story.spread, (story.walk, story.stopped)
    heads = ("month", "log spread", "z-score", "position", "position with stop", "profit", "profit with stop")
    rows = (
        (
            month,
            f"{chapter.value[i]:+.4f}",
            f"{chapter.z_score[i]:+.2f}",
            *(f"{walk.held[i]:+.0f}" if walk.held[i] else "0" for walk in walks),
            *(f"{walk.equity[i]:.3f}" for walk in walks),
        )
        for i, month in enumerate(chapter.months)
    )
    return heads, rows


def _fit(story: Story) -> tuple[Sequence[str], Rows]:
    heads = ("", "fitted until 2005", "95 % interval", "fitted to all months", "95 % interval")
    rows = [
        (name, *(word for fit in (story.fit, story.refit) for word in _estimate(fit, field)))
        for name, field in (("theta, a month", "theta"), ("mu", "mu"), ("half-life, months", "half_life"))
    ]
    sigmas = [
        word
        for fit in (story.fit, story.refit)
        for word in (f"{fit.sigma:.4f}", f"± {fit.sigma_std_error:.4f}, the standard error")
    ]
    return heads, [*rows, ("sigma, a root month", *sigmas)]


def _estimate(fit: Fit, field: str) -> tuple[str, str]:
    value, low, high = (getattr(fit, name) for name in (field, f"{field}_lower", f"{field}_upper"))
    return f"{value:.4f}", f"{low:.4f} to {high:.4f}"


def _yardsticks(story: Story) -> tuple[Sequence[str], Rows]:
    heads = ("process", "rule", "entry", "exit", "promised Sharpe a year", "trades a year", "profit a trade")
    rows = (
        (
            "this spread" if yardstick.factor == 1 else f"{yardstick.factor:g} times as volatile",
            name,
            f"{rule.entry_z:.2f}",
            f"{rule.exit_z:+.2f}",
            f"{rule.sharpe:.2f}",
            f"{rule.trades_a_year:.1f}",
            f"{rule.profit_a_trade:.4f}",
        )
        for yardstick in story.yardsticks
        for name, rule in (("optimum", yardstick.optimal), ("constant formula", yardstick.constant))
    )
    return heads, rows


def _threshold_pairs(story: Story) -> tuple[Sequence[str], Rows]:
    chapter = story.heatmap
    rows = (
        (f"{entry:.1f}", *("" if np.isnan(value) else f"{value:.2f}" for value in row))
        for entry, row in zip(chapter.entry_z, chapter.sharpe, strict=True)
    )
    return ("entry \\ exit", *(f"{leave:+.1f}" for leave in chapter.exit_z)), rows


def _stretches(story: Story) -> tuple[Sequence[str], Rows]:
    rows = (
        (
            stretch,
            walk.name,
            (result := walk.stretches[stretch]).sharpe_words,
            f"{result.profit:+.2f}",
            f"{result.max_drawdown:.2f}",
            str(result.trades),
        )
        for stretch in story.walk.stretches
        for walk in (story.walk, story.stopped)
    )
    return ("years", "rule", "Sharpe ± standard error", "profit", "drawdown", "trades"), rows


def _groups(chapter: Universe) -> tuple[Sequence[str], Rows]:
    """Sum up five groups of series, shortest half-lives first."""
    order = np.argsort(chapter.half_life)
    rows = (
        (
            f"{chapter.half_life[group[0]]:.1f} to {chapter.half_life[group[-1]]:.1f}",
            f"{np.median(chapter.half_life[group]):.1f}",
            f"{np.median(chapter.fitted[group]):.1f}",
            f"{100 * np.median(np.abs(chapter.fitted[group] / chapter.half_life[group] - 1)):.0f} %",
        )
        for group in np.array_split(order, 5)
    )
    return ("true half-life, bars", "median", "fitted, median", "error, median"), rows
