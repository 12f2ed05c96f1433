"""Builds of a kernel's driver, and what a run of one says.

The builds with vectors name their width, so that every CPU proves the same ones. The builds of the emulated GPU compile
the branch of lane.h that a GPU's compiler takes.
"""

import fcntl
import hashlib
import os
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gpu_kernels import compile as kernels
from gpu_kernels.compile import LANES, compiler, sources
from gpu_kernels.cpu_levels import features, widest

DRIVERS = Path(__file__).resolve().parent / "drivers"
EMULATION = Path(__file__).resolve().parents[1] / "gpu_kernels" / "emulated_gpu.h"
OPERATIONS = tuple(sources())
STORING = [name for name, path in sources().items() if re.search(r"\bstore(_at)?\(", path.read_text(encoding="utf-8"))]
"""Operations with a store in which OVERRUN can be planted."""

THREADS = 3

_ROOM = Path(kernels.__file__).resolve().parent
_BUILT = Path(__file__).resolve().parents[2] / "build" / "proof"
_FLAGS = ("-std=c++17", "-march=native", "-ffp-contract=off", "-pthread", "-Wno-psabi")
_RACES = ("-O1", "-g1", "-DMEANREV_SCALAR", "-fsanitize=thread")
_BOUNDS = ("-O1", "-g1", "-fsanitize=address,undefined,float-cast-overflow", "-fno-sanitize-recover=all")
_OTHERS = [width for width in LANES if width != widest(features().split())]
WIDTHS = {f"{width} lanes": ("-O1", f"-DMEANREV_LANES={width}") for width in _OTHERS}
CHECKED = {
    "races": _RACES,
    "bounds": (*_BOUNDS, "-DMEANREV_SCALAR"),
    "bounds of 2 lanes": (*_BOUNDS, "-DMEANREV_LANES=2"),
    "bounds of 8 lanes": (*_BOUNDS, "-DMEANREV_LANES=8"),
}
_GPU = ("-std=c++20", "-include", str(EMULATION), "-O1", "-g1")
EMULATED = {  # without optimisation a compiler takes half as long, and the cases are small
    "GPU, races": (*_GPU, "-fsanitize=thread"),
    "GPU, bounds": (*_GPU, *_BOUNDS, "-O0"),
}
BUILDS = {"native": ("-O3",), **WIDTHS, **CHECKED, **EMULATED}
"""Flags of each build; "native" is what compile.library builds, as a program, with the CPU's own width."""

FAULTS = ("", "RACE", "OVERLAP", "OVERRUN", "EXTRA")
"""The faults that lane.h can plant, in its order."""


class Run(NamedTuple):
    """What a driver's case ended with: its exit status, its complaints, and (name, tolerance, values) of its arrays."""

    status: int
    complaints: str
    arrays: list[tuple[str, float, np.ndarray]]


def entries(operation):
    """Return the source of each ENTRY of an operation by name, with the macros that it calls or is written by."""
    text = sources()[operation].read_text(encoding="utf-8").replace("\\\n", " ")
    parts = re.split(r"^(?=ENTRY\(|#define)", text, flags=re.MULTILINE)
    found = {part.split("(")[1].split(")")[0]: part for part in parts if part.startswith("ENTRY(")}
    for macro, parameter, body in re.findall(r"^#define (\w+)\((\w+)[^)]*\)(.*)$", text, flags=re.MULTILINE):
        if f"ENTRY({parameter})" in body:
            found |= dict.fromkeys(re.findall(rf"^{macro}\((\w+)", text, flags=re.MULTILINE), body)
    bodies = re.findall(r"^#define (\w+)\([^)]*\)(.*)$", text, flags=re.MULTILINE)
    called = {entry: [body for macro, body in bodies if re.search(rf"\b{macro}\(", found[entry])] for entry in found}
    return {entry: " ".join([source, *called[entry]]) for entry, source in found.items()}


def every_entry():
    return [(operation, entry) for operation in OPERATIONS for entry in entries(operation)]


def entries_with(word):
    return [(operation, entry) for operation, entry in every_entry() if word in entries(operation)[entry]]


def flat(operation):
    """Return a source's name as a file's: sweep-excursions for sweep/excursions."""
    return operation.replace("/", "-")


def driver(operation):
    return DRIVERS / f"{flat(operation)}.cc"


def cases(operation):
    """Return the entries that a driver has a case for."""
    return set(re.findall(r"^CASE\((\w+)\)", driver(operation).read_text(encoding="utf-8"), flags=re.MULTILINE))


@cache
def build(operation, name, *, planted=False):
    """Return a driver's program, built where these sources have not been built so before.

    Args:
        operation: A name of compile.sources().
        name: One of BUILDS.
        planted: Whether run may plant a fault in it.
    """
    path, version = compiler()
    plants = ["-DMEANREV_PLANTS"] if planted else []
    flags = [*_FLAGS, *BUILDS[name], *plants, "-I", str(_ROOM), "-I", str(DRIVERS)]
    digest = hashlib.sha256(f"{version} {flags}".encode())
    included = sorted(path for pattern in ("*.h", "*.csv") for path in _ROOM.rglob(pattern))
    for source in (driver(operation), DRIVERS / "driver.h", EMULATION, sources()[operation], *included):
        digest.update(source.read_bytes())
    program = _BUILT / f"{flat(operation)}-{digest.hexdigest()[:24]}"
    _BUILT.mkdir(parents=True, exist_ok=True)
    with program.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another test process may be building it
        if not program.exists():
            fresh = program.with_suffix(".new")
            done = subprocess.run(
                [path, *flags, driver(operation), "-o", fresh], capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, (
                f"{driver(operation).name} does not compile ({name} {plants}):\n{done.stderr[:3000]}"
            )
            fresh.replace(program)
    return program


def run(program, entry, threads=THREADS, beforehand=0.0, fault=""):
    """Run a case; a program ends at its first report, because lanes that race may wait for one another for ever.

    Args:
        program: As build returns it.
        entry: One of the kernel's.
        threads: That share the work; on the emulated GPU, the step from a lane to the one that runs next, which is odd.
        beforehand: What outputs and working space hold before the kernel runs.
        fault: One of FAULTS.
    """
    command = [program, entry, str(threads), str(beforehand), str(FAULTS.index(fault))]
    options = os.environ | {"TSAN_OPTIONS": "halt_on_error=1"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, env=options)
    rows = [line.split() for line in done.stdout.splitlines()]
    arrays = [
        (name, float(tolerance), np.array([float.fromhex(v) for v in values])) for name, tolerance, *values in rows
    ]
    return Run(done.returncode, done.stderr, arrays)


def assert_same(found, expected):
    """Hold two runs of a case to the tolerance that its driver states, equal bits where it states none."""
    assert [row[:2] for row in found] == [row[:2] for row in expected]
    for (name, tolerance, ours), (_, _, theirs) in zip(found, expected, strict=True):
        finite = theirs[np.isfinite(theirs)]
        scale = np.abs(finite).max(initial=0.0)
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance * scale, err_msg=name)


def without_tolerance(arrays):
    """Return a case's arrays for assert_same, which then asks for equal bits."""
    return [(name, 0.0, values) for name, _, values in arrays]
