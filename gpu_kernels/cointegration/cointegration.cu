// All directed pairs from cross products: a lane computes one pair, series i regressed on series j. model.py has the
// equations.
//
// Every sum over a residual u = y - b x or its steps is a quadratic form in b, minus the terms at the ends of the sample,
// so that a lane reads a dozen numbers and no series.
#include "cointegration/regression.h"

// The rows of out, each (n_rows, n_series): a launch computes n_rows of the dependent series, from `first` on.
enum { SLOPE, INTERCEPT, STATISTIC, P_VALUE, LAGS, AR1, THETA, HALF_LIFE, DEVIATION, LOSSY_ROW, ROWS };

// levels: (n_series, n_series), X'X. steps: (most + 1, n_series, n_series), symmetric. squares: (most + 2, n_series), the
// diagonals of levels and of each of steps. head, tail: (most + 1, n_series), u_0 .. u_K and u_{T-1} .. u_{T-1-K}.
struct Grams {
    Index n_series, n_samples, most;
    const double *mean, *levels, *steps, *squares, *head, *tail;
};

struct Rows {
    Index first, count;
};

template <int SIZE>
FN void fit(const Grams& grams, const Rows& rows, Index most, bool by_aic, const double* penalties, Index item,
            double* out) {
    const Index n = grams.n_series, n_samples = grams.n_samples, square = n * n, size = rows.count * n;
    const Index i = rows.first + item / items(n), j = item % items(n) * WIDTH;
    const auto form = [&](const double* gram, const double* squares, V slope) {
        return squares[i] - 2.0 * slope * load(gram + i * n, j, n) + slope * slope * load(squares, j, n);
    };
    const V slope = load(grams.levels + i * n, j, n) / load(grams.squares, j, n);
    Residual<SIZE> residual;
    residual.total = form(grams.levels, grams.squares, slope);
    for (Index k = 0; k <= most; ++k) {
        residual.steps[k] = form(grams.steps + k * square, grams.squares + (k + 1) * n, slope);
        residual.head[k] = grams.head[k * n + i] - slope * load(grams.head + k * n, j, n);
        residual.tail[k] = grams.tail[k * n + i] - slope * load(grams.tail + k * n, j, n);
    }
    const double* stepped = grams.squares + n;
    M kept = (residual.total >= LOSSY * grams.squares[i]) &
             (residual.steps[0] >= LOSSY * (stepped[i] + slope * slope * load(stepped, j, n)));
    V lags = splat((double)most), statistic = splat(MISSING);
    if (by_aic) {
        lags = chosen_lags(residual, most, penalties, kept);
        for (Index count = 0; count <= most; ++count) {
            const M which = lags == (double)count;
            if (!any(which)) continue;
            M fine = which | no(which);
            statistic = sel(which, level_t(residual, count, n_samples, fine), statistic);
            kept = kept & (fine | no(which));
        }
    } else {
        statistic = level_t(residual, most, n_samples, kept);
    }
    const V change = autoregression(residual, n_samples, kept);
    const V theta = speed(change, n_samples);
    double* row = out + (i - rows.first) * n;
    store(row + SLOPE * size, j, n, slope);
    store(row + INTERCEPT * size, j, n, grams.mean[i] - slope * load(grams.mean, j, n));
    store(row + STATISTIC * size, j, n, statistic);
    store(row + P_VALUE * size, j, n, p_value(statistic));
    store(row + LAGS * size, j, n, lags);
    store(row + AR1 * size, j, n, 1.0 + change);
    store(row + THETA * size, j, n, theta);
    store(row + HALF_LIFE * size, j, n, 0.6931471805599453 / theta);
    store(row + DEVIATION * size, j, n, root(residual.total / (double)(n_samples - 2)));
    store(row + LOSSY_ROW * size, j, n, sel(kept, splat(0.0), splat(1.0)));
}

#define PARAMETERS                                                                                                    \
    Index n_series, Index n_samples, Index most, Index first, Index n_rows, const double *mean, const double *levels, \
        const double *steps, const double *squares, const double *head, const double *tail
#define GRAMS {n_series, n_samples, most, mean, levels, steps, squares, head, tail}

// An entry for each bound on the lags, because the bound sizes the arrays that a lane holds.
ENTRY(pairs_0)(PARAMETERS, double* out, Threads threads) {
    EACH(item, n_rows * items(n_series), threads) {
        const Grams grams = GRAMS;
        fit<0>(grams, Rows{first, n_rows}, 0, false, nullptr, item, out);
    };
}

ENTRY(pairs_1)(PARAMETERS, double* out, Threads threads) {
    EACH(item, n_rows * items(n_series), threads) {
        const Grams grams = GRAMS;
        fit<1>(grams, Rows{first, n_rows}, 1, false, nullptr, item, out);
    };
}

// penalties: (most + 1,), read where by_aic is not 0.
ENTRY(pairs_8)(PARAMETERS, Index by_aic, const double* penalties, double* out, Threads threads) {
    EACH(item, n_rows * items(n_series), threads) {
        const Grams grams = GRAMS;
        fit<8>(grams, Rows{first, n_rows}, most, by_aic, penalties, item, out);
    };
}

ENTRY(pairs_32)(PARAMETERS, Index by_aic, const double* penalties, double* out, Threads threads) {
    EACH(item, n_rows * items(n_series), threads) {
        const Grams grams = GRAMS;
        fit<32>(grams, Rows{first, n_rows}, most, by_aic, penalties, item, out);
    };
}
