#include "cointegration/cointegration.cu"

#include "driver.h"

static const Index SIZES[] = {2, 3, 4, 5, 9, 13};

// The cross products of random walks, some of which follow others, as grams.py gathers them.
struct Products {
    Index n, n_samples = 90, most;
    Array mean, levels, steps, squares, head, tail, penalties;

    Products(Random& random, Index n_series, Index lags) : n(n_series), most(lags) {
        Array walks(n_samples * n);
        for (Index j = 0; j < n; ++j) {
            for (Index t = 0; t < n_samples; ++t) {
                const double step = random.normal(1.0);
                double& level = walks[t * n + j];
                level = t ? walks[(t - 1) * n + j] + step : 0.0;
                if (j % 3 == 1) level = 2.0 * walks[t * n + j - 1] + step;
            }
        }
        centre(walks);
        Array differences((n_samples - 1) * n);
        for (Index k = 0; k < (n_samples - 1) * n; ++k) differences[k] = walks[k + n] - walks[k];
        levels = product(walks, n_samples, 0);
        for (Index lag = 0; lag <= most; ++lag) {
            const Array step = product(differences, n_samples - 1, lag);
            steps.insert(steps.end(), step.begin(), step.end());
            head.insert(head.end(), walks.begin() + lag * n, walks.begin() + (lag + 1) * n);
            const auto end = walks.end() - lag * n;
            tail.insert(tail.end(), end - n, end);
            penalties.push_back(1.0 + 2.0 * (double)lag / (double)n_samples);
        }
        for (Index k = -1; k <= most; ++k) {
            const double* gram = k < 0 ? levels.data() : steps.data() + k * n * n;
            for (Index j = 0; j < n; ++j) squares.push_back(gram[j * n + j]);
        }
    }

    void centre(Array& walks) {
        mean.assign(n, 0.0);
        for (Index k = 0; k < n_samples * n; ++k) mean[k % n] += walks[k] / (double)n_samples;
        for (Index k = 0; k < n_samples * n; ++k) walks[k] -= mean[k % n];
    }

    // The symmetric part of sum_t rows_t' rows_{t-lag}.
    Array product(const Array& rows, Index length, Index lag) const {
        Array out(n * n, 0.0);
        for (Index t = lag; t < length; ++t) {
            for (Index k = 0; k < n * n; ++k) {
                const double *now = &rows[t * n], *before = &rows[(t - lag) * n];
                out[k] += 0.5 * (now[k / n] * before[k % n] + now[k % n] * before[k / n]);
            }
        }
        return out;
    }
};

#define GIVEN(p)                                                                                                  \
    (p).n, (p).n_samples, (p).most, 0, (p).n, (p).mean.data(), (p).levels.data(), (p).steps.data(), (p).squares.data(), \
        (p).head.data(), (p).tail.data()

// A pair of a series with itself means nothing, and is rounding.
static void show(Array& out, Index n) {
    for (Index k = 0; k < (Index)out.size(); ++k) {
        if (k % (n * n) / n == k % n) out[k] = 0.0;
    }
    print("out", out);
}

CASE(pairs_0) {
    Random random{11};
    for (const Index n : SIZES) {
        const Products given(random, n, 0);
        Array out = space(ROWS * n * n);
        on(n * n, pairs_0)(GIVEN(given), out.data(), threads);
        show(out, n);
    }
}

CASE(pairs_1) {
    Random random{12};
    for (const Index n : SIZES) {
        const Products given(random, n, 1);
        Array out = space(ROWS * n * n);
        on(n * n, pairs_1)(GIVEN(given), out.data(), threads);
        show(out, n);
    }
}

CASE(pairs_8) {
    Random random{13};
    for (const Index n : SIZES) {
        for (const Index most : {0, 3, 8}) {
            const Products given(random, n, most);
            for (const Index by_aic : {0, 1}) {
                Array out = space(ROWS * n * n);
                on(n * n, pairs_8)(GIVEN(given), by_aic, given.penalties.data(), out.data(), threads);
                show(out, n);
            }
        }
    }
}

CASE(pairs_32) {
    Random random{14};
    for (const Index n : {2, 5}) {
        for (const Index most : {9, 32}) {
            const Products given(random, n, most);
            for (const Index by_aic : {0, 1}) {
                Array out = space(ROWS * n * n);
                on(n * n, pairs_32)(GIVEN(given), by_aic, given.penalties.data(), out.data(), threads);
                show(out, n);
            }
        }
    }
}
