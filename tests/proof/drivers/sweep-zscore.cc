#include "sweep/zscore.cu"

#include "driver.h"

struct Shape {
    Index n_series, n_bars, lookback, n_items;
};

// One bar, windows longer than the series, blocks that fill vectors and ones that do not, more items than blocks.
CASE(rolling_z) {
    Random random{11};
    for (const Shape& shape : {Shape{1, 1, 2, 1}, Shape{3, 31, 5, 2}, Shape{6, 100, 20, 40}, Shape{2, 7, 9, 1},
                               Shape{2, 150, 3, 7}, Shape{2, 400, 3, 1}}) {
        Array prices = random.prices(shape.n_series, shape.n_bars, 0.01);
        for (Index t = 0; t < shape.n_bars / 2; ++t) prices[t] = 101.0;
        for (Index delay = 0; delay < 4; ++delay) {
            Array working = space(shape.n_items * 2 * shape.lookback * TOGETHER * WIDTH);
            Array scores = space(shape.n_series * shape.n_bars);
            on(shape.n_items, rolling_z)(shape.n_series, shape.n_bars, shape.lookback, delay, shape.n_items, prices.data(), 1e-9,
                      working.data(), scores.data(), threads);
            print("scores", scores);
        }
    }
}
