"""A child process that computes: what a kernel breaks there does not reach the process that serves.

fleet and process are the parent's side and __main__ is the child's; both speak through channel, whose arrays cross in
memory. The child imports the maths alone, so that a GPU is known to it and to nothing else.
"""

from meanrev_worker.errors import Poisonous, WorkerLost
from meanrev_worker.fleet import Fleet
from meanrev_worker.tasks import Orders

__all__ = ["Fleet", "Orders", "Poisonous", "WorkerLost"]
