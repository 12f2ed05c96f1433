"""Every kernel compiles for every GPU without one at hand, and costs no more than its budget there."""

import tomllib
from pathlib import Path

import pytest

from gpu_kernels import compile as kernels
from gpu_kernels import kernel_cache
from gpu_kernels.compile import ARCHITECTURES
from gpu_kernels.errors import CompileError
from tests.proof import machine_code
from tests.proof.builds import OPERATIONS, entries

BUDGETS = tomllib.loads((Path(__file__).parent / "budgets.toml").read_text(encoding="utf-8"))

pytestmark = [
    pytest.mark.proof,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not machine_code.available(), reason="needs NVRTC and nvdisasm; `make proof` brings them"),
]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_kernel_compiles_and_keeps_its_budget(operation, architecture, tmp_path, monkeypatch):
    monkeypatch.setattr(kernel_cache, "_folder", [tmp_path / "cache"])
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
            assert operation in OPERATIONS, f"budgets.toml names {operation}, which is no kernel"
            assert set(budgets) <= set(entries(operation)), operation


HUNGRY = """
extern "C" __global__ __launch_bounds__(1024, 2) void hungry(const double* from, double* to, int n) {
    double held[60];
#pragma unroll
    for (int k = 0; k < 60; ++k) held[k] = from[k * n + threadIdx.x];
    for (int turn = 0; turn < n; ++turn) {
#pragma unroll
        for (int k = 0; k < 60; ++k) held[k] = held[k] * held[(k + 7) % 60] + 1.0;
    }
#pragma unroll
    for (int k = 0; k < 60; ++k) to[k * n + threadIdx.x] = held[k];
}
"""


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_spills_are_seen_where_there_are_some(architecture, tmp_path, monkeypatch):
    """More numbers than the registers of a thread hold at this number of threads."""
    source = tmp_path / "hungry.cu"
    source.write_text(HUNGRY, encoding="utf-8")
    monkeypatch.setattr(kernel_cache, "_folder", [tmp_path / "cache"])
    monkeypatch.setattr(kernels, "sources", lambda: {"hungry": source})
    cost = machine_code.costs("hungry", architecture, tmp_path)["hungry"]
    assert cost.registers <= 32
    assert cost.stack > 0
    assert cost.spills > 0
    assert cost.loop_body >= cost.loop_pass >= 60


def test_a_kernel_that_does_not_compile_is_refused(tmp_path, monkeypatch):
    source = tmp_path / "broken.cu"
    source.write_text('extern "C" __global__ void broken() { nonsense(); }', encoding="utf-8")
    monkeypatch.setattr(kernel_cache, "_folder", [tmp_path / "cache"])
    monkeypatch.setattr(kernels, "sources", lambda: {"broken": source})
    with pytest.raises(CompileError, match=r"(?s)broken\.cu for sm_90.*nonsense"):
        kernels.cubin("broken", "sm_90")
