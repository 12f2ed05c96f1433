"""One module a method: decode, await the computation, encode. No maths, and no handler knows another.

Each module has `handle(data, call)`: a coroutine for a unary method, an async generator for a streaming one; data is
the request's bytes, or an async iterator of them where the client streams.
"""
