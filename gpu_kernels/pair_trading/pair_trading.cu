// The train part of many universes of series: cross products, from which all pairs are tested, and, without an array of the
// pairs' residuals, the sums that an Ornstein-Uhlenbeck fit needs and the moments of the returns of trading them. A lane is a
// pair of series; a residual y - a - b x is formed bar by bar.
#include "pair_trading/pair.h"
#include "sweep/bar.h"

enum { ORIGIN, LAG_MEAN, STEP_MEAN, SXX, SXD, SDD, SSE, SUMS };
enum { SHARPE, SKEWNESS, KURTOSIS, MOMENTS };

// Columns whose products are summed at a time, and rows: those of a hundred columns stay in the first cache.
static const Index TALL = 8, ROWS_AT_ONCE = 32;

// Adds some rows' products of the columns first .. first + TALL - 1 with WIDTH columns from `other` on.
FN void add_products(const double* rows, Index n_rows, Index n, Index first, Index other, double* out) {
    V sums[TALL];
    for (Index k = 0; k < TALL; ++k) sums[k] = get(out + (first + k) * n + other);
    for (Index t = 0; t < n_rows; ++t) {
        const double* row = rows + t * n;
        const V values = get(row + other);
        for (Index k = 0; k < TALL; ++k) sums[k] = sums[k] + row[first + k] * values;
    }
    for (Index k = 0; k < TALL; ++k) store(out + (first + k) * n, other, n, sums[k]);
}

// Sums are of the residual less its first level, which a hedge of other bars may leave far from 0.
FN void sums(const Pair& pair, Index n_bars, double cancelled, double* out, Index first, Index n) {
    const V begin = residual(pair, 0), count = splat((double)(n_bars - 1));
    V lag = splat(0.0), lags = lag, squares = lag, products = lag, steps = lag;
    for (Index t = 1; t < n_bars; ++t) {
        const V next = residual(pair, t) - begin, step = next - lag;
        lags = lags + lag;
        squares = squares + lag * lag;
        products = products + lag * step;
        steps = steps + step * step;
        lag = next;
    }
    const V lag_mean = lags / count, step_mean = lag / count;
    const V sxx = squares - count * lag_mean * lag_mean, sxd = products - count * lag_mean * step_mean;
    const V sdd = steps - count * step_mean * step_mean, slope = sxd / sxx;
    V sse = sdd - slope * sxd;
    const M lost = sse < cancelled * sdd;
    if (seldom(any(lost))) {
        V errors = splat(0.0);
        lag = splat(0.0);
        for (Index t = 1; t < n_bars; ++t) {
            const V next = residual(pair, t) - begin, error = (next - lag - step_mean) - slope * (lag - lag_mean);
            errors = errors + error * error;
            lag = next;
        }
        sse = sel(lost, errors, sse);
    }
    store(out + ORIGIN * n, first, n, begin);
    store(out + LAG_MEAN * n, first, n, lag_mean);
    store(out + STEP_MEAN * n, first, n, step_mean);
    store(out + SXX * n, first, n, sxx);
    store(out + SXD * n, first, n, sxd);
    store(out + SDD * n, first, n, sdd);
    store(out + SSE * n, first, n, sse);
}

// Powers of the returns, in stationary deviations, so that none leaves the doubles. Most returns are 0, and the mean is far
// smaller than the deviation, so that moments about the mean lose no digits as differences of those about 0.
struct Powers {
    V first, second, third, fourth;
};

FN void moments(const Powers& powers, Index n_bars, double* out, Index first, Index n) {
    const V count = splat((double)n_bars);
    const V mean = powers.first / count, square = mean * mean;
    const V second = powers.second / count - square;
    const V third = powers.third / count - 3.0 * mean * powers.second / count + 2.0 * mean * square;
    const V fourth = powers.fourth / count - 4.0 * mean * powers.third / count + 6.0 * square * powers.second / count -
                     3.0 * square * square;
    const M moves = powers.second > 0.0;  // a return of 0 at the first bar is one, so that others make a deviation
    const V variance = sel(moves, second, splat(1.0));
    store(out + SHARPE * n, first, n, mean / root(variance * (double)n_bars / (double)(n_bars - 1)));
    store(out + SKEWNESS * n, first, n, third / (variance * root(variance)));
    store(out + KURTOSIS * n, first, n, sel(moves, fourth / (variance * variance), splat(3.0)));
}

// Each decision fills one bar later, at the score of the bar before.
FN void trade(const Pair& pair, Index n_bars, V mean, V deviation, Account<V>& account, double* out, Index first,
              Index n) {
    Track track;
    start<false, false>(track, account, 1.0);
    Powers powers{splat(0.0), splat(0.0), splat(0.0), splat(0.0)};
    Bar<V> before{splat(MISSING), residual(pair, 0), splat(0.0)};
    V score = (before.price - mean) / deviation;
    for (Index t = 1; t < n_bars; ++t) {
        const Bar<V> bar{score, residual(pair, t), splat(0.0)};
        const bool decides = any((bar.score <= track.below) | (bar.score >= track.above));
        if (decides | track.held) {
            const V gained = pass<false, false, true>(track, account, before, bar, decides) / deviation;
            const V square = gained * gained;
            powers.first = powers.first + gained;
            powers.second = powers.second + square;
            powers.third = powers.third + square * gained;
            powers.fourth = powers.fourth + square * square;
        }
        score = (bar.price - mean) / deviation;
        before = bar;
    }
    moments(powers, n_bars, out, first, n);
}

// Of what a matrix of levels is the product: of the levels, of their differences D, of D_t + D_{t-h} for each lag h, and of
// the first and the last h rows of D.
struct Factor {
    const double* levels;
    Index n_rows, n_columns, n_lags, kind;
};

FN bool is_of_ends(const Factor& factor) { return factor.kind >= 2 + factor.n_lags; }
FN Index lag_of(const Factor& factor) { return factor.kind - 1 - (is_of_ends(factor) ? factor.n_lags : 0); }
FN Index rows_of(const Factor& factor) {
    if (factor.kind < 2) return factor.n_rows - factor.kind;
    return is_of_ends(factor) ? 2 * lag_of(factor) : factor.n_rows - 1 - lag_of(factor);
}

FN V difference(const double* row, Index n) { return get(row + n) - get(row); }

// Returns some rows of a factor, which are made in `space` unless they are levels.
FN const double* made_rows(const Factor& factor, Index start, Index count, double* space) {
    const Index n = factor.n_columns, lag = lag_of(factor);
    if (factor.kind == 0) return factor.levels + start * n;
    for (Index t = 0; t < count; ++t) {
        const bool last = is_of_ends(factor) && start + t >= lag;
        const double* row = factor.levels + (start + t + (last ? factor.n_rows - 1 - 2 * lag : 0)) * n;
        const bool both = factor.kind > 1 && !is_of_ends(factor);
        for (Index j = 0; j < n; j += WIDTH) {
            const V own = difference(row + j, n);
            put(space + t * n + j, both ? difference(row + lag * n + j, n) + own : own);
        }
    }
    return space;
}

// levels: (n_matrices, n_rows, n_columns), where n_columns is a multiple of TALL. space: (n_matrices, 2 + 2 n_lags,
// ROWS_AT_ONCE, n_columns). out: (n_matrices, 2 + 2 n_lags, n_columns, n_columns), each factor transposed times itself.
ENTRY(cross_products)(Index n_matrices, Index n_rows, Index n_columns, Index n_lags, const double* levels, double* space,
                      double* out, Threads threads) {
    EACH(item, n_matrices * (2 + 2 * n_lags), threads) {
        const Index n = n_columns, n_kinds = 2 + 2 * n_lags;
        const Factor factor{levels + item / n_kinds * n_rows * n, n_rows, n, n_lags, item % n_kinds};
        double *products = out + item * n * n, *own = space + item * ROWS_AT_ONCE * n;
        for (Index i = 0; i < n * n; ++i) products[i] = 0.0;
        const Index size = rows_of(factor);
        for (Index t = 0; t < size; t += ROWS_AT_ONCE) {
            const Index count = size - t < ROWS_AT_ONCE ? size - t : ROWS_AT_ONCE;
            const double* rows = made_rows(factor, t, count, own);
            for (Index first = 0; first < n; first += TALL) {
                for (Index other = first; other < n; other += WIDTH) add_products(rows, count, n, first, other, products);
            }
        }
        for (Index i = 0; i < n; ++i) {
            for (Index j = (i / TALL + 1) * TALL; j < n; ++j) products[j * n + i] = products[i * n + j];
        }
    };
}

#define PAIRS                                                                                                       \
    Index n_pairs, Index n_bars, const double *levels, const double *y, const double *x, const double *intercept, \
        const double *hedge_ratio

// levels: (n_series, n_bars). y, x, intercept, hedge_ratio: (n_pairs,). out: (SUMS, n_pairs).
ENTRY(residual_sums)(PAIRS, double cancelled, double* out, Threads threads) {
    EACH(item, items(n_pairs), threads) {
        const Index first = item * WIDTH;
        const Pair pair = pair_of(first, n_pairs, n_bars, levels, y, x, intercept, hedge_ratio);
        sums(pair, n_bars, cancelled, out, first, n_pairs);
    };
}

// mean, deviation, entry, leave, cost: (n_pairs,). out: (MOMENTS, n_pairs).
ENTRY(residual_returns)(PAIRS, const double* mean, const double* deviation, const double* entry, const double* leave,
                        const double* cost, double* out, Threads threads) {
    EACH(item, items(n_pairs), threads) {
        const Index first = item * WIDTH;
        const Pair pair = pair_of(first, n_pairs, n_bars, levels, y, x, intercept, hedge_ratio);
        Account<V> account;
        account.entry = load(entry, first, n_pairs);
        account.leave = load(leave, first, n_pairs);
        account.stop = splat(INFINITE);
        account.cost = load(cost, first, n_pairs);
        trade(pair, n_bars, load(mean, first, n_pairs), load(deviation, first, n_pairs), account, out, first, n_pairs);
    };
}
