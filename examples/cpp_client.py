"""A client in C++: cpp/client.cc calls a server with TLS and a token.

Its messages are made from the schema that `meanrev proto` writes. It needs a C++ compiler, gRPC and the generator; on
Debian `apt install g++ pkg-config libgrpc++-dev protobuf-compiler-grpc`.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from secured import secured_server, skip

HERE = Path(__file__).resolve().parent
DEBIAN = "apt install g++ pkg-config libgrpc++-dev protobuf-compiler-grpc"
LIBRARIES = ("grpc++", "protobuf")


def built(folder: Path) -> Path:
    """Generate the code, compile the client, and return the program.

    Args:
        folder: Where the files go.
    """
    for tool in ("g++", "pkg-config", "protoc", "grpc_cpp_plugin"):
        if shutil.which(tool) is None:
            skip(f"the command {tool} is missing; on Debian {DEBIAN}")
    found = subprocess.run(
        ["pkg-config", "--cflags", "--libs", *LIBRARIES], capture_output=True, text=True, check=False
    )
    if found.returncode:
        skip(f"the libraries {' and '.join(LIBRARIES)} are missing; on Debian {DEBIAN}")
    run(sys.executable, "-m", "meanrev", "proto", "--out", folder)
    plugin = f"--plugin=protoc-gen-grpc={shutil.which('grpc_cpp_plugin')}"
    run("protoc", "-I", folder, f"--cpp_out={folder}", f"--grpc_out={folder}", plugin, folder / "meanrev.proto")
    sources = [HERE / "cpp" / "client.cc", folder / "meanrev.pb.cc", folder / "meanrev.grpc.pb.cc"]
    run("g++", "-std=c++17", "-I", folder, *sources, "-o", folder / "client", *found.stdout.split())
    return folder / "client"


def run(*words: str | Path) -> None:
    """Run a command that prints nothing of interest."""
    subprocess.run([*map(str, words)], check=True, stdout=subprocess.DEVNULL, timeout=300)


def main() -> None:
    """Build the client and run it against a server of its own."""
    with tempfile.TemporaryDirectory() as name, secured_server() as box:
        client = built(Path(name))
        sys.stdout.flush()
        words: list[str | Path] = [client, box.address, box.ca]
        subprocess.run(words, check=True, timeout=60, env={**os.environ, "TOKEN": box.token})


if __name__ == "__main__":
    main()
