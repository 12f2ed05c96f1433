"""Pictures of results: what is drawn is what was computed, in SVG and in plotly."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import meanrev as mr
from meanrev.pictures import Band, Bars, Chart, Heat, Level, Line, Marks, Panel
from meanrev.pictures.colours import hexadecimal, ramp
from meanrev.pictures.shapes import thinned
from meanrev.pictures.ticks import number_ticks, time_ticks

LEVELS = {"entry_zscore": 1.0, "exit_zscore": 0.0, "cost_per_side": 1e-4}
GRID = {"entry": mr.grid(0.5, 2, 0.5), "exit": mr.grid(-0.5, 0.5, 0.5), "cost_per_side": 1e-4}
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


@pytest.fixture(scope="module")
def frame():
    steps = np.random.default_rng(7).normal(0, 0.3, (400, 3))
    values = np.empty_like(steps)
    values[0] = 50
    for bar in range(1, len(steps)):
        values[bar] = 50 + 0.9 * (values[bar - 1] - 50) + steps[bar]
    return pd.DataFrame(values, columns=["KO", "PEP", "SPY"], index=pd.date_range("2024-01-01", periods=400, tz="UTC"))


@pytest.fixture(scope="module")
def client():
    with mr.Client("local") as made:
        yield made


@pytest.fixture(scope="module")
def run(client, frame):
    return client.backtest(frame["KO"], path=True, **LEVELS)


@pytest.fixture(scope="module")
def unit(client, frame):
    return client.backtest(frame["KO"], path=True, mode="unit", **LEVELS)


@pytest.fixture(scope="module")
def swept(client, frame):
    return client.sweep(frame, walk_forward=(200, 100), **GRID)


@pytest.fixture(scope="module")
def charts(client, frame, run, swept):
    returns = client.log_returns(frame).log_returns
    return {
        "backtest": run.chart(frame["KO"]),
        "fit": client.ou(frame["KO"]).chart(frame["KO"]),
        "surface": swept.chart("PEP"),
        "walk": swept.walk_chart("PEP"),
        "scan": client.scan(frame, top=3, alpha=1.0).chart(),
        "pca": client.pca(returns).chart(),
        "rolling": client.rolling(returns.iloc[1:], "cara", window=100).chart(),
        "weights": client.cara(returns).chart(),
        "pair": client.pair(frame["KO"], frame["PEP"]).chart(),
        "johansen": client.johansen(frame).chart(),
    }


def drawing(chart):
    return ET.fromstring(chart.svg())


def texts(root):
    return [(node.text, float(node.get("x")), float(node.get("y"))) for node in root.iter("text")]


def part(chart, kind, number=0):
    return [one for panel in chart.panels for one in panel.parts if isinstance(one, kind)][number]


def line(chart, number=0):
    """Return the name, the places and the values of a line."""
    found = part(chart, Line, number)
    return found.name, found.across, found.up


def heights(root):
    """Return the map from heights of a drawing to values, by the labels of the first panel's vertical axis."""
    labels = [(y - 4, float(text)) for text, x, y in texts(root) if x == 58 and y < 300]
    places, values = zip(*labels, strict=True)
    return np.poly1d(np.polyfit(places, values, 1))


def test_a_picture_is_whole_and_asks_for_nothing_from_elsewhere(charts):
    for name, chart in charts.items():
        root = drawing(chart)
        assert root.get("aria-label") == chart.title
        _, _, width, height = map(float, root.get("viewBox").split())
        text = chart.svg()
        assert not re.search(r"<script|href|url\(|@import|class=", text), name
        assert "nan" not in re.sub(r"<title>.*?</title>", "", text)
        for node in root.iter():
            at = [float(node.get(key)) for key in ("x", "x1", "x2") if node.get(key)]
            down = [float(node.get(key)) for key in ("y", "y1", "y2") if node.get(key)]
            assert all(-1 <= value <= width + 1 for value in at), (name, ET.tostring(node))
            assert all(-1 <= value <= height + 1 for value in down), (name, ET.tostring(node))


def test_the_line_of_equity_is_the_equity(run):
    chart = run.chart()
    root = drawing(chart)
    path = next(node for node in root.iter("path") if node.findtext("title") == "equity")
    points = np.array([float(number) for number in NUMBER.findall(path.get("d"))]).reshape(-1, 2)
    equity = run.path.equity.to_numpy()
    assert len(points) == equity.size
    unit = np.ptp(equity) / 200  # the drawing rounds to a tenth of its units
    np.testing.assert_allclose(heights(root)(points[:, 1]), equity, atol=unit)
    assert (np.diff(points[:, 0]) > 0).all()


@pytest.mark.parametrize("mode", ["run", "unit"])
def test_drawdowns_are_those_of_the_backtest(request, mode):
    traded = request.getfixturevalue(mode)
    name, _, depths = line(traded.chart(), 1)
    assert name == "drawdown"
    np.testing.assert_allclose(np.maximum.accumulate(-depths), traded.path.max_drawdown, rtol=1e-9, atol=1e-12)


def test_holding_a_unit_gains_what_its_price_gains(unit, frame):
    _, _, held = line(unit.chart(frame["KO"]), 1)
    np.testing.assert_allclose(held - held[0], frame["KO"] - frame["KO"].iloc[0])


def test_marks_stand_on_the_bars_of_the_trades(run):
    chart = run.chart()
    bought, sold, closed = (part(chart, Marks, number) for number in range(3))
    trades = run.trades
    times = trades.entry_time.tz_localize(None).to_numpy()
    np.testing.assert_array_equal(bought.across, times[trades.side == 1])
    np.testing.assert_array_equal(sold.across, times[trades.side == -1])
    assert closed.across.size == trades.status.count("closed") == run.num_trades


def test_holding_begins_with_the_same_money(run, frame):
    name, _, held = line(run.chart(frame["KO"]), 1)
    assert name == "bought and held"
    assert held[0] == run.path.equity.iloc[0]
    assert held[-1] / held[0] == pytest.approx(frame["KO"].iloc[-1] / frame["KO"].iloc[0])


def test_a_picture_of_a_sweep_points_out_the_best_cell_and_plateau(swept):
    chart = swept.chart("PEP")
    heat, best = part(chart, Heat), swept.best
    row, column = heat.marked["best cell"]
    assert (heat.up[row], heat.across[column]) == (best.entry_zscore[1], best.exit_zscore[1])
    assert heat.cells[row, column] == np.nanmax(heat.cells) == best.sharpe_ratio[1]
    row, column = heat.marked["best plateau"]
    assert (heat.up[row], heat.across[column]) == (best.plateau_entry_zscore[1], best.plateau_exit_zscore[1])
    assert f"{best.sharpe_ratio[1]:.2f} ± {best.sharpe_std_error[1]:.2f}" in chart.title


def test_the_cells_of_another_cost_point_out_no_best_cell(client, frame):
    swept = client.sweep(frame, **{**GRID, "cost_per_side": [0.0, 0.01]})
    assert swept.best.cost[0] == 0.0
    assert not part(swept.chart("KO", cost=0.01), Heat).marked


def test_every_cell_with_a_figure_is_drawn(swept):
    shown = swept.surface("KO").cells
    drawn = [node for node in drawing(swept.chart("KO")).iter("rect") if node.find("title") is not None]
    assert len(drawn) == np.isfinite(shown).sum() + 2


def test_many_cells_have_their_colours_in_runs():
    values = np.random.default_rng(3).normal(size=(20, 30)).round(1)
    values[0, :5] = np.nan
    heat = Heat("figure", tuple(np.arange(30.0)), tuple(np.arange(20.0)), values)
    group = next(node for node in drawing(Chart("many", (Panel("up", (heat,)),))).iter("g") if node.get("transform"))
    found = np.full(values.shape, np.nan)
    for path in group.iter("path"):
        shade = int(path.get("stroke").removeprefix("#"), 16)
        for begin, row, length in re.findall(r"M(\d+) (\d+)h(\d+)", path.get("d")):
            assert np.isnan(found[int(row), int(begin) : int(begin) + int(length)]).all()
            found[int(row), int(begin) : int(begin) + int(length)] = shade
    np.testing.assert_array_equal(np.isnan(found), np.isnan(values))
    shares = (values - np.nanmin(values)) / np.ptp(values[np.isfinite(values)])
    for row, column in np.argwhere(np.isfinite(values)):
        middle = (min(int(shares[row, column] * 32), 31) + 0.5) / 32
        assert found[row, column] == int(hexadecimal(ramp(middle)).removeprefix("#"), 16)


def test_a_walk_forward_has_its_steps_and_its_interval(swept):
    chart = swept.walk_chart("PEP")
    walk, pooled = swept.walk_forward, swept.pooled
    mine = np.array(walk.column) == "PEP"
    np.testing.assert_allclose(part(chart, Bars).up, np.cumsum(walk.test_return[mine]))
    np.testing.assert_array_equal(part(chart, Bars, 1).errors, walk.test_sharpe_std_error[mine])
    assert part(chart, Bars).labels == tuple(str(time)[:10] for time in walk.test_last[mine])
    assert f"{pooled.sharpe_lower[1]:.2f} to {pooled.sharpe_upper[1]:.2f}" in chart.title


def test_bands_are_stationary_deviations(client, frame):
    fit = client.ou(frame["KO"])
    chart = fit.chart(frame["KO"])
    deviation = fit.sigma / np.sqrt(2 * fit.theta)
    two, one = part(chart, Band), part(chart, Band, 1)
    assert (two.high - two.low)[0] == pytest.approx(4 * deviation)
    assert (one.high - one.low)[0] == pytest.approx(2 * deviation)
    assert part(chart, Level).value == fit.mu


def test_entries_of_a_pair_are_its_thresholds(client, frame):
    pair = client.pair(frame["KO"], frame["PEP"])
    deviation = pair.sigma / np.sqrt(2 * pair.theta)
    levels = [level.value for level in pair.chart().panels[0].parts if isinstance(level, Level)]
    z = sorted((level - pair.mu) / deviation for level in levels)
    assert z == pytest.approx([-pair.entry_zscore, 0.0, pair.entry_zscore])


def test_plotly_has_the_same_values(charts):
    for chart in charts.values():
        figure = chart.plotly()
        data = {trace.name: trace for trace in figure.data}
        for one in (one for panel in chart.panels for one in panel.parts):
            if isinstance(one, Line | Bars | Marks):
                same = [np.asarray(trace.y, float) for trace in figure.data if trace.name == one.name]
                assert any(np.array_equal(values, one.up, equal_nan=True) for values in same), one
            elif isinstance(one, Band):
                np.testing.assert_array_equal(data[one.name].y, one.high)
            elif isinstance(one, Heat):
                np.testing.assert_array_equal(next(t for t in figure.data if t.type == "heatmap").z, one.cells)


def test_labels_are_no_markup_in_either():
    bars = Bars("<b>x</b>", ("<script>alert(1)</script>",), np.array([1.0]))
    chart = Chart("<i>title</i>", (Panel("<u>y</u>", (bars,)),), "<s>note</s>")
    assert not re.search(r"<(b|script|i|u|s)>", chart.svg())
    assert not re.search(r"<(b|script|i|u|s)>", chart.plotly().to_json().replace("\\u003c", "<"))


def test_a_notebook_shows_a_picture_without_plotly(run):
    assert run.chart()._repr_html_().startswith("<svg")


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda client, frame: client.backtest(frame["KO"], **LEVELS).chart(), "path must be there .*path=True"),
        (lambda client, frame: client.backtest(frame["KO"], path=True, **LEVELS).chart([1.0]), "400 values, .* got 1"),
        (lambda client, frame: client.fit_ou(frame).chart(frame["KO"]), "fit must be of one series .*got '3 series'"),
        (lambda client, frame: client.sweep(frame, **GRID).walk_chart(), "walk_forward"),
        (lambda client, frame: client.sweep(frame, **GRID).chart("X"), "column must be one of"),
    ],
)
def test_what_cannot_be_drawn_says_why(client, frame, ask, words):
    with pytest.raises(mr.InvalidInput, match=words):
        ask(client, frame)


FINITE = st.floats(-1e12, 1e12, allow_subnormal=False)


@given(FINITE, st.floats(1e-9, 1e12))
def test_ticks_are_round_even_and_within(low, width):
    high = low + width
    if high - low < 1e-9 * max(abs(low), abs(high)):
        return
    ticks = number_ticks(low, high)
    places = [place for place, _ in ticks]
    assert 2 <= len(ticks) <= 8
    slack = 1e-9 * (high - low) + 1e-12 * abs(high)
    assert low - slack <= places[0]
    assert places[-1] <= high + slack
    gaps = np.diff(places)
    np.testing.assert_allclose(gaps, gaps[0], rtol=1e-6, atol=1e-9 * abs(high))
    assert float(f"{gaps[0]:.3g}") / 10.0 ** np.floor(np.log10(gaps[0])) == pytest.approx(
        min((1, 2, 5, 10), key=lambda m: abs(m - gaps[0] / 10.0 ** np.floor(np.log10(gaps[0])))), rel=1e-2
    )


@given(st.integers(-2_000_000_000_000, 4_000_000_000_000), st.integers(10_000, 3_000_000_000_000))
def test_ticks_of_times_are_the_moments_that_they_name(begin, length):
    ticks = time_ticks(float(begin), float(begin + length))
    assert 1 <= len(ticks) <= 7
    for place, text in ticks:
        assert begin <= place <= begin + length
        assert np.datetime64(text.replace(" ", "T")).astype("datetime64[ms]").astype(np.int64) == place
    assert len({text for _, text in ticks}) == len(ticks)


def test_a_thinned_line_keeps_its_extremes_and_its_gaps():
    values = np.random.default_rng(1).normal(size=50_000).cumsum()
    values[20_000:21_000] = np.nan
    places, kept = thinned(np.arange(50_000.0), values)
    assert kept.size <= 3_000
    assert (np.nanmin(kept), np.nanmax(kept)) == (np.nanmin(values), np.nanmax(values))
    assert np.isnan(kept).sum() > 0
    np.testing.assert_array_equal(values[places.astype(int)], kept)
