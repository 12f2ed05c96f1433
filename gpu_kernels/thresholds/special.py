"""Dawson's function, erfcx and erfi for arrays, in NumPy alone.

Each is the sum of positive terms only, or a series short of cancellation, so that the results keep a relative accuracy
of a few units in the last place over the whole line. Trapezoidal sums of analytic functions converge like
exp(-(pi/h)^2), so a step of 1/2 (erfcx) or 1/4 (Dawson) is already below the rounding of a double.
"""

import numpy as np

from gpu_kernels.checks import Floats

__all__ = ["dawson", "erfcx", "erfi", "exp_square", "gap_from_dawson"]

_ROOT_PI = float(np.sqrt(np.pi))

# Midpoint nodes of erfcx: t = (n + 1/2)/2, weights exp(-t^2); the thirteenth is below 1e-17.
_ERFCX_NODES = (np.arange(13) + 0.5) / 2.0
_ERFCX_SQUARES = _ERFCX_NODES**2
_ERFCX_WEIGHTS = np.exp(-_ERFCX_SQUARES)
_ERFCX_POLE = 6.0

_ALREADY_INFINITE = 28.0

_RYBICKI_STEP = 0.25
_RYBICKI_ODD = np.arange(-25, 26, 2)
_SERIES_END = 1.0
_ASYMPTOTIC_START = 12.0

# 1/(k! (2k + 1)): the series of erfi, all terms positive.
_ERFI_SERIES = np.cumprod(np.concatenate([[1.0], 1.0 / np.arange(1, 20)])) / (2 * np.arange(20) + 1)
# 2^k/(2k + 1)!! (-1)^k: the series of Dawson's function, alternating, short enough below 1.
_DAWSON_SERIES = np.cumprod(np.concatenate([[1.0], -2.0 / (2 * np.arange(1, 26) + 1)]))
# (2k - 1)!!/2^k: the asymptotic series of 2 x D(x) in 1/x^2.
_DAWSON_TAIL = np.cumprod(np.concatenate([[1.0], (2 * np.arange(1, 14) - 1) / 2.0]))


def exp_square(x: Floats) -> Floats:
    """Return exp(x^2) of any shape with the rounding of x^2 undone; +inf beyond |x| = 26.64."""
    # The square of a multiple of 1/32 is exact, so only the small second factor is rounded.
    size = np.minimum(np.abs(x), _ALREADY_INFINITE)
    coarse = np.round(size * 32.0) / 32.0
    with np.errstate(over="ignore"):
        return np.asarray(np.exp(coarse * coarse) * np.exp((size - coarse) * (size + coarse)))


def erfcx(x: Floats, grown: Floats | None = None) -> Floats:
    """Return exp(x^2) erfc(x) of any shape.

    Finite arguments only; +inf below -26.63, where the value leaves the doubles.

    Args:
        x: Of any shape.
        grown: exp_square(x) where the caller has it already.

    References:
        Hunter and Regan (1972), A note on the evaluation of the complementary error function, equation 4.
    """
    size = np.abs(x)
    if grown is None:
        grown = exp_square(size)
    squares = size * size
    total = np.zeros_like(size)
    for weight, node in zip(_ERFCX_WEIGHTS[::-1], _ERFCX_SQUARES[::-1], strict=True):
        total += weight / (squares + node)
    total *= size / np.pi
    near = size < _ERFCX_POLE
    # The pole at i x lies inside the strip of the trapezoidal rule below 2 pi; beyond 6 its share is under 1e-16.
    total += 2.0 * np.where(near, grown, 0.0) / (1.0 + np.exp(4.0 * np.pi * np.minimum(size, _ERFCX_POLE)))
    negative = x < 0
    return np.where(negative, 2.0 * grown - total, total) if negative.any() else total


def dawson(x: Floats) -> Floats:
    """Return D(x) = exp(-x^2) int_0^x exp(t^2) dt of any shape, finite arguments only.

    References:
        Rybicki (1989), Dawson's integral and the sampling theorem, Computers in Physics 3, 85, equation 4.
    """
    size = np.abs(x)
    value = np.empty_like(size)
    small, large = size <= _SERIES_END, size >= _ASYMPTOTIC_START
    middle = ~(small | large)
    near = size[small]
    value[small] = near / exp_square(near) * _horner(_ERFI_SERIES, near * near)
    value[middle] = _rybicki(size[middle])
    far = size[large]
    value[large] = _horner(_DAWSON_TAIL, 1.0 / far / far) / (2.0 * far)
    return np.copysign(value, x)


def gap_from_dawson(x: Floats) -> Floats:
    """Return x - D(x) of any shape, keeping the digits of small arguments, where it is 2 x^3 / 3."""
    size = np.abs(x)
    small = np.minimum(size, _SERIES_END)
    squares = small * small
    series = -small * squares * _horner(_DAWSON_SERIES[1:], squares)
    return np.copysign(np.where(size <= _SERIES_END, series, size - dawson(size)), x)


def erfi(x: Floats) -> Floats:
    """Return 2/sqrt(pi) int_0^x exp(t^2) dt of any shape; infinite beyond |x| = 26.7."""
    size = np.abs(x)
    small = np.minimum(size, _SERIES_END)
    series = small * _horner(_ERFI_SERIES, small * small)
    value = np.where(size <= _SERIES_END, series, exp_square(size) * dawson(size))
    return np.copysign(2.0 / _ROOT_PI * value, x)


def _horner(coefficients: Floats, x: Floats) -> Floats:
    total = np.full_like(x, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        total *= x
        total += coefficient
    return total


def _rybicki(x: Floats) -> Floats:
    centre = 2.0 * np.round(x / (2.0 * _RYBICKI_STEP))
    offset = x - centre * _RYBICKI_STEP
    total = np.zeros_like(x)
    for odd in _RYBICKI_ODD:
        total += np.exp(-((offset - odd * _RYBICKI_STEP) ** 2)) / (centre + odd)
    return total / _ROOT_PI
