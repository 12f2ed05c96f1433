"""One more day: with a dated split the tests stay, and the answer is that of a fresh run."""

import json

import msgspec
import numpy as np
import polars as pl
import pytest

from meanrev_batch import scan, status
from meanrev_batch.engines import execution, here
from meanrev_batch.errors import BadOption, OtherRun
from tests.batch.universes import OPTIONS, days, prices, write

ANSWERS = ("pairs.parquet", "universe.parquet")
SPLIT = str(days(240)[167].astype("datetime64[D]"))
DATED = msgspec.structs.replace(OPTIONS, split=SPLIT)


@pytest.fixture(scope="module")
def values():
    found = prices(40, 242)
    found[200:, 30] = np.nan
    return found


@pytest.fixture
def run(tmp_path, values, monkeypatch):
    """Run a scan of the first bars; returns the stages of the chunks that were computed, and the report."""
    performed = execution.performed

    def scanned(n_bars, name="run", options=DATED, **given):
        stages = []
        monkeypatch.setattr(
            here, "performed", lambda job, rows, chunk: (stages.append(chunk.stage), performed(job, rows, chunk))[1]
        )
        path = write(tmp_path / f"{n_bars}.parquet", values[:n_bars])
        return stages, scan(str(path), tmp_path / name, options, engine="here", **given)

    return scanned


def test_a_further_day_computes_no_test_and_gives_the_answer_of_a_fresh_run(run, tmp_path):
    run(240)
    stages, report = run(241, extend=True)
    assert set(stages) == {"trade"}
    assert report.state == "complete"
    run(241, "fresh")
    for name in ANSWERS:
        assert (tmp_path / "run" / name).read_bytes() == (tmp_path / "fresh" / name).read_bytes()
    assert sorted(path.name for path in tmp_path.glob("run/t*/*")) == sorted(
        path.name for path in tmp_path.glob("fresh/t*/*")
    )
    last = pl.read_parquet(tmp_path / "run/pairs.parquet")["traded_to"].max()
    assert last.date() == days(241)[-1].item().date()
    assert run(241)[0] == []


def test_without_being_asked_a_further_day_is_another_run(run):
    run(240)
    with pytest.raises(OtherRun, match=r"n_bars is 240 there and 241 here|last_bar is"):
        run(241)


def test_an_answer_of_fewer_days_is_gone_once_the_run_goes_on(run, tmp_path, monkeypatch):
    run(240)
    monkeypatch.setattr("meanrev_batch.session.stages.computed", lambda *_: False)
    run(241, extend=True)
    assert not (tmp_path / "run/pairs.parquet").exists()
    assert json.loads((tmp_path / "run/report.json").read_bytes())["state"] == "incomplete"
    assert status(tmp_path / "run")["run"]["source"]["n_bars"] == 241


def test_a_split_that_moves_is_refused_with_the_way_out(run):
    run(240, options=OPTIONS)
    with pytest.raises(OtherRun, match="split_bar is 168 there and 169 here; give the split of that run as a day"):
        run(242, options=OPTIONS, extend=True)


def test_other_options_are_refused(run):
    run(240)
    with pytest.raises(OtherRun, match="lags is 1 there and 2 here"):
        run(241, options=msgspec.structs.replace(DATED, lags=2), extend=True)


def test_a_history_that_changes_voids_the_tiles_of_its_name_alone(run, values):
    run(240)
    values[50, 0] *= 1.001
    try:
        stages, _ = run(241, extend=True)
    finally:
        values[50, 0] /= 1.001
    assert stages.count("test") == 3


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ({"fresh": True, "extend": True}, "fresh must not be given with extend"),
        ({"workers": 0}, "workers must be at least 1"),
    ],
)
def test_what_does_not_go_together_is_refused(run, tmp_path, given, rule):
    with pytest.raises(BadOption, match=rule):
        run(240, **given)
    assert not (tmp_path / "run").exists()
