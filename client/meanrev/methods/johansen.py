"""FitJohansen: 2 to 12 series, tested for the combinations that revert."""

from typing import Any

from meanrev.intake.containers import table
from meanrev.methods import wire
from meanrev.methods.naming import reported
from meanrev.methods.research import research_path
from meanrev.question import About, Question, Replies
from meanrev.results import JohansenTest
from meanrev_wire import codec
from meanrev_wire.research_pb2 import FitJohansenReply, FitJohansenRequest

__all__ = ["johansen"]

_VECTORS = ("eigenvalues", "trace_statistic", "max_eigenvalue_statistic")
_MATRICES = ("trace_critical_values", "max_eigenvalue_critical_values")
_PLACED = {*_VECTORS, *_MATRICES, "vectors", "spread", "meta"}
_NUMBERS = tuple(name for name in JohansenTest.__dataclass_fields__ if name not in _PLACED)


def johansen(
    prices: Any,
    *,
    det_order: int | None = None,
    lags: int | None = None,
    log: bool | None = None,
    timeout: float | None = None,
) -> Question[JohansenTest]:
    """Test how many combinations of 2 to 12 series revert, and find the weights of each, by Johansen's method.

    Args:
        prices: (T, N), oldest first, N = 2 .. 12.
        det_order: -1 for no deterministic term, 0 for a constant, 1 for a straight line that is taken out first.
        lags: Lagged differences of the regression; one less than the lags of the vector autoregression.
        log: Test logarithms of the prices, which must be positive then.
        timeout: Seconds for everything; the client's own where None.

    Returns:
        The test, with the weights and the first spread in the container of the prices.

    Raises:
        MeanRevError: as every call.
    """
    read = table("prices", prices).matrix("prices")
    metadata = wire.options(det_order=det_order, lags=lags, log=log)

    def result(replies: Replies, about: About) -> JohansenTest:
        reply = wire.decode(FitJohansenReply, replies[0][0])
        known: dict[str, Any] = {name: getattr(reply, name) for name in _NUMBERS}
        known |= {name: codec.doubles(getattr(reply, name)) for name in _VECTORS}
        known |= {name: codec.matrix(getattr(reply, name), name) for name in _MATRICES}
        return JohansenTest(
            vectors=read.by_asset(codec.matrix(reply.vectors, "vectors")),
            spread=read.over_time(codec.doubles(reply.spread), named=False),
            **known,
            meta={**about, **wire.extras(reply.metadata)},
        )

    return Question(
        research_path("FitJohansen"),
        [[wire.encode(FitJohansenRequest, prices=read.values, metadata=metadata)]],
        reported(read, result),
        timeout=timeout,
        labels=read,
        labelled="prices",
    )
