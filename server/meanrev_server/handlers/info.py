"""Info: what serves, where, and within which limits."""

import os
import platform
import time
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import psutil  # type: ignore[import-untyped] # it ships no types

from gpu_kernels import device, grids
from meanrev_server.rpc import options
from meanrev_server.rpc.call import Call
from meanrev_wire import codec
from meanrev_wire.research_pb2 import InfoRequest, InfoResponse

__all__ = ["handle"]


async def handle(data: bytes, call: Call) -> bytes:
    """Answer one request."""
    await call.decode(InfoRequest, data)
    return await call.compute(_answer, call)


def _answer(call: Call) -> bytes:
    on_gpu = call.backend.name == "cuda"
    free, total = device.memory() if on_gpu else (0, 0)
    return codec.encode(
        InfoResponse,
        version=version("meanrev"),
        backend=call.backend.name,
        backend_reason=call.backend.reason,
        device=device.describe() if on_gpu else _processor(),
        cpus=len(os.sched_getaffinity(0)),
        device_memory_free=free,
        device_memory_total=total,
        max_message_bytes=call.settings.max_message_bytes,
        max_cells=grids.MAX_CELLS,
        uptime_s=time.time() - psutil.Process().create_time(),
        metadata=options.reply_metadata(
            numpy=version("numpy"), grpcio=version("grpcio"), computations=asdict(call.launcher.counts)
        ),
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
