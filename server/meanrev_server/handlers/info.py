"""Info: the server's version, backend, machine and limits."""

import os
import time
from dataclasses import asdict

import psutil  # type: ignore[import-untyped] # it ships no types

from gpu_kernels import device, threshold_grid
from gpu_kernels.dispatch import run
from meanrev_server import installed
from meanrev_server.capacity import BRIEF
from meanrev_server.machine import cpu_model
from meanrev_server.rpc import options
from meanrev_server.rpc.call import Call
from meanrev_wire import codec
from meanrev_wire.research_pb2 import InfoRequest, InfoResponse

__all__ = ["handle"]

_SETTINGS = ("max_matrix_bytes", "max_bytes_in_flight", "max_work_in_flight", "max_result_bytes")


async def handle(data: bytes, call: Call) -> bytes:
    """Answer one request."""
    await call.decode(InfoRequest, data)
    call.ticket.announce(BRIEF)
    return await call.compute(_answer, call)


def _answer(call: Call) -> bytes:
    on_gpu = call.backend.name == "cuda"
    free, total = run(device.memory) if on_gpu else (0, 0)
    return codec.encode(
        InfoResponse,
        version=installed.MEANREV,
        backend=call.backend.name,
        backend_reason=call.backend.public or call.backend.reason,
        device=run(device.describe) if on_gpu else cpu_model(),
        cpus=len(os.sched_getaffinity(0)),
        device_memory_free=free,
        device_memory_total=total,
        max_message_bytes=call.settings.max_message_bytes,
        max_cells=threshold_grid.MAX_CELLS,
        uptime_s=time.time() - psutil.Process().create_time(),
        **{name: getattr(call.settings, name) for name in _SETTINGS},
        metadata=options.reply_metadata(
            numpy=installed.NUMPY, grpcio=installed.GRPCIO, computations=asdict(call.launcher.counts)
        ),
    )
