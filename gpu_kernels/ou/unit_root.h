// What an estimate near the unit root says of the true decay b: unit_root.py is the definition, in the same order of
// operations.
#pragma once

#include "lane.h"

// The layers of the table: how far the decay with this estimate as its median, and the ends of the 95 % interval, lie from
// the estimate; and the 95 % quantile of the t value of a step at the mean.
enum { MIDDLE, SLOWEST, FASTEST, REACH, LAYERS };

// The table's size and its coordinates; FEWEST_PAIRS are those of its last row.
static const Index TABLE_ROWS = 21, TABLE_COLUMNS = 97;
static const double FEWEST_PAIRS = 10.0, ORIGIN_SHIFT = 4.0, HALFWAY = 8.0;

// Of an array of constants that kernels read.
#if defined(__CUDACC__)
#define TABLE static __device__ const
#else
#define TABLE static const
#endif

// (layers, rows, columns): columns from the largest estimate to an infinite distance, rows from infinitely many pairs.
TABLE double UNIT_ROOT_TABLE[] = {
#include "ou/unit_root_table.csv"
};

// Distances from the unit root, n (1 - b), and a quantile.
struct Decays {
    double middle, slowest, fastest, reach;
};

// One layer between its four neighbouring entries.
FN double between(Index layer, Index row, Index column, double down, double across) {
    const double* entry = UNIT_ROOT_TABLE + (layer * TABLE_ROWS + row) * TABLE_COLUMNS + column;
    const double above = entry[0] + across * (entry[1] - entry[0]);
    const double below = entry[TABLE_COLUMNS] + across * (entry[TABLE_COLUMNS + 1] - entry[TABLE_COLUMNS]);
    return above + down * (below - above);
}

// slope: b - 1 as estimated from n_pairs, at least FEWEST_PAIRS.
FN Decays decays(double slope, double n_pairs) {
    const double distance = -slope * n_pairs, shifted = distance + ORIGIN_SHIFT, gap = shifted > 0.0 ? shifted : 0.0;
    const double root = sqrt(2.0 * gap), u = root / (root + HALFWAY) * (TABLE_COLUMNS - 1);
    const double v = sqrt(FEWEST_PAIRS / n_pairs) * (TABLE_ROWS - 1);
    const Index column = u < TABLE_COLUMNS - 2 ? (Index)u : TABLE_COLUMNS - 2;
    const Index row = v < TABLE_ROWS - 2 ? (Index)v : TABLE_ROWS - 2;
    const double across = u - (double)column, down = v - (double)row;
    const double width = 2.0 - gap / n_pairs, scale = sqrt(1.0 + (width > 0.0 ? gap * width : 0.0));
    const double start = gap - ORIGIN_SHIFT;
    double found[LAYERS];
#pragma unroll
    for (Index layer = 0; layer < REACH; ++layer) {
        const double far = start + scale * between(layer, row, column, down, across);
        found[layer] = far > 0.0 ? (far < n_pairs ? far : n_pairs) : 0.0;
    }
    return {found[MIDDLE], found[SLOWEST], found[FASTEST], between(REACH, row, column, down, across)};
}

// The ends of Fieller's interval for the mean, from where the steps are taken; infinite where their slope may be 0.
struct Span {
    double low, high;
};

FN Span mean_span(double slope, double step_mean, double slope_variance, double mean_variance, double reach) {
    const double a = slope * slope - reach * reach * slope_variance;
    if (!(a > 0.0)) return {-INFINITE, INFINITE};
    const double centre = -slope * step_mean;
    const double half = reach * sqrt(slope_variance * (step_mean * step_mean) + a * mean_variance);
    return {(centre - half) / a, (centre + half) / a};
}
