# %% [markdown]
# # A walk-forward
#
# The best thresholds of a sample are too good to be true, because they were chosen on it. A walk-forward chooses on
# some bars, trades the next ones, and steps on. The spread here is simulated with a fixed seed, and it stops
# reverting after bar 1,500.

# %%
import warnings

import numpy as np
import pandas as pd
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit

import meanrev as mr
from meanrev.sklearn import NotTradedWarning, PairsTrader

rng = np.random.default_rng(7)
logs = np.cumsum(rng.normal(0, 0.01, 2_000)) + 4
noise = np.zeros(2_000)
for t in range(1, 2_000):  # half of a deviation is gone after 6.6 bars; from bar 1,500 on, nothing of it
    noise[t] = (0.9 if t < 1_500 else 1.0) * noise[t - 1] + rng.normal(0, 0.01)
days = pd.bdate_range("2016-01-04", periods=2_000)
prices = pd.DataFrame({"KO": np.exp(0.4 + 0.8 * logs + noise), "PEP": np.exp(logs)}, index=days)
spread = np.log(prices["KO"]) - 0.8 * np.log(prices["PEP"])

# %% [markdown]
# ## In the sample, and out of it
#
# `sweep` trades every cell of the grid on all bars, and with `walk_forward` also chooses anew every 125 bars on the
# 500 before.

# %%
client = mr.Client("local")
swept = client.sweep(
    spread.to_frame("KO - 0.8 PEP"),
    entry="0.5:3:0.25",
    exit="-0.5:1:0.25",
    lookback=60,
    cost_per_side=0.0009,
    mode="unit",
    walk_forward=(500, 125),
)
best, pooled = swept.best, swept.pooled
print(f"in the sample: the best of {swept.n_cells} cells has a Sharpe ratio of {best.sharpe_ratio[0]:.2f}, deflated")
print(f"to a probability of {best.deflated_sharpe[0]:.2f} that it is more than the best of as many tries by luck")
print(f"out of it: {pooled.sharpe_ratio[0]:.2f} ± {pooled.sharpe_std_error[0]:.2f} for all test parts together")
swept.chart("KO - 0.8 PEP")

# %% [markdown]
# Each step of the walk-forward has its own Sharpe ratio. After bar 1,500 the rule goes on, because it looks back 500
# bars.

# %%
swept.walk_chart("KO - 0.8 PEP")

# %% [markdown]
# ## The same idea in scikit-learn
#
# `PairsTrader` learns hedge ratio, process and thresholds in `fit`. `TimeSeriesSplit` gives it earlier rows to learn
# from than those that it is scored on. The scores of the single folds say more than their mean: the last fold is
# after the break.

# %%
with warnings.catch_warnings():
    warnings.simplefilter("ignore", NotTradedWarning)  # a fold without a reverting spread scores 0
    search = GridSearchCV(
        PairsTrader(columns=("KO", "PEP"), cost_per_side=0.0005),
        {"objective": ["sharpe", "profit"], "stop": [None, 4.0]},
        cv=TimeSeriesSplit(n_splits=4),
    ).fit(prices)
found = pd.DataFrame(search.cv_results_)
found[["param_objective", "param_stop", *(f"split{i}_test_score" for i in range(4)), "mean_test_score"]].round(2)
