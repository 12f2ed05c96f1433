"""The child process: `python -m meanrev_worker CONTROL [SOCKET OUTGOING INCOMING FLAG]...`, all file descriptors.

One thread serves each channel. The main thread answers the parent's heartbeat, waits for the parent to end, and then
ends this process.
"""

import os
import pkgutil
import signal
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Thread
from typing import NoReturn

import gpu_kernels
from gpu_kernels import backend, device, interruption
from gpu_kernels.compile import use_cache, use_lanes
from gpu_kernels.dispatch import using
from gpu_kernels.errors import Degenerate, DeviceFault, Interrupted, InvalidInput, OutOfMemory
from gpu_kernels.interruption import Interrupt
from meanrev_worker import blas
from meanrev_worker.channel import Channel
from meanrev_worker.messages import FAREWELL, HEARTBEAT, Hello, Orders, Outcome, TwinCall

__all__ = ["BROKEN", "main"]

BROKEN = 70
"""Exit status of a child that cannot compute correctly any more."""

_GLANCE_S = 1.0
"""Time between two looks at whether the parent is still there."""


def main(numbers: Sequence[int]) -> NoReturn:
    """Serve until the parent closes the control connection, or ends."""
    parent = os.getppid()
    # A terminal or systemd sends these to the whole group of processes; the parent decides what they mean.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1):
        signal.signal(number, signal.SIG_IGN)
    control = Connection(numbers[0])
    orders: Orders = control.recv()
    try:
        chosen = _prepared(orders)
    except Exception as error:  # noqa: BLE001 - the parent raises it
        control.send(Hello(error=Outcome.failed(error).error))
        os._exit(BROKEN)
    for place in range(1, len(numbers), 4):
        channel = Channel.at(*numbers[place : place + 4])
        Thread(target=_serve, args=(channel, orders, chosen.name), daemon=True).start()
    control.send(Hello(chosen))
    try:
        while os.getppid() == parent:
            if not control.poll(_GLANCE_S):
                continue
            if control.recv_bytes() == FAREWELL:
                break
            control.send_bytes(HEARTBEAT)
    except (EOFError, OSError):
        pass  # the parent has ended
    os._exit(0)


def _prepared(orders: Orders) -> backend.Backend:
    # Before there are threads: two threads that import one module at once may see half of it.
    for operation in pkgutil.iter_modules(gpu_kernels.__path__):
        if operation.ispkg:
            import_module(f"gpu_kernels.{operation.name}")
    if orders.kernel_cache:
        use_cache(Path(orders.kernel_cache))
    if orders.lanes:
        use_lanes(orders.lanes)
    blas.limit(orders.blas_threads)
    return backend.choose_on(orders.device, orders.gpu_memory, orders.backend)


def _serve(channel: Channel, orders: Orders, name: str) -> None:
    """Answer one call after another; an error of this loop ends the process, so that no caller waits for ever."""
    try:
        if name == "cuda":
            device.limit(orders.device, orders.gpu_memory)
        with using(name, orders.threads), interruption.using(Interrupt(channel.interrupted)):
            while True:
                _answer(channel, name)
    except EOFError:
        os._exit(0)
    except BaseException as error:  # noqa: BLE001 - the process ends with it
        try:
            # The driver's message about a GPU is safe to log; that of another exception may hold a caller's data.
            reason = str(error) if isinstance(error, DeviceFault) else ""
            kind, places = type(error).__qualname__, "".join(traceback.format_tb(error.__traceback__))
            sys.stderr.write(f"the compute worker ends: {kind} {reason}\n{places}")
        finally:
            os._exit(BROKEN)


def _answer(channel: Channel, name: str) -> None:
    try:
        outcome = _outcome(channel.receive(keep=False), name)
    except MemoryError as error:
        outcome = Outcome.failed(error)
    try:
        channel.send(outcome)
    except MemoryError as error:
        channel.send(Outcome.failed(error))


def _outcome(call: TwinCall, name: str) -> Outcome:
    try:
        return Outcome(call.twin(*call.arguments))
    except (InvalidInput, Degenerate, Interrupted, OutOfMemory, MemoryError) as error:
        return Outcome.failed(error)
    except Exception as error:
        # After some errors of a GPU every later call fails too, and only a new process can compute again.
        if name == "cuda" and _is_broken(name):
            raise
        # Only the places: this goes to the server's log, and the message of an exception may hold a caller's data.
        error.add_note(f"in the worker:\n{''.join(traceback.format_tb(error.__traceback__))}")
        return Outcome.failed(error)


def _is_broken(name: str) -> bool:
    try:
        return bool(backend.self_test(name))
    except (OutOfMemory, MemoryError):
        return False  # another computation fills its memory
    except Exception:  # noqa: BLE001 - whatever it is, the GPU does not compute
        return True


if __name__ == "__main__":
    main([int(argument) for argument in sys.argv[1:]])
