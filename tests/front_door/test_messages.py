"""Messages of options list what is allowed; open bounds are bounds."""

import numpy as np
import pytest

import meanrev as mr
from tests.front_door.series import A, B, C

PRICES = np.column_stack([A, B, C])
RETURNS = np.diff(np.log(PRICES), axis=0)
FIT = {"theta": 0.1, "mu": 50.0, "sigma": 0.5}
RULE = {"entry_zscore": 1.0, "exit_zscore": 0.0, "cost_per_side": 0.0}
CELL = {"entry": [1.0], "exit": [0.0]}

TYPOS = {
    "backtest mode": (lambda c: c.backtest(A, **RULE, mode="units"), "mode", ("unit", "compounding")),
    "sweep mode": (lambda c: c.sweep(A, **CELL, mode="compound"), "mode", ("unit", "compounding")),
    "sweep figures": (lambda c: c.sweep(A, **CELL, figures=["sharp"]), "figures", ("sharpe_ratio", "max_drawdown")),
    "ou bias": (lambda c: c.ou(A, bias="tang-chen"), "bias", ("tang_chen", "jackknife")),
    "fit_ou bias": (lambda c: c.fit_ou(PRICES, bias="jacknife"), "bias", ("tang_chen", "jackknife")),
    "cara estimator": (lambda c: c.cara(RETURNS, estimator="ledoit"), "estimator", ("ledoit_wolf", "oas")),
    "sharpe estimator": (lambda c: c.sharpe(RETURNS, estimator="ledoit-wolf"), "estimator", ("ledoit_wolf", "ewma")),
    "sharpe mode": (lambda c: c.sharpe(RETURNS, mode="long"), "mode", ("long_only", "budget")),
    "plan cost": (lambda c: c.multiperiod(RETURNS, n_periods=2, cost_model="l1"), "cost_model", ("proportional",)),
    "plan mode": (lambda c: c.multiperiod(RETURNS, n_periods=2, mode="MPC"), "mode", ("mpc", "plan")),
    "objective": (
        lambda c: c.thresholds(FIT, round_trip_cost=0.1, objective="sharp"),
        "objective",
        ("profit", "kelly"),
    ),
    "model": (
        lambda c: c.thresholds(FIT, round_trip_cost=0.1, objective="profit", model="mean"),
        "model",
        ("to_mean", "leung_li"),
    ),
    "returns": (lambda c: c.log_returns(A, return_type="logarithmic"), "return_type", ("log", "simple")),
    "position": (lambda c: c.signals(A, position="buy"), "position", ("flat", "long", "short")),
    "scaling": (lambda c: c.pca(RETURNS, scaling="z-score"), "scaling", ("zscore", "minmax")),
    "scan objective": (lambda c: c.scan(PRICES, objective="kelly"), "objective", ("sharpe", "profit")),
    "limits": (lambda c: next(c.health({"KO": 1.0}, limits={"stale": 1})), "limits", ("stale_ms", "max_abs_z")),
    "job": (lambda c: c.submit("fitou", PRICES), "method", ("fit_ou", "sweep", "scan")),
}
LIBRARY = ("Invalid enum", "Expected `", "Object ", "msgspec", "JSON", "NoneType", "ndarray")


@pytest.mark.parametrize("name", TYPOS)
def test_a_typo_lists_what_is_allowed(client, name):
    """A misspelt option was answered in a library's words; right are the option and all that it takes."""
    ask, field, allowed = TYPOS[name]
    with pytest.raises(mr.InvalidInput) as caught:
        ask(client)
    said = str(caught.value)
    assert field in said
    assert all(word in said for word in allowed), said
    assert not any(word in said for word in LIBRARY), said


TYPES = {
    "mode": lambda c: c.backtest(A, **RULE, mode=3),
    "lookback": lambda c: c.backtest(A, **RULE, lookback="20"),
    "execution_delay": lambda c: c.sweep(A, **CELL, execution_delay=1.5),
    "initial_capital": lambda c: c.sweep(A, **CELL, initial_capital="1e6"),
    "levels": lambda c: c.portfolio_stats(RETURNS, levels=["95%"]),
    "bounds": lambda c: c.cara(RETURNS, bounds="long"),
    "leverage": lambda c: c.cara(RETURNS, leverage=[1, 2]),
    "top": lambda c: c.scan(PRICES, top=2.5),
    "log": lambda c: c.scan(PRICES, log="no"),
    "adf_lags": lambda c: c.fit_ou(PRICES, adf_lags="auto"),
    "figures": lambda c: c.sweep(A, **CELL, figures="sharpe_ratio"),
}


@pytest.mark.parametrize("field", TYPES)
def test_a_wrong_type_is_told_in_our_words(client, field):
    """A number as text, a text as number: the field is named, and no library speaks."""
    with pytest.raises(mr.InvalidInput) as caught:
        TYPES[field](client)
    said = str(caught.value)
    assert field in said
    assert not any(word in said for word in LIBRARY), said


OPEN = [(None, 0.5), (-np.inf, np.inf), (0, float("inf")), [(0, 1), (0, 0.6), (None, 1)], (None, None)]


@pytest.mark.parametrize("bounds", OPEN, ids=str)
@pytest.mark.parametrize("method", ["cara", "sharpe", "multiperiod"])
def test_open_bounds_are_no_bounds(client, method, bounds):
    """(0, None) and infinities are how optimisers write an open end; they bind nothing, or ours is said."""
    more = {"n_periods": 2} if method == "multiperiod" else {}
    ask = getattr(client, method)
    try:
        got = ask(RETURNS, bounds=bounds, **more)
    except mr.InvalidInput as error:
        assert "bounds" in str(error)  # noqa: PT017 - one pair for each asset may be refused
        assert isinstance(bounds, list), error  # noqa: PT017 - as above
        assert not any(word in str(error) for word in (*LIBRARY, "(T,)"))  # noqa: PT017 - as above
        return
    weights = np.asarray(got["weights_sequence"] if method == "multiperiod" else got.weights)
    highest = bounds[1] if isinstance(bounds, tuple) and bounds[1] is not None else np.inf
    assert (weights <= highest + 1e-6).all()


def test_ledoit_wolf_is_the_published_one(client):
    """The estimator behind the name that the message offers shrinks by Ledoit and Wolf's (2004) share."""
    x = RETURNS - RETURNS.mean(axis=0)
    n, width = x.shape
    sample = x.T @ x / n
    spread = np.sum((sample - np.trace(sample) / width * np.eye(width)) ** 2)
    noise = sum(np.sum((np.outer(row, row) - sample) ** 2) for row in x) / n**2
    got = client.cara(RETURNS, estimator="ledoit_wolf")
    assert got.meta["shrinkage"] == pytest.approx(min(noise / spread, 1.0), rel=1e-9)
