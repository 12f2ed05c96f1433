"""SharpeOptimalWeights: weights with the highest Sharpe ratio."""

from meanrev.methods.weights import optimise, optimise_stream, under_name

__all__ = ["sharpe", "sharpe_stream"]

_METHOD = "SharpeOptimalWeights"

sharpe = under_name(
    optimise,
    _METHOD,
    "sharpe",
    "Find the weights with the highest Sharpe ratio (the tangency portfolio).",
)
sharpe_stream = under_name(
    optimise_stream, _METHOD, "sharpe_stream", "Optimise as returns arrive, as sharpe does: weights for each batch."
)
