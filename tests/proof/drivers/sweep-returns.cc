#include "sweep/returns.cu"

#include "driver.h"

struct Shape {
    Index n_bars, n_pairs;
};

// Pairs that fill no vector, one bar; deviations from calm to ruin.
static void returns_case(decltype(&returns_unit) entry) {
    Random random{13};
    for (const Shape& shape : {Shape{1, 1}, Shape{33, 5}, Shape{257, 13}, Shape{100, 8}}) {
        for (const double deviation : {0.01, 0.3}) {
            const Array prices = random.prices(1, shape.n_bars, deviation);
            const Array marks = Random{5}.marks_short(prices, shape.n_bars);
            Array scores = random.uniforms(shape.n_bars, -3.0, 3.0);
            const Array entries = random.uniforms(shape.n_pairs, 0.5, 2.5);
            const Array leaves = random.uniforms(shape.n_pairs, -0.5, 0.5);
            Array costs = random.uniforms(shape.n_pairs, 0.0, 0.02);
            costs[0] = 0.0;
            Array order(shape.n_pairs);
            for (Index pair = 0; pair < shape.n_pairs; ++pair) order[pair] = (double)(shape.n_pairs - 1 - pair);
            for (std::size_t t = 0; t < scores.size(); t += 7) scores[t] = t % 2 ? MISSING : entries[0];
            Array out(shape.n_pairs * shape.n_bars, 0.0);
            on(shape.n_pairs, entry)(shape.n_bars, shape.n_pairs, prices.data(), scores.data(), marks.data(), entries.data(),
                  leaves.data(), costs.data(), order.data(), 2.95, 3.0, out.data(), threads);
            print("out", out);
        }
    }
}

CASE(returns_compounding) { returns_case(returns_compounding); }

CASE(returns_compounding_full) { returns_case(returns_compounding_full); }

CASE(returns_unit) { returns_case(returns_unit); }

CASE(returns_unit_full) { returns_case(returns_unit_full); }
