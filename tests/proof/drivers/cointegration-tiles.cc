#include "cointegration/tiles.cu"

#include "driver.h"

// Random walks (n_samples, n) less their means, some of which follow others, and the sums over each alone, as blocks.py
// gathers them.
struct Series {
    Index n, n_samples = 90, most;
    Array numbers, mean, squares, head, tail, walks, steps;

    Series(Random& random, Index n_series, Index lags) : n(n_series), most(lags), mean(n_series, 0.0), walks(n_samples * n) {
        for (Index j = 0; j < n; ++j) {
            numbers.push_back((double)(j * 5 % n));
            for (Index t = 0; t < n_samples; ++t) {
                const double step = random.normal(1.0);
                double& level = walks[t * n + j];
                level = t ? walks[(t - 1) * n + j] + step : 0.0;
                if (j % 3 == 1) level = 2.0 * walks[t * n + j - 1] + step;
            }
        }
        for (Index k = 0; k < n_samples * n; ++k) mean[k % n] += walks[k] / (double)n_samples;
        for (Index k = 0; k < n_samples * n; ++k) walks[k] -= mean[k % n];
        for (Index k = 0; k < (n_samples - 1) * n; ++k) steps.push_back(walks[k + n] - walks[k]);
        for (Index lag = 0; lag <= most; ++lag) {
            head.insert(head.end(), walks.begin() + lag * n, walks.begin() + (lag + 1) * n);
            const auto end = walks.end() - lag * n;
            tail.insert(tail.end(), end - n, end);
        }
        for (Index lag = -1; lag <= most; ++lag) {
            const Array& rows = lag < 0 ? walks : steps;
            const Index first = lag < 0 ? 0 : lag * n;
            Array sums(n, 0.0);
            for (Index k = first; k < (Index)rows.size(); ++k) sums[k % n] += rows[k] * rows[k - first];
            squares.insert(squares.end(), sums.begin(), sums.end());
        }
    }
};

// Adds the symmetric part of sum_t left_t' right_{t-lag} to out.
static void multiply(const Array& left, Index n, const Array& right, Index m, Index lag, Array& out) {
    const Index length = (Index)left.size() / n;
    Array product(n * m, 0.0);
    for (Index t = lag; t < length; ++t) {
        for (Index k = 0; k < n * m; ++k) {
            const Index i = k / m, j = k % m;
            product[k] += 0.5 * (left[t * n + i] * right[(t - lag) * m + j] + left[(t - lag) * n + i] * right[t * m + j]);
        }
    }
    out.insert(out.end(), product.begin(), product.end());
}

#define OWN(p) (p).numbers.data(), (p).mean.data(), (p).squares.data(), (p).head.data(), (p).tail.data()

// Two blocks, and the first one with itself, of which the pairs above the diagonal mean something.
template <typename Tile>
static void each_shape(Random random, Index most, const Tile& tile) {
    const Index shapes[][2] = {{1, 1}, {2, 9}, {5, 4}, {9, 13}};
    for (const auto& shape : shapes) {
        const Series rows(random, shape[0], most), others(random, shape[1], most);
        for (const Index triangle : {0, 1}) {
            const Series& columns = triangle ? rows : others;
            const Index n = rows.n, m = columns.n;
            Array levels, steps, out = space(ROWS * n * m);
            multiply(rows.walks, n, columns.walks, m, 0, levels);
            for (Index lag = 0; lag <= most; ++lag) multiply(rows.steps, n, columns.steps, m, lag, steps);
            tile(rows, columns, triangle, levels.data(), steps.data(), out.data());
            for (Index k = 0; triangle && k < (Index)out.size(); ++k) {
                if (k % (n * m) / m >= k % m) out[k] = 0.0;
            }
            print("out", out);
        }
    }
}

#define RUN(name, lags)                                                                                                   \
    each_shape(Random{(std::uint64_t)(lags) + 3}, lags,                                                                   \
               [](const Series& rows, const Series& columns, Index triangle, const double* levels, const double* steps,   \
                  double* out) {                                                                                          \
                   on(rows.n * columns.n, name)(rows.n, columns.n, rows.n_samples, rows.most, triangle, levels, steps,    \
                                                OWN(rows), OWN(columns), out, threads);                                   \
               })

CASE(tile_0) { RUN(tile_0, 0); }

CASE(tile_1) { RUN(tile_1, 1); }

CASE(tile_8) {
    RUN(tile_8, 0);
    RUN(tile_8, 3);
    RUN(tile_8, 8);
}

CASE(tile_32) {
    RUN(tile_32, 9);
    RUN(tile_32, 32);
}
