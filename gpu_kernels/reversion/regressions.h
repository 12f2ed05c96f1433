// Dickey-Fuller, DF-GLS and the regression of Phillips and Perron, from one pass over a series.
#pragma once

#include "reversion/series.h"

enum { NOTHING, CONSTANT, LINE };

// The share of a column, squared, that the other columns must leave unexplained; below it the host computes the tests.
#define NEARLY_DEPENDENT 1e-4

// Sums of squares beyond these may have lost digits below or above what a double can be.
#define SMALLEST_SQUARES 1e-200
#define LARGEST_SQUARES 1e200

// Sums over n equations of columns and of their products, on the lower triangle; `timed` are those of the products with t
// less its mean. The last column but one is the level, the others are steps.
template <int SIZE>
struct Moments {
    double n;
    V sums[SIZE], timed[SIZE], products[SIZE][SIZE];
};

template <int SIZE>
FN void add(Moments<SIZE>& to, const V* column, double time) {
#pragma unroll
    for (int j = 0; j < SIZE; ++j) {
        to.sums[j] = to.sums[j] + column[j];
        to.timed[j] = to.timed[j] + column[j] * time;
#pragma unroll
        for (int i = 0; i <= j; ++i) to.products[j][i] = to.products[j][i] + column[j] * column[i];
    }
}

// The products after the columns' regression on a constant, or on a constant and a line.
template <int SIZE>
FN void centre(Moments<SIZE>& moments, int trend) {
#pragma unroll
    for (int j = 0; j < SIZE; ++j) {
#pragma unroll
        for (int i = 0; i <= j; ++i) {
            V& product = moments.products[j][i];
            product = product - moments.sums[j] * moments.sums[i] / moments.n;
            if (trend == LINE) product = product - moments.timed[j] * moments.timed[i] / spread_of(moments.n);
        }
    }
}

// The products where the level is higher by `line`, which counts t from its mean, and so each step by the line's slope.
template <int SIZE>
FN void shift(Moments<SIZE>& moments, const Line& line) {
    constexpr int LEVEL = SIZE - 2;
    const V start = line.start, slope = line.slope;
#pragma unroll
    for (int j = 0; j < SIZE; ++j) {
#pragma unroll
        for (int i = 0; i <= j; ++i) {
            const V a = j == LEVEL ? start : slope, b = i == LEVEL ? start : slope;
            V more = moments.sums[j] * b + moments.sums[i] * a + a * b * moments.n;
            if (j == LEVEL) more = more + moments.timed[i] * slope;
            if (i == LEVEL) more = more + moments.timed[j] * slope;
            if (j == LEVEL && i == LEVEL) more = more + slope * slope * spread_of(moments.n);
            moments.products[j][i] = moments.products[j][i] + more;
        }
    }
}

// The t of the level in the regression of the last column on the others; sets `unsure` where columns nearly depend on
// one another.
template <int SIZE>
FN V level_t(Moments<SIZE> moments, double freedom, M& unsure) {
    V(&a)[SIZE][SIZE] = moments.products;
    V spread[SIZE];
#pragma unroll
    for (int j = 0; j < SIZE; ++j) {
        unsure = unsure | no((a[j][j] > SMALLEST_SQUARES) & (a[j][j] < LARGEST_SQUARES));
        spread[j] = root(a[j][j]);
#pragma unroll
        for (int i = 0; i <= j; ++i) a[j][i] = a[j][i] / (spread[j] * spread[i]);
    }
#pragma unroll
    for (int j = 0; j < SIZE; ++j) {
#pragma unroll
        for (int k = 0; k < j; ++k) a[j][j] = a[j][j] - a[j][k] * a[j][k];
        unsure = unsure | no(a[j][j] > NEARLY_DEPENDENT);
        a[j][j] = root(a[j][j]);
#pragma unroll
        for (int i = j + 1; i < SIZE; ++i) {
#pragma unroll
            for (int k = 0; k < j; ++k) a[i][j] = a[i][j] - a[i][k] * a[j][k];
            a[i][j] = a[i][j] / a[j][j];
        }
    }
    return a[SIZE - 1][SIZE - 2] / a[SIZE - 1][SIZE - 1] * sqrt(freedom);
}

// The line that DF-GLS takes out, in t from 0 on, of a series that begins at 0.
FN Line near_line(const Series& series, int trend) {
    const double n = (double)series.n, away = (trend == LINE ? 13.5 : 7.0) / n, near = 1.0 - away, rest = n - 1.0;
    const V last = at(series, series.n - 1), quasi = away * series.total + near * last;
    const double ones = 1.0 + rest * away * away;
    if (trend != LINE) return {away * quasi / ones, splat(0.0)};
    // The line's own column is 1, and 1 + away t from t = 1 on.
    const double times = 0.5 * n * rest, squares = times * (2.0 * n - 1.0) / 3.0;
    const double both = 1.0 + away * (rest + away * times), line = n + 2.0 * away * times + away * away * squares;
    const V timed = series.timed + 0.5 * rest * series.total;
    const V timed_quasi = away * timed + near * (n * last - series.total);
    const V of_ones = away * quasi, of_line = quasi + away * timed_quasi;
    const double apart = ones * line - both * both;
    const V start = (of_ones * line - of_line * both) / apart, slope = (of_line * ones - of_ones * both) / apart;
    return {start + slope, slope};
}

// The two Dickey-Fuller t, and the moments of level and step in all equations without lags.
struct Regressions {
    V dickey_fuller, dfgls;
    Moments<2> unlagged;
};

template <int LAGS>
FN Regressions regress(const Series& series, int trend, M& unsure) {
    constexpr int SIZE = LAGS + 2, LEVEL = LAGS, STEP = LAGS + 1;
    const Index n = series.n;
    const V slope = series.line.slope;
    const double centre_of_all = 0.5 * (double)(n - 2), centre_of_lagged = 0.5 * (double)(n - 2 + LAGS);
    Moments<SIZE> lagged{(double)(n - 1 - LAGS), {}, {}, {}};
    Regressions found{splat(0.0), splat(0.0), {(double)(n - 1), {}, {}, {}}};
    V column[SIZE];
#pragma unroll
    for (int t = 0; t < LAGS; ++t) {
        column[LAGS - 1 - t] = step(series, t) - slope;
        const V first[] = {at(series, t) - at(series.line, t), column[LAGS - 1 - t]};
        add(found.unlagged, first, (double)t - centre_of_all);
    }
    for (Index t = LAGS; t + 1 < n; ++t) {
        column[LEVEL] = at(series, t) - at(series.line, t);
        column[STEP] = step(series, t) - slope;
        add(lagged, column, (double)t - centre_of_lagged);
#pragma unroll
        for (int j = LAGS - 1; j > 0; --j) column[j] = column[j - 1];
        if (LAGS) column[0] = column[STEP];
    }
#pragma unroll
    for (int j = 0; j < 2; ++j) {
        found.unlagged.sums[j] = found.unlagged.sums[j] + lagged.sums[LEVEL + j];
        found.unlagged.timed[j] = found.unlagged.timed[j] + lagged.timed[LEVEL + j] +
                                  lagged.sums[LEVEL + j] * (centre_of_lagged - centre_of_all);
#pragma unroll
        for (int i = 0; i <= j; ++i) {
            found.unlagged.products[j][i] = found.unlagged.products[j][i] + lagged.products[LEVEL + j][LEVEL + i];
        }
    }
    const double freedom = lagged.n - (double)(LAGS + 1);
    Moments<SIZE> own = lagged;
    if (trend == NOTHING) {
        shift(own, {series.origin + series.line.start, splat(0.0)});
    } else {
        centre(own, trend);
    }
    found.dickey_fuller = level_t(own, freedom - (double)trend, unsure);
    const Line taken_out = near_line(series, trend);
    const Line left{series.line.start - taken_out.start, slope - taken_out.slope};
    shift(lagged, {left.start + left.slope * centre_of_lagged, left.slope});
    found.dfgls = level_t(lagged, freedom, unsure);
    return found;
}
