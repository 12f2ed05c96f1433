"""A real server on a free port, in a thread with its own loop, and a raw client for it."""

import asyncio
import threading
from contextlib import contextmanager

import grpc

from meanrev_server.app import App
from meanrev_server.config import Settings
from meanrev_wire import meanrev_pb2

SERVICE = "/meanrev.MeanRevService/"
METHODS = {method.name: method for method in meanrev_pb2.DESCRIPTOR.services_by_name["MeanRevService"].methods}


@contextmanager
def serving(**settings):
    """Serve while the context is open; yields the address."""
    loop = asyncio.new_event_loop()
    app = App(Settings(**{"listen": "127.0.0.1:0", **settings}))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield asyncio.run_coroutine_threadsafe(app.start(), loop).result(30)
    finally:
        asyncio.run_coroutine_threadsafe(app.stop(1), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


class Caller:
    """Calls by method name with messages, or with raw bytes."""

    def __init__(self, address):
        self.channel = grpc.insecure_channel(address)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.channel.close()

    def __call__(self, name, request=None, /, *, path=None, timeout=30, **fields):
        """Call a method; returns its reply, or the list of its replies. A request may be a message, bytes or a list."""
        method = METHODS[name]
        requests = request if isinstance(request, list) else [request]
        if request is None:
            requests = [message_of(method, fields)]
        calls = self.start(name, requests, path=path, timeout=timeout)
        return list(calls) if method.server_streaming else calls

    def start(self, name, requests, *, path=None, timeout=30):
        """Start a call with an iterable of requests; returns gRPC's own call where replies stream."""
        method = METHODS[name]
        reply = getattr(meanrev_pb2, method.output_type.name)
        kind = {
            (False, False): self.channel.unary_unary,
            (False, True): self.channel.unary_stream,
            (True, True): self.channel.stream_stream,
        }[method.client_streaming, method.server_streaming]
        call = kind(path or SERVICE + name, request_serializer=raw, response_deserializer=reply.FromString)
        requests = iter(requests)
        return call(requests if method.client_streaming else next(requests), timeout=timeout)


def message_of(method, fields):
    return getattr(meanrev_pb2, method.input_type.name)(**fields)


def raw(request):
    return request if isinstance(request, bytes) else request.SerializeToString()
