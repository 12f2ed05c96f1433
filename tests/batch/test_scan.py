"""A scan in chunks: the same as one in process, the same bytes however it is computed, and what its folder says."""

import json
from dataclasses import asdict

import msgspec
import numpy as np
import polars as pl
import pytest

from gpu_kernels import backend, pair_trading
from gpu_kernels.dispatch import using
from meanrev_batch import Shard, clean, gather, scan, status
from meanrev_batch.engines import Stop, execution, here
from meanrev_batch.errors import BadOption, BadUniverse, ForeignFolder, Incomplete, OtherRun, StoppedRun
from meanrev_batch.model import Tile
from meanrev_batch.report import lines
from tests.batch.universes import OPTIONS, names_of, prices, write

ANSWERS = ("pairs.parquet", "universe.parquet")
SAME_OPTIONS = ("lags", "log", "cost", "objective", "lookback", "score", "cost_legs", "bias", "rank_by", "top")


def answers(folder):
    return [(folder / name).read_bytes() for name in ANSWERS]


def changed(**options):
    return msgspec.structs.replace(OPTIONS, **options)


def run(universe, out, options=OPTIONS, **means):
    return scan(str(universe), out, options, engine="here", **means)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"rank_by": "deflated_sharpe", "score": "rolling", "cost": 0.001},
        {"log": False, "select": "p<1", "top": 50},
        {"objective": "kelly"},
    ],
)
def test_it_agrees_with_a_scan_of_one_matrix(tmp_path, options):
    values, options = prices(34, 200), changed(**options)
    run(write(tmp_path / "prices.parquet", values), tmp_path / "run", options)
    found = pl.read_parquet(tmp_path / "run/pairs.parquet")
    same = {name: getattr(options, name) for name in SAME_OPTIONS}
    with using("native" if backend.usable("native") else "numpy"):
        whole = pair_trading.scan(values, alpha=options.selection.level, null_universes=0, **same)
    names = names_of(values)
    assert len(found) == len(whole.y) > 20
    for column in ("y", "x"):
        assert found[column].to_list() == [names[place] for place in getattr(whole, column)]
    for column in ("status", "reason", "test_note", "test_trades"):
        assert found[column].to_list() == list(getattr(whole, column))
    floats = [name for name, kind in found.schema.items() if kind == pl.Float64 or name.startswith("period_")]
    assert len(floats) == 22
    for column in floats:
        np.testing.assert_allclose(
            found[column].to_numpy(), getattr(whole, column), rtol=1e-9, atol=1e-12, err_msg=column
        )
    report = json.loads((tmp_path / "run/report.json").read_bytes())
    assert (report["n_tried"], report["n_selected"]) == (whole.n_pairs, whole.n_significant)


def test_the_rates_of_false_discovery_are_those_of_all_pairs(universe, scanned, tmp_path):
    """Selected by q, the pairs are those whose q, among all pairs, is below the level."""
    run(universe, tmp_path / "run", changed(select="q<0.14"))
    every = pl.read_parquet(scanned / "pairs.parquet").filter(pl.col("q_value") < 0.14)
    found = pl.read_parquet(tmp_path / "run/pairs.parquet")
    assert 0 < len(found) < json.loads((scanned / "report.json").read_bytes())["n_selected"]
    assert found.select("y", "x", "q_value").equals(every.select("y", "x", "q_value"))


def test_shards_and_a_gathering_give_the_same_bytes(universe, scanned, tmp_path):
    out = tmp_path / "run"
    for stage in ("test", "trade"):
        for number in (3, 1, 2):
            report = run(universe, out, shard=Shard(number, 3))
            assert report.state == "incomplete"
            assert not (out / "report.json").exists()
        if stage == "test":
            with pytest.raises(Incomplete, match="chunks of stage trade are missing"):
                gather(out)
    assert gather(out).state == "complete"
    assert answers(out) == answers(scanned)


def test_a_shard_whose_others_are_missing_is_not_gathered(universe, tmp_path):
    run(universe, tmp_path / "run", shard=Shard(1, 3))
    with pytest.raises(Incomplete, match="4 of 6 chunks of stage test are missing"):
        gather(tmp_path / "run")


def test_names_that_leave_are_traded_up_to_their_last_price(scanned):
    found = pl.read_parquet(scanned / "pairs.parquet")
    left = found.filter(pl.col("left").is_not_null())
    assert set(left["left"]) <= {"N03", "N30", "N03 and N30"}
    assert len(left) > 0
    last = {row["name"]: row["last_bar"] for row in pl.read_parquet(scanned / "universe.parquet").rows(named=True)}
    for row in found.rows(named=True):
        assert row["traded_to"] == min(last[row["y"]], last[row["x"]])
    report = json.loads((scanned / "report.json").read_bytes())
    assert report["left"] == ["N03", "N30"]
    assert report["survivorship"] == "names as given"


def test_an_interrupted_run_goes_on_with_what_is_there(universe, scanned, tmp_path, monkeypatch):
    out, stop, performed = tmp_path / "run", Stop(), []

    def counted(*arguments):
        performed.append(arguments[-1].id)
        stop.asked = int(len(performed) == 4)
        return whole(*arguments)

    whole = execution.performed
    monkeypatch.setattr(here, "performed", counted)
    assert run(universe, out, stop=stop).state == "cancelled"
    assert json.loads((out / "report.json").read_bytes())["state"] == "cancelled"
    assert status(out)["chunks"]["test"] == {"done": 4, "total": 6}
    assert run(universe, out).state == "complete"
    assert len(set(performed)) == len(performed)
    assert answers(out) == answers(scanned)


def test_a_chunk_that_raises_is_kept_as_failed_and_the_others_are_done(universe, scanned, tmp_path, monkeypatch):
    out, test = tmp_path / "run", execution.performed

    def failing(job, values, chunk):
        if isinstance(chunk.work, Tile) and chunk.work.y_start == 16 and chunk.work.x_start == 32:
            chunk = chunk._replace(work=Tile(0, 10**6, 0, 1))
        return test(job, values, chunk)

    monkeypatch.setattr(here, "performed", failing)
    report = run(universe, out)
    assert (report.state, report.chunks["test"]) == ("incomplete", {"done": 5, "total": 6})
    assert "InvalidInput" in report.failed[0]["reason"]
    assert [each["id"] for each in status(out)["failed"]] == [report.failed[0]["id"]]
    assert any(line.startswith("failed: names ") for line in lines(report))
    with pytest.raises(Incomplete):
        clean(out)
    monkeypatch.setattr(here, "performed", test)
    assert run(universe, out).state == "complete"
    assert not status(out)["failed"]
    assert answers(out) == answers(scanned)


def test_a_run_of_which_all_chunks_fail_is_stopped(universe, tmp_path, monkeypatch):
    whole = execution.performed
    monkeypatch.setattr(here, "performed", lambda job, values, chunk: whole(job, values[:, :3], chunk))
    with pytest.raises(StoppedRun, match="3 of the first 3 chunks failed"):
        run(universe, tmp_path / "run")
    assert status(tmp_path / "run")["report"]["state"] == "incomplete"


@pytest.mark.parametrize(
    ("options", "difference"),
    [
        ({"select": "p<0.01"}, "select is 'p<0.05' there and 'p<0.01' here"),
        ({"lags": 3}, "lags is 1 there and 3 here"),
        ({"split": "150"}, "split is '' there and '150' here"),
        ({"memory": 10**9}, "memory is 1 there and 1000000000 here"),
    ],
)
def test_a_folder_of_another_run_is_refused_with_the_first_difference(universe, scanned, options, difference):
    with pytest.raises(OtherRun, match=f"holds another run: {difference}; give another --out, or --fresh"):
        run(universe, scanned, changed(**options))


def test_other_prices_are_another_run_which_fresh_replaces(universe, scanned, tmp_path):
    out, values = tmp_path / "run", prices()
    first = write(tmp_path / "prices.parquet", values)
    run(first, out)
    (out / "notes.txt").write_text("mine")
    values[5, 5] *= 1.01
    second = write(tmp_path / "others.parquet", values)
    with pytest.raises(OtherRun, match="sha256 is"):
        run(second, out)
    assert run(second, out, fresh=True).foreign == ["notes.txt"]
    assert len(list((out / "test").glob("*.parquet"))) == 6
    run(universe, out, fresh=True)
    assert answers(out) == answers(scanned)


def test_a_folder_without_a_run_is_refused(universe, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ForeignFolder, match=r"holds notes\.txt and no run"):
        run(universe, tmp_path)
    for function in (gather, status, clean):
        with pytest.raises(ForeignFolder, match="holds no run"):
            function(tmp_path)


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        ({"split": "17"}, "split must leave at least 18 bars in the train part and 2 in the test part of 240"),
        ({"split": "239"}, "split must leave"),
        ({"lookback": 200}, "lookback must be at most the 168 bars"),
        ({"select": "q<1"}, "select must be q below a level under 1"),
    ],
)
def test_options_that_do_not_fit(universe, tmp_path, options, wrong):
    with pytest.raises(BadOption, match=wrong):
        run(universe, tmp_path / "run", changed(**options))


def test_a_universe_without_two_names(tmp_path):
    values = prices(3, 100)
    values[0, 1:] = -1.0
    with pytest.raises(BadUniverse, match=r"1 names that can be used of 3 .*2 not_positive, such as N01: price -1 at"):
        run(write(tmp_path / "prices.parquet", values), tmp_path / "run")


def test_a_clean_folder_keeps_its_answers_and_can_be_run_again(universe, scanned, tmp_path):
    out = tmp_path / "run"
    run(universe, out)
    assert clean(out) > 8 * 40 * 240
    assert not (out / "matrix.npy").exists()
    assert answers(out) == answers(scanned)
    assert run(universe, out).chunks["test"] == {"done": 6, "total": 6}
    assert answers(out) == answers(scanned)


def test_no_pair_that_is_selected_is_an_answer_too(universe, tmp_path):
    report = run(universe, tmp_path / "run", changed(select="p<1e-300"))
    assert (report.state, report.n_selected, report.by_status) == ("complete", 0, {})
    assert pl.read_parquet(tmp_path / "run/pairs.parquet").shape[0] == 0
    assert "0 selected: none" in "\n".join(lines(report))
    assert asdict(report)["files"][0]["rows"] == 0
