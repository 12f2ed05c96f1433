"""The Ornstein-Uhlenbeck process dX = theta (mu - X) dt + sigma dW: equations and results.

theta is the speed of reversion, always; some texts give that name to the mean.

Regular steps dt: x_{t+1} - mu = b (x_t - mu) + e with b = exp(-theta dt) and Var(e) = sigma^2 (1 - b^2) / (2 theta),
so that maximum likelihood given the first price is least squares of y = x[1:] on l = x[:-1] over n pairs
(Tang and Chen 2009, section 2). With Sxx, Sxy, Syy the centred sums:

    b = Sxy / Sxx      SSE = Syy - b Sxy      v = SSE / n      s2 = SSE / (n - 2)
    theta = -ln(b) / dt      mu = mean(l) + (mean(y) - mean(l)) / (1 - b)      sigma = sqrt(2 theta v / (1 - b^2))
    half_life = ln 2 / (theta dt)      log_likelihood = -n/2 (ln(2 pi v) + 1)

The code sums over the steps d = y - l instead of y: b - 1 = Sxd / Sxx and SSE = Sdd - (b - 1) Sxd are the same
numbers and keep their digits where b is near 1.

Standard errors by the delta method, with g = 1/(b ln b) + 2b/(1 - b^2):

    se_b = sqrt(s2 / Sxx)      se_theta = se_b / (b dt)
    se_mu = sqrt(s2) / (1 - b) sqrt(1/n + (mean(l) - mu)^2 / Sxx)      se_sigma = sigma/2 sqrt(2/n + g^2 se_b^2)

Intervals of theta and half_life transform b +- 1.96 se_b; b >= 1 is theta 0, b <= 0 is theta +inf. Near b = 1 they
cover too seldom. b_median_unbiased, b_lower and b_upper are exact there (see unit_root), and with bias
"median_unbiased" theta, half_life and their intervals transform these.

Small samples: E[theta_hat] - theta ~ (5/2 + e^k + e^(2k)/2) / (n dt) with k = theta dt (Tang and Chen 2009, section 3).
"tang_chen" subtracts it at the estimate; "jackknife" is 2 theta_hat - (theta_1 + theta_2)/2 over the two halves
(Phillips and Yu 2005, section 3).

Irregular times with gaps d_i: b_i = exp(-theta d_i), w_i = 1/(1 - b_i^2), r_i = x_i - b_i x_{i-1} give

    mu = sum w (1-b) r / sum w (1-b)^2      q = sum w (r - mu (1-b))^2      sigma^2 = 2 theta q / n
    log_likelihood = max over theta of -n/2 (ln(2 pi q/n) + 1) - 1/2 sum ln(1 - b_i^2)

Status: "converged" where n >= 30, 0 < b < 1 and the Dickey-Fuller test rejects a unit root at 5 %; "error" where no OU
process fits or the answer is degenerate; "updating" otherwise. `reason` says why.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats

__all__ = ["BIASES", "FIT_BIASES", "STATUSES", "OuEstimate", "OuFit", "single"]

STATUSES = ("updating", "converged", "error")
"""What an estimate can be."""

BIASES = ("none", "tang_chen", "jackknife", "median_unbiased")
"""Corrections of theta for small samples."""

FIT_BIASES = ("none", "median_unbiased")
"""Those of the methods that fit on the way to something else, such as thresholds."""


class OuFit(NamedTuple):
    """Estimates of B series, every array (B,).

    Series with status "error" have standard errors, r_squared, log_likelihood and adf_statistic 0, adf_p_value 1, and
    intervals that shrink to the estimate; those of fewer than 4 prices have 0 everywhere else too.

    Attributes:
        theta: Speed of reversion, per time unit, with the asked correction.
        mu: Long-run mean, in units of the price.
        sigma: Volatility, in units of the price per square root of the time unit.
        half_life: In periods (regular steps) or in time units (irregular times); may be +inf.
        n_samples: Finite prices used, integers.
        r_squared: 1 - SSE/Syy of the one-step predictions.
        status: One of STATUSES each.
        reason: Why the status is not "converged"; "" where it is.
        theta_std_error: Of the uncorrected theta.
        mu_std_error: In units of the price.
        sigma_std_error: In units of sigma.
        theta_lower: Lower end of the 95 % interval of theta: by the table of unit_root with bias "median_unbiased",
            else of the uncorrected theta by its standard error.
        theta_upper: Upper end; may be +inf.
        half_life_lower: Lower end of the 95 % interval of the half-life, likewise.
        half_life_upper: Upper end; may be +inf.
        theta_bias_corrected: theta by "tang_chen", whatever was asked; uncorrected where that does not apply.
        adf_statistic: Augmented Dickey-Fuller t with a constant.
        adf_p_value: MacKinnon's p-value of it.
        log_likelihood: Given the first price, at the uncorrected estimate.
        b_median_unbiased: Median-unbiased decay b of a step, at most 1, whatever was asked; 0 where there are fewer
            than 10 pairs, or nothing to regress.
        b_lower: Lower end of b's 95 % interval, likewise.
        b_upper: Upper end, likewise; 1 where a unit root is possible.
        mu_lower: Lower end of Fieller's 95 % interval of mu; -inf where a unit root is possible, or pairs are few.
        mu_upper: Upper end; +inf likewise.
        bias_note: Whether the asked correction was applied, and why not; "" where none was asked.
    """

    theta: Floats
    mu: Floats
    sigma: Floats
    half_life: Floats
    n_samples: NDArray[np.int64]
    r_squared: Floats
    status: tuple[str, ...]
    reason: tuple[str, ...]
    theta_std_error: Floats
    mu_std_error: Floats
    sigma_std_error: Floats
    theta_lower: Floats
    theta_upper: Floats
    half_life_lower: Floats
    half_life_upper: Floats
    theta_bias_corrected: Floats
    adf_statistic: Floats
    adf_p_value: Floats
    log_likelihood: Floats
    b_median_unbiased: Floats
    b_lower: Floats
    b_upper: Floats
    mu_lower: Floats
    mu_upper: Floats
    bias_note: tuple[str, ...]


class OuEstimate(NamedTuple):
    """The estimate of one series: the fields of OuFit as plain numbers and strings."""

    theta: float
    mu: float
    sigma: float
    half_life: float
    n_samples: int
    r_squared: float
    status: str
    reason: str
    theta_std_error: float
    mu_std_error: float
    sigma_std_error: float
    theta_lower: float
    theta_upper: float
    half_life_lower: float
    half_life_upper: float
    theta_bias_corrected: float
    adf_statistic: float
    adf_p_value: float
    log_likelihood: float
    b_median_unbiased: float
    b_lower: float
    b_upper: float
    mu_lower: float
    mu_upper: float
    bias_note: str


def single(fit: OuFit, row: int = 0) -> OuEstimate:
    """Return one series of a fit."""
    values: list[Any] = [column[row] for column in fit]
    return OuEstimate._make(value if isinstance(value, str) else value.item() for value in values)
