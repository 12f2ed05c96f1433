"""Oracle of one pair: the two regressions in 50 digits, the process by its regression, the thresholds by a search."""

import math

from tests.naive import cointegration, ou, thresholds


def fit(prices, *, lags, log, cost):
    """Return the fit of the first column on the second, of one that reverts; objective "sharpe", a dict."""
    y, x = ([math.log(price) if log else float(price) for price in column] for column in zip(*prices, strict=True))
    tested = cointegration.fit(y, x, lags)
    spread = [a - tested["intercept"] - tested["hedge_ratio"] * b for a, b in zip(y, x, strict=True)]
    process = ou.fit(spread)
    deviation = process["sigma"] / math.sqrt(2 * process["theta"])
    k = 2 * cost / deviation
    _, entry, leave = thresholds.best_two(lambda e, x: thresholds.sharpe(k, e, x), (1.0 + k, 0.1))
    return {
        **{name: tested[name] for name in ("hedge_ratio", "intercept", "adf_statistic", "lags")},
        "p_value": tested["adf_p_value"],
        "spread": spread,
        **{name: process[name] for name in ("theta", "theta_std_error", "half_life", "mu", "sigma")},
        "entry_zscore": entry,
        "exit_zscore": leave,
    }
