"""Sweeps and fits in chunks: the answers of the client's sweep and fit_ou, the same bytes however they are computed."""

import json

import msgspec
import numpy as np
import polars as pl
import pytest

import meanrev as mr
from gpu_kernels import threshold_grid
from gpu_kernels.sweep import Rules, accounts
from meanrev.intake.files import read_file
from meanrev.intake.options import FileOptions
from meanrev.intake.table import Table
from meanrev_batch import Shard, clean, fit, gather, scan, status, sweep
from meanrev_batch.engines import Stop, execution, here
from meanrev_batch.errors import BadOption, BadUniverse, Incomplete, OtherRun
from meanrev_batch.gather.series import pooled
from meanrev_batch.options import FitOptions, SweepOptions
from meanrev_batch.report import lines
from tests.batch.universes import OPTIONS, days, names_of, prices, write

GRID = {"entry": "1:2:0.5", "exit": (-0.5, 0.0, 0.5, 1.5), "lookback": (10, 20)}
SWEEP = SweepOptions(**GRID, cost=(0.0005, 0.002), walk_forward=(120, 40, 5))
FIT = FitOptions(bias="median_unbiased", adf_lags=1)
KINDS = {"sweep": (sweep, SWEEP, ("best", "walk")), "fit": (fit, FIT, ("fits",))}
FEWEST = 16


@pytest.fixture(scope="module")
def values():
    """Prices of 40 names: one that begins late, one that ends early, one that has gaps, and a negative price."""
    found = prices()
    found[:60, 3] = found[200:, 30] = found[50:55, 7] = np.nan
    found[77, 9] = -3.0
    return found


@pytest.fixture(scope="module")
def universe(values, tmp_path_factory):
    return str(write(tmp_path_factory.mktemp("series") / "prices.parquet", values))


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """The answer of a scan of names without gaps."""
    folder = tmp_path_factory.mktemp("pairs")
    clean_prices = prices()
    path = str(write(folder / "prices.parquet", clean_prices))
    assert scan(path, folder / "run", OPTIONS, engine="here").state == "complete"
    return path, folder / "run/pairs.parquet"


@pytest.fixture(scope="module")
def local():
    with mr.Client() as client:
        yield client


def run(kind, universe, out, options=None, **given):
    function, default, _ = KINDS[kind]
    return function(universe, out, options or default, engine="here", **given)


def answers(out, kind):
    return [(out / f"{name}.parquet").read_bytes() for name in KINDS[kind][2]]


def agrees(found, expected, columns):
    """Compare columns with an object's attributes: texts and whole numbers exactly, floats to 1e-9."""
    for name in columns:
        ours, theirs = found[name].to_numpy(), np.asarray(getattr(expected, name))
        if theirs.dtype.kind == "f":
            np.testing.assert_allclose(ours.astype(float), theirs, rtol=1e-9, atol=1e-12, err_msg=name)
        elif theirs.dtype.kind == "M":
            assert (ours.astype("datetime64[ms]") == theirs.astype("datetime64[ms]")).all(), name
        else:
            assert ours.tolist() == theirs.tolist(), name


def agrees_with_the_sweep(out, swept, ids):
    best, walk = (pl.read_parquet(out / f"{name}.parquet") for name in ("best", "walk"))
    same = [name for name in best.columns if name not in {*ids, "run_deflated_sharpe", *TAKEN}]
    assert len(same) == 17
    agrees(best, swept.best, same)
    places = np.arange(len(best)), np.maximum(swept.best.cell, 0)
    for name in TAKEN:
        figure = np.where(swept.best.cell >= 0, getattr(swept.figures, name)[places], np.nan)
        if name == "num_trades":
            figure = np.nan_to_num(figure)
        np.testing.assert_allclose(best[name].to_numpy(), figure, rtol=1e-9, err_msg=name)
    same = [name for name in walk.columns if name not in ids]
    assert len(same) == 24
    agrees(walk, swept.walk_forward, same)
    return best, walk


TAKEN = ("cumulative_return", "max_drawdown", "num_trades")
"""Figures that the client has of all cells."""


def asked(options):
    return {**GRID, "cost_per_side": options.cost, "walk_forward": options.walk_forward}


def test_a_sweep_of_names_agrees_with_the_client(universe, local, tmp_path):
    report = run("sweep", universe, tmp_path / "run")
    table = read_file(universe, FileOptions())
    swept = local.sweep(table, asset_ids=[str(name) for name in table.names], **asked(SWEEP))
    best, walk = agrees_with_the_sweep(tmp_path / "run", swept, {"name"})
    assert tuple(best["name"]) == swept.best.column
    assert tuple(walk["name"]) == swept.walk_forward.column
    assert report.by_status == {"ok": 39, "error": 1}
    assert report.n_series == 40
    assert lines(report)[1].startswith("40 series: 39 ok, 1 error; ")
    assert [file["name"] for file in report.files] == ["best.parquet", "walk.parquet"]


def test_a_sweep_of_pairs_agrees_with_the_client_on_their_spreads(pairs, local, tmp_path):
    path, file = pairs
    run("sweep", path, tmp_path / "run", msgspec.structs.replace(SWEEP, top=37), pairs=file)
    listed = pl.read_parquet(file).head(37)
    logs = np.log(prices())
    place = {name: number for number, name in enumerate(names_of(logs))}
    spreads = [
        logs[:, place[row["y"]]] - row["intercept"] - row["hedge_ratio"] * logs[:, place[row["x"]]]
        for row in listed.rows(named=True)
    ]
    swept = local.sweep(
        Table(np.stack(spreads, axis=1), tuple(range(37)), days(240).astype(np.int64)),
        mode="unit",
        **asked(SWEEP),
    )
    best, _ = agrees_with_the_sweep(tmp_path / "run", swept, {"y", "x", "hedge_ratio", "intercept"})
    assert best.select("y", "x", "hedge_ratio", "intercept").equals(listed.select("y", "x", "hedge_ratio", "intercept"))


@pytest.mark.parametrize("of_pairs", [False, True])
def test_fits_agree_with_the_client(universe, pairs, values, local, tmp_path, of_pairs):
    path, file = pairs if of_pairs else (universe, None)
    run("fit", path, tmp_path / "run", pairs=file)
    found = pl.read_parquet(tmp_path / "run/fits.parquet")
    sent = values
    if of_pairs:
        logs = np.log(prices())
        y, x = ([int(name[1:]) for name in found[side]] for side in ("y", "x"))
        sent = logs[:, y] - found["intercept"].to_numpy() - logs[:, x] * found["hedge_ratio"].to_numpy()
    fitted = local.fit_ou(sent, bias="median_unbiased", adf_lags=1)
    same = [name for name in found.columns if name not in {"name", "y", "x", "hedge_ratio", "intercept"}]
    assert len(same) == 24
    agrees(found, fitted, same)


@pytest.mark.parametrize("kind", KINDS)
def test_shards_and_a_gathering_give_the_bytes_of_one_run(universe, tmp_path, kind):
    run(kind, universe, tmp_path / "whole")
    for number in (2, 1):
        report = run(kind, universe, tmp_path / "parts", shard=Shard(number, 2))
        assert (report.state, report.next) == ("incomplete", "gather")
        if number == 2:
            with pytest.raises(Incomplete, match=rf"2 of 3 chunks of stage {kind} are missing"):
                gather(tmp_path / "parts")
            assert status(tmp_path / "parts")["chunks"] == {kind: {"done": 1, "total": 3}}
    assert gather(tmp_path / "parts").state == "complete"
    assert answers(tmp_path / "parts", kind) == answers(tmp_path / "whole", kind)
    assert json.loads((tmp_path / "parts/report.json").read_bytes())["n_series"] == 40


@pytest.mark.parametrize("kind", KINDS)
def test_an_interrupted_run_goes_on_and_workers_give_the_same_bytes(universe, tmp_path, monkeypatch, kind):
    out, stop, performed = tmp_path / "run", Stop(), []

    def counted(*arguments):
        performed.append(arguments[-1].id)
        stop.asked = int(len(performed) == 2)
        return execution.performed(*arguments)

    monkeypatch.setattr(here, "performed", counted)
    assert run(kind, universe, out, stop=stop).state == "cancelled"
    assert run(kind, universe, out).state == "complete"
    assert len(performed) == len(set(performed)) == 3
    function, options, _ = KINDS[kind]
    assert function(universe, tmp_path / "workers", options, workers=2).state == "complete"
    assert answers(tmp_path / "workers", kind) == answers(out, kind)
    assert clean(out) > 0
    assert answers(tmp_path / "workers", kind) == answers(out, kind)


@pytest.mark.parametrize("suffix", ["walk", "parquet"])
def test_a_damaged_chunk_is_computed_again(universe, tmp_path, suffix):
    out = tmp_path / "run"
    run("sweep", universe, out)
    whole = answers(out, "sweep")
    damaged = sorted((out / "sweep").glob(f"*.{suffix}"))[1]
    damaged.write_bytes(damaged.read_bytes()[:-9])
    with pytest.raises(Incomplete, match="1 of 3 chunks of stage sweep are missing"):
        gather(out)
    run("sweep", universe, out)
    assert answers(out, "sweep") == whole


def test_the_tries_of_a_run_are_all_cells_of_all_series(universe, local, tmp_path):
    """Against the Sharpe ratios of all cells, which a run does not keep."""
    report = run("sweep", universe, tmp_path / "run")
    table = read_file(universe, FileOptions())
    swept = local.sweep(table, asset_ids=[str(name) for name in table.names], **asked(SWEEP))
    ratios = swept.figures.sharpe_ratio[np.isfinite(swept.figures.sharpe_ratio)] / np.sqrt(252)
    assert report.tries["number"] == ratios.size > 1000
    assert report.tries["variance"] == pytest.approx(ratios.var(ddof=1), rel=1e-12)
    best = pl.read_parquet(tmp_path / "run/best.parquet").filter(pl.col("status") == "ok")
    row = best.row(0, named=True)
    levels = [np.array([row[name]]) for name in ("entry_zscore", "exit_zscore", "cost")]
    account = accounts(table.values[:, :1].T, *levels, Rules(lookback=row["lookback"]), path=True)
    returns = account.paths.returns[0]
    ratio = returns.mean() / returns.std(ddof=1)
    apart = returns - returns.mean()
    skewness, kurtosis = (np.mean(apart**power) / np.mean(apart**2) ** (power / 2) for power in (3, 4))
    expected = threshold_grid.deflated_sharpe(ratio, 240, skewness, kurtosis, ratios.size, ratios.var(ddof=1))
    assert row["run_deflated_sharpe"] == pytest.approx(expected, rel=1e-9)
    assert (best["run_deflated_sharpe"] < best["deflated_sharpe"]).all()


def test_pooled_tries_do_not_depend_on_the_parts():
    rng = np.random.default_rng(3)
    whole = rng.normal(0.02, 0.05, (30, 400))
    parts = [(row.size, row.mean(), ((row - row.mean()) ** 2).sum()) for row in whole]
    found = pooled(*(np.array(column) for column in zip(*parts, strict=True)))
    assert found.number == 12000
    assert found.variance == pytest.approx(whole.var(ddof=1), rel=1e-13)
    assert pooled(np.array([1]), np.array([0.3]), np.array([0.0])) == (1, 0.0)


def test_other_memory_makes_other_chunks_and_the_same_answer(universe, tmp_path):
    run("sweep", universe, tmp_path / "small", msgspec.structs.replace(SWEEP, memory=1))
    run("sweep", universe, tmp_path / "large")
    assert status(tmp_path / "small")["chunks"] == {"sweep": {"done": 40, "total": 40}}
    for name in ("best", "walk"):
        small, large = (pl.read_parquet(tmp_path / out / f"{name}.parquet") for out in ("small", "large"))
        assert small.equals(large)


@pytest.mark.parametrize(
    ("options", "difference"),
    [
        ({"lookback": (10, 21)}, r"lookback is \[10, 20\] there and \[10, 21\] here"),
        ({"stop": 5.0}, r"stop is None there and 5\.0 here"),
    ],
)
def test_another_sweep_in_the_folder_is_refused(universe, tmp_path, options, difference):
    out = tmp_path / "run"
    run("sweep", universe, out)
    with pytest.raises(OtherRun, match=f"holds another run: {difference}"):
        run("sweep", universe, out, msgspec.structs.replace(SWEEP, **options))
    with pytest.raises(OtherRun, match="op is 'sweep' there and 'fit' here"):
        run("fit", universe, out)


@pytest.mark.parametrize(
    ("options", "field", "rule"),
    [
        ({"walk_forward": (120,)}, "walk_forward", "must be bars of the train and the test part"),
        ({"walk_forward": (220, 40)}, "walk_forward", "must be at most the 240 bars of the universe together"),
        ({"entry": "3:1:0.5"}, "entry", "must"),
        ({"entry": (0.0, 1.0)}, "entry", "must be finite and > 0"),
        ({"cost": (-1.0,)}, "cost", "must be finite and >= 0"),
        ({"stop": 1.0}, "stop", "must be above"),
    ],
)
def test_options_that_break_a_rule_are_named(universe, tmp_path, options, field, rule):
    with pytest.raises(BadOption, match=rule) as refused:
        run("sweep", universe, tmp_path / "run", msgspec.structs.replace(SWEEP, **options))
    assert refused.value.field == field


def test_pairs_that_cannot_be_used_are_named(pairs, tmp_path):
    path, file = pairs
    listed = pl.read_parquet(file)
    cases = {
        "N99 of row 2 is not in the universe": listed.with_columns(
            pl.when(pl.col("rank") == 2).then(pl.lit("N99")).otherwise(pl.col("y").cast(str)).alias("y")
        ),
        "hedge_ratio is missing": listed.drop("hedge_ratio"),
        "must have a pair at least": listed.clear(),
        "must have a value of intercept in each row": listed.with_columns(pl.lit(None, pl.Float64).alias("intercept")),
    }
    for rule, table in cases.items():
        table.write_parquet(tmp_path / "pairs.parquet")
        with pytest.raises(BadOption, match=rule):
            run("sweep", path, tmp_path / "run", pairs=tmp_path / "pairs.parquet")
    (tmp_path / "pairs.parquet").write_text("y,x")
    with pytest.raises(BadOption, match="pairs cannot be read"):
        run("fit", path, tmp_path / "run", pairs=tmp_path / "pairs.parquet")
    values = prices()
    values[7, [int(name[1:]) for name in listed["y"][:1]]] = -1.0
    bad = str(write(tmp_path / "bad.parquet", values))
    with pytest.raises(BadOption, match=r"of row 1 cannot be used \(not_positive: price -1 at 2015-01-12"):
        run("fit", bad, tmp_path / "run", pairs=file)


def test_names_that_cannot_be_read_are_left_out_with_their_reason(tmp_path):
    values = prices(4, 100)
    table = pl.DataFrame({"date": days(100), "A": values[:, 0], "B": [None] * 100, "C": ["x"] * 100, "D": values[:, 3]})
    table.with_columns(pl.lit(np.inf).alias("D")).write_parquet(tmp_path / "prices.parquet")
    report = fit(str(tmp_path / "prices.parquet"), tmp_path / "run", FIT, engine="here")
    assert report.dropped == {"infinite": 1, "missing": 1, "not_numeric": 1}
    assert pl.read_parquet(tmp_path / "run/fits.parquet")["name"].to_list() == ["A"]
    table.select("date", pl.lit(np.inf).alias("D")).write_parquet(tmp_path / "none.parquet")
    with pytest.raises(BadUniverse, match="has no name that can be used of 1, such as D"):
        fit(str(tmp_path / "none.parquet"), tmp_path / "none", FIT, engine="here")
