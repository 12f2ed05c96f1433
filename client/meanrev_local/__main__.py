"""The server of `meanrev.serve`: settings come as a line of JSON, the address goes back, and another line ends it.

That line is "stop", which leaves calls in flight their time, or "now".
"""

import asyncio
import json
import logging
import os
import sys
from typing import NoReturn

import msgspec
import uvloop

from gpu_kernels.errors import KernelError
from meanrev_server.app import App
from meanrev_server.compute_backend import limit_blas, spare_the_loop
from meanrev_server.config import ConfigError, Settings
from meanrev_server.errors import StateUnusable
from meanrev_server.telemetry import start_logging

__all__ = ["main"]


def main() -> NoReturn:
    """Serve until another line comes on stdin, or stdin ends with the process that wrote to it."""
    settings = msgspec.json.decode(sys.stdin.buffer.readline(), type=Settings)
    start_logging(settings.log, settings.log_level)
    limit_blas(settings)
    try:
        uvloop.run(_serve(settings))
    except KernelError as error:
        _tell(field="backend", error=str(error))
    except StateUnusable as error:
        _tell(field="state_dir", error=str(error))
    except ConfigError as error:
        _tell(field="listen", error=str(error))
    # Python would wait for the compute threads, whose callers have been answered or given up.
    logging.shutdown()
    os._exit(0)


async def _serve(settings: Settings) -> None:
    try:
        app = App(settings)
    except ConfigError as error:
        _tell(field="settings", error=str(error))
        return
    spare_the_loop()
    _tell(address=await app.start())
    word = await asyncio.to_thread(sys.stdin.buffer.readline)
    await app.stop(0 if word == b"now\n" else None)


def _tell(**facts: str) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
