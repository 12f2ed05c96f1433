// What follows from the increments of a series: the variance ratio, and the figures behind both Hurst exponents.
#pragma once

#include "reversion/series.h"

// Blocks of steps have 8, 16, ... steps; the longest that fits twice is the last.
static const Index FIRST_BLOCK = 8;

// The mean of squared increments over `span` steps, less span mean steps each.
FN V squared_increments(const Series& series, Index span, V mean) {
    const V drift = (double)span * mean;
    return total(series.n - span, [&](Index t) {
        const V off = at(series, t + span) - at(series, t) - drift;
        return off * off;
    });
}

struct Ratio {
    V ratio, statistic;
};

FN Ratio variance_ratio(const Series& series, Index periods, V mean) {
    const double n = (double)(series.n - 1), q = (double)periods;
    const V all = squared_increments(series, 1, mean), one = all / (n - 1.0);
    const V many = squared_increments(series, periods, mean) / (q * (n - q + 1.0) * (1.0 - q / n));
    V spread = splat(0.0);
    const auto square = [&](Index t) {
        const V off = step(series, t) - mean;
        return off * off;
    };
    for (Index k = 1; k < periods; ++k) {
        const double weight = 1.0 - (double)k / q;
        const V products = total(series.n - 1 - k, [&](Index t) { return square(t + k) * square(t); });
        spread = spread + 4.0 * weight * weight * n * products / (all * all);
    }
    const V ratio = many / one;
    return {ratio, sqrt(n) * (ratio - 1.0) / root(spread)};
}

// The mean over blocks of `size` steps of their range over their deviation. squares: the sums of squared deviations of
// the blocks of half the size, and then of these. Sets `unsure` where rounding may touch a block's steps.
FN V rescaled_range(const Series& series, Index size, const Column& squares, M& unsure) {
    const Index count = (series.n - 1) / size;
    const V smallest = 1e-14 * (double)size * series.largest * series.largest;
    V sum = splat(0.0);
    for (Index block = 0; block < count; ++block) {
        const Index first = block * size;
        const V start = at(series, first), whole = at(series, first + size) - start, mean = whole / (double)size;
        V highest = splat(0.0), lowest = splat(0.0), square = splat(0.0);
        for (Index k = 1; k < size; ++k) {
            const V walk = (at(series, first + k) - start) - mean * (double)k;
            highest = max(walk, highest);
            lowest = min(walk, lowest);
        }
        if (size == FIRST_BLOCK) {
            square = total(size, [&](Index k) {
                const V off = step(series, first + k) - mean;
                return off * off;
            });
        } else {
            const V gap = (at(series, first + size / 2) - start) - (at(series, first + size) - at(series, first + size / 2));
            square = (at(squares, 2 * block) + at(squares, 2 * block + 1)) + gap * gap / (double)size;
        }
        set(squares, block, square);
        const V range = highest - lowest;
        const M flat = (whole == 0.0) & (range == 0.0);
        unsure = unsure | ((square < smallest) & no(flat));
        sum = sum + range / root(square / (double)size);
    }
    return sum / (double)count;
}
