"""RunTests: the answer is the operation's, with every option, and refusals name the wire's fields."""

import grpc
import numpy as np
import pytest

from gpu_kernels import reversion
from meanrev_server.research import columns
from tests.server.research import NAMES, PRICES, chunks

OPTIONS = [{}, {"trend": "ct", "adf_lags": 3, "bandwidth": 4, "periods": 6}]


@pytest.mark.parametrize("options", OPTIONS)
def test_every_column_has_its_tests(ask, monkeypatch, options):
    prices = PRICES.copy()
    prices[9, 3] = np.nan
    monkeypatch.setattr(columns, "_MOST_COLUMNS", 2)
    replies = ask("RunTests", chunks(prices, 50, columns=NAMES, **options))
    result = replies[-1].result
    expected = reversion.run_tests(prices.T, **options)
    assert list(result.columns) == NAMES
    assert tuple(result.status) == expected.status == ("ok", "ok", "ok", "error", "ok")
    assert tuple(result.reason) == expected.reason
    for name in reversion.ReversionTests._fields:
        if name not in {"status", "reason"}:
            np.testing.assert_allclose(getattr(result, name), getattr(expected, name), rtol=1e-9, err_msg=name)


@pytest.mark.parametrize(
    ("n_rows", "options", "message"),
    [
        (20, {}, r"block must be \(B, T\) with T >= 32"),
        (400, {"adf_lags": 101}, "adf_lags"),
        (400, {"bandwidth": 1001}, "bandwidth"),
        (400, {"periods": 1}, "periods"),
        (400, {"trend": "ctt"}, "trend"),
    ],
)
def test_a_refusal_names_the_field(ask, n_rows, options, message):
    with pytest.raises(grpc.RpcError, match=message) as caught:
        ask("RunTests", chunks(PRICES[:n_rows], columns=NAMES, **options))
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
