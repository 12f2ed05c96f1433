"""Kept matrices as messages, and how a handler keeps one."""

from dataclasses import replace
from typing import Any

import numpy as np

from meanrev_server.capacity import Demand
from meanrev_server.matrices import KeptMatrix
from meanrev_server.rpc import options
from meanrev_server.rpc.call import Call
from meanrev_server.rpc.naming import same_fields
from meanrev_server.uploaded_matrix import UploadedMatrix
from meanrev_wire import codec
from meanrev_wire import research_pb2 as wire

__all__ = ["as_message", "described", "encoded", "keep", "keeping_demand"]

_STEPS_OF_A_VALUE = 20
"""Elementary steps in which a value is hashed, and written to a disk."""


def keeping_demand(n_values: int, peak_bytes: int) -> Demand:
    """Return what keeping a matrix asks for.

    Args:
        n_values: Numbers of the matrix.
        peak_bytes: Most bytes of memory meanwhile.
    """
    remedy = "fewer rows or columns take less"
    return Demand(_STEPS_OF_A_VALUE * n_values, peak_bytes, field="block", remedy=remedy)


async def keep(table: UploadedMatrix, call: Call) -> KeptMatrix:
    """Keep a matrix for the caller, and return it as it is kept now: a crash after the answer does not lose it.

    Args:
        table: The matrix, to which nobody writes any more; a part of a kept one is copied.
        call: The call's surroundings; the bytes of an upload are reserved already.

    Raises:
        LimitReached: it is too large, or has no room now.
        StorageFailed: the disk does not take it.
    """
    if not table.matrix_id and not table.values.flags.writeable:
        call.ticket.reserve(table.values.nbytes)
    named = await call.compute(_named, table)
    return await call.state.matrices.put(call.caller.identity, named)


def encoded(kept: KeptMatrix, ignored: list[str]) -> bytes:
    """Return a kept matrix as a serialised message, with the names of ignored options."""
    return codec.encode(wire.MatrixInfo, **same_fields(wire.MatrixInfo, kept), metadata=options.reply_metadata(ignored))


def as_message(kept: KeptMatrix) -> wire.MatrixInfo:
    """Return a kept matrix as a message, for a message that lists matrices."""
    return wire.MatrixInfo(**same_fields(wire.MatrixInfo, kept))


def described(kept: KeptMatrix, table: UploadedMatrix) -> dict[str, Any]:
    """Return the fields of a kept matrix with its columns and timestamps."""
    known = {"columns": list(table.columns), "timestamps_ms": table.timestamps_ms}
    return {**same_fields(wire.MatrixInfo, kept), **known}


def _named(table: UploadedMatrix) -> UploadedMatrix:
    """Return a matrix with its id, which cannot be written to; a part of a kept one as a copy of its own."""
    if table.matrix_id:
        return table
    values = table.values
    if not values.flags.writeable:
        values = np.array(values, order="F")
    stamps = table.timestamps_ms
    if stamps is not None:
        stamps = stamps.copy()
        stamps.flags.writeable = False
    values.flags.writeable = False
    return replace(table, values=values, timestamps_ms=stamps, matrix_id=table.content_id())
