"""Estimation of the Ornstein-Uhlenbeck process: a batch of series, or a stream of prices."""

from numpy.typing import ArrayLike

from gpu_kernels.checks import Floats, array, at_least, one_of, positive
from gpu_kernels.dispatch import Twins
from gpu_kernels.ou import device, host, native
from gpu_kernels.ou.convergence import CONVERGENCES
from gpu_kernels.ou.model import BIASES, FIT_BIASES, STATUSES, OuEstimate, OuFit, single
from gpu_kernels.ou.online import OnlineOu

__all__ = ["BIASES", "CONVERGENCES", "FIT_BIASES", "STATUSES", "OnlineOu", "OuEstimate", "OuFit", "fit", "single"]


def _steps(prices: Floats, _dt: float, _bias: str, _adf_lags: int) -> int:
    return prices.size


TWINS = Twins(host=host.fit, native=native.fit, device=device.fit, steps=_steps)


def fit(prices: ArrayLike, *, dt: float = 1.0, bias: str = "none", adf_lags: int = 0) -> OuFit:
    """Estimate theta, mu and sigma of series with regular steps, by exact maximum likelihood.

    Args:
        prices: (B, T), oldest first; negative prices are legal (spreads). The two pairs that touch a NaN are dropped.
        dt: Time between prices, in the unit that theta shall have.
        bias: Correction of theta and half_life for small samples: "none", "tang_chen", "jackknife" or
            "median_unbiased", which also gives theta and half_life intervals that are exact near the unit root.
        adf_lags: Lagged steps in the Dickey-Fuller test, k >= 0.

    Returns:
        OuFit of (B,) arrays. One bad series (constant, too short, all NaN, with an infinite price) has a status and a
        reason, and does not touch the others.

    Raises:
        InvalidInput: prices are not (B, T), dt is not positive, bias is unknown, or adf_lags is negative.

    References:
        Tang and Chen (2009), Parameter estimation and bias correction for diffusion processes, sections 2 and 3.
        Phillips and Yu (2005), Jackknifing bond option prices, section 3.
        Andrews (1993), Exactly median-unbiased estimation of first order autoregressive/unit root models, section 3.
    """
    checked = array("prices", prices, ndim=2, shape="(B, T)")
    step = positive("dt", dt)
    one_of("bias", bias, BIASES)
    return TWINS.run(checked, step, bias, at_least("adf_lags", adf_lags, 0))
