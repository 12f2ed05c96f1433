"""The cache of compiled kernels: whole files only, of this user only, and errors that say what to do."""

import ctypes
import hashlib
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from gpu_kernels import compile as kernels
from gpu_kernels import kernel_cache, launch
from gpu_kernels.compile import build_ahead, compiler, library, maker, sources, use_cache, use_lanes
from gpu_kernels.cpu_levels import LEVELS, features, supported
from gpu_kernels.errors import CompileError, InvalidInput
from tests.gpu_kernels.native import needs_compiler

TINY = """
#include "lane.h"
ENTRY(twice)(Index n, const double* from, double* to, Threads threads) {
    EACH(item, items(n), threads) { store(to, item * WIDTH, n, 2.0 * load(from, item * WIDTH, n)); };
}
"""


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """Run the compiler once for the same words and source: it takes a second, and a copy of its file takes none."""
    folder, known, run = tmp_path_factory.mktemp("compiled"), {}, kernels._run

    def run_once(command):
        if "-o" not in command:
            return run(command)
        *words, _, out = command
        key = tuple(Path(word).read_bytes() if word.endswith(".cu") else word for word in words)
        if key not in known:
            run([*words, "-o", str(folder / str(len(known)))])
            known[key] = folder / str(len(known))
        shutil.copy(known[key], out)
        return ""

    return run_once


@pytest.fixture
def cache_folder(tmp_path, monkeypatch, compiled):
    """A cache of the test's own, and one tiny kernel to build into it."""
    source = tmp_path / "tiny" / "tiny.cu"
    source.parent.mkdir()
    source.write_text(TINY, encoding="utf-8")
    folder = tmp_path / "cache"
    monkeypatch.setattr(kernel_cache, "_folder", [folder])
    monkeypatch.setattr(kernels, "_lanes", [0])
    monkeypatch.setattr(kernels, "_AHEAD", tmp_path / "lib")
    monkeypatch.setattr(kernels, "_run", compiled)
    monkeypatch.setattr(kernels, "sources", lambda: {"tiny": source})
    monkeypatch.setattr(kernels, "_HOST_FLAGS", tuple(flag.replace("-O3", "-O0") for flag in kernels._HOST_FLAGS))
    kernels._loaded.cache_clear()
    compiler.cache_clear()
    yield folder
    kernels._loaded.cache_clear()
    compiler.cache_clear()


def built(folder):
    (file,) = folder.glob("tiny-*.so")
    return file


def again():
    kernels._loaded.cache_clear()
    return library("tiny")


def is_sealed(file):
    seal = file.with_name(file.name + ".sha256").read_text(encoding="ascii")
    return seal == hashlib.sha256(file.read_bytes()).hexdigest()


def counting(monkeypatch):
    """Count the compiler's runs from here on."""
    runs = []
    run = kernels._run
    monkeypatch.setattr(kernels, "_run", lambda command: runs.append(command) or run(command))
    return runs


def test_every_source_has_a_name_that_leads_to_it():
    assert {"sweep"} <= set(sources())
    assert all(path.is_file() and path.suffix == ".cu" for path in sources().values())


@needs_compiler
def test_a_kernel_is_built_once_into_a_folder_of_ones_own(cache_folder, monkeypatch):
    library("tiny")
    assert stat.S_IMODE(cache_folder.stat().st_mode) == 0o700
    assert is_sealed(built(cache_folder))
    runs = counting(monkeypatch)
    again()
    assert not runs


@needs_compiler
@pytest.mark.parametrize("damage", [b"not machine code", None])
def test_a_damaged_file_is_built_anew(cache_folder, damage, monkeypatch):
    # Damage what nothing has loaded: the linker of this process would keep, and crash on, a file changed in place.
    monkeypatch.setattr(ctypes, "CDLL", str)
    library("tiny")
    file = built(cache_folder)
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2] if damage is None else damage)
    runs = counting(monkeypatch)
    again()
    assert len(runs) == 1
    assert is_sealed(file)
    assert len(file.read_bytes()) == len(whole)


@needs_compiler
@pytest.mark.parametrize("seal", ["0" * 64, "\u00e9", None])
def test_a_file_whose_seal_is_not_its_own_is_built_anew(cache_folder, seal, monkeypatch):
    library("tiny")
    file = built(cache_folder)
    place = file.with_name(file.name + ".sha256")
    if seal is None:
        place.unlink()
    else:
        place.write_text(seal, encoding="utf-8")
    runs = counting(monkeypatch)
    again()
    assert len(runs) == 1
    assert is_sealed(file)


@needs_compiler
def test_a_changed_source_flag_or_processor_is_another_file(cache_folder, monkeypatch):
    library("tiny")
    source = kernels.sources()["tiny"]
    source.write_text(TINY + "// changed\n", encoding="utf-8")
    again()
    monkeypatch.setattr(kernels, "_HOST_FLAGS", (*kernels._HOST_FLAGS, "-g0"))
    again()
    monkeypatch.setattr(kernels, "features", lambda: "another")
    again()
    assert len(list(cache_folder.glob("tiny-*.so"))) == 4


LANES = """
#include "lane.h"
extern "C" __attribute__((visibility("default"))) int lanes() { return WIDTH; }
"""


@needs_compiler
@pytest.mark.parametrize("width", kernels.LANES)
def test_a_library_has_as_many_lanes_as_are_asked_for(cache_folder, width):
    kernels.sources()["tiny"].write_text(LANES, encoding="utf-8")
    own = library("tiny").lanes()
    use_lanes(width)
    assert library("tiny").lanes() == width
    assert maker().endswith(f" for {width} lanes")
    use_lanes(0)
    assert library("tiny").lanes() == own
    assert len(list(cache_folder.glob("tiny-*.so"))) == (1 if width == own else 2)


@pytest.mark.parametrize("width", [1, 3, 16, -2])
def test_another_number_of_lanes_is_refused(cache_folder, width):
    with pytest.raises(InvalidInput, match=f"lanes must be 2, 4 or 8, or 0 for the width of .*, got {width}"):
        use_lanes(width)


BUILD_AND_RUN = """
import ctypes, sys
from pathlib import Path
from gpu_kernels import compile as kernels
from gpu_kernels import kernel_cache, launch
kernels.use_cache(Path(sys.argv[1]))
kernels.sources = lambda: {"tiny": Path(sys.argv[2])}
kernels._HOST_FLAGS = tuple(flag.replace("-O3", "-O0") for flag in kernels._HOST_FLAGS)
sys.stdin.readline()
numbers = (ctypes.c_double * 7)(*range(7))
doubled = (ctypes.c_double * 7)()
kernels.library("tiny").twice(ctypes.c_longlong(7), numbers, doubled, ctypes.byref(launch.Threads(2)))
assert list(doubled) == [2.0 * k for k in range(7)], list(doubled)
"""


@needs_compiler
def test_processes_that_build_at_once_all_succeed(cache_folder):
    """They wait for one word each, so that all of them find the cache empty."""
    words = [sys.executable, "-c", BUILD_AND_RUN, str(cache_folder), str(kernels.sources()["tiny"])]
    root = Path(kernels.__file__).resolve().parents[1]
    processes = [
        subprocess.Popen(words, cwd=root, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(4)
    ]
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    complaints = [process.communicate(timeout=60)[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * 4, complaints
    assert is_sealed(built(cache_folder))
    assert sorted(path.suffix for path in cache_folder.iterdir()) == [".sha256", ".so"]


@needs_compiler
@pytest.mark.parametrize("mode", [0o720, 0o702, 0o777])
def test_a_folder_that_others_may_write_to_is_refused(cache_folder, mode):
    cache_folder.mkdir()
    cache_folder.chmod(mode)
    with pytest.raises(CompileError, match=r"cache .* can be written by others; chmod 700"):
        library("tiny")
    assert not list(cache_folder.iterdir())


@needs_compiler
def test_a_folder_of_another_user_is_refused(cache_folder, monkeypatch):
    monkeypatch.setattr(kernel_cache, "_user", lambda: cache_folder.stat().st_uid + 1)
    with pytest.raises(CompileError, match=r"cache .* belongs to another user"):
        library("tiny")


@needs_compiler
def test_a_folder_that_cannot_be_made_is_named(cache_folder):
    cache_folder.write_text("a file stands here", encoding="utf-8")
    with pytest.raises(CompileError, match=r"the kernel cache .*cache cannot be made"):
        library("tiny")


@needs_compiler
def test_a_folder_that_cannot_be_written_to_is_named(cache_folder, monkeypatch):
    """Not by its mode, which does not bind the superuser."""

    def refuse(*, prefix, dir):  # noqa: A002 - the name of the standard library
        raise PermissionError(13, "Permission denied", str(dir))

    monkeypatch.setattr(tempfile, "TemporaryDirectory", refuse)
    with pytest.raises(CompileError, match=r"the kernel cache .*cache cannot be written"):
        library("tiny")


@needs_compiler
def test_a_full_disk_is_named_with_what_helps(cache_folder, monkeypatch):
    def refuse(*, prefix, dir):  # noqa: A002 - the name of the standard library
        raise OSError(28, "No space left on device", str(dir))

    monkeypatch.setattr(tempfile, "TemporaryDirectory", refuse)
    with pytest.raises(CompileError, match="cannot be written to: No space left on device") as refusal:
        library("tiny")
    assert refusal.value.fix.startswith("free some space there")
    assert str(cache_folder) not in refusal.value.public


def test_what_a_killed_build_left_is_removed_once_it_is_old(cache_folder):
    places = {name: cache_folder / name for name in ("building-old", "building-new", "own")}
    for place in places.values():
        place.mkdir(parents=True, mode=0o700)
        (place / "tiny.so").write_text("half a library", encoding="utf-8")
    for name in ("building-old", "own"):
        os.utime(places[name], (1000.0, 1000.0))
    kernel_cache.sweep(before=2000.0)
    assert {name for name, place in places.items() if place.exists()} == {"building-new", "own"}


def test_where_there_is_no_folder_nothing_is_removed_or_made(cache_folder):
    kernel_cache.sweep(before=2000.0)
    assert not cache_folder.exists()


@needs_compiler
def test_a_build_is_in_a_folder_that_is_swept_where_it_was_killed(cache_folder, monkeypatch):
    seen = []
    monkeypatch.setattr(kernels, "_build", lambda *arguments: seen.append(arguments[2]) or arguments[2].write_text(""))
    with pytest.raises(OSError, match="tiny"):
        library("tiny")
    assert seen[0].parent.name.startswith("building-")
    assert seen[0].parent.parent == cache_folder


def without_compiler(monkeypatch, *levels):
    """Take the compiler away from a CPU of these levels."""
    words = set().union(*(LEVELS[level] for level in levels))
    monkeypatch.setattr(kernels, "features", lambda: " ".join(words))
    monkeypatch.setenv("PATH", "")
    compiler.cache_clear()
    kernels._loaded.cache_clear()


@needs_compiler
def test_lanes_are_refused_where_they_cannot_be_compiled_for(cache_folder, tmp_path, monkeypatch):
    build_ahead(tmp_path / "lib")
    without_compiler(monkeypatch, "x86-64-v3")
    use_lanes(8)
    with pytest.raises(
        CompileError, match=r"lanes = 8 has to be compiled for, and there is no C\+\+ compiler .*set lanes to 0"
    ):
        library("tiny")


def loaded(monkeypatch):
    """Note what is loaded from here on, and load nothing: the best level may be more than this CPU can run."""
    names = []
    monkeypatch.setattr(ctypes, "CDLL", names.append)
    return names


@needs_compiler
@pytest.mark.parametrize("levels", [["x86-64-v3"], ["x86-64-v3", "x86-64-v4"]])
def test_without_a_compiler_the_kernels_of_the_best_level_that_the_processor_has_are_loaded(
    cache_folder, tmp_path, monkeypatch, levels
):
    files = build_ahead(tmp_path / "lib")
    assert [file.parent.name for file in files] == list(LEVELS)
    without_compiler(monkeypatch, *levels)
    names = loaded(monkeypatch)
    library("tiny")
    assert [Path(name).parent.name for name in names] == levels[-1:]
    assert maker() == f"kernels built ahead for {levels[-1]}"
    assert not cache_folder.exists()


@needs_compiler
def test_kernels_that_were_built_ahead_compute(cache_folder, tmp_path, monkeypatch):
    if not supported(features().split()):
        pytest.skip("needs a processor of level x86-64-v3")
    build_ahead(tmp_path / "lib")
    monkeypatch.setenv("PATH", "")
    compiler.cache_clear()
    numbers, doubled = (ctypes.c_double * 7)(*range(7)), (ctypes.c_double * 7)()
    library("tiny").twice(ctypes.c_longlong(7), numbers, doubled, ctypes.byref(launch.Threads(2)))
    assert list(doubled) == [2.0 * k for k in range(7)]


@needs_compiler
@pytest.mark.parametrize("spoil", ["source", "flags", "processor", "file"])
def test_kernels_of_another_source_flag_or_processor_are_as_if_there_were_none(
    cache_folder, tmp_path, monkeypatch, spoil
):
    files = build_ahead(tmp_path / "lib")
    if spoil == "source":
        kernels.sources()["tiny"].write_text(TINY + "// changed\n", encoding="utf-8")
    if spoil == "flags":
        monkeypatch.setattr(kernels, "_HOST_FLAGS", (*kernels._HOST_FLAGS, "-g0"))
    if spoil == "file":
        files[-1].unlink()
    without_compiler(monkeypatch, *([] if spoil == "processor" else ["x86-64-v3"]))
    for ask in (lambda: library("tiny"), maker):
        with pytest.raises(CompileError, match=r"no C\+\+ compiler"):
            ask()


@needs_compiler
def test_a_compiler_makes_better_kernels_than_those_built_ahead(cache_folder, tmp_path):
    build_ahead(tmp_path / "lib")
    assert maker().startswith("kernels compiled by ")
    library("tiny")
    assert is_sealed(built(cache_folder))


def test_without_a_compiler_the_error_says_what_to_install(cache_folder, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(CompileError, match=r"no C\+\+ compiler .* on the PATH; install one, such as Debian's g\+\+"):
        library("tiny")
    assert not cache_folder.exists()


@needs_compiler
def test_a_refused_kernel_shows_what_the_compiler_says(cache_folder):
    kernels.sources()["tiny"].write_text("int wrong = nonsense;", encoding="utf-8")
    with pytest.raises(CompileError, match=r"(?s)fails.*nonsense"):
        library("tiny")
    assert not list(cache_folder.iterdir())


def test_a_compiler_that_does_not_run_is_named(cache_folder, tmp_path, monkeypatch):
    broken = tmp_path / "bin" / "g++"
    broken.parent.mkdir()
    broken.write_bytes(b"\x7fELF and no more")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(broken.parent))
    with pytest.raises(CompileError, match=r"g\+\+ does not run"):
        library("tiny")


def test_the_cache_can_be_moved(tmp_path, monkeypatch):
    monkeypatch.setattr(kernel_cache, "_folder", [tmp_path])
    use_cache(tmp_path / "other")
    assert kernel_cache._folder == [tmp_path / "other"]
