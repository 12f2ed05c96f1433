"""Computes the demo's story: fits and thresholds by the server, the frozen rule's positions here."""

import time

import numpy as np
from numpy.typing import NDArray

import meanrev
from gpu_kernels import thresholds
from meanrev_demo import chapters, trading
from meanrev_demo.crude import MONTHS_A_YEAR, Crude
from meanrev_demo.service import Service

__all__ = ["compute"]

Floats = NDArray[np.float64]

_FROZEN = 2005
_NEXT = 2010
_COST_PER_SIDE = 5e-4
_LEGS = 2
_STOP_Z = 4.0
_FACTORS = (1.0, 0.2, 5.0)
_SEED = 20_050_101
_NULL_UNIVERSES = 499
_SERIES, _BARS = 500, 2_000
_SHORTEST, _LONGEST = 5.0, 60.0


def compute(crude: Crude, service: Service, machine: str) -> chapters.Story:
    """Compute everything.

    Args:
        crude: The prices.
        service: A server and its client.
        machine: Its processor or card, for a person.

    Raises:
        meanrev.MeanRevError: the server refuses a call or cannot be reached.
    """
    client = service.client
    n_fitted = crude.until(_FROZEN)
    pair = client.pair(crude.wti[:n_fitted], crude.brent[:n_fitted])
    value = np.log(crude.wti) - pair.hedge_ratio * np.log(crude.brent) - pair.intercept
    fit = _fit(client, value[:n_fitted])
    cost = thresholds.round_trip_cost(_COST_PER_SIDE, unit="per_side_fraction", legs=_LEGS, log_prices=True)
    yardsticks = tuple(_yardstick(client, fit, cost, factor) for factor in _FACTORS)
    spread = chapters.Spread(
        months=crude.months,
        value=value,
        z_score=(value - fit.mu) / fit.stationary_sd,
        hedge_ratio=pair.hedge_ratio,
        intercept=pair.intercept,
        n_fitted=n_fitted,
        hedge_interval=(pair.hedge_ratio_lower, pair.hedge_ratio_upper),
    )
    rule = yardsticks[0].optimal
    held = trading.positions(spread.z_score, rule.entry_z, rule.exit_z)
    late = trading.profits(value, held, cost, delay=1)
    return chapters.Story(
        device=f"{service.backend} on {machine}",
        address=service.address,
        spread=spread,
        fit=fit,
        refit=_fit(client, value),
        cost_per_side=_COST_PER_SIDE,
        round_trip_cost=cost,
        yardsticks=yardsticks,
        promised=_promised(fit, cost, rule),
        heatmap=_heatmap(fit, cost),
        stop_z=_STOP_Z,
        walk=_walk("no stop", crude, value, held, cost),
        stopped=_walk("stop", crude, value, trading.with_stop(held, spread.z_score, _STOP_Z), cost),
        later=trading.measure(late[:n_fitted], held[:n_fitted], MONTHS_A_YEAR),
        universe=_universe(client),
        search=_search(client, crude, n_fitted),
    )


def _search(client: meanrev.Client, crude: Crude, n_fitted: int) -> chapters.Search:
    """Compare the first months with pairs of independent walks."""
    both = np.column_stack([crude.brent, crude.wti])
    # Half a month more, so that rounding does not take one away.
    found = client.scan(both, alpha=1.0, split=(n_fitted + 0.5) / len(both), null_universes=_NULL_UNIVERSES)
    return chapters.Search(p_best=float(found.p_best[0]), null_universes=found.null_universes)


def _fit(client: meanrev.Client, series: Floats) -> chapters.Fit:
    answer = client.ou(series, bias="median_unbiased")
    return chapters.Fit(**{name: answer[name] for name in chapters.Fit.__dataclass_fields__})


def _yardstick(client: meanrev.Client, fit: chapters.Fit, cost: float, factor: float) -> chapters.Yardstick:
    process = {"theta": fit.theta, "mu": fit.mu, "sigma": factor * fit.sigma}
    best = client.thresholds(process, round_trip_cost=cost, objective="sharpe")
    entry, leave = float(best["entry_zscore"]), float(best["exit_zscore"])
    constant = 1.5 * float(np.sqrt(1 + 100 * cost))
    return chapters.Yardstick(
        factor=factor,
        optimal=_rule(process, cost, entry, leave),
        constant=_rule(process, cost, constant, leave),
    )


def _rule(process: dict[str, float], cost: float, entry_z: float, exit_z: float) -> chapters.Rule:
    promised = thresholds.evaluate(process["theta"], process["mu"], process["sigma"], cost, entry_z, exit_z)
    return chapters.Rule(
        entry_z=entry_z,
        exit_z=exit_z,
        sharpe=float(promised.sharpe) * float(np.sqrt(MONTHS_A_YEAR)),
        trades_a_year=MONTHS_A_YEAR / float(promised.cycle_time),
        profit_a_trade=float(promised.return_per_trade),
    )


def _promised(fit: chapters.Fit, cost: float, rule: chapters.Rule) -> tuple[float, float]:
    """Return what the rule's levels promise at the ends of theta's interval, where a z-score is another distance."""
    ends = []
    for theta in (fit.theta_lower, fit.theta_upper):
        process, scale = {"theta": theta, "mu": fit.mu, "sigma": fit.sigma}, float(np.sqrt(theta / fit.theta))
        ends.append(_rule(process, cost, scale * rule.entry_z, scale * rule.exit_z).sharpe)
    return ends[0], ends[1]


def _heatmap(fit: chapters.Fit, cost: float) -> chapters.Heatmap:
    entry, leave = np.arange(4, 51, 2) / 20, np.arange(-20, 21, 2) / 20
    rows, columns = np.meshgrid(entry, leave, indexing="ij")
    possible = (columns >= -rows) & (columns < rows)
    sharpe = np.full(rows.shape, np.nan)
    promised = thresholds.evaluate(fit.theta, fit.mu, fit.sigma, cost, rows[possible], columns[possible])
    sharpe[possible] = promised.sharpe * np.sqrt(MONTHS_A_YEAR)
    return chapters.Heatmap(entry_z=entry, exit_z=leave, sharpe=sharpe)


def _walk(name: str, crude: Crude, value: Floats, held: Floats, cost: float) -> chapters.Walk:
    frozen, later, end = crude.until(_FROZEN), crude.until(_NEXT), len(crude.months)
    profit = trading.profits(value, held, cost)
    years = [int(month[:4]) for month in crude.months]
    stretches = {
        f"{years[start]}-{years[stop - 1]}": trading.measure(profit[start:stop], held[start:stop], MONTHS_A_YEAR)
        for start, stop in ((0, frozen), (frozen, later), (later, end), (frozen, end))
    }
    return chapters.Walk(name=name, held=held, equity=np.cumsum(profit), stretches=stretches)


def _universe(client: meanrev.Client) -> chapters.Universe:
    """Fit a seeded universe of exact Ornstein-Uhlenbeck series whose half-lives are known."""
    generator = np.random.default_rng(_SEED)
    half_life = np.exp(generator.uniform(np.log(_SHORTEST), np.log(_LONGEST), _SERIES))
    decay = np.exp2(-1 / half_life)
    shocks = generator.standard_normal((_BARS, _SERIES))
    prices = np.empty_like(shocks)
    prices[0] = shocks[0]
    for t in range(1, _BARS):
        prices[t] = decay * prices[t - 1] + np.sqrt(1 - decay**2) * shocks[t]
    began = time.perf_counter()
    answer = client.fit_ou(100 + prices, bias="median_unbiased")
    seconds = time.perf_counter() - began
    lower, upper = np.asarray(answer["half_life_lower"]), np.asarray(answer["half_life_upper"])
    return chapters.Universe(
        n_bars=_BARS,
        half_life=half_life,
        fitted=np.asarray(answer["half_life"], dtype=np.float64),
        seconds=seconds,
        covered=float(np.mean((lower <= half_life) & (half_life <= upper))),
    )
