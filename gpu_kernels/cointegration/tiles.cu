// All pairs between two blocks of series from cross products, each in its better direction: a lane is a series of the second
// block beside one of the first.
#include "cointegration/regression.h"

// The rows of out, each (rows.n, columns.n). TURNED is 1 where the series of the second block is regressed, LOSSY_ROW where
// either direction lost its digits, so that nothing of the pair holds.
enum { SLOPE, INTERCEPT, STATISTIC, P_VALUE, TURNED, LOSSY_ROW, ROWS };

// A block's own sums. number, mean: (n,). squares: (most + 2, n), of the levels and of each of steps. head, tail: (most + 1, n).
struct Block {
    Index n;
    const double *number, *mean, *squares, *head, *tail;
};

// The sums of one series a lane.
template <int SIZE>
struct Own {
    V mean, squares[SIZE + 2], head[SIZE + 1], tail[SIZE + 1];
};

template <int SIZE, typename Read>
FN Own<SIZE> own_sums(const Block& block, Index most, const Read& read) {
    Own<SIZE> own;
    own.mean = read(block.mean);
    own.squares[0] = read(block.squares);
    for (Index k = 0; k <= most; ++k) {
        own.squares[k + 1] = read(block.squares + (k + 1) * block.n);
        own.head[k] = read(block.head + k * block.n);
        own.tail[k] = read(block.tail + k * block.n);
    }
    return own;
}

// The t of y regressed on x; products: of both levels, and of both series' steps for each lag.
template <int SIZE>
FN V test(const Own<SIZE>& y, const Own<SIZE>& x, const V* products, Index most, Index n_samples, V& slope, M& kept) {
    slope = products[0] / x.squares[0];
    const auto form = [&](Index k) {
        return y.squares[k] - 2.0 * slope * products[k] + slope * slope * x.squares[k];
    };
    Residual<SIZE> residual;
    residual.total = form(0);
    for (Index k = 0; k <= most; ++k) {
        residual.steps[k] = form(k + 1);
        residual.head[k] = y.head[k] - slope * x.head[k];
        residual.tail[k] = y.tail[k] - slope * x.tail[k];
    }
    kept = kept & (residual.total >= LOSSY * y.squares[0]) &
           (residual.steps[0] >= LOSSY * (y.squares[1] + slope * slope * x.squares[1]));
    autoregression(residual, n_samples, kept);
    return level_t(residual, most, n_samples, kept);
}

template <int SIZE>
FN void better(const Block& rows, const Block& columns, const double* levels, const double* steps, Index most,
               Index n_samples, Index i, Index j, double* out) {
    const Index n = columns.n, size = rows.n * n;
    V products[SIZE + 2];
    products[0] = load(levels + i * n, j, n);
    for (Index k = 0; k <= most; ++k) products[k + 1] = load(steps + k * size + i * n, j, n);
    const Own<SIZE> first = own_sums<SIZE>(rows, most, [&](const double* p) { return splat(p[i]); });
    const Own<SIZE> second = own_sums<SIZE>(columns, most, [&](const double* p) { return load(p, j, n); });
    const V zero = splat(0.0);
    M kept = zero == zero;
    V slope, back_slope;
    const V there = test(first, second, products, most, n_samples, slope, kept);
    const V back = test(second, first, products, most, n_samples, back_slope, kept);
    const M turned = (back < there) | ((back == there) & (load(columns.number, j, n) < rows.number[i]));
    const V chosen = sel(turned, back_slope, slope), statistic = sel(turned, back, there);
    const V y_mean = sel(turned, second.mean, first.mean), x_mean = sel(turned, first.mean, second.mean);
    double* row = out + i * n;
    store(row + SLOPE * size, j, n, chosen);
    store(row + INTERCEPT * size, j, n, y_mean - chosen * x_mean);
    store(row + STATISTIC * size, j, n, statistic);
    store(row + P_VALUE * size, j, n, p_value(statistic));
    store(row + TURNED * size, j, n, sel(turned, splat(1.0), zero));
    store(row + LOSSY_ROW * size, j, n, sel(kept, zero, splat(1.0)));
}

// Of the triangle of a block with itself, only vectors with a lane above the diagonal are computed. levels: (n_rows, n_columns).
// steps: (most + 1, n_rows, n_columns), symmetric parts.
#define PARAMETERS                                                                                                       \
    Index n_rows, Index n_columns, Index n_samples, Index most, Index triangle, const double *levels, const double *steps, \
        const double *row_number, const double *row_mean, const double *row_squares, const double *row_head,             \
        const double *row_tail, const double *number, const double *mean, const double *squares, const double *head,     \
        const double *tail, double *out
#define TILE(SIZE, MOST)                                                                                  \
    EACH(item, n_rows * items(n_columns), threads) {                                                \
        const Block rows{n_rows, row_number, row_mean, row_squares, row_head, row_tail};            \
        const Block columns{n_columns, number, mean, squares, head, tail};                          \
        const Index i = item / items(n_columns), j = item % items(n_columns) * WIDTH;               \
        if (!triangle || j + WIDTH > i + 1) {                                                       \
            better<SIZE>(rows, columns, levels, steps, MOST, n_samples, i, j, out);                 \
        }                                                                                           \
    }

ENTRY(tile_0)(PARAMETERS, Threads threads) { TILE(0, 0); }
ENTRY(tile_1)(PARAMETERS, Threads threads) { TILE(1, 1); }
ENTRY(tile_8)(PARAMETERS, Threads threads) { TILE(8, most); }
ENTRY(tile_32)(PARAMETERS, Threads threads) { TILE(32, most); }
