"""One module a method: decode the request, await the computation, encode the answer.

A handler computes nothing and uses no other handler. Each module has `handle(data, call)`: a coroutine for a unary
method, an async generator for a streaming one. data is the request's bytes, or an async iterator of them where the
client streams. Arrays are read, computed and written in a compute thread (`_answer`), because copying a large array
would block the event loop as much as computing does. Research methods are in research.tasks, and the methods that
stream weights in weights_stream.
"""
