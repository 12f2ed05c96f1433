"""Jobs that servers with a state directory run while they are killed, and the bytes of their results."""

import json

from meanrev_wire import research_pb2 as wire
from tests.server.research import NAMES, chunks, universe

__all__ = ["PATIENCE_S", "PRICES", "request", "results", "submitted"]

PATIENCE_S = 60
PRICES = universe(5, 1500, seed=3)


def request(method, options):
    """Return the chunks of a job."""
    return chunks(PRICES, 500, columns=NAMES, total=len(PRICES), method=method, **options)


def submitted(ask, jobs, patience_s=PATIENCE_S):
    """Submit jobs, (method, options) each; returns their ids by method and options."""
    return {
        json.dumps([method, options]): ask.start("SubmitJob", request(method, options), patience_s).job_id
        for method, options in jobs
    }


def results(ask, ids, patience_s=PATIENCE_S):
    """Wait for jobs, and return their bytes."""
    found = {}
    for name, job_id in ids.items():
        last = list(ask.start("WatchJob", wire.JobRequest(job_id=job_id), patience_s))[-1]
        assert last.status == "done", (name, last.error)
        found[name] = b"".join(part.data for part in ask("FetchResult", wire.JobRequest(job_id=job_id)))
    return found
