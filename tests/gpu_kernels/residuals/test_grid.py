"""A grid of structures and cells: its figures, its choice, its controls, years, walk-forward and today."""

import itertools
import math

import numpy as np
import pytest

from gpu_kernels import interruption, residuals, threshold_grid
from gpu_kernels.errors import Interrupted
from tests.gpu_kernels.residuals.universe import SMALL, followed, naive_days, universe, with_gaps
from tests.gpu_kernels.twins import CPU, on
from tests.naive import residuals as naive

FEW = residuals.Filters(min_dof=5)
PRICES = universe(11, 200, 8, reversion=0.2)
AXES = {"entry": [0.8, 1.3], "exit_long": [0.2, 1.0], "exit_short": [0.5], "cost": [0.0, 0.002]}
RULES = residuals.Rules(size=0.1)


def grid(**options):
    given = {"factors": [1, 2], "window": [40], "regression": [25], "filters": FEW, "rules": RULES, **AXES, **options}
    return residuals.trade(given.pop("prices", PRICES), **given)


@on(CPU)
def test_a_cell_has_the_figures_that_it_has_alone(twin):
    book = grid(max_reversion=[6.0, 12.5])
    every = itertools.product([1, 2], [6.0, 12.5], *AXES.values())
    assert len(book.structures) == 4
    for cell, (factors, slowest, entry, exit_long, exit_short, cost) in enumerate(every):
        if not book.cells.valid[cell]:
            assert exit_long >= entry
            assert math.isnan(book.figures.sharpe_book[cell])
            assert "outside of [-entry, entry)" in book.reasons[book.reason[cell]]
            continue
        alone = grid(
            factors=[factors],
            max_reversion=[slowest],
            entry=entry,
            exit_long=exit_long,
            exit_short=exit_short,
            cost=cost,
        )
        for name, values in book.figures._asdict().items():
            np.testing.assert_allclose(values[cell], getattr(alone.figures, name)[0], rtol=1e-11, err_msg=name)


def test_more_cells_than_a_group_change_no_figure():
    entries = np.linspace(0.7, 1.7, 70)
    book = grid(factors=[2], entry=entries, exit_long=0.2, exit_short=0.5, cost=0.001)
    some = grid(factors=[2], entry=entries[[0, 40, 69]], exit_long=0.2, exit_short=0.5, cost=0.001)
    for name, values in book.figures._asdict().items():
        np.testing.assert_allclose(values[[0, 40, 69]], getattr(some.figures, name), rtol=1e-11, err_msg=name)


@pytest.mark.parametrize("basis", residuals.COST_BASES)
def test_the_choice_has_the_largest_net_ratio_and_is_deflated_by_all_cells(basis):
    book = grid(rules=RULES._replace(cost_basis=basis))
    ratios = getattr(book.figures, f"sharpe_{basis}")
    choice = book.choice
    assert choice.cell == np.nanargmax(ratios)
    assert choice.value == ratios[choice.cell]
    assert choice.n_tried == np.isfinite(ratios).sum() == 12
    returns = book.returns[40:]
    centred = returns - returns.mean()
    skewness, kurtosis = (np.mean(centred**k) / np.mean(centred**2) ** (k / 2) for k in (3, 4))
    tried = ratios[np.isfinite(ratios)] / math.sqrt(252.0)
    expected = threshold_grid.deflated_sharpe(
        choice.value / math.sqrt(252.0), returns.size, skewness, kurtosis, 12, tried.var(ddof=1)
    )
    assert choice.deflated_sharpe == pytest.approx(expected, rel=1e-9)
    assert naive.sharpe(returns) == pytest.approx(choice.value, rel=1e-9)


def test_the_test_parts_of_a_walk_start_flat_with_a_cell_chosen_before_them():
    book = grid(spans=residuals.Spans(60, 30, 5), rules=RULES._replace(delay=2))
    starts = [(each.train_start, each.test_start) for each in book.walk_forward]
    assert starts == [(40, 105), (70, 135), (100, 165)]
    whole = {}
    for factors, entry, exit_long, exit_short in itertools.product([1, 2], *list(AXES.values())[:3]):
        days = naive_days(PRICES, factors, min_dof=5, **SMALL)
        whole[factors, entry, exit_long, exit_short] = days
    cells = list(itertools.product([1, 2], *AXES.values()))
    for step in book.walk_forward:
        ratios = np.full(len(cells), np.nan)
        for cell, (factors, *thresholds, cost) in enumerate(cells):
            if thresholds[1] >= thresholds[0]:
                continue
            rows = followed(PRICES, whole[factors, *thresholds], thresholds, 40, delay=2, size=0.1)[0]
            part = rows[step.train_start - 40 : step.train_stop - 40]
            ratios[cell] = naive.sharpe(part[:, 0] - cost * part[:, 2])
        assert step.cell == np.nanargmax(ratios)
        assert step.train_sharpe == pytest.approx(np.nanmax(ratios), rel=1e-8)
        factors, *thresholds, cost = cells[step.cell]
        days = whole[factors, *thresholds]
        rows = followed(PRICES, days, thresholds, 40, delay=2, size=0.1, start=step.test_start)[0]
        part = rows[step.test_start - 40 : step.test_stop - 40]
        net = part[:, 0] - cost * part[:, 2]
        assert step.test_sharpe == pytest.approx(naive.sharpe(net), rel=1e-8)
        assert step.test_return == pytest.approx(np.prod(1.0 + net) - 1.0, rel=1e-8)
        assert step.test_trades == part[:, 4].sum() > 0
    (pooled,) = book.pooled
    assert (pooled.n_steps, pooled.n_bars) == (3, 90)


def test_a_walk_reads_no_later_price():
    spans = residuals.Spans(60, 30, 0)
    first = grid(spans=spans).walk_forward[0]
    again = grid(prices=PRICES[: first.test_stop], spans=spans).walk_forward[0]
    assert again == first


def test_the_controls_are_one_factor_and_a_reversal():
    prices, members = with_gaps(PRICES, 3, share=0.001)
    book = grid(prices=prices, members=members, factors=[3], rules=RULES._replace(delay=1))
    assert book.controls.name == ("one_factor", "reversal_5")
    cell = book.choice.cell
    thresholds = [float(getattr(book.cells, name)[cell]) for name in ("entry", "exit_long", "exit_short")]
    cost = float(book.cells.cost[cell])
    days = naive_days(prices, 1, members=members, min_dof=5, **SMALL)
    rows = followed(prices, days, thresholds, 40, delay=1, size=0.1)[0]
    ratio = naive.sharpe(rows[:, 0] - cost * rows[:, 2])
    assert book.controls.figures.sharpe_book[0] == pytest.approx(ratio, rel=1e-8)
    correlation = np.corrcoef(rows[:, 0] - cost * rows[:, 2], book.returns[40:])[0, 1]
    assert book.controls.correlation[0] == pytest.approx(correlation, rel=1e-7)
    against = []
    for row in range(len(prices)):
        weights = np.zeros(8)
        names = naive.eligible(prices, members, row, 40)
        if len(names) > 1:
            moved = prices[row, names] / prices[row - 5, names] - 1.0
            weights[names] = -(moved - moved.mean()) / np.abs(moved - moved.mean()).sum()
        against.append(weights)
    held, gains = np.zeros(8), []
    last = np.full(8, np.nan)
    for row in range(len(prices)):
        known = np.isfinite(prices[row])
        moves = np.where(known & np.isfinite(last), prices[row] / last - 1.0, 0.0)
        last = np.where(known, prices[row], last)
        if row >= 40:
            after = held * (1.0 + moves) / (1.0 + held @ moves)
            wanted = against[row - 1] if row >= 41 else np.zeros(8)
            gains.append(held @ moves - cost * np.abs(wanted - after).sum())
            held = wanted
    assert book.controls.figures.sharpe_book[1] == pytest.approx(naive.sharpe(np.array(gains)), rel=1e-8)
    assert book.controls.figures.mean_gross[1] == pytest.approx(1.0, abs=0.02)


def test_years_are_those_of_the_chosen_returns():
    years = np.repeat([2020, 2021, 2022], [90, 60, 50])
    book = grid(years=years)
    assert book.years.year.tolist() == [2020, 2021, 2022]
    assert book.years.n_bars.tolist() == [50, 60, 50]
    for place, year in enumerate(book.years.year):
        part = book.returns[40:][years[40:] == year]
        assert book.years.figures.sharpe_book[place] == pytest.approx(naive.sharpe(part), rel=1e-9)
        assert book.years.figures.total_return[place] == pytest.approx(np.prod(1.0 + part) - 1.0, rel=1e-9)
    assert book.years.figures.num_trades.sum() == book.figures.num_trades[book.choice.cell]
    assert grid().years is None


def test_today_is_the_decision_of_the_last_close():
    prices, members = with_gaps(PRICES, 9, share=0.0005)
    prices[-1, 2] = np.nan
    book = grid(prices=prices, members=members)
    own = book.structures[book.cells.structure[book.choice.cell]]
    panel = residuals.panel(prices, factors=own.factors, filters=FEW, members=members, rows=[199], **SMALL)
    today = book.today
    np.testing.assert_array_equal(today.score, panel.score[-1])
    np.testing.assert_array_equal(today.side, book.positions[-1])
    weights = 0.1 * today.side
    np.testing.assert_allclose(today.dollars, weights - panel.Q[0] @ (panel.B[0].T @ weights), atol=1e-15)
    assert "not eligible" in residuals.NAME_REASONS[today.why[2]]
    np.testing.assert_array_equal(today.why == 0, np.isfinite(today.score))
    known = today.reversion_p[np.isfinite(today.reversion_p)]
    expected = [min(known[known >= p] * known.size / [np.sum(known <= q) for q in known[known >= p]]) for p in known]
    np.testing.assert_allclose(today.q_value[np.isfinite(today.reversion_p)], expected, rtol=1e-12)


def test_positions_follow_the_thresholds_and_the_two_exits_differ():
    book = grid(factors=[2], entry=1.3, exit_long=0.2, exit_short=0.9, cost=0.001)
    panel = residuals.panel(PRICES, factors=2, filters=FEW, **SMALL)
    side = np.zeros(8, dtype=int)
    for row, scores in enumerate(panel.score):
        side = np.array([naive.decided(s, v, 1.3, 0.2, 0.9) for s, v in zip(side, scores, strict=True)])
        np.testing.assert_array_equal(book.positions[row], side)
    assert {-1, 0, 1} <= set(book.positions.ravel().tolist())


def test_a_ruined_account_has_a_reason_and_no_figure():
    prices = PRICES.copy()
    prices[150, 0] *= 40.0
    book = grid(prices=prices, factors=[2], rules=RULES._replace(size=3.0), entry=0.8, exit_long=0.2, cost=0.0)
    assert math.isnan(book.figures.sharpe_book[0])
    assert "ruined" in book.reasons[book.reason[0]]
    assert book.choice.cell == -1
    assert book.counts.stale_fills == -1
    assert np.isnan(book.returns).all()
    assert not book.positions.any()


def test_a_structure_without_scores_has_a_reason_beside_one_that_has_some():
    book = grid(factors=[2, 7], entry=0.8, exit_long=0.2, cost=0.0)
    assert book.reasons[book.reason[0]] == ""
    assert "fewer than 2 names a factor" in book.reasons[book.reason[1]]
    assert book.choice.n_tried == 1


def test_white_noise_filters_by_p_and_by_r_squared():
    wide = residuals.panel(PRICES, factors=2, filters=FEW, **SMALL)
    strict = residuals.panel(PRICES, factors=2, filters=FEW._replace(min_r2=0.5), max_p=0.3, **SMALL)
    passed = np.isfinite(wide.score) & (wide.r_squared >= 0.5) & (wide.reversion_p <= 0.3)
    assert 0 < passed.sum() < np.isfinite(wide.score).sum()
    np.testing.assert_array_equal(np.isfinite(strict.score), passed)


def test_hedged_returns_are_what_a_name_and_its_hedge_earn():
    panel = residuals.panel(PRICES, factors=2, filters=FEW, rows=np.arange(200), **SMALL)
    returns = PRICES[1:] / PRICES[:-1] - 1.0
    for row in (60, 120, 198):
        for name in range(8):
            weights = np.eye(8)[name]
            held = weights - panel.Q[row] @ (panel.B[row].T @ weights)
            assert panel.hedged[row + 1, name] == pytest.approx(held @ returns[row], abs=1e-14)
    assert np.isnan(panel.hedged[:41]).all()


def test_progress_reaches_the_end_and_an_interrupt_ends_the_work():
    seen = []
    grid(progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (160, 160)
    flag = interruption.Interrupt()

    def stop(done, total):
        flag.set()

    with interruption.using(flag), pytest.raises(Interrupted):
        grid(progress=stop)
