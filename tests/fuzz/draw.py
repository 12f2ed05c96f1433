"""Random values of one request: ordinary ones, and those that break servers."""

import math
import random

__all__ = ["MARKED_NAME", "MARKED_WHOLE", "Draw"]

MARKED_NAME = "SECRETTICKER"
"""Begin of the name that a request carries; the request's number follows."""
MARKED_WHOLE = 735119
"""Whole part of a price that a request carries; the fraction is the request's number."""

_NUMBERS = (0.0, -0.0, 1.0, -1.0, 5e-324, 1e-308, 1e308, -1e308, math.nan, math.inf, -math.inf, 1e-12, 1e12, 2.0**53)
_INTEGERS = (0, 1, -1, 2, 3, 7, 1000, 2**27, 2**31 - 1, -(2**31))
_LONGS = (*_INTEGERS, 2**53, 2**63 - 1, -(2**63), 1_700_000_000_000)
_WORDS = (
    *("", " ", "\0", "x" * 257, "\u2028", "\u202e", "é", "🂡", "A,B", "../../etc/passwd", "%s%n", "<b>", "'; --", "log"),
    *("simple", "sharpe", "profit", "kelly", "zscore", "minmax", "none", "long", "short", "flat", "NaN", "0" * 64),
)


def _pool():
    rng, pool = random.Random(20), []
    for kind in range(48):
        x, series = 0.0, []
        for _ in range(160):
            x = (0.85 if kind % 3 else 1.0) * x + rng.gauss(0, 1)
            series.append(100.0 * math.exp(0.01 * x))
        pool.append(series)
    return pool


_POOL = _pool()
_N_ROWS = (1, 2, 3, 4, 5, 8, 12, 20, 40, 40, 100, 160)


class Draw(random.Random):
    """Draws what one request is made of; the same seed and number draw the same request.

    Attributes:
        number: The request's.
        marked_name: A name that no log and no other request's answer may hold.
        marked_price: A price, likewise.
    """

    def __init__(self, seed, number):
        super().__init__(f"{seed}:{number}")
        self.number = number
        self.marked_name = f"{MARKED_NAME}{number:09d}"
        self.marked_price = float(f"{MARKED_WHOLE}.{number:09d}")

    def chance(self, probability):
        """Return whether something of this probability happens."""
        return self.random() < probability

    def hostile_number(self):
        """Return a float that may break something."""
        return self.choice(_NUMBERS) if self.chance(0.8) else self.uniform(-2, 2) * 10.0 ** self.randint(-300, 300)

    def hostile_integer(self, bits=32):
        """Return a signed integer of so many bits."""
        if self.chance(0.3):
            return self.randint(-3, 12)
        return self.choice(_INTEGERS if bits == 32 else _LONGS)

    def word(self):
        """Return a text of any kind."""
        if self.chance(0.2):
            return self.marked_name
        if self.chance(0.7):
            return self.choice(_WORDS)
        return "".join(chr(self.choice((self.randrange(32, 127), self.randrange(0x20, 0xD7FF)))) for _ in range(6))

    def name(self):
        """Return the id of an asset or a portfolio, of few, so that others have it too."""
        return self.marked_name if self.chance(0.3) else f"A{self.randrange(6)}"

    def n_rows(self):
        """Return the length of a series."""
        return self.choice(_N_ROWS)

    def series(self, n):
        """Return n prices, of which some may be no prices."""
        kind = self.random()
        if kind < 0.6:
            found = self.choice(_POOL)[:n]
        elif kind < 0.68:
            found = [self.choice((0.0, 7.0, -7.0, 5e-324, 1e308, math.nan, math.inf))] * n
        elif kind < 0.74:
            found = [value - 100.0 for value in self.choice(_POOL)[:n]]
        elif kind < 0.8:
            scale = self.choice((1e-300, 1e-12, 1e12, 1e300, 1.7e306))
            found = [value * scale for value in self.choice(_POOL)[:n]]
        elif kind < 0.84:
            found = [float(i % 2) for i in range(n)]
        elif kind < 0.88:
            found = [float(i) for i in range(n)]
        else:
            found = self.choice(_POOL)[:n]
            for _ in range(self.randint(1, 3)):
                if found:
                    found[self.randrange(len(found))] = self.hostile_number()
        found = found + [1.0] * (n - len(found))
        if found and self.chance(0.4):
            found[self.randrange(n)] = self.marked_price
        return found

    def returns(self, n):
        """Return n returns."""
        prices = self.series(n)
        return prices if self.chance(0.15) else [0.01 * (value - 100.0) for value in prices]

    def table(self, column, n_rows, n_columns):
        """Return a row-major table with columns that a function of their length makes."""
        columns = [column(n_rows) for _ in range(n_columns)]
        if n_columns > 1 and self.chance(0.1):
            columns[1] = columns[0]
        return [value for row in zip(*columns, strict=True) for value in row]

    def times(self, n):
        """Return n timestamps in milliseconds, mostly in order."""
        begin = 1_700_000_000_000
        stamps = [begin + 60_000 * i for i in range(n)]
        if stamps and self.chance(0.1):
            stamps[self.randrange(n)] = self.hostile_integer(64)
        return stamps
