"""CaraOptimalWeights: mean-variance weights."""

from meanrev.methods.weights import optimise, optimise_stream, under_name

__all__ = ["cara", "cara_stream"]

_METHOD = "CaraOptimalWeights"

cara = under_name(
    optimise,
    _METHOD,
    "cara",
    "Find the weights with the highest certainty equivalent, w'mu - gamma/2 w'Sw.",
)
cara_stream = under_name(
    optimise_stream, _METHOD, "cara_stream", "Optimise as returns arrive, as cara does: weights for each batch."
)
