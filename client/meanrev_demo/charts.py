"""The page's four charts."""

from itertools import pairwise

import numpy as np

from meanrev.pictures import elements as svg
from meanrev.pictures.colours import hexadecimal, ramp
from meanrev.pictures.elements import Scale
from meanrev_demo.chapters import Heatmap, Spread, Story, Universe

__all__ = ["equity", "heatmap", "spread", "universe"]

_WIDTH = 760.0
_LEFT, _RIGHT = 52.0, 700.0
_TOP, _BOTTOM = 26.0, 310.0
_HEIGHT = 346.0


def spread(story: Story) -> str:
    """Draw the spread with its bands: log units on the left, z-scores on the right."""
    chapter, fit, rule = story.spread, story.fit, story.yardsticks[0].optimal
    across = _time(chapter)
    extent = 1.06 * float(np.abs(chapter.z_score).max())
    z_scale = Scale(-extent, extent, _BOTTOM, _TOP)
    left = Scale(fit.mu - extent * fit.stationary_sd, fit.mu + extent * fit.stationary_sd, _BOTTOM, _TOP)
    band = svg.rectangle(_LEFT, z_scale.at(rule.entry_z), _RIGHT - _LEFT, _between(z_scale, rule.entry_z), "band")
    stops = [_across(z_scale.at(sign * story.stop_z), "stop") for sign in (-1, 1)]
    z_ticks = [-8.0, -story.stop_z, 0.0, story.stop_z, 8.0]
    shapes = [
        *_unseen(chapter, across),
        band,
        _across(z_scale.at(0), "axis"),
        *stops,
        *_held(story, across),
        svg.polyline(across, z_scale, chapter.z_score, "line first"),
        *svg.vertical_axis(left, _LEFT, left.ticks(0.1), "{:.1f}".format),
        *svg.vertical_axis(z_scale, _RIGHT, z_ticks, lambda z: f"{z:+.0f}" if z else "0", right=True),
        svg.text("log spread", _LEFT - 30, 14, "tick", "start"),
        svg.text("z-score", _RIGHT + 30, 14, "tick", "end"),
        svg.text(f"entry at {rule.entry_z:.2f}", _LEFT + 6, z_scale.at(rule.entry_z) - 4, "note", "start"),
        svg.text(f"stop at {story.stop_z:g}", _LEFT + 6, z_scale.at(story.stop_z) - 4, "note", "start"),
        *svg.horizontal_axis(across, _BOTTOM, _years(chapter)),
    ]
    return svg.drawing("The spread of log WTI and log Brent with its bands, 1987 to 2020", _WIDTH, _HEIGHT, shapes)


def equity(story: Story) -> str:
    """Draw both walks' sums of profits."""
    chapter = story.spread
    across = _time(chapter)
    lines = (story.walk.equity, story.stopped.equity)
    high = 1.08 * max(float(line.max()) for line in lines)
    up = Scale(min(0.0, *(float(line.min()) for line in lines)), high, _BOTTOM, _TOP)
    ticks = up.ticks(0.5)
    shapes = [
        *_unseen(chapter, across),
        *(_across(up.at(value), "grid") for value in ticks),
        svg.polyline(across, up, story.stopped.equity, "line second"),
        svg.polyline(across, up, story.walk.equity, "line first"),
        *svg.vertical_axis(up, _LEFT, ticks, "{:.1f}".format),
        svg.text("sum of profits", _LEFT, 14, "tick", "start"),
        *(_at_end(up, line, name, class_) for line, name, class_ in zip(lines, _NAMES, _CLASSES, strict=True)),
        *svg.horizontal_axis(across, _BOTTOM, _years(chapter)),
    ]
    return svg.drawing("Sum of profits of the frozen rule, with and without a stop", _WIDTH, _HEIGHT, shapes)


def heatmap(story: Story) -> str:
    """Draw the expected Sharpe ratio of every pair of thresholds, and mark the optimum."""
    chapter, rule = story.heatmap, story.yardsticks[0].optimal
    half = (chapter.exit_z[1] - chapter.exit_z[0]) / 2, (chapter.entry_z[1] - chapter.entry_z[0]) / 2
    across = Scale(chapter.exit_z[0] - half[0], chapter.exit_z[-1] + half[0], _LEFT, _RIGHT - 90)
    up = Scale(chapter.entry_z[0] - half[1], chapter.entry_z[-1] + half[1], _BOTTOM, _TOP)
    shapes = [
        *_cells(chapter, across, up),
        svg.element("circle", cx=across.at(rule.exit_z), cy=up.at(rule.entry_z), r=6, class_="mark"),
        *svg.vertical_axis(up, _LEFT, up.ticks(0.5), "{:.1f}".format),
        *svg.horizontal_axis(across, _BOTTOM, [(value, f"{value:+.1f}") for value in across.ticks(0.5)]),
        svg.text("entry, z", _LEFT - 30, 14, "tick", "start"),
        svg.text("exit, z", _RIGHT - 90, _BOTTOM + 32, "tick", "end"),
        *_legend(chapter),
    ]
    return svg.drawing("Expected Sharpe ratio by entry and exit threshold", _WIDTH, _HEIGHT, shapes)


def universe(chapter: Universe) -> str:
    """Draw fitted against true half-lives, both on logarithmic axes."""
    both = np.concatenate((chapter.half_life, chapter.fitted))
    low, high = float(np.log(both.min() / 1.1)), float(np.log(both.max() * 1.1))
    across, up = Scale(low, high, _LEFT, _RIGHT), Scale(low, high, _BOTTOM, _TOP)
    ticks = [value for value in (2, 5, 10, 20, 50, 100, 200) if low <= np.log(value) <= high]
    dots = [
        svg.element("circle", cx=across.at(np.log(true)), cy=up.at(np.log(fitted)), r=2.2, class_="dot")
        for true, fitted in zip(chapter.half_life, chapter.fitted, strict=True)
    ]
    shapes = [
        *(_across(up.at(np.log(value)), "grid") for value in ticks),
        svg.rule(_LEFT, _BOTTOM, _RIGHT, _TOP, "stop"),
        *dots,
        *svg.vertical_axis(up, _LEFT, [float(np.log(value)) for value in ticks], lambda value: f"{np.exp(value):.0f}"),
        *svg.horizontal_axis(across, _BOTTOM, [(float(np.log(value)), str(value)) for value in ticks]),
        svg.text("fitted half-life, bars", _LEFT, 14, "tick", "start"),
        svg.text("true half-life, bars", _RIGHT, _BOTTOM + 32, "tick", "end"),
    ]
    return svg.drawing("Fitted against true half-lives of the synthetic universe", _WIDTH, _HEIGHT, shapes)


_NAMES = ("no stop", "stop")
_CLASSES = ("first", "second")


def _time(chapter: Spread) -> Scale:
    return Scale(0, len(chapter.months) - 1, _LEFT, _RIGHT)


def _years(chapter: Spread) -> list[tuple[float, str]]:
    return [
        (i, month[:4]) for i, month in enumerate(chapter.months) if month.endswith("-01") and int(month[:4]) % 5 == 0
    ]


def _across(y: float, class_: str) -> str:
    return svg.rule(_LEFT, y, _RIGHT, y, class_)


def _between(scale: Scale, half: float) -> float:
    return scale.at(-half) - scale.at(half)


def _unseen(chapter: Spread, across: Scale) -> list[str]:
    """Return the shade and border of the months that the model did not see."""
    border = across.at(chapter.n_fitted - 0.5)
    return [
        svg.rectangle(border, _TOP, _RIGHT - border, _BOTTOM - _TOP, "unseen"),
        svg.rule(border, _TOP, border, _BOTTOM, "border"),
        svg.text("model frozen, out of sample", border + 6, _TOP + 13, "note", "start"),
    ]


def _held(story: Story, across: Scale) -> list[str]:
    """Return a strip at the foot of the plot, coloured while the walk without a stop is long or short."""
    held = story.walk.held
    changes = [0, *(i for i in range(1, held.size) if held[i] != held[i - 1]), held.size - 1]
    return [
        svg.rectangle(
            across.at(start),
            _BOTTOM - 7,
            across.at(stop) - across.at(start),
            7,
            "long" if held[start] > 0 else "short",
            f"{'long' if held[start] > 0 else 'short'} {story.spread.months[start]} to {story.spread.months[stop]}",
        )
        for start, stop in pairwise(changes)
        if held[start] != 0
    ]


def _at_end(up: Scale, line: svg.Floats, name: str, class_: str) -> str:
    return svg.text(name, _RIGHT + 4, up.at(float(line[-1])) + 4, f"note {class_}", "start")


def _cells(chapter: Heatmap, across: Scale, up: Scale) -> list[str]:
    width = (across.end - across.start) / chapter.exit_z.size
    height = (up.start - up.end) / chapter.entry_z.size
    return [
        svg.rectangle(
            across.start + j * width,
            up.start - (i + 1) * height,
            width + 0.3,
            height + 0.3,
            "cell",
            f"entry {chapter.entry_z[i]:.1f}, exit {chapter.exit_z[j]:+.1f}: Sharpe {value:.2f}",
            hexadecimal(ramp(chapter.share(value))),
        )
        for (i, j), value in np.ndenumerate(chapter.sharpe)
        if not np.isnan(value)
    ]


def _legend(chapter: Heatmap) -> list[str]:
    low, high = (float(value) for value in np.nanquantile(chapter.sharpe, (0.1, 1.0)))
    scale = Scale(low, high, _BOTTOM, _TOP)
    step = (_BOTTOM - _TOP) / 60
    x = _RIGHT - 60
    return [
        *(
            svg.rectangle(x, _BOTTOM - (i + 1) * step, 14, step + 0.3, "", "", hexadecimal(ramp(i / 59)))
            for i in range(60)
        ),
        *svg.vertical_axis(scale, x + 14, scale.ticks(0.1), "{:.1f}".format, right=True),
        svg.text("Sharpe a year", x + 14, 14, "tick", "middle"),
    ]
