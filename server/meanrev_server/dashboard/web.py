"""The routes of the dashboard over HTTP: files, requests as JSON, and streams of server-sent events."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from functools import partial
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from meanrev_server.dashboard import requests
from meanrev_server.dashboard.assets import HEADERS, PAGE, Asset, assets
from meanrev_server.dashboard.gate import Gate
from meanrev_server.dashboard.origins import Origins
from meanrev_server.dashboard.samples import Sampler
from meanrev_server.dashboard.views import events, pairs, service, sweeps
from meanrev_server.errors import LimitReached, NotFound
from meanrev_server.records import Caller
from meanrev_server.rpc.status import status_of

__all__ = ["MOST_BODY_BYTES", "web_application"]

MOST_BODY_BYTES = 16 * 1024
"""Most bytes of a request's body: the longest legal one names a matrix, two columns and two ranges."""

Event = tuple[str, Any]

_STATUSES = {
    "INVALID_ARGUMENT": 400,
    "UNAUTHENTICATED": 401,
    "NOT_FOUND": 404,
    "ABORTED": 409,
    "FAILED_PRECONDITION": 422,
    "RESOURCE_EXHAUSTED": 429,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
"""HTTP statuses of gRPC's; 500 for any other."""

_REQUESTS: dict[str, tuple[type[msgspec.Struct], Callable[[Gate, Caller, Any], Awaitable[Any]]]] = {
    "matrix": (requests.MatrixChoice, service.columns),
    "drop": (requests.MatrixChoice, service.drop),
    "cancel": (requests.JobChoice, service.cancel),
    "equity": (requests.RuleRequest, sweeps.equity),
    "pair": (requests.PairRequest, pairs.pair),
}
_STREAMS: dict[str, tuple[type[msgspec.Struct], Callable[[Gate, Caller, Any], AsyncGenerator[Event, None]]]] = {
    "sweep": (requests.SweepRequest, sweeps.sweep),
    "book": (requests.PortfolioRequest, events.book),
}
_LISTS: dict[str, Callable[[Gate, Caller], Awaitable[Any]]] = {
    "about": service.about,
    "jobs": service.jobs,
    "matrices": service.matrices,
}


def web_application(gate: Gate, sampler: Sampler, origins: Origins) -> ASGIApp:
    """Return the dashboard as an ASGI application.

    Args:
        gate: Opens the calls of pages.
        sampler: Takes the samples of the overview.
        origins: Which requests of browsers are refused.
    """
    files = assets()
    routes = [
        Route("/", partial(_file, files[PAGE]), methods=["GET"]),
        *(Route(f"/{name}", partial(_file, file), methods=["GET"]) for name, file in files.items() if name != PAGE),
        Route("/api/samples", partial(_samples, gate, sampler), methods=["GET"]),
        *(Route(f"/api/{name}", partial(_list, gate, view), methods=["GET"]) for name, view in _LISTS.items()),
        *(Route(f"/api/{name}", partial(_answer, gate, *of), methods=["POST"]) for name, of in _REQUESTS.items()),
        *(Route(f"/api/{name}", partial(_stream, gate, *of), methods=["POST"]) for name, of in _STREAMS.items()),
        Route("/{path:path}", _unknown, methods=["GET", "POST"]),
    ]
    return _Guarded(Starlette(routes=routes), origins)


class _Guarded:
    """Refuses what other pages cause, and gives every answer the headers that protect ours."""

    def __init__(self, inner: ASGIApp, origins: Origins) -> None:
        self._inner, self._origins = inner, origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers: dict[str, str] = {}
        for name, value in scope["headers"]:
            key = name.decode("latin-1").lower()
            # Two values are none that is allowed, so a second Host or Origin hides no first one.
            headers[key] = f"{headers[key]}, {value.decode('latin-1')}" if key in headers else value.decode("latin-1")
        refusal = self._origins.refusal(scope["method"], scope["path"], headers)

        async def guarded(message: Any) -> None:
            if message["type"] == "http.response.start":
                given = {name for name, _ in message["headers"]}
                added = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
                if b"cache-control" not in given:
                    added.append((b"cache-control", b"no-store"))
                message["headers"] = [*message["headers"], *added]
            await send(message)

        if refusal is None:
            await self._inner(scope, receive, guarded)
        else:
            answer = _json({"error": {"code": "REFUSED", "message": refusal.message}}, refusal.status)
            answer.headers["connection"] = "close"  # its body, if any, is not read
            await answer(scope, receive, guarded)


async def _file(file: Asset, request: Request) -> Response:
    headers = {"etag": file.etag, "cache-control": "no-cache"}
    if request.headers.get("if-none-match") == file.etag:
        return Response(status_code=304, headers=headers)
    return Response(file.data, headers=headers, media_type=file.kind)


async def _unknown(request: Request) -> Response:
    return _refused(NotFound(f"the dashboard has nothing at {request.url.path[:100]!r}"))


async def _list(gate: Gate, view: Callable[[Gate, Caller], Awaitable[Any]], request: Request) -> Response:
    try:
        return _json(await view(gate, _caller(gate, request)))
    except Exception as error:  # noqa: BLE001 - as rpc.guard, which maps every error to a status
        return _refused(error)


async def _answer(
    gate: Gate,
    kind: type[msgspec.Struct],
    view: Callable[[Gate, Caller, Any], Awaitable[Any]],
    request: Request,
) -> Response:
    try:
        caller = _caller(gate, request)
        asked = requests.read(kind, await _body(request))
        return _json(await _while_connected(request, view(gate, caller, asked)))
    except Exception as error:  # noqa: BLE001 - as above
        return _refused(error)


async def _stream(
    gate: Gate,
    kind: type[msgspec.Struct],
    view: Callable[[Gate, Caller, Any], AsyncGenerator[Event, None]],
    request: Request,
) -> Response:
    try:
        caller = _caller(gate, request)
        asked = requests.read(kind, await _body(request))
        return await _streamed(view(gate, caller, asked))
    except Exception as error:  # noqa: BLE001 - as above
        return _refused(error)


async def _samples(gate: Gate, sampler: Sampler, request: Request) -> Response:
    try:
        return await _streamed(events.samples(gate, _caller(gate, request), sampler))
    except Exception as error:  # noqa: BLE001 - as above
        return _refused(error)


def _caller(gate: Gate, request: Request) -> Caller:
    peer = "" if request.client is None else f"{request.client.host}:{request.client.port}"
    return gate.caller(request.headers.getlist("authorization"), peer)


async def _body(request: Request) -> bytes:
    """Return a request's body.

    Raises:
        LimitReached: it is too long.
    """
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BODY_BYTES:
            raise LimitReached(f"the request must have at most {MOST_BODY_BYTES} bytes")
    return body


async def _while_connected(request: Request, answer: Awaitable[Any]) -> Any:
    """Return an answer; the work for it ends where the browser leaves first."""
    working = asyncio.ensure_future(answer)
    leaving = asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            working.cancel()
        return await working
    finally:
        working.cancel()
        leaving.cancel()


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        continue


async def _streamed(stream: AsyncGenerator[Event, None]) -> Response:
    """Return a stream of events, once its first one is there: a refusal before it has a status of its own."""
    try:
        first = await anext(stream)
    except BaseException:
        await stream.aclose()
        raise
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(_frames(first, stream), headers=headers, media_type="text/event-stream")


async def _frames(first: Event, stream: AsyncGenerator[Event, None]) -> AsyncIterator[bytes]:
    async with aclosing(stream):
        yield _frame(first)
        try:
            async for event in stream:
                yield _frame(event)
        except Exception as error:  # noqa: BLE001 - as above
            yield _frame(("error", _error_of(error)[0]))


def _frame(event: Event) -> bytes:
    """Return an event as a frame: JSON has no line breaks outside of texts, where they are escaped."""
    name, content = event
    return b"event: " + name.encode() + b"\ndata: " + msgspec.json.encode(content) + b"\n\n"


def _json(content: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(content), status, media_type="application/json")


def _refused(error: Exception) -> Response:
    content, status = _error_of(error)
    answer = _json({"error": content}, status)
    if status == 401:
        answer.headers["www-authenticate"] = "Bearer"
    return answer


def _error_of(error: Exception) -> tuple[dict[str, Any], int]:
    """Return an error as a page shows it, and its HTTP status."""
    status = status_of(error)
    details = json.loads(status.details) if status.details else {}
    return {"code": status.code.name, "message": status.message, **details}, _STATUSES.get(status.code.name, 500)
