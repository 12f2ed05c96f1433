"""The in-process mode: the server's own routes without a socket, and a server in a process of its own.

The client finds it by the entry point "meanrev.extensions" and never imports it.
"""

from meanrev_local.offer import LocalOffer

__all__ = ["extension"]

extension = LocalOffer()
