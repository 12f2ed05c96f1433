"""The peer of the sweep kernel, as a good Numba programmer would write it: one fused loop per lane, lanes in parallel.

Strict floating point (with fastmath the NaN tests vanish, and counts are wrong). Every figure of SweepMetrics.
"""

import math

import numba
import numpy as np

__all__ = ["sweep"]

FIGURES = 11


@numba.njit(error_model="numpy")
def scores_of(prices, lookback):
    scores = np.full(prices.size, np.nan)
    for bar in range(lookback - 1, prices.size):
        mean = 0.0
        for k in range(bar - lookback + 1, bar + 1):
            mean += prices[k]
        mean /= lookback
        squares = 0.0
        for k in range(bar - lookback + 1, bar + 1):
            squares += (prices[k] - mean) ** 2
        spread = math.sqrt(squares / lookback)
        if spread > 1e-12 * max(1.0, abs(mean)):
            scores[bar] = (prices[bar] - mean) / spread
    return scores


@numba.njit(error_model="numpy")
def lane(prices, scores, delay, entry, leave, cost, compounding, out):
    base = equity = peak = 1.0
    quantity = entry_price = entry_fee = realized = fees = total = squares = worst = 0.0
    side = trades = wins = 0
    ruined = False
    for bar in range(prices.size):
        price = prices[bar]
        score = scores[bar - delay] if bar >= delay else np.nan
        before = equity
        if not ruined:
            if (side > 0 and score >= -leave) or (side < 0 and score <= leave):
                if quantity != 0.0:
                    fee = cost * abs(quantity) * price if compounding else cost
                    pnl = quantity * (price - entry_price) - entry_fee - fee
                    base += pnl
                    realized += pnl
                    trades += 1
                    wins += pnl > 0
                    fees += fee
                    quantity = entry_fee = 0.0
                    ruined = compounding and base <= 0.0
                side = 0
            if side == 0 and not ruined and (score <= -entry or score >= entry):
                side = 1 if score <= -entry else -1
                size = base / ((1.0 + cost) * price) if compounding else 1.0
                quantity, entry_price = side * size, price
                entry_fee = cost * size * price if compounding else cost
                fees += entry_fee
            equity = base + quantity * (price - entry_price) - entry_fee
            if compounding and equity <= 0.0 and not ruined:
                fee = cost * abs(quantity) * price
                pnl = quantity * (price - entry_price) - entry_fee - fee
                base += pnl
                realized += pnl
                trades += 1
                fees += fee
                quantity = entry_fee = 0.0
                equity = base
                ruined = True
            gained = equity / before - 1.0 if compounding else equity - before
            total += gained
            squares += gained * gained
        peak = max(peak, equity)
        worst = max(worst, 1.0 - equity / peak if compounding else peak - equity)
    out[0], out[1], out[2], out[3] = equity, realized, equity - base, fees
    out[4], out[5], out[6], out[7] = worst, total, squares, trades
    out[8], out[9], out[10] = wins, np.sign(quantity), ruined


@numba.njit(parallel=True, error_model="numpy")
def sweep(prices, entry, leave, cost, lookback, delay, compounding):
    """Return (B, G, 11) figures: equity first, number of trades at 7."""
    n_series, n_pairs = prices.shape[0], entry.size
    scores = np.empty_like(prices)
    for series in numba.prange(n_series):
        scores[series] = scores_of(prices[series], lookback)
    out = np.empty((n_series, n_pairs, FIGURES))
    for item in numba.prange(n_series * n_pairs):
        series, pair = item // n_pairs, item % n_pairs
        lane(
            prices[series], scores[series], delay, entry[pair], leave[pair], cost[pair], compounding, out[series, pair]
        )
    return out
