# %% [markdown]
# # From a CSV file to thresholds
#
# A file of prices, one column a series, becomes a spread, a fitted process with its uncertainty, and the levels at
# which to trade it. The file here ships with meanrev: monthly averages of two prices of crude oil, in US dollars a
# barrel. To use your own, change the path and the two names.

# %%
from importlib.resources import files

import numpy as np
import pandas as pd

import meanrev as mr

path = str(files("meanrev_demo") / "crude.csv")  # your own: path = "prices.csv"
brent, wti = "brent_usd_per_barrel", "wti_usd_per_barrel"

prices = pd.read_csv(path, index_col="month", parse_dates=True)
learning, later = prices[:"2005"], prices["2006":]
prices.describe().round(2)

# %% [markdown]
# `"local"` computes in this process; the address of a server, such as `"gpu-box:50051"`, gives the same numbers.
# Everything up to the last step looks at the months to the end of 2005 alone.

# %%
client = mr.Client("local")
pair = client.pair(brent, wti, prices=learning, cost_per_side=0.0005)
print(f"log Brent = {pair.intercept:.3f} + {pair.hedge_ratio:.3f} log WTI, Engle-Granger p = {pair.p_value:.1e}")
pair.chart()

# %% [markdown]
# ## The process of the spread
#
# A half-life from a short sample is uncertain, and its estimate by least squares is too short.
# `bias="median_unbiased"` corrects that, and its interval holds near a unit root too.

# %%
fit = client.ou(pair.spread, bias="median_unbiased")
print(f"half-life {fit.half_life:.1f} months, 95 %: {fit.half_life_lower:.1f} to {fit.half_life_upper:.1f}")
fit.chart(pair.spread)

# %% [markdown]
# ## Thresholds for a cost
#
# The higher the cost of a round trip, the further away the optimal levels are. It is in units of the log spread here,
# and both legs are bought and sold.

# %%
legs = 1 + abs(pair.hedge_ratio)
rows = {}
for points in (1, 5, 20, 50):
    best = client.thresholds(fit, round_trip_cost=2 * points / 10_000 * legs)
    rows[f"{points} bp"] = {
        "enter at z": best.entry_zscore,
        "leave at z": best.exit_zscore,
        "months in a trade": best.expected_holding_periods,
        "profit of a trade": best.expected_return_per_trade,
    }
pd.DataFrame(rows).T.round(4)

# %% [markdown]
# ## What the rule brings afterwards
#
# Hedge ratio, process and thresholds are frozen at the end of 2005 and traded on the months after it. The Sharpe
# ratio comes with its standard error. From 2011 on the two prices went apart for years, because oil could not leave
# Cushing as fast as it came in: the frozen rule waits for a return that does not happen. Nobody could trade at
# monthly averages, and they flatter any rule.

# %%
spread = np.log(later[brent]) - pair.intercept - pair.hedge_ratio * np.log(later[wti])
levels = client.thresholds(fit, round_trip_cost=2 * 0.0005 * legs)
run = client.backtest(
    spread, levels, score=fit, mode="unit", cost_per_side=0.0005 * legs, periods_per_year=12, path=True
)
print(f"{run.num_trades} trades, Sharpe ratio {run.sharpe_ratio:.2f} ± {run.sharpe_std_error:.2f}")
run.chart(spread)
