"""Accounts of many cells over a block of rows: positions by thresholds, their hedged books, gains and trades."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import interruption
from gpu_kernels.checks import Floats

__all__ = ["AT_ONCE", "Held", "Levels", "Records", "Signals", "fixed", "flat", "joined", "positions", "run"]

AT_ONCE = 64
"""Cells of a group, whose books over 500 names stay in the second-level cache."""


class Levels(NamedTuple):
    """Thresholds of G cells, each attribute (G,); see books.Cells."""

    entry: Floats
    exit_long: Floats
    exit_short: Floats


class Signals(NamedTuple):
    """What the decisions of D rows are made with.

    Attributes:
        score: (D, N).
        Q: (D, N, m).
        B: (D, N, m).
    """

    score: Floats
    Q: Floats
    B: Floats


class Held(NamedTuple):
    """What G accounts hold after a fill.

    Attributes:
        dollars: (G, N) h, over the equity.
        side: (G, N) -1, 0 or 1.
        gross: (G,) sum |h|.
        net: (G,) sum h.
    """

    dollars: Floats
    side: NDArray[np.int8]
    gross: Floats
    net: Floats


class Records(NamedTuple):
    """What happens to G accounts at D rows, each attribute (D, G).

    Attributes:
        gain: g, before costs.
        turnover_stocks: Notional traded at the row's close, of the names without their hedges, over the equity.
        turnover_book: The same of all names.
        short: Short notional that was held since the row before.
        gross: Notional held after the fill.
        longs: Names held long after the fill.
        shorts: Names sold short after the fill.
        opened: Trades that the fill opens; a reversal opens one.
        stale: Fills of names without a price.
    """

    gain: Floats
    turnover_stocks: Floats
    turnover_book: Floats
    short: Floats
    gross: Floats
    longs: Floats
    shorts: Floats
    opened: Floats
    stale: Floats


def flat(n_cells: int, n_names: int) -> Held:
    """Return accounts that hold nothing."""
    nothing = np.zeros(n_cells)
    return Held(np.zeros((n_cells, n_names)), np.zeros((n_cells, n_names), dtype=np.int8), nothing, nothing.copy())


def run(
    held: Held,
    levels: Levels,
    signals: Signals,
    returns: Floats,
    unpriced: NDArray[np.bool_],
    size: float,
    n_waiting: int,
) -> tuple[Held, Records]:
    """Carry accounts through D rows.

    Args:
        held: What they hold before the first row.
        levels: Their thresholds.
        signals: Of the decisions that are filled at each row from n_waiting on.
        returns: (D, N) of prices that are filled in.
        unpriced: (D, N) which names have no price.
        size: Dollars a name.
        n_waiting: First rows at which no decision is filled.

    Returns:
        What the accounts hold after the last row, and what happened at each.
    """
    n_cells = levels.entry.size
    parts = []
    for start in range(0, n_cells, AT_ONCE):
        some = slice(start, min(n_cells, start + AT_ONCE))
        own = Held._make(each[some] for each in held)
        parts.append(
            _run(own, Levels._make(each[some] for each in levels), signals, returns, unpriced, size, n_waiting)
        )
    return joined(parts)


def joined(parts: Sequence[tuple[Held, Records]]) -> tuple[Held, Records]:
    """Join what groups of cells hold, and what happened to them."""
    if len(parts) == 1:
        return parts[0]
    after = Held(*(np.concatenate(each) for each in zip(*(part[0] for part in parts), strict=True)))
    found = Records(*(np.concatenate(each, axis=1) for each in zip(*(part[1] for part in parts), strict=True)))
    return after, found


class _Machine:
    """The positions of some cells, one side a name; see the model's equation (16)."""

    def __init__(self, levels: Levels, side: NDArray[np.int8]) -> None:
        self._levels, self._places = zip(*(np.unique(each, return_inverse=True) for each in levels), strict=True)
        self.long, self.short = side == 1, side == -1

    def decide(self, score: Floats) -> NDArray[np.int8]:
        """Decide by a row's scores (N,), NaN where a name has none; return the sides (G, N)."""
        entry, exit_long, exit_short = (each[:, None] for each in self._levels)
        buys, sells = (score <= -entry)[self._places[0]], (score >= entry)[self._places[0]]
        self.long &= (score < -exit_long)[self._places[1]]
        self.short &= (score > exit_short)[self._places[2]]
        free = ~(self.long | self.short)
        self.long |= buys & free
        self.short |= sells & free
        decided: NDArray[np.int8] = self.long.view(np.int8) - self.short.view(np.int8)
        return decided


def positions(levels: Levels, score: Floats) -> NDArray[np.int8]:
    """Return the sides (T, N) that one cell decides at each row of scores (T, N)."""
    machine = _Machine(levels, np.zeros((1, score.shape[1]), dtype=np.int8))
    found = np.zeros(score.shape, dtype=np.int8)
    for row, scores in enumerate(score):
        found[row] = machine.decide(scores)[0]
    return found


def _run(
    held: Held,
    levels: Levels,
    signals: Signals,
    returns: Floats,
    unpriced: NDArray[np.bool_],
    size: float,
    n_waiting: int,
) -> tuple[Held, Records]:
    n_days, n_names = returns.shape
    n_cells = levels.entry.size
    found = Records(*(np.zeros((n_days, n_cells)) for _ in Records._fields))
    machine = _Machine(levels, held.side)
    dollars, side, gross, net = held.dollars.copy(), held.side, held.gross, held.net
    next_dollars, moved = np.empty_like(dollars), np.empty_like(dollars)
    longs, shorts = _counted(machine.long), _counted(machine.short)
    ones = np.ones(n_names)
    for day in range(n_days):
        if not day % 16:
            interruption.check()
        gain = dollars @ returns[day]
        found.gain[day], found.short[day] = gain, 0.5 * (gross - net)
        left = 1.0 + gain
        # A book that has lost everything is ruined; what it holds from there on is read by nobody.
        np.multiply(dollars, np.divide(1.0, left, out=np.zeros(n_cells), where=left > 0)[:, None], out=dollars)
        dollars *= 1.0 + returns[day]
        if day >= n_waiting:
            was_long, was_short, held_before = machine.long.copy(), machine.short.copy(), longs + shorts
            side = machine.decide(signals.score[day - n_waiting])
            longs, shorts = _counted(machine.long), _counted(machine.short)
            changes = _counted(machine.long ^ was_long) + _counted(machine.short ^ was_short)
            found.opened[day] = (changes + longs + shorts - held_before) // 2  # a reversal is two changes
            np.multiply(side, size, out=next_dollars)
            np.matmul(next_dollars @ signals.B[day - n_waiting], signals.Q[day - n_waiting].T, out=moved)
            next_dollars -= moved
            np.subtract(next_dollars, dollars, out=moved)
            np.abs(moved, out=moved)
            found.turnover_stocks[day] = size * changes
            found.turnover_book[day] = moved @ ones
            if unpriced[day].any():
                found.stale[day] = np.count_nonzero(moved[:, unpriced[day]], axis=1)
            dollars, next_dollars = next_dollars, dollars
            net = dollars @ ones
            gross = np.abs(dollars, out=moved) @ ones
        else:
            net, gross = dollars @ ones, np.abs(dollars) @ ones
        found.gross[day] = gross
        found.longs[day], found.shorts[day] = longs, shorts
    return Held(dollars, side, gross, net), found


def _counted(flags: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Count the flags of each row; by bytes of eight, because NumPy adds up booleans one by one."""
    counts: NDArray[np.int64] = np.bitwise_count(np.packbits(flags, axis=1)).sum(axis=1, dtype=np.int64)
    return counts


def fixed(targets: Floats, returns: Floats, unpriced: NDArray[np.bool_]) -> Records:
    """Carry one account that holds given dollars after every row.

    Args:
        targets: (D, N) h after each row's fill.
        returns: (D, N) as in run.
        unpriced: (D, N) as in run.

    Returns:
        Records of (D, 1).
    """
    before = np.vstack([np.zeros((1, targets.shape[1])), targets[:-1]])
    gain = np.einsum("tn,tn->t", before, returns)
    left = 1.0 + gain
    scale = np.divide(1.0, left, out=np.zeros_like(left), where=left > 0)
    traded = np.abs(targets - before * (1.0 + returns) * scale[:, None])
    columns = (
        gain,
        np.abs(targets - before).sum(axis=1),
        traded.sum(axis=1),
        np.maximum(-before, 0.0).sum(axis=1),
        np.abs(targets).sum(axis=1),
        np.count_nonzero(targets > 0, axis=1),
        np.count_nonzero(targets < 0, axis=1),
        np.zeros(len(targets)),
        np.count_nonzero((traded > 0) & unpriced, axis=1),
    )
    return Records._make(np.asarray(each, dtype=np.float64)[:, None] for each in columns)
