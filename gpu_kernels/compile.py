"""Kernels to machine code: by the host's C++ compiler into shared libraries, by NVRTC into cubins, with one cache.

The name of a cached file has a hash of everything that went into it: sources, compiler, flags, and for the host the
CPU's features, so that many machines can share a home folder.

Where there is no compiler, libraries that were built ahead for a CPU level are loaded from the package's folder lib.
"""

import ctypes
import hashlib
import shutil
import subprocess
from functools import cache
from importlib import metadata
from pathlib import Path

from gpu_kernels.cpu_levels import LEVELS, features, supported, widest
from gpu_kernels.errors import CompileError, InvalidInput
from gpu_kernels.kernel_cache import cached, use_cache

__all__ = [
    "ARCHITECTURES",
    "LANES",
    "build_ahead",
    "compiler",
    "cubin",
    "cubin_file",
    "library",
    "library_holding_the_lock",
    "maker",
    "sources",
    "use_cache",
    "use_lanes",
]

ARCHITECTURES = ("sm_80", "sm_90", "sm_100")
"""GPU architectures that every kernel must compile for: A100, H100 and H200, B200."""

LANES = (2, 4, 8)
"""Numbers that a vector of a kernel on the CPU may hold; a result has the same bits with each of them."""

_HERE = Path(__file__).resolve().parent
_AHEAD = _HERE / "lib"
_COMPILERS = ("g++", "clang++", "c++")
_HOST_FLAGS = (
    "-std=c++17",
    "-O3",
    "-ffp-contract=off",  # one stated order of operations: the same bits as the NumPy twin's where they are promised
    "-fPIC",
    "-shared",
    "-pthread",
    "-fvisibility=hidden",
    "-Wno-psabi",
)
_DEVICE_FLAGS = ("--std=c++17", "--fmad=false")
_lanes = [0]

_SEE = "do what the compiler's message asks for, such as space on a disk, or report it"
_WITH_NVRTC = "pip install '.[gpu]' in a checkout of meanrev brings a matching NVRTC"


def use_lanes(width: int) -> None:
    """Have every library that is asked for from now on compute with vectors of a certain width.

    Args:
        width: One of LANES, or 0 for the widest vectors that the CPU has. Vectors that are wider are slow, and right.

    Raises:
        InvalidInput: width is another number.
    """
    if width not in {0, *LANES}:
        raise InvalidInput("lanes", "must be 2, 4 or 8, or 0 for the width of the CPU's vectors", value=width)
    _lanes[0] = width


def sources() -> dict[str, Path]:
    """Return the kernel sources by name: "sweep" for sweep/sweep.cu, "sweep/excursions" for another in that folder."""
    paths = {path.relative_to(_HERE).with_suffix("").as_posix(): path for path in sorted(_HERE.glob("*/*.cu"))}
    return {path.stem if path.stem == path.parent.name else name: path for name, path in paths.items()}


@cache
def compiler() -> tuple[str, str]:
    """Return the host's C++ compiler and its version.

    Raises:
        CompileError: there is none.
    """
    for name in _COMPILERS:
        path = shutil.which(name)
        if path is not None:
            version = _run([path, "--version"]).splitlines()[0]
            return path, version
    missing = f"no C++ compiler ({', '.join(_COMPILERS)}) on the PATH"
    raise CompileError(
        f"{missing}; install one, such as Debian's g++", "install a C++ compiler, such as Debian's g++", missing
    )


def library(name: str) -> ctypes.CDLL:
    """Return the kernels of a source for this CPU: compiled on first use or, where there is no compiler, built ahead.

    Args:
        name: One of sources().

    Raises:
        CompileError: no compiler and nothing built ahead, or the compiler fails, or the cache folder cannot be used.
    """
    return _loaded(name, _lanes[0])


def library_holding_the_lock(name: str) -> ctypes.PyDLL:
    """Return the same as library, for calls in less time than giving up the interpreter's lock and taking it again."""
    return _loaded_holding_the_lock(name, _lanes[0])


@cache
def _loaded(name: str, lanes: int) -> ctypes.CDLL:
    return ctypes.CDLL(str(_library_file(name, lanes)))


@cache
def _loaded_holding_the_lock(name: str, lanes: int) -> ctypes.PyDLL:
    return ctypes.PyDLL(str(_library_file(name, lanes)))


def _library_file(name: str, lanes: int) -> Path:
    chosen = () if lanes in {0, widest(features().split())} else (f"-DMEANREV_LANES={lanes}",)
    try:
        _, version = compiler()
    except CompileError as error:
        level = _level_ahead()
        if level is None:
            raise
        if chosen:
            fix = "or set lanes to 0, the width of the CPU's vectors"
            raise CompileError(f"lanes = {lanes} has to be compiled for, and there is {error}; {fix}", fix) from None
        return _file_ahead(_AHEAD, level, name)
    key = _key(sources()[name], version, *_HOST_FLAGS, *chosen, features())
    return cached(f"{_flat(name)}-{key}.so", lambda out: _build(name, "native", out, chosen))


def maker() -> str:
    """Return where library has its kernels from, as a sentence.

    Raises:
        CompileError: neither a compiler nor kernels that were built ahead for this CPU.
    """
    level = _level_ahead()
    try:
        path, version = compiler()
    except CompileError:
        if level is None:
            raise
        return f"kernels built ahead for {level}"
    width = f" for {_lanes[0]} lanes" if _lanes[0] else ""
    return f"kernels compiled by {version or Path(path).name}{width}"


def build_ahead(folder: Path = _AHEAD) -> tuple[Path, ...]:
    """Build every kernel for every CPU level, for machines without a compiler, and return the files.

    Args:
        folder: Where library looks, for another root: it trusts this folder as it trusts the code beside it.

    Raises:
        CompileError: no compiler, or it fails.
    """
    built = []
    for level in LEVELS:
        (folder / level).mkdir(parents=True, exist_ok=True)
        for name in sources():
            built.append(_file_ahead(folder, level, name))
            _build(name, level, built[-1])
    return tuple(built)


def _file_ahead(folder: Path, level: str, name: str) -> Path:
    """Name a library by its sources and flags: after a change of them it is not found, rather than wrong."""
    return folder / level / f"{_flat(name)}-{_key(sources()[name], *_HOST_FLAGS)}.so"


def _level_ahead() -> str | None:
    """Return the best level that this CPU can run and for which all kernels were built."""
    levels = supported(features().split())
    return next((e for e in levels if all(_file_ahead(_AHEAD, e, name).is_file() for name in sources())), None)


def _build(name: str, march: str, out: Path, chosen: tuple[str, ...] = ()) -> None:
    path, _ = compiler()
    _run([path, *_HOST_FLAGS, *chosen, f"-march={march}", *_source(sources()[name]), "-o", str(out)])


def cubin(name: str, architecture: str) -> bytes:
    """Return the kernels of a source for a GPU; neither a GPU nor a driver is needed to compile.

    Args:
        name: One of sources().
        architecture: Such as "sm_90".

    Raises:
        CompileError: NVRTC is not installed, or refuses the source.
    """
    return cubin_file(name, architecture).read_bytes()


def cubin_file(name: str, architecture: str) -> Path:
    """Return the file in the cache that holds what cubin returns; arguments and errors are the same."""
    source = sources()[name]
    key = _key(source, architecture, _nvrtc_version(), *_DEVICE_FLAGS)
    return cached(f"{_flat(name)}-{architecture}-{key}.cubin", lambda out: _nvrtc(source, architecture, out))


def _flat(name: str) -> str:
    return name.replace("/", "-")


@cache
def _nvrtc_version() -> str:
    """Return the version of NVRTC's wheel, "" where it comes from elsewhere."""
    try:
        return metadata.version("nvidia-cuda-nvrtc")
    except metadata.PackageNotFoundError:
        return ""


def _nvrtc(source: Path, architecture: str, out: Path) -> None:
    try:
        from cuda.core import Program, ProgramOptions  # noqa: PLC0415 - only where a GPU is meant
    except ImportError:
        missing = "NVRTC is not installed"
        raise CompileError(f"{missing}; {_WITH_NVRTC}", _WITH_NVRTC, missing) from None
    options = ProgramOptions(arch=architecture, std="c++17", fma=False, include_path=str(_HERE))
    try:
        code = Program(source.read_text(encoding="utf-8"), "c++", options).compile("cubin")
    except Exception as error:  # noqa: BLE001 - cuda.core raises its own, the driver's and NVRTC's errors
        said = f"{source.name} for {architecture}: {str(error)[:500].rstrip(chr(0))}"
        raise CompileError(said, _WITH_NVRTC, "NVRTC does not compile the kernels") from None
    out.write_bytes(bytes(code.code))


def _source(source: Path) -> list[str]:
    return ["-I", str(_HERE), "-x", "c++", str(source)]


def _key(source: Path, *parts: str) -> str:
    digest = hashlib.sha256()
    beside = sorted(path for pattern in ("*.h", "*.csv") for path in source.parent.glob(pattern))
    for path in (source, *sorted(_HERE.glob("*.h")), *beside):
        digest.update(path.read_bytes())
    digest.update("\0".join(parts).encode())
    return digest.hexdigest()[:24]


def _run(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)  # noqa: S603 - our words
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CompileError(f"{command[0]} does not run: {error}", _SEE, "the C++ compiler does not run") from None
    if done.returncode:
        first = "\n".join(done.stderr.splitlines()[:20])
        raise CompileError(f"{command[0]} fails:\n{first}", _SEE, "the C++ compiler fails")
    return done.stdout
