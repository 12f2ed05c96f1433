"""The service: gRPC in, gpu_kernels behind, one event loop between.

app builds everything; handlers translate one method each; rpc routes, parses options and maps errors.
"""

from meanrev_server.app import App, run_grpc_server
from meanrev_server.config import Settings

__all__ = ["App", "Settings", "run_grpc_server"]
