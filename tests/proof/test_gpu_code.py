"""Every kernel compiles for every GPU without one at hand, and costs no more than its budget there."""

import tomllib
from pathlib import Path

import pytest

from gpu_kernels import compile as kernels
from gpu_kernels.compile import ARCHITECTURES
from tests.proof import machine_code
from tests.proof.builds import OPERATIONS, entries

BUDGETS = tomllib.loads((Path(__file__).parent / "budgets.toml").read_text(encoding="utf-8"))

pytestmark = [
    pytest.mark.proof,
    pytest.mark.skipif(not machine_code.available(), reason="needs NVRTC and nvdisasm; `make proof` brings them"),
]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_kernel_compiles_and_keeps_its_budget(operation, architecture, tmp_path, monkeypatch):
    monkeypatch.setattr(kernels, "_folder", [tmp_path / "cache"])
    costs = machine_code.costs(operation, architecture, tmp_path)
    assert set(costs) == set(entries(operation))
    over = []
    for entry, cost in costs.items():
        budget = BUDGETS["default"] | BUDGETS.get(operation, {}).get(entry, {})
        over += [
            f"{entry}: {name} {getattr(cost, name)}, budget {limit}"
            for name, limit in budget.items()
            if getattr(cost, name) > limit
        ]
    assert not over, f"{operation} for {architecture}: {'; '.join(over)}"


def test_every_budget_has_a_kernel():
    for operation, budgets in BUDGETS.items():
        if operation != "default":
            assert set(budgets) <= set(entries(operation)), operation


SPILLING = """
extern "C" __global__ void spilling(const double* from, double* to, int n) {
    double held[300];
    for (int k = 0; k < 300; ++k) held[k] = from[k * n + threadIdx.x];
    for (int turn = 0; turn < n; ++turn)
        for (int k = 0; k < 300; ++k) held[k] = held[k] * held[(k + 7) % 300] + 1.0;
    for (int k = 0; k < 300; ++k) to[k * n + threadIdx.x] = held[k];
}
"""


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_local_memory_is_seen_where_there_is_some(architecture, tmp_path, monkeypatch):
    source = tmp_path / "spilling.cu"
    source.write_text(SPILLING, encoding="utf-8")
    monkeypatch.setattr(kernels, "_folder", [tmp_path / "cache"])
    monkeypatch.setattr(kernels, "sources", lambda: {"spilling": source})
    cost = machine_code.costs("spilling", architecture, tmp_path)["spilling"]
    assert cost.stack > 0
    assert cost.local_accesses > 0
    assert cost.loop_pass > 0


def test_a_kernel_that_does_not_compile_is_refused(tmp_path, monkeypatch):
    source = tmp_path / "broken.cu"
    source.write_text('extern "C" __global__ void broken() { nonsense(); }', encoding="utf-8")
    monkeypatch.setattr(kernels, "_folder", [tmp_path / "cache"])
    monkeypatch.setattr(kernels, "sources", lambda: {"broken": source})
    with pytest.raises(kernels.CompileError, match=r"(?s)broken\.cu for sm_90.*nonsense"):
        kernels.cubin("broken", "sm_90")
