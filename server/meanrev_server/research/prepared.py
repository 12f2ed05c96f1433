"""A research request, prepared: its options parsed once, its work estimated, its matrix whole.

A Request is made from the first chunk: options are checked and the work is admitted before the other chunks are sent.
Prepared has the matrix too, and is all that running needs.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import msgspec

from gpu_kernels.choices import choice_rule
from gpu_kernels.errors import InvalidInput
from meanrev_server import installed
from meanrev_server.capacity import Demand
from meanrev_server.jobs import job_id
from meanrev_server.matrix_upload import FromKept, Upload, UploadedMatrix
from meanrev_server.outline import Outline
from meanrev_server.research.estimate import Estimate
from meanrev_server.research.task import Task
from meanrev_server.rpc import options
from meanrev_server.rpc.call import Call

__all__ = ["Prepared", "Request"]


class Prepared(NamedTuple):
    """A request whose matrix is whole.

    Attributes:
        request: The request, with the estimates of the whole matrix.
        table: The matrix.
    """

    request: "Request"
    table: UploadedMatrix

    def job_id(self, identity: str) -> str:
        """Return the id of a caller's request as a job: a hash of the caller, and of all that its answer depends on.

        A matrix that is kept goes by its id, and any other is hashed for it, so that both are the same job. This takes
        long enough for a compute thread.
        """
        texts = (
            msgspec.json.encode(self.request.options),
            json.dumps(self.request.ignored).encode(),
            self.table.content_id().encode(),
        )
        return job_id(identity, self.request.task.method, texts, installed.MEANREV)


@dataclass(frozen=True, slots=True)
class Request:
    """A request as far as its first chunk describes it.

    Attributes:
        task: What to run.
        outline: The size and the columns of the matrix.
        options: The task's options.
        ignored: Names of options that the task does not have.
        total: Steps that progress counts.
        estimate: What the work takes.
    """

    task: Task[Any]
    outline: Outline
    options: Any
    ignored: list[str]
    total: int
    estimate: Estimate

    @classmethod
    def read(cls, task: Task[Any], outline: Outline) -> "Request":
        """Read the request of a research method.

        This belongs in a thread: the metadata may hold megabytes of levels, or a range of very many points.

        Args:
            task: The method.
            outline: The outline that the first chunk gives; its metadata holds the options.

        Raises:
            InvalidInput: an option breaks its rule.
        """
        return cls._of(task, outline, *options.parse(task.options_type, outline.metadata))

    @classmethod
    def read_job(cls, tasks: Mapping[str, Task[Any]], outline: Outline) -> "Request":
        """Read the request of a job, whose metadata names the method beside the method's options; as read.

        Args:
            tasks: What may be a job, by method.
            outline: The outline that the first chunk gives.

        Raises:
            InvalidInput: the method is none of these, or an option breaks its rule.
        """
        most_bytes = max(task.options_type.MOST_BYTES for task in tasks.values())
        given = options.json_object(outline.metadata, most_bytes) or {}
        method = given.pop("method", None)
        if method not in tuple(tasks):
            rule = choice_rule(method, tasks)
            raise InvalidInput("metadata.method", rule, value="null" if method is None else method)
        task = tasks[method]
        options.check_size(outline.metadata, task.options_type.MOST_BYTES)
        return cls._of(task, outline, *options.checked(task.options_type, given))

    @classmethod
    def _of(cls, task: Task[Any], outline: Outline, chosen: Any, ignored: list[str]) -> "Request":
        task.check(chosen)
        return cls(task, outline, chosen, ignored, task.total(outline, chosen), task.estimate(outline, chosen))

    def demand(self, chunk_bytes: int, kept_bytes: int = 0) -> Demand:
        """Return what the work asks of the server; its replies are cut to any size, so they are not limited here.

        Args:
            chunk_bytes: Bytes of the first chunk; until a chunk has joined the matrix it is held twice more.
            kept_bytes: Bytes of the matrix that are counted where it is kept.
        """
        uploading = self.outline.nbytes + 2 * chunk_bytes
        remedy = "fewer columns, rows or cells take less, and dry_run answers how much"
        peak = max(self.estimate.peak_bytes, uploading) - kept_bytes
        return Demand(self.estimate.work, peak, field="block", remedy=remedy)

    def with_table(self, table: UploadedMatrix) -> Prepared:
        """Return the prepared request, estimated anew where the first chunk did not give the number of rows."""
        if self.outline.n_rows:
            return Prepared(self, table)
        outline = replace(self.outline, n_rows=len(table.values))
        return Prepared(self._of(self.task, outline, self.options, self.ignored), table)

    async def prepared(self, upload: Upload | FromKept, call: Call) -> Prepared:
        """Admit the work, receive the other chunks, and return the prepared request.

        Args:
            upload: The matrix, of which the first chunk has come, or which is kept.
            call: The call's surroundings.

        Raises:
            InvalidInput: a chunk is out of order, missing, sent twice, or contradicts the first one.
            LimitReached: too much work is in flight, or the matrix is too large for the server, now or ever.
        """
        call.ticket.announce(self.demand(upload.first_bytes, upload.kept_bytes))
        found = self.with_table(await upload.table())
        call.ticket.announce(found.request.demand(upload.first_bytes, upload.kept_bytes))
        return found
