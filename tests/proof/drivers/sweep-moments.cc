#include "sweep/moments.cu"

#include "driver.h"

struct Shape {
    Index n_series, n_bars, n_all;
};

// Series that fill no vector, one bar, bars that are missing; deviations from calm to ruin.
static void moments_case(decltype(&moments_unit) entry) {
    Random random{11};
    for (const Shape& shape : {Shape{1, 1, 1}, Shape{3, 33, 40}, Shape{13, 257, 257}, Shape{8, 100, 101}}) {
        for (const double deviation : {0.01, 0.3}) {
            const Array prices = random.prices(shape.n_series, shape.n_bars, deviation);
            const Array marks = Random{5}.marks_short(prices, shape.n_bars);
            Array scores = random.uniforms(shape.n_series * shape.n_bars, -3.0, 3.0);
            const Array entries = random.uniforms(shape.n_series, 0.5, 2.9);
            const Array leaves = random.uniforms(shape.n_series, -0.5, 0.5);
            Array costs = random.uniforms(shape.n_series, 0.0, 0.02);
            costs[0] = 0.0;
            for (std::size_t t = 0; t < scores.size(); t += 7) scores[t] = t % 2 ? MISSING : entries[0];
            for (Index series = 0; series < shape.n_series; ++series) scores[series * shape.n_bars] = MISSING;
            Array working = space(items(shape.n_series) * WIDTH * shape.n_bars);
            Array out = space(2 * shape.n_series);
            Array n_all(shape.n_series, (double)shape.n_all);
            n_all[0] = (double)shape.n_bars;
            on(shape.n_series, entry)(shape.n_series, shape.n_bars, n_all.data(), prices.data(), scores.data(), marks.data(),
                  entries.data(), leaves.data(), costs.data(), 2.95, 3.0, working.data(), out.data(), threads);
            print("out", out);
        }
    }
}

CASE(moments_compounding) { moments_case(moments_compounding); }

CASE(moments_compounding_full) { moments_case(moments_compounding_full); }

CASE(moments_unit) { moments_case(moments_unit); }

CASE(moments_unit_full) { moments_case(moments_unit_full); }
