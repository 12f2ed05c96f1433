"""The versions of the packages that this server runs.

They are read once, as the server starts. Each reading opens a file of the installation, which is gone for a moment
while the package is installed anew, and a server that runs must not fail because of that.
"""

from importlib.metadata import version

__all__ = ["GRPCIO", "MEANREV", "NUMPY"]

MEANREV = version("meanrev")
GRPCIO = version("grpcio")
NUMPY = version("numpy")
