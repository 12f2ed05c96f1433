"""Result of the tests for reversion. Fields are named as on the wire, where their units are stated."""

from dataclasses import dataclass, field
from typing import Any

from meanrev.results.base import LABEL, Result
from meanrev.results.series import Count, Number, OuFit, Text

__all__ = ["OuFitWithTests", "ReversionTests"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
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


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class OuFitWithTests(OuFit):
    """An OuFit with the figures of the tests that were asked for, which are those of ReversionTests.

    A figure that was not asked for is None, and neither a key of the mapping nor a column of the frame. The names begin
    with tests_ where the fit has a figure of that kind itself. A series with a gap has a fit, but no tests: NaN.

    Attributes:
        tests_status: "ok", or "error" where the series has no tests.
        tests_reason: Why.
        tests_adf_statistic: Augmented Dickey-Fuller t with the trend that was asked for; adf_statistic has a constant.
        tests_adf_p_value: MacKinnon's.
        tests_adf_critical_1: Value that a random walk's statistic is below in 1 % of samples of this length.
        tests_adf_critical_5: In 5 %.
        tests_adf_critical_10: In 10 %.
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
        tests_half_life: Median-unbiased, in periods, whatever bias the fit has; infinite where no reversion is left.
        tests_half_life_lower: Lower end of its 95 % interval.
        tests_half_life_upper: Upper end.
    """

    tests_status: Text | None = None
    tests_reason: Text | None = None
    tests_adf_statistic: Number | None = None
    tests_adf_p_value: Number | None = None
    tests_adf_critical_1: Number | None = None
    tests_adf_critical_5: Number | None = None
    tests_adf_critical_10: Number | None = None
    pp_statistic: Number | None = None
    pp_p_value: Number | None = None
    kpss_statistic: Number | None = None
    kpss_p_value: Number | None = None
    dfgls_statistic: Number | None = None
    dfgls_p_value: Number | None = None
    variance_ratio: Number | None = None
    variance_ratio_statistic: Number | None = None
    variance_ratio_p_value: Number | None = None
    hurst_rescaled_range: Number | None = None
    hurst_increments: Number | None = None
    tests_half_life: Number | None = None
    tests_half_life_lower: Number | None = None
    tests_half_life_upper: Number | None = None

    def _names(self) -> tuple[str, ...]:
        return tuple(name for name in super()._names() if getattr(self, name) is not None)
