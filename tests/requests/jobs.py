"""Requests of the methods for jobs; the id of the job is filled in where one is there."""

from meanrev_wire.research_pb2 import JobRequest, ListJobsRequest
from tests.server.making import block, matrix

__all__ = ["CASES", "NEEDS_A_JOB"]

JOB = block(JobRequest, job_id=lambda _: "0" * 64)

CASES = {
    "SubmitJob": (matrix(20, method="FitOu"), (50, 20_000)),
    "WatchJob": (JOB, (1,)),
    "FetchResult": (JOB, (1,)),
    "CancelJob": (JOB, (1,)),
    "ListJobs": (block(ListJobsRequest), (1,)),
}
NEEDS_A_JOB = {"WatchJob", "FetchResult", "CancelJob"}
