"""The NumPy twin of thresholds: the optima in standardised units, and what a pair of thresholds earns."""

import numpy as np

from gpu_kernels.checks import Floats
from gpu_kernels.thresholds import leung_li
from gpu_kernels.thresholds.bars import Watched
from gpu_kernels.thresholds.durations import in_trade_and_cycle
from gpu_kernels.thresholds.growth import Problem, maximise
from gpu_kernels.thresholds.model import BAR_SHIFT, NOT_SHIFTED, Case, Levels, Thresholds
from gpu_kernels.thresholds.special import dawson
from gpu_kernels.thresholds.start import newton_for_profit, profit_start, sharpe_start
from gpu_kernels.thresholds.stopped import StoppedProblem, best, passage

__all__ = ["bar_shift", "capped_kelly", "describe", "fees_of", "optimal", "profit", "sharpe", "watched_at_bars"]


def optimal(
    case: Case, cost: Floats, objective: str, model: str, rate: Floats | None, largest: Floats | None
) -> Thresholds:
    """Compute the optimal thresholds and what they earn, fields (G,); see the contract.

    Args:
        case: The processes.
        cost: (G,) costs of a round trip in stationary standard deviations.
        objective: One of OBJECTIVES.
        model: One of MODELS.
        rate: (G,) discount rates; None but for model "leung_li".
        largest: (G,) bounds of the fraction per stationary standard deviation; None but for objective "kelly".

    Raises:
        Degenerate: model "leung_li" has no thresholds for a process.
    """
    fraction = None
    if rate is not None:
        centre, half = leung_li.solve(case, rate)
    elif case.stopped:
        # The path overshoots the stop too. Where the bars turn out to be too coarse, nothing is shifted.
        watched = case._replace(stop=case.stop + bar_shift(case))
        centre, half, fraction = _stopped(watched, cost, objective, model, largest)
        coarse = bar_shift(case) > watched_at_bars(case, centre, half).shift
        if coarse.any():
            watched = case._replace(stop=np.where(coarse, case.stop, watched.stop))
            centre, half, fraction = _stopped(watched, cost, objective, model, largest)
    elif objective == "profit":
        centre, half = profit(cost, to_mean=model == "to_mean")
    elif largest is None:
        centre, half = sharpe(cost, fees_of(case))
    else:
        centre, half, scaled = capped_kelly(cost, fees_of(case), largest / case.kept)
        fraction = scaled * case.kept / case.spread
    levels = watched_at_bars(case, centre, half)._replace(one_sided=model == "leung_li")
    return describe(case, levels, fraction)


def _stopped(
    case: Case, cost: Floats, objective: str, model: str, largest: Floats | None
) -> tuple[Floats, Floats, Floats | None]:
    """Return centre, half-width and fraction of the optimum given the stop, each (G,)."""
    fees, zero, one, to_mean = fees_of(case), np.zeros_like(cost), np.ones_like(cost), model == "to_mean"
    if objective == "profit":
        problem = StoppedProblem(Problem(cost, fees, zero, zero, one), case.stop)
        return *best(problem, profit(cost, to_mean=to_mean), to_mean=to_mean), None
    problem = StoppedProblem(Problem(cost, fees, zero, 0.5 * one, 0.5 * one), case.stop)
    centre, half = best(problem, sharpe(cost, fees), to_mean=False)
    if largest is None:
        return centre, half, None
    free = _stopped_fraction(case, cost, fees, centre, half)
    bound = np.flatnonzero(largest / case.kept < free)
    if bound.size:
        part = Problem(cost, fees, largest / case.kept, zero, one).at(bound)
        start = centre[bound], half[bound]
        centre[bound], half[bound] = best(StoppedProblem(part, case.stop[bound]), start, to_mean=False)
    scaled = np.minimum(largest / case.kept, _stopped_fraction(case, cost, fees, centre, half))
    return centre, half, scaled * case.kept / case.spread


def _stopped_fraction(case: Case, cost: Floats, fees: Floats, centre: Floats, half: Floats) -> Floats:
    """Return the fraction without a bound, in stationary standard deviations, as a Problem has it."""
    ends = passage(centre, half, case.stop)
    earned = 2.0 * half * ends.won - (case.stop - centre - half) * ends.lost - cost
    return np.asarray(0.5 * earned / (ends.in_trade + 2.0 * fees))


def profit(cost: Floats, *, to_mean: bool) -> tuple[Floats, Floats]:
    """Return centre and half-width of the most profitable thresholds, each (G,), for standardised costs (G,)."""
    kappa = cost / np.sqrt(2.0) * (1.0 if to_mean else 0.5)
    entry = np.sqrt(2.0) * newton_for_profit(kappa, profit_start(kappa))
    return (0.5 * entry, 0.5 * entry) if to_mean else (np.zeros_like(entry), entry)


def fees_of(case: Case) -> Floats:
    """Return what the costs add to the variance of a trade, (G,), as a Problem has it."""
    return (case.cost / case.spread) ** 2 / 8.0 if case.cost_variance else np.zeros_like(case.cost)


def sharpe(cost: Floats, fees: Floats) -> tuple[Floats, Floats]:
    """Return centre and half-width of the largest Sharpe ratio, each (G,).

    Args:
        cost: (G,) standardised costs.
        fees: (G,) their share in the variance, as a Problem has it.
    """
    equal = np.full_like(cost, 0.5)
    start = sharpe_start(cost, fees=bool(fees.any()))
    return maximise(Problem(cost, fees, np.zeros_like(cost), equal, equal), *start)


def capped_kelly(cost: Floats, fees: Floats, largest: Floats) -> tuple[Floats, Floats, Floats]:
    """Return centre, half-width and fraction of the fastest growth, each (G,).

    Args:
        cost: (G,) standardised costs.
        fees: (G,) their share in the variance, as a Problem has it.
        largest: (G,) bound of the fraction per stationary standard deviation; infinity where there is none.
    """
    centre, half = sharpe(cost, fees)
    free = _free_fraction(cost, fees, centre, half)
    bound = np.flatnonzero(largest < free)
    if bound.size:
        # Between the free optimum and that of a vanishing fraction, which is the most profitable rule.
        share = largest[bound] / free[bound]
        narrow = profit(cost[bound], to_mean=False)[1]
        problem = Problem(cost[bound], fees[bound], largest[bound], np.zeros(bound.size), np.ones(bound.size))
        start = share * centre[bound], narrow + share * (half[bound] - narrow)
        centre[bound], half[bound] = maximise(problem, *start)
    return centre, half, np.minimum(largest, _free_fraction(cost, fees, centre, half))


@np.errstate(over="ignore")  # bars of an infinite shift are too coarse
def bar_shift(case: Case) -> Floats:
    """Return how far a path that is watched at bars overshoots a level, (G,), 0 without dt."""
    return np.where(np.isnan(case.dt), 0.0, BAR_SHIFT * np.sqrt(2.0 * case.theta * case.dt))


def watched_at_bars(case: Case, centre: Floats, half: Floats) -> Levels:
    """Move optimal thresholds inward where dt is given and the bars are fine enough for it."""
    shift = bar_shift(case)
    coarse = centre + half - shift <= np.maximum(0.0, centre - half + shift)
    shift = np.where(coarse, 0.0, shift)
    return Levels(centre, half, case.stop + shift, shift)


@np.errstate(over="ignore", under="ignore", divide="ignore", invalid="ignore")
def describe(case: Case, levels: Levels, fraction: Floats | None) -> Thresholds:
    """Compute what the thresholds earn, fields (G,); see the contract.

    What leaves the doubles is refused afterwards, by name.

    Args:
        case: The processes.
        levels: Thresholds as the continuous formulas see them.
        fraction: (G,) units of X per unit of wealth, None where no growth is asked for.
    """
    entry, leave = levels.centre + levels.half, levels.centre - levels.half
    won, lost, watched = _win_rate(entry, leave, levels.stop), np.zeros_like(entry), Watched(case, levels.shift)
    squares = 4.0 * levels.centre * levels.half
    if case.stopped:
        won, lost, *times = passage(levels.centre, levels.half, levels.stop)
        squares = won * squares - lost * (levels.stop - entry) * (levels.stop + entry)
        times[1] += lost * _back_at_an_entry(entry, levels.shift)
        gained = won * 2.0 * levels.half - lost * (levels.stop - entry)
        reversed_trades = won
    else:
        times = list(in_trade_and_cycle(levels.centre, levels.half))
        gained, reversed_trades = 2.0 * levels.half, np.ones_like(entry)
    held = watched.held(times[0], squares)
    in_trade, trade_time = (time / case.theta for time in times)
    if levels.one_sided:
        # The wait runs from the exit all the way back to the entry, not to the nearer of two.
        trade_time = 2.0 * trade_time
    earned = gained * watched.gained() * case.kept * case.spread - case.cost
    always_in = (levels.centre == 0.0) & (not levels.one_sided)
    missing = np.full_like(entry, np.nan)
    deviation = case.sigma * np.sqrt(in_trade * held)
    if case.cost_variance:
        # Where the exit of a trade is the entry of the next one, both fees fall on one change of the equity.
        both = np.where(always_in, reversed_trades, 0.0)
        deviation = np.hypot(deviation, case.cost * np.sqrt(0.5 + 0.5 * both))
        deviation *= np.sqrt(watched.paid_at_once(deviation * deviation, reversed_trades - lost + both))
    growth = missing
    if fraction is not None:
        growth = (fraction * earned - 0.5 * (fraction * deviation) ** 2) / trade_time
    ratio = earned / (deviation * np.sqrt(trade_time))
    return Thresholds(
        entry_z=entry - levels.shift,
        exit_z=leave + levels.shift,
        holding_time=np.where(np.isnan(case.dt), in_trade, in_trade / case.dt),
        return_per_trade=earned,
        win_rate=won,
        cycle_time=np.where(always_in, 2.0 * trade_time, trade_time),
        trade_time=trade_time,
        rate=earned / trade_time,
        sharpe=ratio * watched.centred(ratio),
        fraction=missing if fraction is None else fraction,
        growth=growth,
        bar_shift=tuple(np.where(np.isnan(case.dt), "", np.where(levels.shift > 0, "applied", NOT_SHIFTED)).tolist()),
    )


def _back_at_an_entry(entry: Floats, shift: Floats) -> Floats:
    """Return how long a stopped account that has seen |z| < e waits for its next entry, (G,): no time but for bars.

    Bars see the path below the entry only when it is `shift` farther in, and see it at an entry `shift` farther out.
    """
    wide = np.maximum(np.minimum(shift, 0.5 * entry), 1e-300)
    return np.where(shift > 0, in_trade_and_cycle(entry - wide, wide)[1], 0.0)


def _free_fraction(cost: Floats, fees: Floats, centre: Floats, half: Floats) -> Floats:
    in_trade, _ = in_trade_and_cycle(centre, half)
    return np.asarray((half - 0.5 * cost) / (in_trade + 2.0 * fees))


def _win_rate(entry: Floats, leave: Floats, stop: Floats) -> Floats:
    """Return P(exit before stop), (G,); erfi is divided by its value at the stop, which may overflow."""
    if np.isnan(stop).all():
        return np.ones_like(entry)
    level = np.where(np.isnan(stop), entry + 1.0, stop)

    def relative(z: Floats) -> Floats:
        below = np.exp(0.5 * (z - level) * (z + level))
        return np.asarray(below * dawson(z / np.sqrt(2.0)) / dawson(level / np.sqrt(2.0)))

    won = (1.0 - relative(entry)) / (1.0 - relative(leave))
    return np.where(np.isnan(stop), 1.0, won)
