"""Oracle of performance: one series, plain loops in 40 digits, each figure by its definition."""

import math

import mpmath

DIGITS = 40


def returns_of(values, kind):
    """The returns between the first and the last entry that is there; a missing one counts 0."""
    present = [place for place, value in enumerate(values) if not math.isnan(value)]
    inside = values[present[0] : present[-1] + 1]
    if kind != "equity":
        steps = [mpmath.mpf(0) if math.isnan(value) else mpmath.mpf(value) for value in inside]
        return [mpmath.expm1(step) for step in steps] if kind == "log" else steps
    last, out = mpmath.mpf(inside[0]), []
    for value in inside[1:]:
        now = last if math.isnan(value) else mpmath.mpf(value)
        out.append(now / last - 1)
        last = now
    return out


def figures(values, kind="simple", periods_per_year=252.0):
    with mpmath.workdps(DIGITS):
        returns, year = returns_of(values, kind), mpmath.mpf(periods_per_year)
        count = len(returns)
        mean = mpmath.fsum(returns) / count
        squares = [(value - mean) ** 2 for value in returns]
        variance = mpmath.fsum(squares) / count
        varies = max(returns) - min(returns) > mpmath.mpf("1e-30")
        deviation = mpmath.sqrt(mpmath.fsum(squares) / (count - 1)) if count > 1 else mpmath.nan
        downside = mpmath.sqrt(mpmath.fsum([min(value, mpmath.mpf(0)) ** 2 for value in returns]) / count)
        gains = mpmath.fsum([value for value in returns if value > 0])
        losses = -mpmath.fsum([value for value in returns if value < 0])
        total, worst, longest = drawdowns(returns)
        cagr = (1 + total) ** (year / count) - 1
        found = {
            "total_return": total,
            "cagr": cagr,
            "annual_return": mean * year,
            "volatility": deviation * mpmath.sqrt(year),
            "sharpe_ratio": mean / deviation * mpmath.sqrt(year) if varies else mpmath.nan,
            "sortino_ratio": mean * mpmath.sqrt(year) / downside if downside else mpmath.nan,
            "calmar_ratio": cagr / worst if worst else mpmath.nan,
            "omega_ratio": gains / losses if losses else (mpmath.inf if gains else mpmath.nan),
            "max_drawdown": worst,
            "longest_drawdown": longest,
            "skewness": moment(returns, mean, 3) / variance ** mpmath.mpf("1.5") if varies else mpmath.nan,
            "kurtosis": moment(returns, mean, 4) / variance**2 if varies else mpmath.nan,
            "best_return": max(returns),
            "worst_return": min(returns),
        }
        error = sharpe_error(returns, mean, mpmath.sqrt(variance)) * mpmath.sqrt(year) if varies else mpmath.nan
        ratio = found["sharpe_ratio"]
        found["sharpe_std_error"] = error
        found["probability_sharpe_positive"] = mpmath.ncdf(ratio / error) if error > 0 else mpmath.nan
        return {name: float(value) for name, value in found.items()}


def sharpe_error(returns, mean, deviation):
    """Newey and West's long-run deviation of the influence of each return on the Sharpe ratio, over root n."""
    count = len(returns)
    if count < 3:
        return mpmath.nan
    ratio = mean / deviation
    standard = [(value - mean) / deviation for value in returns]
    influence = [x - ratio / 2 * (x * x - 1) for x in standard]
    lags = min(count - 1, math.floor(4 * (count / 100) ** (2 / 9)))
    variance = mpmath.fsum([x * x for x in influence]) / count
    for lag in range(1, lags + 1):
        pairs = [influence[t] * influence[t - lag] for t in range(lag, count)]
        variance += 2 * (1 - mpmath.mpf(lag) / (lags + 1)) * mpmath.fsum(pairs) / count
    return mpmath.sqrt(max(variance, mpmath.mpf(0)) / count)


def moment(returns, mean, power):
    return mpmath.fsum([(value - mean) ** power for value in returns]) / len(returns)


def drawdowns(returns):
    """Total return, deepest drawdown, and the most bars from a peak to the bar that is back at it, or to the end."""
    wealth = peak = mpmath.mpf(1)
    peak_bar, worst, longest, under = -1, mpmath.mpf(0), 0, False
    for bar, gained in enumerate(returns):
        wealth *= 1 + gained
        if wealth >= peak * (1 - 64 * mpmath.mpf(2) ** -52):  # back but for the rounding of the steps themselves
            if under:
                longest = max(longest, bar - peak_bar)
            peak, peak_bar, under = max(peak, wealth), bar, False
        else:
            under = True
            longest = max(longest, bar - peak_bar)
            worst = max(worst, 1 - wealth / peak)
    return wealth - 1, worst, longest
