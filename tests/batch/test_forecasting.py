"""What a forecast counts is what the run has; what it estimates from a few chunks is near."""

import json

import msgspec
import pytest

from meanrev_batch import forecast, forecasting, scan
from meanrev_batch.errors import BadOption, Incomplete
from meanrev_batch.forecasting import lines
from meanrev_batch.model import Job
from tests.batch.universes import OPTIONS, prices, write


@pytest.fixture(scope="module")
def universe(tmp_path_factory):
    return str(write(tmp_path_factory.mktemp("universe") / "prices.parquet", prices(120, 240)))


@pytest.mark.parametrize("select", ["p<0.05", "p<1", "q<0.4"])
def test_it_is_near_what_the_run_has(universe, tmp_path, select):
    options = msgspec.structs.replace(OPTIONS, select=select)
    found = forecast(universe, options, workers=3, dollars_per_hour=36.0)
    assert scan(universe, tmp_path / "run", options, engine="here").state == "complete"
    report = json.loads((tmp_path / "run/report.json").read_bytes())
    assert (found.n_names, found.n_kept, found.n_pairs) == (120, 120, report["n_pairs"])
    assert found.chunks["test"] == report["chunks"]["test"]["total"]
    assert abs(found.chunks["trade"] - report["chunks"]["trade"]["total"]) <= 1
    assert 0.5 * report["n_selected"] < found.n_selected < 2.0 * report["n_selected"]
    written = sum(path.stat().st_size for path in (tmp_path / "run").rglob("*") if path.is_file())
    assert 0.5 * written < found.bytes_out < 2.0 * written
    assert found.wall_s == pytest.approx(
        (found.cpu_s["test"] + found.cpu_s["trade"]) / 3 + found.cpu_s["gather"], abs=2e-3
    )
    assert found.dollars == pytest.approx(found.wall_s / 100.0, abs=1e-4)
    assert found.rss_bytes > 10**7
    assert any(line.startswith("with 3 workers: about ") for line in lines(found))


def test_no_pair_selected(universe):
    found = forecast(universe, msgspec.structs.replace(OPTIONS, select="p<1e-300"), workers=1)
    assert (found.n_selected, found.chunks["trade"], found.cpu_s["trade"], found.dollars) == (0, 0, 0.0, None)


def test_a_chunk_that_fails_is_named(universe, monkeypatch):
    monkeypatch.setattr(forecasting, "Job", lambda options, _, *others: Job(options, 3, *others))
    with pytest.raises(Incomplete, match=r"^names 0 to 15 with .*InvalidInput"):
        forecast(universe, OPTIONS, workers=1)


def test_options_that_break_a_rule_are_refused(universe):
    with pytest.raises(BadOption, match="select must be"):
        forecast(universe, msgspec.structs.replace(OPTIONS, select="z<1"), workers=1)
