# %% [markdown]
# # A scan of a universe, and its report
#
# Which of all pairs revert to each other, and is the best of them more than luck? The universe is simulated with a
# fixed seed, so that the right answer is known: 24 names, of which three pairs share a random walk. Put your own
# frame of prices in its place.

# %%
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

import meanrev as mr

rng = np.random.default_rng(2024)
days = pd.bdate_range("2019-01-01", periods=1_000)
logs = 4 + np.cumsum(rng.normal(0, 0.012, (1_000, 24)), axis=0)
for y, x in ((1, 0), (9, 8), (17, 16)):  # the planted pairs; half of a deviation is gone after 6.6 days
    noise = np.zeros(1_000)
    for t in range(1, 1_000):
        noise[t] = 0.9 * noise[t - 1] + rng.normal(0, 0.012)
    logs[:, y] = 0.5 + 0.9 * logs[:, x] + noise
universe = pd.DataFrame(np.exp(logs), index=days, columns=[f"N{i:02d}" for i in range(24)])
universe.iloc[:3, :6].round(2)

# %% [markdown]
# The first 70 % of the days choose and rank; the last 30 % show what the choice brings on days that it has not seen.

# %%
client = mr.Client("local")
pairs = client.scan(universe, top=8, cost_per_side=0.0005)
shown = ["y", "x", "hedge_ratio", "half_life", "p_value", "q_value", "p_best", "test_sharpe", "test_sharpe_std_error"]
print(f"{pairs.n_pairs} pairs, {pairs.n_significant} significant at 5 %")
pairs.to_frame()[shown].round(4)

# %% [markdown]
# `p_value` is that of one test. Of 276 pairs some are significant by luck alone: `q_value` allows for the number of
# tests, and `p_best` for the whole search. It is the share of universes without any reverting pair in which the same
# scan finds a pair that looks as good. The planted pairs are first, and their `p_best` sets them apart from the rest.

# %%
pairs.chart()

# %% [markdown]
# ## One pair in detail

# %%
client.pair(pairs.y[0], pairs.x[0], prices=universe).chart()

# %% [markdown]
# ## The same as a report
#
# The command line writes one HTML page that needs nothing else.

# %%
with tempfile.TemporaryDirectory() as folder:
    universe.to_csv(Path(folder) / "universe.csv")
    words = ["scan", "universe.csv", "--top", "8", "--cost", "5bp", "--report", "pairs.html"]
    subprocess.run([sys.executable, "-m", "meanrev", *words], cwd=folder, check=True, capture_output=True)
    page = (Path(folder) / "pairs.html").read_text(encoding="utf-8")
print(
    f"pairs.html: {page.count('<svg')} picture, {page.count('<tr>')} rows of tables, no script: {'<script' not in page}"
)
