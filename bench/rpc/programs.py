"""The C++ programs of the RPC benchmark: a server that echoes, and a client that measures."""

import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / "build" / "rpc"
SCHEMAS = ("meanrev", "research")
PROGRAMS = ("echo_server", "load")


def missing() -> str:
    """Return what the C++ programs need and this machine lacks, "" where they can be built."""
    tools = [name for name in ("g++", "pkg-config", "protoc", "grpc_cpp_plugin") if not shutil.which(name)]
    if tools:
        return ", ".join(tools)
    found = subprocess.run(["pkg-config", "--exists", "grpc++", "protobuf"], check=False).returncode == 0
    return "" if found else "libgrpc++-dev"


def build() -> None:
    """Compile the C++ programs where their sources are newer."""
    BUILD.mkdir(parents=True, exist_ok=True)
    schemas = [ROOT / "proto" / f"{name}.proto" for name in SCHEMAS]
    programs = [ROOT / "bench" / "rpc" / f"{name}.cc" for name in PROGRAMS]
    newest = max(path.stat().st_mtime for path in (*schemas, *programs))
    if all((BUILD / name).exists() and (BUILD / name).stat().st_mtime > newest for name in PROGRAMS):
        return
    plugin = f"--plugin=protoc-gen-grpc={shutil.which('grpc_cpp_plugin')}"
    outputs = (f"--cpp_out={BUILD}", f"--grpc_out={BUILD}", plugin)
    subprocess.run(["protoc", f"-I{ROOT / 'proto'}", *outputs, *map(str, schemas)], check=True)
    sources = [*programs, *(BUILD / f"{name}{kind}.cc" for name in SCHEMAS for kind in (".pb", ".grpc.pb"))]
    flags, libraries = _pkg_config("--cflags"), _pkg_config("--libs")

    def compiled(source: Path) -> str:
        made = str(BUILD / f"{source.stem}.o")
        command = ["g++", "-std=c++17", "-O2", f"-I{BUILD}", *flags, "-c", str(source), "-o", made]
        subprocess.run(command, check=True)
        return made

    with ThreadPoolExecutor(2) as pool:
        objects = list(pool.map(compiled, sources))
    for name in PROGRAMS:
        mine = [made for made in objects if Path(made).stem == name or Path(made).stem not in PROGRAMS]
        subprocess.run(["g++", *mine, *libraries, "-o", str(BUILD / name)], check=True)


def _pkg_config(which: str) -> list[str]:
    command = ["pkg-config", which, "grpc++", "protobuf"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
