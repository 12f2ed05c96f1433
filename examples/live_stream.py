"""A live stream: ticks go in one by one, and estimates of their process come back while they do.

The ticks are simulated; in your program they come from a feed, and any iterable will do. Their prices are published
too, so that a portfolio can be valued by them at any time.
"""

from collections.abc import Iterator

import numpy as np

import meanrev as mr

START_MS = 1_700_000_000_000


def feed(n_ticks: int) -> Iterator[tuple[str, float, int]]:
    """Yield (asset, price, milliseconds) of two spreads in turns; half of a deviation is gone after 13.5 ticks."""
    rng = np.random.default_rng(3)
    prices = {"KO-PEP": 50.0, "XOM-CVX": 20.0}
    means = dict(prices)
    for tick in range(n_ticks):
        for name, mean in means.items():
            prices[name] += 0.05 * (mean - prices[name]) + rng.normal(0, 0.2)
            yield name, prices[name], START_MS + 1_000 * tick


def main() -> None:
    """Follow two spreads, then value a portfolio of both, before and after a price has changed."""
    with mr.serve() as address, mr.Client(address) as client:
        for estimate in client.ou_stream(feed(1_500), emit_every=500, publish=True):
            print(
                f"{estimate.asset_id:>7} after {estimate.n_samples:>5} ticks: half-life {estimate.half_life:4.1f}, "
                f"95 % {estimate.half_life_lower:4.1f} to {estimate.half_life_upper:4.1f}; {estimate.status}"
            )
        client.publish({"KO-PEP": 51.0, "XOM-CVX": 20.0})
        reports = client.health({"KO-PEP": 2.0, "XOM-CVX": -1.0}, cash=1_000.0, update_frequency_ms=100)
        print(f"portfolio: {next(reports).total_value:.2f}")
        client.publish({"KO-PEP": 48.0})
        print(f"after KO-PEP fell by 3: {next(value for value in totals(reports) if value < 1_082):.2f}")


def totals(reports: Iterator[mr.results.Health]) -> Iterator[float]:
    """Yield the portfolio's values."""
    for report in reports:
        yield report.total_value


if __name__ == "__main__":
    main()
