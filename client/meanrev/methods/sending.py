"""How a matrix goes to a server: in chunks, or by the id under which the server keeps it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar

from meanrev.errors import InvalidInput
from meanrev.intake.kept import Kept, kept_as, kept_of
from meanrev.intake.table import Table
from meanrev.methods import wire
from meanrev.methods.chunks import LARGE_BYTES, ChunkLabels, MatrixChunks, check_size, named, outline
from meanrev.methods.naming import SeriesNames
from meanrev.question import ById, Question
from meanrev_wire.matrix_ids import matrix_id

__all__ = ["PUT", "Sending", "reput", "upload"]

Q = TypeVar("Q", bound=Question[Any])

PUT = wire.research_path("PutMatrix")


@dataclass(frozen=True)
class Sending:
    """A matrix, and the options that go with it.

    Attributes:
        read: (T,) or (T, N), or a part of a kept matrix.
        names: Of the columns, with the caller's labels.
        metadata: The options.
        renamed: Fields and options of the request whose arguments have other names, for errors.
    """

    read: Table
    names: SeriesNames
    metadata: str
    renamed: Mapping[str, str] = field(default_factory=dict)

    @property
    def calls(self) -> Sequence[Sequence[bytes]]:
        """The messages of the one call, in chunks that a server takes by default."""
        return [self._by_name] if self._alone else [MatrixChunks(self.read, self.names, self.metadata)]

    @property
    def outline(self) -> bytes:
        """The one chunk that asks for an estimate."""
        return self._by_name[0] if self._alone else outline(self.read, self.names, self.metadata)

    @property
    def fitted(self) -> Callable[[Mapping[str, int]], Sequence[Sequence[bytes]]] | None:
        """What cuts a large matrix to a server's limits, as for a Question."""
        if self._alone or self.read.values.nbytes <= LARGE_BYTES:
            return None

        def cut(limits: Mapping[str, int]) -> Sequence[Sequence[bytes]]:
            argument = self._argument
            check_size(self.read, limits, argument)
            most = limits.get("max_message_bytes") or None
            return [MatrixChunks(self.read, self.names, self.metadata, most, argument)]

        return cut

    @property
    def labels(self) -> ChunkLabels:
        """The caller's labels of the matrix, for errors."""
        return ChunkLabels(self.names.named(self.read), self.renamed)

    def by_id(self, question: Q) -> Q:
        """Return a question that sends the matrix, which can also be asked by the matrix's id."""
        kept = self._kept
        if self._alone:
            return question
        if kept is not None:
            asked = ById(lambda: self._named(question, kept), lambda: reput(kept, self._argument), always=True)
        else:
            asked = ById(lambda: self._named(question, self._hashed), lambda: upload(self.read, self.names))
        return replace(question, by_id=asked)

    @property
    def _argument(self) -> str:
        return self.renamed.get("block", "prices")

    @cached_property
    def _kept(self) -> Kept | None:
        kept = kept_of(self.read)
        if kept is not None and self.names.texts != kept.texts:
            rule = "must be left out beside a kept matrix, whose columns have names; part(columns) chooses some of them"
            raise InvalidInput("asset_ids", rule)
        return kept

    @property
    def _alone(self) -> bool:
        """Whether the server alone has the numbers."""
        return self._kept is not None and self._kept.whole is None

    @property
    def _by_name(self) -> list[bytes]:
        assert self._kept is not None  # noqa: S101 - as _alone says
        return [named(self._kept, self.metadata)]

    @cached_property
    def _hashed(self) -> Kept:
        """The matrix under the id that its content has; this takes a while."""
        kept = kept_as(self.read, _id_of(self.read, self.names.texts), *self.names.both).kept
        assert kept is not None  # noqa: S101 - kept_as makes it
        return kept

    def _named(self, question: Q, kept: Kept) -> Q:
        calls = [[named(kept, self.metadata)]]
        return replace(question, calls=calls, fitted=None, by_id=None, following=None)


def upload(read: Table, names: SeriesNames, argument: str = "prices") -> Question[list[bytes]]:
    """Declare the call that has a server keep a matrix; its answer is the serialised reply.

    Args:
        read: (T,) or (T, N).
        names: Of its columns.
        argument: What the caller gave it as.
    """
    sending = Sending(read, names, wire.options(), {"block": argument})
    return Question(
        PUT,
        sending.calls,
        lambda replies, _about: list(replies[0]),
        streaming=True,
        labels=sending.labels,
        fitted=sending.fitted,
    )


def reput(kept: Kept, argument: str = "prices") -> Question[list[bytes]]:
    """Declare the call that has a server keep a matrix again, whose numbers are here.

    Args:
        kept: What of which matrix.
        argument: What the caller gave it as.

    Raises:
        InvalidInput: the numbers have changed since it was put.
    """
    whole = kept.whole
    if whole is None or _id_of(whole, kept.columns) != kept.matrix_id:
        rule = (
            "must be as they were when they were put: the server does not keep the matrix any more, and the numbers "
            "here have changed since; put them again"
        )
        raise InvalidInput(argument, rule, value=kept.matrix_id)
    return upload(whole, SeriesNames(kept.columns, kept.columns), argument)


def _id_of(read: Table, texts: Sequence[str]) -> str:
    """Return the id that a matrix has on every server; this takes seconds for gigabytes."""
    return matrix_id(read.values.reshape(len(read.values), -1), texts, read.timestamps_ms)
