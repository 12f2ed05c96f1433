import dataclasses

import numpy as np
import pandas as pd
import pytest

from meanrev import results
from meanrev.results import LogReturns, OuFit, OuFitWithTests, Signal

SIGNAL = Signal(signal="buy", confidence=0.9, zscore=-2.0, expected_profit=1.0, timestamp_ms=5, reasoning="z <= -e")


def test_a_result_reads_as_a_mapping():
    assert dict(SIGNAL) == {**SIGNAL} == SIGNAL.to_dict()
    assert SIGNAL["zscore"] == SIGNAL.zscore == -2.0
    assert list(SIGNAL) == ["signal", "confidence", "zscore", "expected_profit", "timestamp_ms", "reasoning", "note"]
    assert len(SIGNAL) == 7
    assert pd.Series(SIGNAL)["signal"] == "buy"


def test_meta_stands_beside_the_mapping():
    result = dataclasses.replace(SIGNAL, meta={"elapsed_ms": 1.0})
    assert "meta" not in result
    assert result == SIGNAL
    with pytest.raises(KeyError):
        result["meta"]


def test_a_result_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        SIGNAL.zscore = 0.0


def test_results_with_arrays_compare_by_value_and_nan_equals_itself():
    def made(last):
        return LogReturns(log_returns=np.array([1.0, last]), mean_return=1.0, std_return=0.0, n_periods=2)

    assert made(np.nan) == made(np.nan)
    assert made(1.0) != made(2.0)
    assert made(1.0) != SIGNAL


def test_the_frame_of_one_series_has_one_row():
    assert SIGNAL.to_frame().shape == (1, 7)


def test_the_frame_of_many_series_has_a_row_each_under_its_name(client, prices):
    frame = client.ou(prices, asset_ids=["A", "B", "C"]).to_frame()
    assert list(frame.index) == ["A", "B", "C"]
    assert frame.loc["B", "status"] == "converged"


def test_thresholds_carry_the_names_of_their_fit(client, prices):
    fit = client.ou(prices, asset_ids=["A", "B", "C"])
    assert list(client.thresholds(fit, round_trip_cost=0.1).to_frame().index) == ["A", "B", "C"]


def test_the_html_escapes_what_it_shows():
    shown = dataclasses.replace(SIGNAL, reasoning="<script>")._repr_html_()
    assert "&lt;script&gt;" in shown
    assert "<script>" not in shown


def test_every_result_says_what_its_fields_are():
    for name in results.__all__:
        kind = getattr(results, name)
        documented = " ".join(base.__doc__ or "" for base in kind.__mro__[:4])
        parts = getattr(kind, "_fields", None)  # of a NamedTuple
        fields = parts or [field.name for field in dataclasses.fields(kind)]
        assert all(field in documented for field in fields) or name == "BacktestPath"


def test_fields_are_named_as_on_the_wire():
    from meanrev_wire import meanrev_pb2, research_pb2

    wire = {field.name for field in meanrev_pb2.OuEstimate.DESCRIPTOR.fields}
    assert set(OuFit.__dataclass_fields__) - {"meta"} == wire - {"metadata"}
    tests = {field.name for field in research_pb2.TestColumns.DESCRIPTOR.fields}
    more = OuFitWithTests.__dataclass_fields__.keys() - OuFit.__dataclass_fields__.keys()
    assert {name.removeprefix("tests_") for name in more} == tests - {"columns", "n_samples"}
