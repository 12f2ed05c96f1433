"""A child process that computes: an error of a kernel that ends it does not end the process that serves.

fleet and process are the parent's side, __main__ is the child's, and channel connects them; arrays cross in shared
memory. The child imports nothing but the maths, and only the child uses a GPU.
"""

from meanrev_worker.errors import RepeatedCrash, WorkerError, WorkerLost
from meanrev_worker.fleet import Fleet
from meanrev_worker.messages import Orders

__all__ = ["Fleet", "Orders", "RepeatedCrash", "WorkerError", "WorkerLost"]
