#include "reversion/reversion.cu"

#include "driver.h"

struct Shape {
    Index n_series, n_prices, bandwidth, periods, n_items;
};

// Fewer items than groups of lanes and more, one series, groups that are not full, and the longest bandwidth.
static const Shape SHAPES[] = {{1, 32, 0, 2, 1}, {3, 40, 37, 3, 2}, {26, 67, 9, 2, 3}, {9, 130, 15, 5, 9}};

// Reverting series: one as it is, one that does not move for a while, one straight, and so on round.
static Array series(Random& random, const Shape& shape) {
    Array prices = random.uniforms(shape.n_series * shape.n_prices, -1.0, 1.0);
    for (Index row = 0; row < shape.n_series; ++row) {
        for (Index t = 0; t < shape.n_prices; ++t) {
            double& price = prices[row * shape.n_prices + t];
            if (t) price += 0.8 * (&price)[-1];
            if (row % 3 == 1 && t > 3 && t < 25) price = 7.0;
            if (row % 3 == 2) price = 0.1 * (double)t;
        }
    }
    return prices;
}

CASE(reversion_tests) {
    Random random{7};
    for (const Shape& shape : SHAPES) {
        const Array prices = series(random, shape);
        Index n_rows = NAMED;
        for (Index size = FIRST_BLOCK; size <= (shape.n_prices - 1) / 2; size *= 2) ++n_rows;
        for (Index span = 1; span <= shape.n_prices / 8; span *= 2) ++n_rows;
        for (const Index trend : {NOTHING, CONSTANT, LINE}) {
            for (Index n_lags = 0; n_lags <= 4; ++n_lags) {
                Array working = space(shape.n_items * (shape.n_prices + shape.n_prices / FIRST_BLOCK) * WIDTH);
                Array out = space(n_rows * shape.n_series);
                on(shape.n_items, reversion_tests)(shape.n_series, shape.n_prices, trend, n_lags, shape.bandwidth, shape.periods,
                                shape.n_items, prices.data(), working.data(), out.data(), threads);
                print("out", out);
            }
        }
    }
}
