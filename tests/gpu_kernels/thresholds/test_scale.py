"""Thresholds are in deviations: they depend neither on the unit of the process nor on that of time."""

import numpy as np
import pytest

from gpu_kernels import signals, thresholds

IN_DEVIATIONS = ("entry_z", "exit_z")


@pytest.mark.parametrize("scale", [2.0**-43, 2.0**30, 1e-13, 1e-10, 1e9])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"objective": "profit"},
        {"objective": "kelly"},
        {"objective": "profit", "model": "to_mean"},
        {"dt": 0.1, "stop": 6.0},
        {"objective": "profit", "model": "leung_li", "rate": 0.2},
    ],
)
def test_the_unit_of_the_process_changes_no_threshold(options, scale):
    mu = 3.0
    base, found = (thresholds.optimal(0.8, mu * unit, 0.5 * unit, 0.02 * unit, **options) for unit in (1.0, scale))
    for name in IN_DEVIATIONS:
        assert getattr(found, name) == pytest.approx(getattr(base, name), rel=1e-9), name


@pytest.mark.parametrize("scale", [2.0**-43, 1e-13, 1e9])
@pytest.mark.parametrize("position", signals.POSITIONS)
def test_the_unit_of_the_price_changes_no_decision(position, scale):
    for distance in np.linspace(-2.93, 3.07, 13):
        base, found = (
            signals.decide(
                (5.0 + distance) * unit,
                0.5,
                5.0 * unit,
                1.0 * unit,
                1.0,
                0.2,
                position=position,
                round_trip_cost=0.01 * unit,
                stop=2.5,
            )
            for unit in (1.0, scale)
        )
        assert (found.signal, found.rule) == (base.signal, base.rule)
        assert found.zscore == pytest.approx(base.zscore, rel=1e-9, abs=1e-12)
        assert found.confidence == pytest.approx(base.confidence, rel=1e-9)
        assert found.expected_profit == pytest.approx(base.expected_profit * scale, rel=1e-9)


def test_a_bound_beyond_the_doubles_is_none():
    free = thresholds.optimal(1.0, 0.0, 1e5, 1e3, objective="kelly")
    bounded = thresholds.optimal(1.0, 0.0, 1e5, 1e3, objective="kelly", f_max=1e305)
    assert bounded.fraction == free.fraction > 0
