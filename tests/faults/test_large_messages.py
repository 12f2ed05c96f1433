"""Messages of many megabytes are parsed in a compute thread, so that the event loop goes on with other calls."""

import threading

import grpc
import numpy as np

from meanrev_wire import codec, meanrev_pb2
from tests.server.serving import SERVICE, serving


def test_a_large_message_is_parsed_beside_the_event_loop(monkeypatch):
    parse, threads = codec.decode_large, []

    def noted(*arguments):
        threads.append(threading.current_thread().name)
        return parse(*arguments)

    monkeypatch.setattr(codec, "decode_large", noted)
    data = codec.encode(meanrev_pb2.ReturnsRequest, prices=np.full(1_000_000, 2.0))
    options = [("grpc.max_receive_message_length", -1)]
    with serving(backend="numpy") as address, grpc.insecure_channel(address, options) as channel:
        reply = channel.unary_unary(SERVICE + "ComputeLogReturns")(data, timeout=60)
    assert len(reply) > 7_000_000
    assert threads
    assert all(name.startswith("meanrev-compute") for name in threads)
