"""The fast part of bench/calibration: coverage and false convergence with wide bounds, and the page of the figures."""

from pathlib import Path

import numpy as np
import pytest

from bench.calibration import unit_root
from bench.calibration.section import Section, Table, newest, page, write
from gpu_kernels import ou
from gpu_kernels.ou.convergence import level
from tests.gpu_kernels.twins import COMPILED, on

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("bars", [100, 250])
@pytest.mark.parametrize("theta", unit_root.SPEEDS)
def test_intervals_cover_as_often_as_they_say(theta, bars):
    found = unit_root.coverage(theta, bars, 2000)
    assert 0.93 <= found["exact"] <= 0.97
    assert found["mu"] >= 0.89
    if 0 < theta <= 0.02:
        assert found["wald"] < found["exact"]


@on(COMPILED)
def test_random_walks_are_not_called_converged_at_any_tick(twin):
    shares = {rule: _called_converged(rule) for rule in ou.CONVERGENCES}
    assert shares["every_tick"] <= 0.1
    assert shares["single_look"] >= 0.2


def _called_converged(rule):
    called = 0
    for prices in unit_root.walks(0.0, 400, 60, np.random.default_rng(8)):
        stream = ou.OnlineOu(convergence=rule)
        for price in prices.tolist():
            stream.update(price)
            if stream.estimate().status == "converged":
                called += 1
                break
    return called / 60


def test_the_levels_of_all_doublings_add_up_to_5_percent():
    spent = [8.0 * level(30 * 2.0**doubling, 1e99) for doubling in range(60)]
    assert sum(spent) == pytest.approx(0.05)
    assert spent == sorted(spent, reverse=True)
    assert level(10_000, 100) == pytest.approx(level(10_000, 9_999) / 800)


def test_the_page_shows_the_newest_figures_of_each_section(tmp_path):
    table = Table("A table", "What it is.", ["n", "share"], [[100, 0.123456], [200, "none"]])
    section = Section(1, "A section", "About it.", {"seed": 3}, [table])
    for day, title in (("2026-01-01", "An old one"), ("2026-01-02", "A section")):
        write(section._replace(title=title), "first", tmp_path).rename(tmp_path / f"calibration-first-{day}.json")
    write(section._replace(place=0, title="Before it"), "second", tmp_path)
    assert [each.title for _, each in newest(tmp_path)] == ["Before it", "A section"]
    shown = page(tmp_path)
    assert "| 100 | 0.1235 |\n| 200 | none |" in shown
    assert "An old one" not in shown
    assert "From `calibration-first-2026-01-02.json`: seed 3." in shown


def test_the_page_in_the_docs_is_made_of_the_kept_figures():
    assert (ROOT / "docs" / "calibration.md").read_text(encoding="utf-8") == page(ROOT / "bench" / "results")
