// The Dickey-Fuller test of one series by its normal equations; dickey_fuller.py states it.
#pragma once

#include "lane.h"
#include "ou/series.h"

// Arrays of the test stay in registers only where each loop over them is unrolled.

// The share of a column, squared, that the other columns must leave unexplained; below it the host runs the test.
#define NEARLY_DEPENDENT 1e-4

// The columns of the regression at t: LAGS steps back, the level before, the step; false where one touches a NaN. PLAIN
// says that all lanes are within a series without a gap.
template <int LAGS, bool PLAIN>
FN M design(const double* price, Index t, Index n, double origin, V* column) {
    const auto at = [&](Index k) {
        return (PLAIN ? load(price + t + k, 0, WIDTH) : load_or(price, t + k, n, MISSING)) - origin;
    };
    V older = at(0);
    M whole = known(PLAIN ? splat(0.0) : older);
#pragma unroll
    for (int k = 0; k <= LAGS; ++k) {
        const V newer = at(k + 1);
        if (!PLAIN) whole = whole & known(newer);
        column[k < LAGS ? k : LAGS + 1] = newer - older;
        if (k == LAGS) column[LAGS] = older;
        older = newer;
    }
    return whole;
}

// Calls add(whole, column) for the equations of a series that a pass visits.
template <int LAGS, typename Add>
FN void each_equation(const Series& series, Index pass, const Add& add) {
    const Index n = series.n;
    V column[LAGS + 2];
    Index t = lane() + pass * WIDTH;
    if (series.gapless) {
        for (; t - lane() + BLOCK + LAGS < n; t += BLOCK) {
            add(design<LAGS, true>(series.price, t, n, series.origin, column), column);
        }
    }
    for (; t + LAGS + 1 < n; t += BLOCK) {
        add(design<LAGS, false>(series.price, t, n, series.origin, column), column);
    }
}

// Lower Cholesky factor of (size, size) in place, of a matrix with ones on its diagonal; false where a pivot is small.
template <int SIZE>
FN bool factor(double (*a)[SIZE]) {
#pragma unroll
    for (int j = 0; j < SIZE; ++j) {
#pragma unroll
        for (int k = 0; k < j; ++k) a[j][j] -= a[j][k] * a[j][k];
        if (!(a[j][j] > NEARLY_DEPENDENT)) return false;
        a[j][j] = sqrt(a[j][j]);
#pragma unroll
        for (int i = j + 1; i < SIZE; ++i) {
#pragma unroll
            for (int k = 0; k < j; ++k) a[i][j] -= a[i][k] * a[j][k];
            a[i][j] /= a[j][j];
        }
    }
    return true;
}

// Sums of the columns, and the equations in them.
template <int LAGS>
FN double column_sums(const Series& series, double* totals) {
    constexpr int SIZE = LAGS + 2;
    double n_equations = 0.0;
#pragma unroll
    for (int j = 0; j < SIZE; ++j) totals[j] = 0.0;
    for (Index pass = 0; pass < PASSES; ++pass) {
        V count = splat(0.0), sums[SIZE] = {};
        each_equation<LAGS>(series, pass, [&](M whole, const V* column) {
            count = count + counted(whole);
#pragma unroll
            for (int j = 0; j < SIZE; ++j) sums[j] = sums[j] + sel(whole, column[j], splat(0.0));
        });
#pragma unroll
        for (int j = 0; j < SIZE; ++j) totals[j] = block_sum(sums[j], totals[j]);
        n_equations = block_sum(count, n_equations);
    }
    return n_equations;
}

// The t value: INFINITE where the host must compute it, NaN where there are too few equations.
template <int LAGS>
FN double statistic(Series series) {
    constexpr int SIZE = LAGS + 2;
    double mean[SIZE], gram[SIZE][SIZE] = {}, spread[SIZE];
    double n_equations = column_sums<LAGS>(series, mean), all = 0.0;
#pragma unroll
    for (int j = 0; j < SIZE; ++j) all += mean[j];
    if (all != all) {
        series.gapless = false;
        n_equations = column_sums<LAGS>(series, mean);
    }
    const double freedom = n_equations - SIZE;
    if (freedom < 1.0) return MISSING;
#pragma unroll
    for (int j = 0; j < SIZE; ++j) mean[j] /= n_equations;
    for (Index pass = 0; pass < PASSES; ++pass) {
        V products[SIZE][SIZE] = {};
        each_equation<LAGS>(series, pass, [&](M whole, const V* column) {
            V centred[SIZE];
#pragma unroll
            for (int j = 0; j < SIZE; ++j) {
                centred[j] = sel(whole, column[j] - mean[j], splat(0.0));
#pragma unroll
                for (int i = 0; i <= j; ++i) products[j][i] = products[j][i] + centred[j] * centred[i];
            }
        });
#pragma unroll
        for (int j = 0; j < SIZE; ++j) {
#pragma unroll
            for (int i = 0; i <= j; ++i) gram[j][i] = block_sum(products[j][i], gram[j][i]);
        }
    }
#pragma unroll
    for (int j = 0; j < SIZE; ++j) {
        spread[j] = sqrt(gram[j][j]);
#pragma unroll
        for (int i = 0; i <= j; ++i) gram[j][i] /= spread[j] * spread[i];
    }
    if (!factor<SIZE>(gram)) return INFINITE;
    return gram[SIZE - 1][SIZE - 2] / gram[SIZE - 1][SIZE - 1] * sqrt(freedom);
}
