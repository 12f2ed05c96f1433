"""A short soak of a sound server finds nothing, and finds a fault that is planted into one."""

import pytest

from tests.soak.__main__ import soaked
from tests.soak.planted import PLANTS

SIGNS = {
    "memory": "the memory grew",
    "in use": "MiB in use are left",
    "count": "received, but",
    "files": "files are left",
    "threads": "threads are left",
}


def _soaked(plant, patience_s=60):
    # So short a load leaves buffers that still grow; the planted leak takes the memory several times over.
    return soaked(4, 2, plant=plant, pace_s=0.05, most_growth=0.5, patience_s=patience_s)


def test_a_sound_server_passes():
    found = _soaked("")
    assert found.faults == []
    assert found.calls["PortfolioHealthStream CANCELLED"] > 1
    assert len(found.attacks) > 1


@pytest.mark.parametrize("plant", SIGNS)
def test_a_planted_fault_is_found(plant):
    assert any(SIGNS[plant] in fault for fault in _soaked(plant, patience_s=3).faults)
    assert {*SIGNS, ""} == set(PLANTS)
