"""A child process that computes: what a kernel breaks there does not reach the process that serves.

process is the parent's side and __main__ the child's; both speak through channel, whose arrays cross in memory. The
child imports the maths alone, so that a GPU is known to it and to nothing else.
"""

from meanrev_worker.errors import Poisonous, WorkerLost
from meanrev_worker.process import Worker
from meanrev_worker.tasks import Orders

__all__ = ["Orders", "Poisonous", "Worker", "WorkerLost"]
