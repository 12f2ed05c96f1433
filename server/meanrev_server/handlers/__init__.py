"""One module a method: decode, await the computation, encode. No maths, and no handler knows another.

Each module has `handle(data, call)`: a coroutine for a unary method, an async generator for a streaming one; data is
the request's bytes, or an async iterator of them where the client streams. Arrays are read, computed and written in a
compute thread (`_answer`), because copying a large one would hold up the event loop as much as computing does.
"""
