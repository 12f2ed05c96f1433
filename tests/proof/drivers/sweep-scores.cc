#include "sweep/scores.cu"

#include "driver.h"

struct Shape {
    Index n_series, n_bars;
};

// One bar, fewer series than lanes and more, and series of more bars than an item takes.
static_assert(TOGETHER < 8197, "the last shape has a second item a series");
static const Shape SHAPES[] = {{1, 1}, {3, 31}, {9, 100}, {2, 8197}};

CASE(fixed_z) {
    Random random{11};
    for (const Shape& shape : SHAPES) {
        const Array prices = random.prices(shape.n_series, shape.n_bars, 0.01);
        const Array means = random.uniforms(shape.n_series, 90.0, 110.0);
        const Array deviations = random.uniforms(shape.n_series, 1.0, 5.0);
        for (const Index delay : {0, 1, 4, 40}) {
            Array fills = space(shape.n_series * shape.n_bars);
            on(shape.n_series * shape.n_bars, fixed_z)(shape.n_series, shape.n_bars, delay, prices.data(), means.data(), deviations.data(), fills.data(),
                    threads);
            print("fills", fills);
        }
    }
}

CASE(online_z) {
    Random random{12};
    for (const Shape& shape : SHAPES) {
        const Array prices = random.prices(shape.n_series, shape.n_bars, 0.01);
        for (const Index delay : {0, 1, 4, 40}) {
            Array fills = space(shape.n_series * shape.n_bars);
            on(shape.n_series, online_z)(shape.n_series, shape.n_bars, delay, 10, prices.data(), 0.99, fills.data(), threads);
            print("fills", fills);
        }
    }
}
