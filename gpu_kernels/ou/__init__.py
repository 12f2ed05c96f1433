"""Estimation of the Ornstein-Uhlenbeck process: a batch of series, irregular times, or a stream of prices."""

import numpy as np
from numpy.typing import ArrayLike

from gpu_kernels.checks import Floats, array, at_least, one_of, positive
from gpu_kernels.dispatch import current, run
from gpu_kernels.errors import InvalidInput
from gpu_kernels.ou import device, host, irregular, native
from gpu_kernels.ou.infinities import fitted_without, having
from gpu_kernels.ou.model import BIASES, STATUSES, OuEstimate, OuFit, single
from gpu_kernels.ou.online import OnlineOu

__all__ = ["BIASES", "STATUSES", "OnlineOu", "OuEstimate", "OuFit", "fit", "fit_irregular", "single"]


def fit(prices: ArrayLike, *, dt: float = 1.0, bias: str = "none", adf_lags: int = 0) -> OuFit:
    """Estimate theta, mu and sigma of series with regular steps, by exact maximum likelihood.

    Args:
        prices: (B, T), oldest first; negative prices are legal (spreads). The two pairs that touch a NaN are dropped.
        dt: Time between prices, in the unit that theta shall have.
        bias: Correction of theta and half_life for small samples: "none", "tang_chen" or "jackknife".
        adf_lags: Lagged steps in the Dickey-Fuller test, k >= 0.

    Returns:
        OuFit of (B,) arrays. One bad series (constant, too short, all NaN, with an infinite price) has a status and a
        reason, and does not touch the others.

    Raises:
        InvalidInput: prices are not (B, T), dt is not positive, bias is unknown, or adf_lags is negative.

    References:
        Tang and Chen (2009), Parameter estimation and bias correction for diffusion processes, sections 2 and 3.
        Phillips and Yu (2005), Jackknifing bond option prices, section 3.
    """
    checked = array("prices", prices, ndim=2, shape="(B, T)")
    step = positive("dt", dt)
    one_of("bias", bias, BIASES)
    lags = at_least("adf_lags", adf_lags, 0)
    twin = {"cuda": device.fit, "native": native.fit}.get(current().backend)
    # The kernels' twins look for an infinity where the sums leave room for one: to look at every price costs as much.
    if twin is not None:
        return run(twin, checked, step, bias, lags)
    return fitted_without(checked, having(checked), lambda rest: run(host.fit, rest, step, bias, lags))


def fit_irregular(prices: ArrayLike, times: ArrayLike, *, bias: str = "none", adf_lags: int = 0) -> OuFit:
    """Estimate theta, mu and sigma of series with irregular times, by exact maximum likelihood.

    Args:
        prices: (B, T), oldest first. A NaN is bridged: its neighbours form one pair over the longer gap.
        times: (T,) shared or (B, T), strictly increasing, in the unit that theta shall have.
        bias: As in fit; the step of its formula is the mean gap.
        adf_lags: As in fit; the test takes the finite prices in order, whatever their gaps.

    Returns:
        OuFit of (B,) arrays; half_life is in units of the times.

    Raises:
        InvalidInput: as in fit, or times have another shape, are not finite, or do not increase strictly.

    References:
        Tang and Chen (2009), section 2, with the transition over each gap in its own length.
    """
    checked = array("prices", prices, ndim=2, shape="(B, T)")
    clock = array("times", times, ndim=2 if np.ndim(times) == 2 else 1, shape="(T,) or (B, T)")
    if clock.shape not in {checked.shape, checked.shape[1:]}:
        raise InvalidInput("times", f"must have shape (T,) or (B, T) of prices {checked.shape}", value=clock.shape)
    _increasing(clock)
    one_of("bias", bias, BIASES)
    lags = at_least("adf_lags", adf_lags, 0)
    shared = np.broadcast_to(clock, checked.shape)
    return fitted_without(checked, having(checked), lambda rest: irregular.fit(rest, shared, bias, lags))


def _increasing(times: Floats) -> None:
    finite = np.isfinite(times)
    bad = ~finite
    if times.shape[-1] > 1:
        with np.errstate(invalid="ignore"):
            bad[..., 1:] |= ~(np.diff(times) > 0)
    if not bad.any():
        return
    place = tuple(int(i) for i in np.unravel_index(int(np.argmax(bad)), bad.shape))
    rule = "must be later than the time before it" if finite[place] else "must be finite"
    index = place if times.ndim == 2 else place[0]
    raise InvalidInput("times", rule, value=times[place].item(), index=index)
