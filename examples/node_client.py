"""A client in Node.js: node/client.js calls a server with TLS and a token, by the schema that `meanrev proto` writes.

It needs Node.js and two packages: `npm install @grpc/grpc-js @grpc/proto-loader`, in this folder or where NODE_PATH
says.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from secured import secured_server, skip

HERE = Path(__file__).resolve().parent
PACKAGES = ("@grpc/grpc-js", "@grpc/proto-loader")


def main() -> None:
    """Run the client against a server of its own."""
    node = shutil.which("node")
    if node is None:
        skip("Node.js is missing")
    found = "".join(f"require.resolve('{name}');" for name in PACKAGES)
    if subprocess.run([node, "-e", found], cwd=HERE, capture_output=True, check=False).returncode:
        skip(f"the packages {' and '.join(PACKAGES)} are missing; npm install brings them")
    with secured_server() as box:
        subprocess.run(
            [sys.executable, "-m", "meanrev", "proto", "--out", box.folder], check=True, stdout=subprocess.DEVNULL
        )
        name = box.address.replace("127.0.0.1", "localhost")  # Node.js refuses to send an address as a server name
        words: list[str | Path] = [node, HERE / "node" / "client.js", name, box.folder / "meanrev.proto", box.ca]
        sys.stdout.flush()
        subprocess.run(words, check=True, timeout=60, env={**os.environ, "TOKEN": box.token})


if __name__ == "__main__":
    main()
