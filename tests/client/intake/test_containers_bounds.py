"""Bounds of weights as other optimisers take them: open ones, a pair an asset, a mapping; the rest is named."""

import math

import numpy as np
import pandas as pd
import pytest

import meanrev as mr
from meanrev.methods.bounds import sides

NAMES = ["KO", "PEP", "XOM"]


@pytest.fixture(scope="module")
def client():
    with mr.Client("local") as near:
        yield near


@pytest.fixture(scope="module")
def returns():
    return pd.DataFrame(np.random.default_rng(5).normal(0, 0.01, (200, 3)), columns=NAMES)


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (None, None),
        ((0, 1), [0.0, 1.0]),
        ([0, 1], [0.0, 1.0]),
        (np.array([0.0, 1.0]), [0.0, 1.0]),
        ((0, None), [0.0, None]),
        ((0, math.inf), [0.0, None]),
        ((-math.inf, 1), [None, 1.0]),
        ((None, None), None),
        ((-np.inf, np.inf), None),
        ([(0, 1), (0, 0.5), (0, None)], [[0.0, 0.0, 0.0], [1.0, 0.5, None]]),
        (((0, 1), (0, 1), (None, 1)), [[0.0, 0.0, None], [1.0, 1.0, 1.0]]),
        (np.array([[0, 1], [0, 0.5], [0, np.inf]]), [[0.0, 0.0, 0.0], [1.0, 0.5, None]]),
        ({"XOM": (0, 0.1), "KO": (0, 0.2), "PEP": (0, None)}, [[0.0, 0.0, 0.0], [0.2, None, 0.1]]),
        (pd.DataFrame([[0, 0.1], [0, 0.2], [0, 0.3]], index=NAMES[::-1]), [[0.0, 0.0, 0.0], [0.3, 0.2, 0.1]]),
        (pd.DataFrame({"low": [0, 0, 0], "high": [0.3, 0.5, 1]}), [[0.0, 0.0, 0.0], [0.3, 0.5, 1.0]]),
        (dict.fromkeys(NAMES, (None, None)), None),
    ],
)
def test_bounds_are_read(given, sent):
    assert sides(given, NAMES, 3) == sent


PAIR = r"must be a pair \(lowest, highest\), a list of pairs with one an asset, or a mapping"


@pytest.mark.parametrize("method", ["cara", "sharpe", "multiperiod"])
@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (5, f"bounds {PAIR}"),
        ("0,1", f"bounds {PAIR}"),
        ((0, "x"), f"bounds {PAIR}"),
        ((0, 1, 2), rf"bounds\[0\] {PAIR}"),
        ([(0, 1), (0, 1), (0,)], rf"bounds\[2\] {PAIR}"),
        ((math.nan, 1), f"bounds {PAIR}.*got nan"),
        ((math.inf, 1), f"bounds {PAIR}.*got inf"),
        ((0, -math.inf), f"bounds {PAIR}.*got -inf"),
        ((1, 0), r"bounds must have a lowest weight that is not above the highest, got \(1.0, 0.0\)"),
        ([(0, 1), (0, 1)], "bounds must hold one pair for each of the 3 assets, got 2"),
        ({"KO": (0, 1), "PEP": (0, 1)}, "bounds must be labelled like the returns.*missing: 'XOM'"),
        ({"ko": (0, 1), "PEP": (0, 1), "XOM": (0, 1)}, "did you mean 'KO' for 'ko'"),
        ({"KO": (0, 1), "PEP": (1, 0), "XOM": (0, 1)}, r"bounds\['PEP'\] must have a lowest weight"),
    ],
)
def test_what_is_no_bound_is_named_with_what_is_allowed(client, returns, method, wrong, words):
    more = {"n_periods": 2} if method == "multiperiod" else {}
    with pytest.raises(mr.InvalidInput, match=words) as caught:
        getattr(client, method)(returns, bounds=wrong, **more)
    assert "JSON" not in str(caught.value)


def test_bounds_an_asset_hold_and_open_ones_bind_nothing(client, returns):
    free = client.cara(returns, gamma=1.0)
    assert client.cara(returns, gamma=1.0, bounds=(None, math.inf)) == free
    np.testing.assert_allclose(client.cara(returns, gamma=1.0, bounds=(-1e6, None)).weights, free.weights, rtol=1e-6)
    mapping = {"XOM": (0.2, 0.3), "PEP": (None, 0.1), "KO": (-1, None)}
    for method in (client.cara, client.sharpe):
        found = method(returns, bounds=mapping, leverage=3.0).weights
        assert found.sum() == pytest.approx(1.0)
        for name, (low, high) in mapping.items():
            assert (low is None or found[name] >= low - 1e-9) and (high is None or found[name] <= high + 1e-9)  # noqa: PT018 - one rule
    plan = client.multiperiod(returns, n_periods=2, bounds=mapping, transaction_cost=0.001).weights_sequence
    assert (plan["XOM"].between(0.2 - 1e-9, 0.3 + 1e-9)).all()
    assert (plan["PEP"] <= 0.1 + 1e-9).all()


def test_a_stream_takes_the_same_bounds(client, returns):
    [found] = client.cara_stream([returns], bounds=[(0, None), (0, 0.5), (0, 1)])
    assert found.weights.equals(client.cara(returns, bounds=[(0, None), (0, 0.5), (0, 1)]).weights)
    with pytest.raises(mr.InvalidInput, match="bounds"):
        list(client.cara_stream([returns], bounds={"KO": 1}))
