"""Formation windows and members: each window is a scan of its own bars and of who counted then."""

import json

import msgspec
import numpy as np
import polars as pl
import pytest

from meanrev_batch import Shard, forecast, gather, membership, scan, status, sweep
from meanrev_batch.engines import execution, here
from meanrev_batch.errors import BadOption, BadUniverse, OtherRun
from meanrev_batch.options import SweepOptions
from meanrev_batch.report import lines
from tests.batch.universes import OPTIONS, days, names_of, prices, write

STEP = 40
WINDOWS = msgspec.structs.replace(OPTIONS, windows=(120, 60, STEP))
ONE = msgspec.structs.replace(OPTIONS, split="120")
N_WINDOWS = 4


@pytest.fixture(scope="module")
def values():
    """Prices over 320 bars: a name that ends in window 2's test part, one that begins late, and gaps short and long."""
    found = prices(40, 320)
    found[190:, 3] = np.nan  # window 2 has bars 40 to 220, and trades from 160 on
    found[:70, 30] = np.nan
    found[157:162, 7] = np.nan  # over the end of window 2's train part
    found[179:181, 8] = np.nan  # over the end of window 1
    return found


@pytest.fixture(scope="module")
def universe(values, tmp_path_factory):
    return str(write(tmp_path_factory.mktemp("windows") / "prices.parquet", values))


@pytest.fixture(scope="module")
def scanned(universe, tmp_path_factory):
    out = tmp_path_factory.mktemp("windows") / "run"
    assert scan(universe, out, WINDOWS, engine="here").state == "complete"
    return out


def run(universe, out, options=WINDOWS, **given):
    return scan(str(universe), out, options, engine="here", **given)


def spells(path, *rows):
    pl.DataFrame(rows, schema=dict.fromkeys(("name", "from", "to"), pl.String), orient="row").with_columns(
        pl.col("from", "to").str.to_date()
    ).write_parquet(path)
    return str(path)


@pytest.mark.parametrize("number", range(1, N_WINDOWS + 1))
def test_a_window_is_a_scan_of_its_bars(values, scanned, tmp_path, number):
    """The same names, pairs, ranks and q-values, to the bit: bars outside a window change nothing in it."""
    first = (number - 1) * STEP
    bars = slice(first, first + 180)
    alone = write(tmp_path / "prices.parquet", values[bars], days(320)[bars])
    run(alone, tmp_path / "run", ONE)
    for name in ("pairs", "universe"):
        found = pl.read_parquet(scanned / f"{name}.parquet").filter(pl.col("window") == number)
        expected = pl.read_parquet(tmp_path / f"run/{name}.parquet")
        assert len(found) == len(expected) > 0
        apart = [column for column in ("window", "row") if column in found.columns]
        assert found.drop(apart).equals(expected.drop(apart)), name


def test_completeness_is_asked_of_each_window_and_whoever_leaves_is_named(scanned):
    universe = pl.read_parquet(scanned / "universe.parquet")
    reasons = {
        name: universe.filter(pl.col("name") == name)["reason"].to_list()
        for name in ("N00", "N03", "N30", "N07", "N08")
    }
    assert reasons == {
        "N00": [""] * 4,
        "N03": ["", "", "short", "short"],  # short of the train part of windows 3 and 4
        "N30": ["short", "short", "", ""],
        "N07": ["", "missing", "missing", "missing"],
        "N08": [""] * 4,
    }
    pairs = pl.read_parquet(scanned / "pairs.parquet")
    left = pairs.filter(pl.col("left").str.contains("N03"))
    assert set(left["window"]) == {2}
    assert set(left["traded_to"].dt.date()) == {days(320)[189].astype("datetime64[D]").item()}
    whole = pairs.filter(pl.col("left").is_null() & (pl.col("window") == 3))
    assert set(whole["traded_to"].dt.date()) == {days(320)[259].astype("datetime64[D]").item()}
    report = json.loads((scanned / "report.json").read_bytes())
    assert [window["n_kept"] for window in report["windows"]] == [39, 38, 38, 38]
    assert [window["n_left"] for window in report["windows"]] == [2, 1, 0, 0]
    assert (report["n_names"], report["n_kept"], report["dropped"]) == (40, 40, {})
    assert report["n_selected"] == len(pairs) == sum(window["n_selected"] for window in report["windows"])
    assert report["n_pairs"] == 39 * 38 // 2 + 3 * (38 * 37 // 2)


def test_ranks_and_the_top_are_those_of_a_window(universe, scanned, tmp_path):
    run(universe, tmp_path / "run", msgspec.structs.replace(WINDOWS, top=5))
    found = pl.read_parquet(tmp_path / "run/pairs.parquet")
    assert found["rank"].to_list() == [1, 2, 3, 4, 5] * N_WINDOWS
    assert found.equals(pl.read_parquet(scanned / "pairs.parquet").filter(pl.col("rank") <= 5))


def test_shards_workers_and_a_gathering_give_the_same_bytes(universe, scanned, tmp_path):
    for stage in ("test", "trade"):
        for number in (1, 2):
            run(universe, tmp_path / "parts", shard=Shard(number, 2, stage))
    assert gather(tmp_path / "parts").state == "complete"
    assert scan(universe, tmp_path / "workers", WINDOWS, workers=2).state == "complete"
    for out in ("parts", "workers"):
        for name in ("pairs", "universe"):
            assert (tmp_path / out / f"{name}.parquet").read_bytes() == (scanned / f"{name}.parquet").read_bytes()
    assert status(tmp_path / "parts")["chunks"]["test"] == {"done": 24, "total": 24}


def test_further_bars_add_a_window_and_compute_no_other(values, tmp_path, monkeypatch):
    begun = []
    for n_bars, mode in ((299, {}), (320, {"extend": True})):
        path = write(tmp_path / f"{n_bars}.parquet", values[:n_bars])
        begun.clear()
        monkeypatch.setattr(
            here, "performed", lambda job, rows, chunk: (begun.append(chunk), execution.performed(job, rows, chunk))[1]
        )
        assert run(path, tmp_path / "run", **mode).state == "complete"
    assert {chunk.start for chunk in begun} == {3 * STEP}
    run(path, tmp_path / "fresh")
    assert (tmp_path / "run/pairs.parquet").read_bytes() == (tmp_path / "fresh/pairs.parquet").read_bytes()


def test_members_count_where_they_are_members_at_the_formation_date(universe, scanned, tmp_path):
    day = [str(day)[:10] for day in days(320)]
    formed = [day[119 + STEP * place] for place in range(N_WINDOWS)]
    rows = [(name, None, None) for name in names_of(np.zeros((1, 40)))[2:]]
    rows += [
        ("N00", formed[1], formed[1]),
        ("N00", formed[3], None),
        ("N01", None, day[118]),
        ("GONE", None, formed[0]),
    ]
    members = spells(tmp_path / "members.parquet", *rows)
    report = run(universe, tmp_path / "run", members=members)
    found = pl.read_parquet(tmp_path / "run/universe.parquet")
    reasons = {name: found.filter(pl.col("name") == name)["reason"].to_list() for name in ("N00", "N01", "N02")}
    assert reasons == {"N00": ["not_member", "", "not_member", ""], "N01": ["not_member"] * 4, "N02": [""] * 4}
    detail = found.filter((pl.col("name") == "N01") & (pl.col("window") == 1))["detail"].item()
    assert detail == f"it is no member at {formed[0]}"
    assert report.dropped == {"not_member": 1}
    assert report.survivorship == "members at each formation date"
    assert f"1 members have no prices in the universe, such as GONE at {formed[0]}" in "\n".join(report.warnings)
    assert any(line.startswith("survivorship: members at each formation date; ") for line in lines(report))
    pairs = pl.read_parquet(tmp_path / "run/pairs.parquet")
    for name, windows in (("N00", {2, 4}), ("N01", set())):
        assert set(pairs.filter((pl.col("y") == name) | (pl.col("x") == name))["window"]) <= windows
    every = pl.read_parquet(scanned / "pairs.parquet")
    known = pairs.join(every, on=["window", "y", "x"])
    assert known.height == pairs.height > 100
    for name in ("p_value", "test_sharpe"):
        np.testing.assert_allclose(known[name].to_numpy(), known[f"{name}_right"].to_numpy(), rtol=1e-9)
    with pytest.raises(OtherRun, match=r"members is '[0-9a-f]{64}' there and '' here"):
        run(universe, tmp_path / "run")
    assert gather(tmp_path / "run").survivorship == "members at each formation date"


def test_members_without_windows_and_as_csv(universe, tmp_path):
    lines_of = ["name,from,to", "N01,2015-01-01,", "N02,,2030-01-01", "N03,2015-03-02,2015-03-04", "N05,,"]
    (tmp_path / "members.csv").write_text("\n".join(lines_of))
    report = run(universe, tmp_path / "run", OPTIONS, members=str(tmp_path / "members.csv"))
    assert (report.n_kept, report.dropped["not_member"]) == (3, 37)


@pytest.mark.parametrize(
    ("table", "rule"),
    [
        ("name,from\nN01,2015-01-01", r"must be a Parquet or CSV file with columns name, from and to"),
        ("name,from,to\n,2015-01-01,2015-01-02", "must name a member in each row; row 1 does not"),
        ("name,from,to\nN01,2015-02-01,2015-01-02", "ends before it begins, as N01 from 2015-02-01"),
        ("name,from,to\nN01,soon,later", "whose days are dates"),
    ],
)
def test_a_table_of_members_that_cannot_be_used(universe, tmp_path, table, rule):
    (tmp_path / "members.csv").write_text(table)
    with pytest.raises(BadOption, match=rule):
        run(universe, tmp_path / "run", members=str(tmp_path / "members.csv"))
    with pytest.raises(BadOption, match="must be a Parquet or CSV file"):
        membership.read(str(tmp_path / "none.parquet"))


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({"windows": (300, 60, 1)}, "windows must be at least 18 train bars and 2 test bars, together at most 320"),
        ({"windows": (17, 60, 1)}, "windows must be at least 18 train bars"),
        ({"windows": (120, 1, 1)}, "windows must be at least 18 train bars and 2 test bars"),
        ({"windows": (120, 60, 40), "split": "100"}, "windows must not be given with split"),
        ({"lookback": 121}, "lookback must be at most the 120 bars"),
    ],
)
def test_windows_that_do_not_fit(universe, tmp_path, options, rule):
    with pytest.raises(BadOption, match=rule):
        run(universe, tmp_path / "run", msgspec.structs.replace(WINDOWS, **options))


def test_a_universe_of_which_no_window_has_two_names(universe, tmp_path):
    members = spells(tmp_path / "members.parquet", ("N01", "2015-01-01", None))
    with pytest.raises(BadUniverse, match=r"has 1 names that can be used in any of 4 windows of 40 \(39 not_member"):
        run(universe, tmp_path / "run", members=members)


def test_a_forecast_counts_all_windows(universe, scanned):
    found = forecast(universe, WINDOWS, workers=2)
    report = json.loads((scanned / "report.json").read_bytes())
    assert (found.n_pairs, found.n_kept) == (report["n_pairs"], 40)
    assert found.chunks["test"] == report["chunks"]["test"]["total"]
    assert 0.4 * report["n_selected"] < found.n_selected < 2.5 * report["n_selected"]


def test_the_pairs_of_several_windows_are_no_pairs_of_a_sweep(universe, scanned, tmp_path):
    options = SweepOptions(entry=(1.0,), exit=(0.0,))
    with pytest.raises(BadOption, match="pairs must be of one window"):
        sweep(universe, tmp_path / "run", options, pairs=scanned / "pairs.parquet", engine="here")
