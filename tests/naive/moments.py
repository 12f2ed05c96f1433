"""Oracle of moments: plain loops over exact fractions where they can be had, and sums by math.fsum elsewhere."""

import math
from fractions import Fraction


def columns(returns):
    rows = [[float(value) for value in row] for row in returns if not any(math.isnan(value) for value in row)]
    return [list(column) for column in zip(*rows, strict=True)]


def mean(values):
    return float(sum(map(Fraction, values)) / len(values))


def product(first, second):
    """Centred sum of products, exact until the last rounding."""
    a, b = list(map(Fraction, first)), list(map(Fraction, second))
    mean_a, mean_b = sum(a) / len(a), sum(b) / len(b)
    return sum((x - mean_a) * (y - mean_b) for x, y in zip(a, b, strict=True))


def sample(returns):
    data = columns(returns)
    return [[float(product(a, b) / (len(a) - 1)) for b in data] for a in data]


def ewma(returns, halflife):
    data = columns(returns)
    count = len(data[0])
    raw = [0.5 ** ((count - 1 - t) / halflife) for t in range(count)]
    weights = [value / math.fsum(raw) for value in raw]
    means = [math.fsum(w * x for w, x in zip(weights, column, strict=True)) for column in data]
    freedom = 1.0 - math.fsum(w * w for w in weights)

    def entry(i, j):
        return math.fsum(weights[t] * (data[i][t] - means[i]) * (data[j][t] - means[j]) for t in range(count)) / freedom

    return [[entry(i, j) for j in range(len(data))] for i in range(len(data))]


def portfolio(returns, weights):
    return [
        math.fsum(w * x for w, x in zip(weights, row, strict=True))
        for row in returns
        if not any(math.isnan(value) for value in row)
    ]


def central_moment(values, power):
    centre = mean(values)
    return math.fsum((value - centre) ** power for value in values) / len(values)


def skewness(values):
    return central_moment(values, 3) / central_moment(values, 2) ** 1.5


def kurtosis(values):
    return central_moment(values, 4) / central_moment(values, 2) ** 2


def contributions(returns, weights):
    matrix = sample(returns)
    held = range(len(weights))
    variance = math.fsum(weights[i] * matrix[i][j] * weights[j] for i in held for j in held)
    return [weights[i] * math.fsum(matrix[i][j] * weights[j] for j in held) / math.sqrt(variance) for i in held]


def value_at_risk(earned, level):
    """Smallest loss that at least a share `level` of the losses do not exceed; the share is compared exactly."""
    losses = [-value for value in earned]
    share = Fraction(str(level))
    return min(loss for loss in losses if Fraction(sum(other <= loss for other in losses), len(losses)) >= share)


def expected_shortfall(earned, level):
    """The minimum over x of x + E[(loss - x)+] / (1 - level) (Rockafellar and Uryasev 2000); a loss attains it."""
    losses = [-value for value in earned]

    def objective(x):
        return x + math.fsum(max(loss - x, 0.0) for loss in losses) / ((1.0 - level) * len(losses))

    return min(objective(loss) for loss in losses)
