"""What a result shows of itself, and the tables that other libraries make of it."""

import dataclasses
import datetime as dt
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import meanrev as mr
from meanrev import results
from meanrev.results import PooledWalks, Signal, Surface, Weights

SIGNAL = Signal(signal="buy", confidence=0.9, zscore=-2.0, expected_profit=1.0, timestamp_ms=5, reasoning="z <= -e")
POOLED = PooledWalks(
    column=("KO", "PEP"),
    n_steps=np.array([4, 4]),
    n_bars=np.array([500, 500]),
    n_trades=np.array([10, 12]),
    sharpe_ratio=np.array([1.25, -0.5]),
    sharpe_std_error=np.array([0.5, 0.25]),
    probability_sharpe_positive=np.array([0.9, 0.1]),
    sharpe_lower=np.array([0.25, -1.0]),
    sharpe_upper=np.array([2.25, 0.0]),
    note=("", ""),
)


class Cells(HTMLParser):
    """The texts of a table's cells, row after row."""

    def __init__(self, page):
        super().__init__()
        self.rows = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if tag == "tr":
            self.rows.append([])

    def handle_data(self, data):
        if self.rows:
            self.rows[-1].append(data)


@pytest.fixture(scope="module")
def answers():
    """Return a result of many of the methods, of a frame with names and times."""
    steps = np.random.default_rng(7).normal(0, 0.3, (400, 3))
    values = np.empty_like(steps)
    values[0] = 50
    for bar in range(1, len(steps)):
        values[bar] = 50 + 0.9 * (values[bar - 1] - 50) + steps[bar]
    frame = pd.DataFrame(values, columns=["KO", "PEP", "SPY"], index=pd.date_range("2024-01-01", periods=400, tz="UTC"))
    levels = {"entry_zscore": 1.0, "exit_zscore": 0.0, "cost_per_side": 1e-4}
    grid = {"entry": mr.grid(0.5, 2, 0.5), "exit": mr.grid(-0.5, 0.5, 0.5), "cost_per_side": 1e-4}
    with mr.Client("local") as client:
        returns = client.log_returns(frame)
        found = [
            client.ou(values[:, 0]),
            client.fit_ou(frame, tests=True),
            client.backtest(frame["KO"], path=True, **levels),
            client.backtest(frame, **levels),
            client.sweep(frame, walk_forward=(200, 100), **grid),
            client.scan(frame, top=3, alpha=1.0),
            client.pca(returns.log_returns),
            client.rolling(returns.log_returns, "cara", window=100),
            client.cara(returns.log_returns),
            client.stats(returns.log_returns, kind="log"),
            client.pair(frame["KO"], frame["PEP"]),
            client.johansen(frame),
            client.info(),
            returns,
        ]
    return [*found, found[2].trades, found[2].path, found[4].best, found[4].walk_forward, found[4].surface()]


def test_a_line_is_short_and_begins_with_the_class(answers):
    for result in answers:
        assert repr(result).startswith(f"{type(result).__name__}(")
        assert "\n" not in repr(result)
        assert len(repr(result)) <= 90


def test_a_text_fits_a_hundred_columns(answers):
    for result in answers:
        lines = str(result).splitlines()
        assert lines[0].startswith(type(result).__name__)
        assert max(map(len, lines)) <= 100
        assert len(lines) < 60


def test_every_field_with_something_to_say_is_named_in_the_text(answers):
    for result in answers:
        shown = str(result)
        hidden = {
            name
            for name, value in result.items()
            if name not in shown and value is not None and not isinstance(value, str) and np.size(value)
        }
        told = {name for name in hidden if name.endswith(("_lower", "_upper", "_std_error"))}
        empty = {name for name in hidden if isinstance(result[name], tuple) and not any(result[name])}
        labels = {"columns", "period_half_life", "period_p_value", "exit_zscore", "entry_zscore"}
        assert hidden - told - empty <= labels | {"cells"}, type(result)


def test_an_interval_and_an_error_stand_behind_their_figure():
    ratio = "1.25 ± 0.5 [0.25, 2.25]"
    assert ratio in str(POOLED)
    assert "sharpe_std_error" not in str(POOLED)
    cells = Cells(POOLED._repr_html_()).rows
    assert cells[0][:3] == ["column", "n_steps", "n_bars"]
    assert ratio in cells[1]
    assert cells[2][0] == "PEP"


def test_an_end_without_a_figure_stands_alone():
    @dataclasses.dataclass(frozen=True, eq=False, kw_only=True, repr=False)
    class Ends(results.Result):
        level_lower: float
        level_upper: float

    assert str(Ends(level_lower=1.0, level_upper=2.0)).split() == ["Ends", "level_lower", "1", "level_upper", "2"]


def test_an_empty_note_is_left_out_and_a_note_is_whole():
    assert "note" not in str(SIGNAL)
    words = " ".join(["beware of few bars"] * 20)
    noted = dataclasses.replace(SIGNAL, note=words)
    assert " ".join(str(noted).split()).endswith(f"note {words}")
    assert words in noted._repr_html_()


def test_only_the_first_rows_are_shown_and_their_number_is_said():
    many = Weights(
        weights=pd.Series(np.arange(30.0), index=[f"N{i:02d}" for i in range(30)]),
        expected_return=0.1,
        expected_volatility=0.2,
        sharpe_ratio=0.5,
        sharpe_std_error=0.1,
        probability_sharpe_positive=0.99,
        utility=0.05,
        status="optimized",
        timestamp_ms=0,
    )
    for shown in (str(many), many._repr_html_()):
        assert "30 rows, of which these are the first 10" in shown
        assert "N09" in shown
        assert "N10" not in shown


def test_a_surface_is_shown_by_entry_and_exit():
    shown = Surface(
        column="KO",
        figure="sharpe_ratio",
        cost=0.001,
        lookback=20,
        entry_zscore=np.array([1.0, 2.0]),
        exit_zscore=np.array([-0.5, 0.5]),
        cells=np.array([[0.1, 0.2], [0.3, 0.4]]),
    )
    rows = [line.split() for line in str(shown).splitlines()]
    assert ["entry", "exit", "-0.5", "exit", "0.5"] in rows
    assert ["2", "0.3", "0.4"] in rows


def test_a_notebook_gets_no_markup_of_a_label():
    shown = dataclasses.replace(POOLED, column=("<script>", "PEP"))._repr_html_()
    assert "&lt;script&gt;" in shown
    assert "<script>" not in shown


def test_tables_of_polars_and_arrow_have_the_rows_of_to_columns(answers):
    for result in answers:
        columns = result.to_columns()
        for names, rows in [
            (result.to_polars().columns, result.to_polars().height),
            (result.to_arrow().column_names, result.to_arrow().num_rows),
            (pa.table(result).column_names, pa.table(result).num_rows),
        ]:
            assert names == list(columns)
            assert rows == len(result.to_frame())


def test_numbers_times_and_texts_keep_their_kinds(answers):
    trades = next(result for result in answers if isinstance(result, results.Trades))
    frame = trades.to_polars()
    assert frame["profit"].to_list() == trades.profit.tolist()
    assert frame["status"].to_list() == list(trades.status)
    assert frame["entry_time"][0] == trades.entry_time[0].to_pydatetime()
    assert trades.to_arrow()["entry_time"][0].as_py() == trades.entry_time[0]


def test_labels_that_are_no_texts_become_texts():
    dated = dataclasses.replace(POOLED, column=(dt.date(2024, 1, 2), ("KO", 3)))
    assert dated.to_polars()["column"].to_list() == ["2024-01-02", "('KO', 3)"]
    assert dated.to_arrow()["column"].to_pylist() == ["2024-01-02", "('KO', 3)"]
