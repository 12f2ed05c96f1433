"""PcaPortfolios: principal components of returns."""

from typing import Any

from meanrev.intake.containers import table
from meanrev.methods import wire
from meanrev.methods.naming import reported
from meanrev.question import About, Question, Replies
from meanrev.results import Pca
from meanrev_wire import codec
from meanrev_wire.meanrev_pb2 import PcaRequest, PcaResponse

__all__ = ["pca"]


def pca(
    returns: Any,
    *,
    n_components: int = 0,
    scaling: str = "none",
    timeout: float | None = None,
) -> Question[Pca]:
    """Find the principal components of returns.

    Args:
        returns: (T, N).
        n_components: How many; 0 means min(T, N), and more are clipped to it.
        scaling: "none", "zscore" or "minmax"; columns are centred always.
        timeout: Seconds for everything; the client's own where None.

    Returns:
        Ratios (K,), components (K, N) and transformed returns (T, K), the last two in the container of the returns.

    Raises:
        MeanRevError: as every call.
    """
    read = table("returns", returns).matrix("returns")
    message = wire.encode(
        PcaRequest,
        returns_matrix=read.values,
        n_components=n_components,
        scaling=scaling,
        metadata=wire.options(),
    )

    def result(replies: Replies, about: About) -> Pca:
        reply = wire.decode(PcaResponse, replies[0][0])
        return Pca(
            explained_variance_ratio=codec.doubles(reply.explained_variance_ratio),
            components=read.by_asset(codec.matrix(reply.components, "components")),
            transformed=read.over_time(codec.matrix(reply.transformed, "transformed"), named=False),
            total_variance_explained=reply.total_variance_explained,
            meta={**about, **wire.extras(reply.metadata)},
        )

    return Question(
        wire.path("PcaPortfolios"),
        [[message]],
        reported(read, result),
        timeout=timeout,
        labels=read,
        labelled="returns",
        renamed={"returns_matrix": "returns"},
    )
