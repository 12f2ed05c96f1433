"""Result of the tests for reversion. Fields are named as on the wire, where their units are stated."""

from dataclasses import dataclass, field
from typing import Any

from meanrev.results.base import LABEL, Result
from meanrev.results.series import Count, Number, Text

__all__ = ["ReversionTests"]


@dataclass(frozen=True, eq=False, kw_only=True)
class ReversionTests(Result):
    """Tests of one series, or of many, for reversion; NaN where a series has none.

    Attributes:
        column: Label of the column.
        status: "ok", or "error" where a series has no tests.
        reason: Why.
        n_samples: Prices.
        adf_statistic: Augmented Dickey-Fuller t; low where the series reverts.
        adf_p_value: MacKinnon's.
        adf_critical_1: Value that a random walk's statistic is below in 1 % of samples of this length.
        adf_critical_5: In 5 %.
        adf_critical_10: In 10 %.
        pp_statistic: Phillips and Perron's Z_tau.
        pp_p_value: MacKinnon's.
        kpss_statistic: High where the series does not revert.
        kpss_p_value: Of the null that it reverts, between 0.01 and 0.1.
        dfgls_statistic: Low where the series reverts.
        dfgls_p_value: MacKinnon's; NaN with trend "ct".
        variance_ratio: 1 for a random walk, below 1 with reversion.
        variance_ratio_statistic: Standard normal for a random walk.
        variance_ratio_p_value: Of both sides.
        hurst_rescaled_range: Hurst exponent: 1/2 for a random walk, below it with reversion.
        hurst_increments: Likewise, by the variance of increments.
        half_life: Median-unbiased, in steps; infinite where no reversion is left.
        half_life_lower: Lower end of its 95 % interval.
        half_life_upper: Upper end.
    """

    column: Any = field(metadata=LABEL)
    status: Text
    reason: Text
    n_samples: Count
    adf_statistic: Number
    adf_p_value: Number
    adf_critical_1: Number
    adf_critical_5: Number
    adf_critical_10: Number
    pp_statistic: Number
    pp_p_value: Number
    kpss_statistic: Number
    kpss_p_value: Number
    dfgls_statistic: Number
    dfgls_p_value: Number
    variance_ratio: Number
    variance_ratio_statistic: Number
    variance_ratio_p_value: Number
    hurst_rescaled_range: Number
    hurst_increments: Number
    half_life: Number
    half_life_lower: Number
    half_life_upper: Number

    def to_frame(self) -> Any:
        """Return a pandas DataFrame with one row a series, labelled by its name."""
        return super().to_frame().set_index("column")
