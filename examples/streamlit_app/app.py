"""A Streamlit app: prices of a CSV file, a pair of them, its fit, its thresholds and a backtest.

pip install '.[server]' -r examples/streamlit_app/requirements.txt
MEANREV_HOST=gpu-box:50051 streamlit run examples/streamlit_app/app.py    # without MEANREV_HOST it computes in process
"""

import os
from importlib.resources import files

import numpy as np
import pandas as pd
import streamlit as st

import meanrev as mr


@st.cache_resource
def connected(address: str) -> mr.Client:
    """Return one client for all sessions; it may be shared by threads."""
    return mr.Client(address)


st.set_page_config(page_title="meanrev", layout="wide")
st.title("A pair, from prices to a backtest")

uploaded = st.sidebar.file_uploader("Prices: a CSV file, dates in its first column", type="csv")
source = uploaded if uploaded is not None else str(files("meanrev_demo") / "crude.csv")
prices = pd.read_csv(source, index_col=0, parse_dates=True)
names = list(prices.columns)
y = st.sidebar.selectbox("y", names, index=0)
x = st.sidebar.selectbox("x", [name for name in names if name != y])
points = st.sidebar.number_input("Cost a side and leg, in basis points", min_value=0.0, value=5.0)
bars = st.sidebar.number_input("Bars in a year", min_value=1.0, value=12.0)
share = st.sidebar.slider("Share of the rows to learn from", min_value=0.3, max_value=0.9, value=0.6)

client = connected(os.environ.get("MEANREV_HOST", "local"))
n_learning = int(share * len(prices))
learning, later = prices.iloc[:n_learning], prices.iloc[n_learning:]
try:
    pair = client.pair(y, x, prices=learning, cost_per_side=points / 10_000)
    if pair.status != "traded":
        st.warning(f"This pair is not traded: {pair.reason}")
        st.stop()
    spread = np.log(later[y]) - pair.intercept - pair.hedge_ratio * np.log(later[x])
    cost = points / 10_000 * (1 + abs(pair.hedge_ratio))
    run = client.backtest(spread, pair, score=pair, mode="unit", cost_per_side=cost, periods_per_year=bars, path=True)
except mr.MeanRevError as error:
    st.error(str(error))
    st.stop()

columns = st.columns(4)
columns[0].metric("Hedge ratio", f"{pair.hedge_ratio:.3f}")
columns[1].metric("Half-life, in bars", f"{pair.half_life:.1f}")
columns[2].metric("Enter at z", f"{pair.entry_zscore:.2f}")
columns[3].metric("Sharpe ratio out of sample", f"{run.sharpe_ratio:.2f} ± {run.sharpe_std_error:.2f}")
for note in (pair.note, run.note):
    if note:
        st.info(note)
st.subheader(f"Learnt from {len(learning)} rows")
st.html(pair.chart().svg())
st.subheader(f"Traded on the {len(later)} rows after them")
st.html(run.chart(spread).svg())
