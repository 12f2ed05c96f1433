"""The rows of jobs and of the parts of their results. All functions run in the database's thread."""

import json
from collections.abc import Sequence

from meanrev_server.jobs import Job, Reply
from meanrev_server.state.database import Database

__all__ = ["add_chunk", "all_jobs", "begin", "chunks", "delete", "end", "kept_names", "pause", "put", "request_stop"]

_COLUMNS = (
    "job_id",
    "identity",
    "method",
    "status",
    "total",
    "error",
    "nbytes",
    "held",
    "submitted_ms",
    "finished_ms",
    "stop",
    "tag",
)


def all_jobs(database: Database) -> list[Job]:
    """Return all jobs, oldest first."""
    query = f"SELECT {', '.join(_COLUMNS)}, replies FROM jobs ORDER BY submitted_ms, job_id"  # noqa: S608 - constants
    return [_job(row) for row in database.connection.execute(query)]


def _job(row: Sequence[object]) -> Job:
    *columns, replies = row
    job = Job(**dict(zip(_COLUMNS, columns, strict=True)))  # type: ignore[arg-type] # named as the fields
    job.stop, job.replies = bool(job.stop), tuple(Reply(*reply) for reply in json.loads(str(replies)))
    job.done = job.total if job.status == "done" else 0
    return job


def put(database: Database, job: Job) -> None:
    """Store a job that is to run, in place of an earlier one of its id."""
    values = [getattr(job, name) for name in _COLUMNS]
    with database.transaction("job queued") as connection:
        connection.execute("DELETE FROM jobs WHERE job_id = ?", (job.job_id,))
        marks = ", ".join("?" * len(values))
        connection.execute(f"INSERT INTO jobs ({', '.join(_COLUMNS)}) VALUES ({marks})", values)  # noqa: S608 - constants


def begin(database: Database, job: Job) -> int:
    """Count a start of a job, and return how many there have been since a part was kept."""
    with database.transaction("job begun") as connection:
        connection.execute("UPDATE jobs SET starts = starts + 1 WHERE job_id = ? AND tag = ?", (job.job_id, job.tag))
        found = connection.execute("SELECT starts FROM jobs WHERE job_id = ? AND tag = ?", (job.job_id, job.tag))
        starts: int = found.fetchone()[0]
    return starts


def pause(database: Database, job: Job) -> None:
    """Take back the count of a start, because the server stops in good order."""
    with database.transaction("job paused") as connection:
        connection.execute(
            "UPDATE jobs SET starts = max(0, starts - 1) WHERE job_id = ? AND tag = ?", (job.job_id, job.tag)
        )


def request_stop(database: Database, job: Job) -> None:
    """Record that a job is to be cancelled."""
    with database.transaction("job stopped") as connection:
        connection.execute("UPDATE jobs SET stop = 1 WHERE job_id = ? AND tag = ?", (job.job_id, job.tag))


def end(database: Database, job: Job, status: str, now_ms: int, replies: Sequence[Reply], error: str) -> None:
    """Record a job's end, after which its parts are of no use."""
    kept = json.dumps([list(reply) for reply in replies])
    nbytes = sum(reply.nbytes for reply in replies)
    with database.transaction("job ended") as connection:
        connection.execute(
            "UPDATE jobs SET status = ?, finished_ms = ?, total = ?, nbytes = ?, held = 0, replies = ?, error = ? "
            "WHERE job_id = ? AND tag = ?",
            (status, now_ms, job.total, nbytes, kept, error, job.job_id, job.tag),
        )
        connection.execute("DELETE FROM chunks WHERE job_id = ?", (job.job_id,))


def delete(database: Database, job: Job) -> None:
    """Forget a job, unless it was submitted anew meanwhile."""
    with database.transaction("job dropped") as connection:
        connection.execute("DELETE FROM jobs WHERE job_id = ? AND tag = ?", (job.job_id, job.tag))


def chunks(database: Database, job: Job, made_by: str) -> frozenset[int]:
    """Return the numbers of a job's parts that this code has made; those of other code are forgotten."""
    with database.transaction("chunks chosen") as connection:
        connection.execute("DELETE FROM chunks WHERE job_id = ? AND made_by != ?", (job.job_id, made_by))
        found = connection.execute("SELECT chunk FROM chunks WHERE job_id = ?", (job.job_id,)).fetchall()
    return frozenset(number for (number,) in found)


def add_chunk(database: Database, job: Job, number: int, made_by: str) -> None:
    """Record that a part of a job's result is kept: the job has got further since its last start."""
    with database.transaction("chunk kept") as connection:
        connection.execute("INSERT OR REPLACE INTO chunks VALUES (?, ?, ?)", (job.job_id, number, made_by))
        connection.execute("UPDATE jobs SET starts = 1 WHERE job_id = ?", (job.job_id,))


def kept_names(database: Database) -> tuple[frozenset[str], frozenset[str], frozenset[tuple[str, int]]]:
    """Return the names of files that rows need: inputs, results, and parts with their numbers."""
    connection = database.connection
    inputs = connection.execute("SELECT job_id || '.' || tag FROM jobs WHERE status = 'queued'").fetchall()
    results = connection.execute("SELECT job_id || '.' || tag FROM jobs WHERE status = 'done'").fetchall()
    parts = connection.execute("SELECT job_id || '.' || tag, chunk FROM jobs JOIN chunks USING (job_id)").fetchall()
    return frozenset(name for (name,) in inputs), frozenset(name for (name,) in results), frozenset(parts)
