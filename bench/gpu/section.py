"""One section of the benchmark in a process of its own: `python -m bench.gpu.section NAME`."""

import argparse
import importlib.metadata
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from bench.gpu import ceilings, latency, sections
from bench.gpu.rows import SMALL, Row, Sizes, keep
from gpu_kernels import compile as kernels
from gpu_kernels import device
from gpu_kernels.errors import KernelError

__all__ = ["LAUNCHED", "SECTIONS", "SKIPPED", "main"]

SKIPPED = 77
"""Exit status of a section that the machine lacks something for; the last line that it prints says what."""

LAUNCHED = sorted(
    {
        kernel
        for path in Path(device.__file__).parent.glob("*/device.py")
        for kernel in re.findall(r'\bdevice\.launch\(\s*"([^"]+)"', path.read_text(encoding="utf-8"))
    }
)
"""The kernels that the operations' device.py launch on a GPU."""

PACKAGES = ("numpy", "scipy", "cupy-cuda13x", "cuda-core", "cuda-bindings", "nvidia-cuda-nvrtc", "grpcio", "pytest")


NVIDIA_SMI = ("nvidia-smi", "--query-gpu=name,driver_version,memory.total,clocks.max.sm,power.limit", "--format=csv")


def versions(_: Sizes) -> Iterator[Row]:
    """Yield what the machine has, and what the kernels are compiled by."""
    yield Row("Python", None, note=f"{platform.python_version()}, {platform.platform()}")
    for package in PACKAGES:
        try:
            found = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found = "missing"
        yield Row(package, None, note=found)
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
    yield Row("commit", None, note=commit or "unknown")
    yield Row("GPU", None, note=device.describe())
    yield Row("free and all bytes", None, note="{}, {}".format(*device.memory()))
    if shutil.which(NVIDIA_SMI[0]) is None:
        yield Row("nvidia-smi", None, note="not on the PATH")
        return
    said = subprocess.run(NVIDIA_SMI, capture_output=True, text=True, check=True).stdout
    yield Row("nvidia-smi", None, note="; ".join(said.strip().splitlines()))
    subprocess.run(NVIDIA_SMI[:1], check=False)


def compiled(_: Sizes) -> Iterator[Row]:
    """Compile the kernels for this GPU and this CPU at once, so that no later step waits for a compiler.

    This process does not use the GPU itself, because processes that are forked from one that does cannot.

    Raises:
        KernelError: one kernel is refused; the others are compiled.
    """
    refused = None
    with ProcessPoolExecutor(max_workers=len(LAUNCHED)) as pool:
        built = {name: pool.submit(_built, name) for name in LAUNCHED}
        for name, future in built.items():
            try:
                yield Row(f"compiled {name}", None, note=future.result())
            except KernelError as error:
                refused = error
                yield Row(f"compiled {name}", None, note=f"refused: {' '.join(str(error).split())[:200]}")
    if refused is not None:
        raise refused


def _built(name: str) -> str:
    architecture = f"sm_{device.arrays().cuda.Device().compute_capability}"
    size = kernels.cubin_file(name, architecture).stat().st_size
    try:
        kernels.library(name)
    except KernelError as error:
        return f"{size} bytes for {architecture}; nothing for the CPU: {' '.join(str(error).split())[:200]}"
    return f"{size} bytes for {architecture}, and for the CPU"


SECTIONS: dict[str, Callable[[Sizes], Iterator[Row]]] = {
    "versions": versions,
    "compile": compiled,
    "ceilings": ceilings.ceilings,
    "sweeps": sections.sweeps,
    "few lanes": sections.few_lanes,
    "fits": sections.fits,
    "components": sections.components,
    "markets": sections.markets,
    "eigensolvers": ceilings.eigensolvers,
    "calls": latency.calls,
}


def main() -> int:
    """Measure a section; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=SECTIONS)
    parser.add_argument("--rows", type=Path, help="file that each row is appended to")
    parser.add_argument("--small", action="store_true", help="small sizes, which only show that everything runs")
    chosen = parser.parse_args()
    if chosen.name == "calls" and latency.missing():
        print(f"a server needs {', '.join(latency.missing())}: carry their wheels, and name them in PYTHONPATH")
        return SKIPPED
    if chosen.name not in {"versions", "compile", "calls"}:  # the server has a process of its own for the GPU
        device.limit(0, 0.9)
    for row in SECTIONS[chosen.name](SMALL if chosen.small else Sizes()):
        keep(row, chosen.name, chosen.rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
