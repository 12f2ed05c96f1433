// Listed pairs from their residuals, which are formed bar by bar: a lane is a pair. Nothing is a difference of large sums here,
// so that digits are lost only where the columns of the unit-root regression are nearly dependent.
#include "cointegration/regression.h"

// The rows of out, each (n_pairs,). TOTAL is u'u; CHANGE is beta - 1; LOSSY_ROW is 1 where the regression lost its digits.
enum { SLOPE, INTERCEPT, STATISTIC, CHANGE, TOTAL, LOSSY_ROW, ROWS };

struct Pair {
    const double* levels;
    Index y[WIDTH], x[WIDTH], n_samples;
};

struct Line {
    V y_mean, x_mean, slope, rest, offset;  // u = (y - slope x) - rest x - offset, of y and x less their means
};

FN V y_of(const Pair& pair, const Line& line, Index t) { return get_at(pair.levels + t, pair.y) - line.y_mean; }
FN V x_of(const Pair& pair, const Line& line, Index t) { return get_at(pair.levels + t, pair.x) - line.x_mean; }
FN V residual_at(const Pair& pair, const Line& line, Index t) {
    const V x = x_of(pair, line, t);
    return (y_of(pair, line, t) - line.slope * x) - line.rest * x - line.offset;
}

// Means are summed from the first level, so that a far offset costs no digits.
FN void take_means(const Pair& pair, Line& line) {
    const V y_first = get_at(pair.levels, pair.y), x_first = get_at(pair.levels, pair.x);
    V y = splat(0.0), x = y;
    for (Index t = 0; t < pair.n_samples; ++t) {
        y = y + (get_at(pair.levels + t, pair.y) - y_first);
        x = x + (get_at(pair.levels + t, pair.x) - x_first);
    }
    line.y_mean = y_first + y / (double)pair.n_samples;
    line.x_mean = x_first + x / (double)pair.n_samples;
}

// The second round takes out what rounding left of the first.
FN void regress(const Pair& pair, Line& line) {
    V square = splat(0.0), product = square, left = square, sum = square;
    for (Index t = 0; t < pair.n_samples; ++t) {
        const V x = x_of(pair, line, t);
        square = square + x * x;
        product = product + x * y_of(pair, line, t);
    }
    line.slope = product / square;
    for (Index t = 0; t < pair.n_samples; ++t) {
        const V x = x_of(pair, line, t), u = y_of(pair, line, t) - line.slope * x;
        left = left + x * u;
        sum = sum + u;
    }
    line.rest = left / square;
    line.offset = sum / (double)pair.n_samples;
}

template <int SIZE>
FN Residual<SIZE> sums_of(const Pair& pair, const Line& line, Index most) {
    Residual<SIZE> sums;
    V before[SIZE + 1];  // d_t, d_{t-1}, ..
    const Index n = pair.n_samples;
    for (Index k = 0; k <= most; ++k) {
        sums.steps[k] = before[k] = splat(0.0);
        sums.head[k] = residual_at(pair, line, k);
        sums.tail[k] = residual_at(pair, line, n - 1 - k);
    }
    V last = sums.head[0];
    sums.total = last * last;
    for (Index t = 1; t < n; ++t) {
        const V u = residual_at(pair, line, t);
        sums.total = sums.total + u * u;
        for (Index k = most; k > 0; --k) before[k] = before[k - 1];
        before[0] = u - last;
        for (Index k = 0; k <= most; ++k) sums.steps[k] = sums.steps[k] + before[0] * before[k];
        last = u;
    }
    return sums;
}

template <int SIZE>
FN void fit(const Pair& pair, Index most, double* out, Index first, Index n) {
    Line line;
    take_means(pair, line);
    regress(pair, line);
    const Residual<SIZE> sums = sums_of<SIZE>(pair, line, most);
    const V zero = splat(0.0);
    M kept = zero == zero, spread = kept;
    const V statistic = level_t(sums, most, pair.n_samples, kept);
    const V slope = line.slope + line.rest;
    store(out + SLOPE * n, first, n, slope);
    store(out + INTERCEPT * n, first, n, line.y_mean - slope * line.x_mean);
    store(out + STATISTIC * n, first, n, statistic);
    store(out + CHANGE * n, first, n, autoregression(sums, pair.n_samples, spread));
    store(out + TOTAL * n, first, n, sums.total);
    store(out + LOSSY_ROW * n, first, n, sel(kept & spread, zero, splat(1.0)));
}

// levels: (n_series, n_bars), of which the bars begin .. begin + n_samples - 1 are read. y, x: (n_pairs,) rows of them.
#define PARAMETERS                                                                                                        \
    Index n_pairs, Index n_bars, Index begin, Index n_samples, Index most, const double *levels, const double *y, \
        const double *x, double *out
#define LISTED(SIZE, MOST)                                                            \
    EACH(item, items(n_pairs), threads) {                                       \
        const Index first = item * WIDTH;                                       \
        Pair pair;                                                              \
        pair.levels = levels + begin;                                           \
        pair.n_samples = n_samples;                                             \
        for (Index k = 0; k < WIDTH; ++k) {                                     \
            const Index place = first + k < n_pairs ? first + k : first;        \
            pair.y[k] = (Index)y[place] * n_bars;                               \
            pair.x[k] = (Index)x[place] * n_bars;                               \
        }                                                                       \
        fit<SIZE>(pair, MOST, out, first, n_pairs);                             \
    }

ENTRY(listed_0)(PARAMETERS, Threads threads) { LISTED(0, 0); }
ENTRY(listed_1)(PARAMETERS, Threads threads) { LISTED(1, 1); }
ENTRY(listed_8)(PARAMETERS, Threads threads) { LISTED(8, most); }
