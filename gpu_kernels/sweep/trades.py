"""The NumPy twin of accounts, series by series: only decisions cost a step, and bars between them none.

The rule and the account are those of model.py. A side changes at few bars, which sorted lists of the scores beyond each
level give one after the other. Ledger fills the orders, and its position between two fills marks all bars there at
once.
"""

from bisect import bisect_left
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import interruption
from gpu_kernels.checks import Floats
from gpu_kernels.sweep import settle, units
from gpu_kernels.sweep.bars import gather, owed
from gpu_kernels.sweep.ledger import Ledger
from gpu_kernels.sweep.model import Rules, ThresholdPairs
from gpu_kernels.sweep.round_trips import Account, AccountPaths, Ran, Trade, as_trades
from gpu_kernels.sweep.scores import score as scored
from gpu_kernels.sweep.zscore import rolling

__all__ = ["Series", "ThresholdPair", "empty_paths", "run", "trade", "write"]


_BARS = [Trade._fields.index("entry_bar"), Trade._fields.index("exit_bar")]


class Series(NamedTuple):
    """One series without its missing bars: (n,) arrays.

    Attributes:
        prices: Finite.
        scores: NaN where there is none.
        owed: What borrowing one unit has cost so far.
        fill_at: Bar at which a decision of each bar fills; n or more where the data end before.
    """

    prices: Floats
    scores: Floats
    owed: Floats
    fill_at: NDArray[np.intp]


class ThresholdPair(NamedTuple):
    """The thresholds and the cost per side of one backtest, as in ThresholdPairs."""

    entry_z: float
    exit_z: float
    cost: float


class _State(NamedTuple):
    """What a fill leaves, until the next one; the fees that it took, and all so far."""

    bar: int
    quantity: float
    entry_mark: float
    entry_fee: float
    base: float
    floor: float
    paid: float
    fees: float


class _TradeLedger(Ledger):
    """A ledger that lists its trades and its positions between them."""

    def __init__(self, series: Series, levels: ThresholdPair, rules: Rules) -> None:
        super().__init__(rules)
        self._series, self._cost = series, levels.cost
        self._entered = (0, 0.0, 0.0)
        self.listed: list[Trade] = []
        self.states: list[_State] = []
        self._keep(0)

    def take(self, side: int, bar: int, score: float) -> None:
        """Fill an order, and list the trade that it ends."""
        if self.ruined:
            return
        self._go_to(bar)
        if self.quantity:
            self._list(bar, score)
        if bar > self.states[-1].bar:
            self._paid = 0.0
        self.fill(side, self._cost)
        self._entered = bar, self._price, score
        self._keep(bar)

    def sell_out(self, bar: int) -> None:
        """End in a ruin."""
        self._go_to(bar)
        self._list(bar, np.nan)
        self._close(self._cost)
        self.ruined = True
        self._keep(bar)

    def leave(self) -> None:
        """List what is held at the last bar."""
        if self.quantity:
            last = self._series.prices.size - 1
            self._go_to(last)
            self._list(last, np.nan, closed=False)

    def _go_to(self, bar: int) -> None:
        self._price, self._owed = float(self._series.prices[bar]), float(self._series.owed[bar])
        self._stand()

    def _keep(self, bar: int) -> None:
        held = self.quantity, self._entry_mark, self._entry_fee
        self.states.append(_State(bar, *held, self._base, self._floor, self._paid, self.fees))

    def _list(self, bar: int, score: float, *, closed: bool = True) -> None:
        fee = self._fee(self._cost) if closed else 0.0
        gained, costs = self._unrealized() - fee, self._entry_fee + fee
        entry_bar, entry_price, entry_score = self._entered
        prices, scores = (entry_price, self._price), (entry_score, score)
        side = 1 if self.quantity > 0 else -1
        self.listed.append(Trade(side, entry_bar, bar, *prices, *scores, self.quantity, gained, costs, closed))


def run(prices: Floats, pairs: ThresholdPairs, rules: Rules) -> Ran:
    """Trade every series by its own pair; each can be traded."""
    bars = gather(prices, rules.execution_delay)
    scores, costs = scored(bars.prices, rules, rolling), owed(bars, rules)
    paths, rows = empty_paths(prices.shape), [np.empty((0, len(Trade._fields)))]
    fees, ruined_at = np.empty(prices.shape[0]), np.full(prices.shape[0], -1)
    for row, count in enumerate(bars.counts.tolist()):
        interruption.check()
        held, score, cost = (columns[row, :count] for columns in (bars.prices, scores, costs))
        series = Series(held, score, cost, bars.fill_at[row, :count])
        account = trade(series, ThresholdPair(*(float(column[row]) for column in pairs)), rules)
        times = np.flatnonzero(~np.isnan(prices[row]))
        write(
            paths, row, (times, bars.places[row]), (account.equity, account.returns, account.drawdown, account.position)
        )
        paths.zscore[row, times] = series.scores
        fees[row] = account.fees[-1]
        if account.ruined_at >= 0:
            ruined_at[row] = times[account.ruined_at]
        listed = np.array(account.trades, dtype=np.float64).reshape(-1, len(Trade._fields))
        listed[:, _BARS] = times[listed[:, _BARS].astype(np.intp)]
        rows.append(listed)
    owners = np.repeat(np.arange(prices.shape[0]), [len(listed) for listed in rows[1:]])
    return Ran(paths, as_trades(owners, np.concatenate(rows)), fees, ruined_at.astype(np.int64))


def empty_paths(shape: tuple[int, ...]) -> AccountPaths:
    """Return paths of no bar."""
    return AccountPaths(*(np.full(shape, np.nan) for _ in AccountPaths._fields))


def write(
    paths: AccountPaths,
    row: int,
    where: tuple[NDArray[np.intp], NDArray[np.intp]],
    packed: tuple[Floats, Floats, Floats, Floats],
) -> None:
    """Write one series' paths but for the scores; a missing bar is marked by the price before it and has a return of 0.

    Args:
        paths: Of all series.
        row: Number of the series.
        where: Bars that have a price, and (T,) the one of them that marks each bar.
        packed: Equity, returns, drawdown and position at the bars that have a price.
    """
    times, places = where
    span = slice(int(times[0]), int(times[-1]) + 1)
    shown = places[span]
    paths.equity[row, span], paths.drawdown[row, span] = packed[0][shown], packed[2][shown]
    paths.position[row, span] = packed[3][shown]
    paths.returns[row, span] = 0.0
    paths.returns[row, times] = packed[1]


def trade(series: Series, levels: ThresholdPair, rules: Rules) -> Account:
    """Run one series; bit for bit what a Ledger gives that takes it bar by bar."""
    decisions = _decisions(series.scores, levels, rules.stop)
    ledger, ruined_at = _played(series, decisions, levels, rules, series.prices.size), -1
    states = _spread(ledger, series.prices.size)
    value, floor = _valued(states, series)
    if rules.compounding:
        broke = value <= floor
        if broke.any():
            ruined_at = int(broke.argmax())
            ledger = _played(series, decisions, levels, rules, ruined_at)
            if ledger.quantity:
                ledger.sell_out(ruined_at)
            states = _spread(ledger, series.prices.size)
            value, _ = _valued(states, series)
    ledger.leave()
    return _account(ledger, series, (states, value), rules, ruined_at)


def _decisions(scores: Floats, levels: ThresholdPair, stop: float) -> list[tuple[int, int]]:
    """Return the bars at which the side changes, and the new side, as settle.decide defines it."""
    n_bars = scores.size

    def places(beyond: NDArray[np.bool_]) -> list[int]:
        return [*np.flatnonzero(beyond).tolist(), n_bars]

    buys, sells = places(scores <= -levels.entry_z), places(scores >= levels.entry_z)
    leaves = {1: places(scores >= -levels.exit_z), -1: places(scores <= levels.exit_z)}
    stops, inside = {1: [n_bars], -1: [n_bars]}, [n_bars]
    if stop < np.inf:
        stops = {1: places(scores <= -stop), -1: places(scores >= stop)}
        inside = places(np.abs(scores) < levels.entry_z)
    found: list[tuple[int, int]] = []
    side = bar = 0
    while True:
        free = bar
        if side:
            leave = leaves[side][bisect_left(leaves[side], bar + 1)]
            stopped = stops[side][bisect_left(stops[side], bar + 1)] if stop < np.inf else n_bars
            bar = free = min(leave, stopped)
            if bar == n_bars:
                return found
            if stopped < leave:
                free = inside[bisect_left(inside, bar)]
        buy, sell = buys[bisect_left(buys, free)], sells[bisect_left(sells, free)]
        entry = min(buy, sell)
        if side and entry > bar:
            found.append((bar, 0))
        if entry == n_bars:
            return found
        bar, side = entry, 1 if buy < sell else -1
        found.append((bar, side))


def _played(
    series: Series, decisions: list[tuple[int, int]], levels: ThresholdPair, rules: Rules, last: int
) -> _TradeLedger:
    """Fill all orders that are due by a bar."""
    ledger = _TradeLedger(series, levels, rules)
    bars = [bar for bar, _ in decisions]
    for (_, side), due, score in zip(
        decisions, series.fill_at[bars].tolist(), series.scores[bars].tolist(), strict=True
    ):
        if due >= series.prices.size or due > last or ledger.ruined:
            break
        ledger.take(side, due, score)
    return ledger


def _valued(states: Floats, series: Series) -> tuple[Floats, Floats]:
    """Return the account's value, as Ledger has it, and what is ruin, bar by bar."""
    _, quantity, entry_mark, entry_fee, base, floor, _, _ = states
    mark = settle.marked(quantity, series.prices, series.owed) if series.owed[-1] else series.prices
    return base + settle.unrealized(quantity, mark, entry_mark, entry_fee), floor


def _spread(ledger: _TradeLedger, n_bars: int) -> Floats:
    """Return the states over all bars, (8, n)."""
    states = np.array(ledger.states)
    lasting = np.diff(np.append(states[:, 0], n_bars)).astype(np.intp)
    return np.repeat(states, lasting, axis=0).T


def _account(
    ledger: _TradeLedger, series: Series, bars: tuple[Floats, Floats], rules: Rules, ruined_at: int
) -> Account:
    """Make the account, from the ledger's states and the values at every bar."""
    initial, (states, value) = rules.initial_capital, bars
    _, quantity, _, _, _, _, _, fees = states
    if rules.compounding:
        before = np.concatenate([[initial], value[:-1]])
        returns = np.zeros(value.size)
        np.divide(value, before, out=returns, where=before > 0)
        returns = np.where(before > 0, returns - 1.0, 0.0)
        equity, peak = value, np.maximum.accumulate(np.maximum(value, initial))
    else:
        paid = np.zeros(value.size)
        for state in ledger.states:  # of two fills at one bar, the second has the fees of both
            paid[state.bar] = state.paid
        returns = units.returns(quantity, series.prices, series.owed if rules.borrow else None, paid, initial)
        equity, peak = initial + value, np.maximum.accumulate(np.maximum(value, 0.0))
    drawdown = settle.fall(value, peak, initial, compounding=rules.compounding)
    if ruined_at < 0 and ledger.ruined:  # between the two legs of a reversal
        ruined_at = ledger.states[-1].bar
    if ruined_at >= 0:
        returns[ruined_at + 1 :] = 0.0
    return Account(equity, returns, drawdown, np.sign(quantity), fees, ledger.listed, ruined_at)
