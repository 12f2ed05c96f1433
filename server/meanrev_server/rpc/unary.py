"""The pattern of a method that answers one request by one computation."""

from collections.abc import Callable
from typing import Any, TypeVar

from google.protobuf.message import Message

from meanrev_server.capacity import Demand
from meanrev_server.rpc import options
from meanrev_server.rpc.call import Call

__all__ = ["answered"]

M = TypeVar("M", bound=Message)
O = TypeVar("O", bound=options.Options)


async def answered(
    data: bytes,
    call: Call,
    request_type: type[M],
    options_type: type[O],
    answer: Callable[[M, O, list[str]], bytes],
    demand: Callable[[M, O], Demand],
    *,
    brief: bool = False,
) -> bytes:
    """Parse a request and its options, and return its answer.

    Args:
        data: The request.
        call: The call's surroundings.
        request_type: Class of the request; it has a field metadata.
        options_type: Options that the metadata holds.
        answer: Computes and serialises the answer, from the request, the options and the names of ignored options.
        demand: What that takes, from the shapes and the options of the request.
        brief: Answer on the event loop's thread, in less time than a compute thread takes to wake.

    Raises:
        InvalidInput: an option breaks its rule.
        LimitReached: the request asks for more than the server can give, ever or for now.
        Exception: whatever answer or demand raises.
    """
    request: Any = await call.decode(request_type, data)
    chosen, ignored = options.parse(options_type, request.metadata)
    call.ticket.announce(demand(request, chosen))
    return answer(request, chosen, ignored) if brief else await call.compute(answer, request, chosen, ignored)
