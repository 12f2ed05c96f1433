"""What grpcio itself costs: its asyncio server on uvloop with handlers of raw bytes that compute nothing."""

import grpc
import uvloop

ESTIMATE = bytes(190)
RETURNS = 8_000
HEADER = b"\x0a\xc0\x3e"
"""Of a packed field with 1,000 doubles."""


async def stream(messages, _context):
    every = count = 0
    async for data in messages:
        every = every or (100 if b"100}" in data else 1)
        count += 1
        if count % every == 0:
            # Field 20 of an estimate, its reason: a string of as many zeros as a true one has bytes.
            yield b"\xa2\x01\xbe\x01" + ESTIMATE


async def unary(data, _context):
    return HEADER + data[-RETURNS:]


class Bare(grpc.GenericRpcHandler):
    def service(self, details):
        if details.method.endswith("EstimateOUParams"):
            return grpc.stream_stream_rpc_method_handler(stream)
        return grpc.unary_unary_rpc_method_handler(unary)


async def main():
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((Bare(),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(f"listening on 127.0.0.1:{port}", flush=True)
    await server.wait_for_termination()


uvloop.run(main())
