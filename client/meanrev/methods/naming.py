"""Names of series: unique texts on the wire, and the caller's own labels again in results and errors."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from meanrev.errors import InvalidInput
from meanrev.intake.kept import kept_of
from meanrev.intake.table import Table
from meanrev.methods import fields
from meanrev.question import About
from meanrev.results.base import Result

__all__ = ["SeriesNames", "reported", "series_names", "unique_texts"]

R = TypeVar("R", bound=Result)


@dataclass(frozen=True)
class SeriesNames(Sequence[str]):
    """Names of N series, as a sequence of the texts that are sent.

    Attributes:
        texts: N different texts.
        labels: N labels, as the caller wrote them.
    """

    texts: tuple[str, ...]
    labels: tuple[Hashable, ...]

    @property
    def both(self) -> tuple[tuple[str, ...], tuple[Hashable, ...]]:
        """The texts and the labels."""
        return self.texts, self.labels

    def __len__(self) -> int:
        return len(self.texts)

    def __getitem__(self, place: Any) -> Any:
        return self.texts[place]

    def named(self, read: Table) -> Table:
        """Return a table with these labels for its errors, unless it has its own, or these are its columns' numbers."""
        numbers = tuple(map(str, range(len(self.labels))))
        plain = read.names or read.values.ndim == 1 or self.labels == numbers
        return read if plain else replace(read, names=self.labels)

    def text(self, label: Hashable, argument: str) -> str:
        """Return the text that is sent for a label, or for the number of a series without one.

        Args:
            label: As the caller wrote it.
            argument: The caller's, for the error.

        Raises:
            InvalidInput: no series has it.
        """
        for labels in (self.labels, self.texts):
            if label in labels:
                return self.texts[labels.index(label)]
        if str(label) in self.texts and self.labels == tuple(map(str, range(len(self.labels)))):
            return str(label)
        raise InvalidInput(argument, f"must be the name of a column, such as {self.labels[0]!r}", value=label)

    def own(self, result: R) -> R:
        """Return a result with the caller's labels where it has the texts."""
        if self.texts == self.labels:
            return result
        return result.relabelled(dict(zip(self.texts, self.labels, strict=True)))


def series_names(read: Table, asset_ids: Iterable[Hashable] | None) -> SeriesNames:
    """Return one name a series: as given, else a frame's columns or a series' own name, else their numbers.

    A kept matrix has the names with which it was put.

    Args:
        read: (T,) or (T, N).
        asset_ids: N names, or None.

    Raises:
        InvalidInput: there are more or fewer names than series, or two are the same.
    """
    kept = kept_of(read)
    if kept is not None and asset_ids is None:
        return SeriesNames(kept.texts, kept.own_labels)
    width = 1 if read.values.ndim == 1 else read.values.shape[1]
    given = [] if asset_ids is None else fields.names("asset_ids", asset_ids)
    labels: tuple[Hashable, ...] = tuple(given or read.names or map(str, range(width)))
    if read.values.ndim == 1 and not given:
        name = None if read.report is None else read.report.columns[0]
        labels = ("" if name is None else name,)
    if len(labels) != width:
        raise InvalidInput("asset_ids", f"must hold {width} names, one a series", value=len(labels))
    try:
        twice = [label for label, count in Counter(labels).items() if count > 1]
    except TypeError:
        raise InvalidInput("asset_ids", "must be names: texts, numbers, dates or tuples of them") from None
    if twice:
        raise InvalidInput("asset_ids", "must differ from each other", value=twice[0])
    return SeriesNames(unique_texts(labels), labels)


def unique_texts(labels: Sequence[Hashable]) -> tuple[str, ...]:
    """Return a text for each label, all different: 1 and "1" become "1" and "1 (2)"."""
    texts = [str(label) for label in labels]
    if len(set(texts)) == len(texts):
        return tuple(texts)
    taken, out = set(texts), []
    seen: set[str] = set()
    for text in texts:
        chosen, count = text, 1
        while chosen in seen or (chosen != text and chosen in taken):
            count += 1
            chosen = f"{text} ({count})"
        seen.add(chosen)
        out.append(chosen)
    return tuple(out)


def reported(read: Table | None, result: Callable[..., R]) -> Callable[..., R]:
    """Return the same reader of replies, with the report of the data that were sent in the result's meta."""
    if read is None or read.report is None:
        return result
    known: Mapping[str, Any] = {"intake": read.report}

    def with_report(replies: Any, about: About) -> R:
        return result(replies, {**about, **known})

    return with_report
