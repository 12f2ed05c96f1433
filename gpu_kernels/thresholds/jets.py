"""Values with their derivatives by centre c and half-width h: (6, G) arrays of value, c, h, cc, ch and hh."""

import numpy as np

from gpu_kernels.checks import Floats

__all__ = ["constant", "logarithm", "of_half", "of_sum", "product", "quotient"]


def constant(like: Floats) -> Floats:
    """Return the jet of 1, for as many entries as an array has."""
    found = np.zeros((6, like.size))
    found[0] = 1.0
    return found


def of_half(half: Floats) -> Floats:
    """Return the jet of h."""
    found = np.zeros((6, half.size))
    found[0], found[2] = half, 1.0
    return found


def of_sum(value: Floats, first: Floats, second: Floats) -> Floats:
    """Return the jet of a function of c + h, from its value and its two derivatives."""
    return np.stack([value, first, first, second, second, second])


def product(left: Floats, right: Floats) -> Floats:
    """Return the jet of a product."""
    a, ac, ah, acc, ach, ahh = left
    b, bc, bh, bcc, bch, bhh = right
    return np.stack(
        [
            a * b,
            a * bc + ac * b,
            a * bh + ah * b,
            a * bcc + 2.0 * ac * bc + acc * b,
            a * bch + ac * bh + ah * bc + ach * b,
            a * bhh + 2.0 * ah * bh + ahh * b,
        ]
    )


def quotient(top: Floats, bottom: Floats) -> Floats:
    """Return the jet of a quotient."""
    value, c, h, cc, ch, hh = bottom
    one = 1.0 / value
    by_c, by_h = -c * one, -h * one
    inverse = [
        one,
        one * by_c,
        one * by_h,
        one * (2.0 * by_c * by_c - cc * one),
        one * (2.0 * by_c * by_h - ch * one),
        one * (2.0 * by_h * by_h - hh * one),
    ]
    return product(top, np.stack(inverse))


def logarithm(terms: Floats) -> Floats:
    """Return the jet of a logarithm."""
    value, by_c, by_h, cc, ch, hh = terms
    c, h = by_c / value, by_h / value
    return np.stack([np.log(value), c, h, cc / value - c * c, ch / value - c * h, hh / value - h * h])
