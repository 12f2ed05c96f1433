"""The dashboard: pages for a browser, over the same guarded routes, tokens and limits as gRPC.

dashboard is the only module that the rest of the server imports; it imports starlette and uvicorn, which the extra
[dashboard] installs, when it starts.
"""
