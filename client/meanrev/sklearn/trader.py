"""The estimator PairsTrader."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from meanrev.client import Client
from meanrev.errors import InvalidInput
from meanrev.results import BacktestResult
from meanrev.sklearn.learning import Wanted, learn_pair, learn_spread

try:
    from sklearn.base import BaseEstimator
    from sklearn.utils.validation import check_is_fitted, validate_data
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] != "sklearn":
        raise
    advice = "the extra [sklearn] brings it: pip install '.[sklearn]' in a checkout of meanrev"
    raise ModuleNotFoundError(f"meanrev.sklearn needs scikit-learn 1.6 or newer; {advice}", name="sklearn") from None

__all__ = ["NotTradedWarning", "PairsTrader"]

Floats = NDArray[np.float64]

_FEWEST_BARS = 10
"""Rows of a fit; a server that needs more says so itself."""
_MOST_LISTED = 10


class NotTradedWarning(UserWarning):
    """The train part has no spread that is worth trading; positions are 0 until the estimator is fitted anew."""


class PairsTrader(BaseEstimator):  # type: ignore[misc, unused-ignore] # scikit-learn has no types
    """Trades a pair, or a spread, by thresholds that are learnt from the rows given to fit.

    fit estimates the hedge ratio by least squares, the Ornstein-Uhlenbeck process of the spread, and the thresholds
    that are optimal for its costs. predict and score use these on any further rows and learn nothing from them, so that
    cross-validation with TimeSeriesSplit measures the rule out of sample. Rows are bars, oldest first, and the result
    of a row depends on the rows before it: never shuffle them. A Client computes, in process or on a server.

    Args:
        client: Where to compute: "local" is this process, "HOST:PORT" or "unix:/path" a server, as the address of
            Client; or a Client, which stays open. An address takes token and TLS files from the environment.
        columns: Columns of X, by name or number: two for a pair, y and x, or one for a spread. None is all of X, which
            then has one or two columns.
        log: Model logarithms of the prices, which must be positive then. None is True for a pair and False for a
            spread.
        cost_per_side: Of each purchase and sale. With log a fraction of the notional of each leg, five basis points
            where None; else in units of the spread, and it has to be given.
        objective: What the thresholds maximise: "sharpe" or "profit".
        bias: "median_unbiased" or "none": correction of the fitted theta for small samples.
        entry_zscore: Enter at this score in place of the optimal one; exit_zscore is given with it.
        exit_zscore: Leave at this score; a position with side d exits when d z >= -exit_zscore.
        stop: Score at which a losing position is closed; above the entry score. None is no stop.
        execution_delay: Bars between a decision and its fill.
        periods_per_year: Bars in a year, for the Sharpe ratio.
        timeout: Seconds for a call; the client's own where None.

    Attributes:
        columns_: Numbers of the columns of X that are traded.
        log_: Whether logarithms are modelled.
        hedge_ratio_: Units of x held against one of y; 0 for a spread.
        intercept_: Of the regression; 0 for a spread.
        p_value_: Of the Engle-Granger test for a pair, of the Dickey-Fuller test for a spread. A small one is evidence
            that the spread reverts.
        theta_: Speed of reversion of the spread, per bar; NaN where it does not revert, as are the next three.
        mu_: Its mean.
        sigma_: Its volatility, per square root of a bar.
        half_life_: In bars.
        entry_zscore_: Threshold in use; NaN where nothing is traded.
        exit_zscore_: Likewise.
        cost_: Of a side, in units of the spread, both legs together.
        status_: "traded", or why not: "no_process", "too_costly".
        reason_: The same in words; "" for "traded".
        note_: What to beware of, such as a unit root that is not rejected; "" for nothing.
        n_features_in_: Columns of X.
        feature_names_in_: Their names, where all of them are texts.

    References:
        Engle and Granger (1987), "Co-integration and Error Correction", Econometrica 55, for the pair; the pages
        docs/operations/engle_granger.md, ou.md and thresholds.md have the equations.
    """

    def __init__(
        self,
        client: str | Client = "local",
        *,
        columns: Any = None,
        log: bool | None = None,
        cost_per_side: float | None = None,
        objective: str = "sharpe",
        bias: str = "median_unbiased",
        entry_zscore: float | None = None,
        exit_zscore: float | None = None,
        stop: float | None = None,
        execution_delay: int = 1,
        periods_per_year: float = 252.0,
        timeout: float | None = None,
    ) -> None:
        self.client = client
        self.columns = columns
        self.log = log
        self.cost_per_side = cost_per_side
        self.objective = objective
        self.bias = bias
        self.entry_zscore = entry_zscore
        self.exit_zscore = exit_zscore
        self.stop = stop
        self.execution_delay = execution_delay
        self.periods_per_year = periods_per_year
        self.timeout = timeout

    def fit(self, X: Any, y: Any = None) -> "PairsTrader":
        """Learn hedge ratio, process and thresholds.

        Args:
            X: (T, N) prices, a row a bar, oldest first, without missing values; at least 10 rows.
            y: Ignored; scikit-learn passes it.

        Returns:
            This estimator.

        Raises:
            InvalidInput: a price or an argument breaks its rule; it is a ValueError.
            MeanRevError: as every call of a client.
        """
        prices = validate_data(self, X, dtype=np.float64, ensure_min_samples=_FEWEST_BARS)
        self.columns_ = self._chosen(prices.shape[1])
        self.log_ = len(self.columns_) == 2 if self.log is None else bool(self.log)
        levels = self._levels(prices)  # refuses what has no logarithm by its place in X
        wanted = self._wanted()
        with self._connected() as client:
            if len(self.columns_) == 2:
                learnt = learn_pair(client, prices[:, self.columns_], wanted)
            else:
                learnt = learn_spread(client, levels[:, 0], wanted)
        for name, value in learnt._asdict().items():
            setattr(self, f"{name}_", value)
        if self.status_ != "traded":
            warnings.warn(f"nothing is traded: {self.reason_}", NotTradedWarning, stacklevel=2)
        return self

    def predict(self, X: Any) -> NDArray[np.int64]:
        """Return the position at the end of each bar, in units of the spread.

        Args:
            X: (T, N) prices with the columns of fit. The account is flat before the first row.

        Returns:
            (T,) of 1 (one unit of y bought, hedge_ratio_ of x sold), -1 and 0.

        Raises:
            NotFittedError: fit was not called.
            InvalidInput: a price breaks its rule.
            MeanRevError: as every call of a client.
        """
        spread = self.spread(X)
        if self.status_ != "traded":
            return np.zeros(spread.size, np.int64)
        path: Any = self._traded(spread, path=True).path
        return np.asarray(path.position).astype(np.int64)

    def score(self, X: Any, y: Any = None) -> float:
        """Return the annualised Sharpe ratio of trading X, net of costs.

        Args:
            X: (T, N) prices with the columns of fit, which fit has not seen.
            y: Ignored; scikit-learn passes it.

        Returns:
            The ratio; 0 where no bar has a gain or a loss, because no position was held.

        Raises:
            NotFittedError: fit was not called.
            InvalidInput: a price breaks its rule.
            MeanRevError: as every call of a client.
        """
        spread = self.spread(X)
        if self.status_ != "traded":
            return 0.0
        return float(self._traded(spread, path=False).sharpe_ratio)

    def backtest(self, X: Any) -> BacktestResult:
        """Return all figures, trades and bars of trading X, with the standard error of the Sharpe ratio.

        Args:
            X: (T, N) prices with the columns of fit.

        Raises:
            NotFittedError: fit was not called.
            InvalidInput: a price breaks its rule, or fit found nothing to trade.
            MeanRevError: as every call of a client.
        """
        spread = self.spread(X)
        if self.status_ != "traded":
            raise InvalidInput("X", f"cannot be traded by this fit: {self.reason_}")
        return self._traded(spread, path=True)

    def spread(self, X: Any) -> Floats:
        """Return the spread that is traded, by the hedge ratio and intercept that fit has learnt.

        Args:
            X: (T, N) prices with the columns of fit.

        Returns:
            (T,) y - intercept_ - hedge_ratio_ x, of logarithms where these are modelled.

        Raises:
            NotFittedError: fit was not called.
            InvalidInput: a price breaks its rule.
        """
        check_is_fitted(self)
        levels = self._levels(validate_data(self, X, dtype=np.float64, reset=False))
        hedged = self.hedge_ratio_ * levels[:, 1] if levels.shape[1] == 2 else 0.0
        spread: Floats = levels[:, 0] - self.intercept_ - hedged
        return spread

    def __sklearn_tags__(self) -> Any:
        """Return scikit-learn's tags of this estimator."""
        tags = super().__sklearn_tags__()
        tags.target_tags.required = False
        tags.input_tags.positive_only = bool(self.log)
        return tags

    def _traded(self, spread: Floats, *, path: bool) -> BacktestResult:
        with self._connected() as client:
            traded: BacktestResult = client.backtest(
                spread,
                entry_zscore=self.entry_zscore_,
                exit_zscore=self.exit_zscore_,
                cost_per_side=self.cost_,
                score={"theta": self.theta_, "mu": self.mu_, "sigma": self.sigma_},
                mode="unit",
                stop=self.stop,
                execution_delay=self.execution_delay,
                periods_per_year=self.periods_per_year,
                path=path,
                timeout=self.timeout,
            )
        return traded

    def _wanted(self) -> Wanted:
        entry, leave = self.entry_zscore, self.exit_zscore
        if (entry is None) != (leave is None):
            raise InvalidInput("entry_zscore", "must be given with exit_zscore, or both be None", value=(entry, leave))
        return Wanted(
            log=self.log_,
            cost_per_side=self.cost_per_side,
            objective=self.objective,
            bias=self.bias,
            levels=None if entry is None or leave is None else (float(entry), float(leave)),
            timeout=self.timeout,
        )

    @contextmanager
    def _connected(self) -> Iterator[Client]:
        if isinstance(self.client, Client):
            yield self.client
        else:
            with Client(self.client) as client:
                yield client

    def _levels(self, prices: Floats) -> Floats:
        """Return the columns that are traded, (T, 1) or (T, 2), as they are modelled."""
        chosen = prices[:, self.columns_]
        if not self.log_:
            return chosen
        if (chosen <= 0).any():
            row, place = (int(i) for i in np.argwhere(chosen <= 0)[0])
            rule = "must be positive where logarithms are modelled (log=False models prices as they are)"
            raise InvalidInput("X", rule, value=float(chosen[row, place]), index=(row, self.columns_[place]))
        return np.asarray(np.log(chosen))

    def _chosen(self, n_columns: int) -> list[int]:
        """Return the numbers of the columns that the argument columns names."""
        named = getattr(self, "feature_names_in_", None)
        known = list(range(n_columns)) if named is None else [*named.tolist(), *range(n_columns)]
        listed = ", ".join(map(repr, known[:_MOST_LISTED])) + (", ..." if len(known) > _MOST_LISTED else "")
        if self.columns is None:
            if n_columns > 2:
                rule = f"must name one or two of the {n_columns} columns of X: {listed}"
                raise InvalidInput("columns", rule, value=None)
            return list(range(n_columns))
        wanted = [self.columns] if np.ndim(self.columns) == 0 else list(self.columns)
        unknown = [label for label in wanted if label not in known]
        if unknown or len(wanted) not in {1, 2} or len(set(wanted)) < len(wanted):
            raise InvalidInput(
                "columns",
                f"must be one or two columns of X, which has {n_columns} feature(s): {listed}",
                value=self.columns,
            )
        return [known.index(label) % n_columns for label in wanted]
