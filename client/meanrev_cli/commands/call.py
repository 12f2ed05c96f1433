"""`meanrev call`: any method of any server that has reflection, in JSON."""

from __future__ import annotations  # grpc's classes are generic in their stubs only

import difflib
import itertools
import json
import time
from typing import TYPE_CHECKING, Any

import click
import grpc
from google.protobuf import json_format
from google.protobuf.message_factory import GetMessageClass

from meanrev_cli.access import Access, access_flags
from meanrev_cli.failure import ExitCode, Failure
from meanrev_cli.json_input import documents
from meanrev_cli.reflection import arity, find_method, services
from meanrev_cli.remote import SECONDS, address_of, connected, failure_of
from meanrev_cli.shared import Shared, shared_flags

if TYPE_CHECKING:
    from collections.abc import Iterator

    from google.protobuf.descriptor import MethodDescriptor
    from google.protobuf.message import Message

__all__ = ["call"]

_TIMEOUT_S = 30.0


@click.command()
@click.argument("host")
@click.argument("method")
@click.argument("request", required=False, metavar="[JSON]")
@click.option(
    "--timeout",
    "timeout_s",
    type=SECONDS,
    envvar="MEANREV_TIMEOUT",
    metavar="SECONDS",
    help="Longest wait (or MEANREV_TIMEOUT): 30 for one reply, none for a stream of replies.",
)
@click.option("--first", type=click.IntRange(min=1), metavar="N", help="Stop a stream of replies after N.")
@access_flags
@shared_flags
def call(
    shared: Shared,
    host: str,
    method: str,
    request: str | None,
    timeout_s: float | None,
    first: int | None,
    access: Access,
) -> None:
    """Call METHOD of the server at HOST with a request in JSON, and print each reply as JSON.

    METHOD is a method's name, with or without its service (`meanrev info HOST` lists them). Without JSON, or with
    "-", the request is read from stdin. A method that takes a stream takes a JSON array of requests, or one request a
    line, sent as it is read; a stream of replies is printed one a line.
    """
    address = address_of(shared, host)
    with connected(address, timeout_s or _TIMEOUT_S, access) as channel:
        try:
            chosen = _chosen(channel, method, timeout_s or _TIMEOUT_S)
            shared.note(f"{chosen.full_name}: {arity(chosen)}")
            start = time.perf_counter()
            _exchange(channel, chosen, _Requests(chosen, request), timeout_s, first)
            shared.note(f"done in {1e3 * (time.perf_counter() - start):.1f} ms")
        except grpc.RpcError as error:
            trailing: Any = error.trailing_metadata()
            for key, value in trailing or ():
                shared.note(f"{key}: {value!r}")
            raise failure_of(error, address, timeout_s or _TIMEOUT_S) from None


class _Requests:
    """Messages made of JSON; an error met while grpc's own thread reads them is kept for ours to raise."""

    def __init__(self, method: MethodDescriptor, text: str | None) -> None:
        self._message = GetMessageClass(method.input_type)
        self._documents = documents(text, several=method.client_streaming)
        self.failure: Failure | None = None

    def __iter__(self) -> Iterator[Message]:
        try:
            for document in self._documents:
                yield self._parsed(document)
        except Failure as failure:
            self.failure = failure
            raise

    def _parsed(self, document: dict[str, Any]) -> Message:
        try:
            return json_format.ParseDict(document, self._message())
        except json_format.ParseError as error:
            raise Failure(
                ExitCode.BAD_DATA,
                f"the request does not fit {self._message.DESCRIPTOR.name}: {' '.join(str(error).split())}",
            ) from None


def _chosen(channel: grpc.Channel, wanted: str, timeout_s: float) -> MethodDescriptor:
    offered = services(channel, timeout_s)
    found = find_method(offered, wanted)
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(method.full_name for method in found)
        raise Failure(ExitCode.USAGE, f"METHOD {wanted!r} can mean {names}; name its service too")
    names_offered = [method.name for service in offered for method in service.methods]
    by_folded = {name.lower(): name for name in names_offered}
    close = difflib.get_close_matches(wanted.rpartition("/")[2].lower(), by_folded, n=1)
    advice = f"did you mean {by_folded[close[0]]}?" if close else f"it has {', '.join(names_offered)}"
    raise Failure(ExitCode.USAGE, f"the server has no METHOD {wanted!r}; {advice}")


def _exchange(
    channel: grpc.Channel,
    method: MethodDescriptor,
    requests: _Requests,
    timeout_s: float | None,
    first: int | None,
) -> None:
    callable_ = _callable(channel, method)
    sent = iter(requests) if method.client_streaming else next(iter(requests))
    if not method.server_streaming:
        _print(callable_(sent, timeout=timeout_s or _TIMEOUT_S), indent=2)
        return
    replies = callable_(sent, timeout=timeout_s)
    try:
        for reply in itertools.islice(replies, first):
            _print(reply, indent=None)
    except grpc.RpcError:
        if requests.failure is not None:
            raise requests.failure from None
        raise
    finally:
        replies.cancel()


def _callable(channel: grpc.Channel, method: MethodDescriptor) -> Any:
    asked = "stream" if method.client_streaming else "unary"
    answered = "stream" if method.server_streaming else "unary"
    make = getattr(channel, f"{asked}_{answered}")
    return make(
        f"/{method.containing_service.full_name}/{method.name}",
        request_serializer=lambda message: message.SerializeToString(),
        response_deserializer=GetMessageClass(method.output_type).FromString,
    )


def _print(reply: Message, indent: int | None) -> None:
    document = json_format.MessageToDict(
        reply,
        preserving_proto_field_name=True,
        always_print_fields_with_no_presence=True,
    )
    click.echo(json.dumps(document, indent=indent))
