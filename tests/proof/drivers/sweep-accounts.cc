#include "sweep/accounts.cu"

#include "driver.h"

struct Shape {
    Index n_series, n_bars;
};

// One bar, series of which some end early, scores that are missing; deviations from calm to ruin.
static void accounts_case(decltype(&accounts_unit) entry) {
    Random random{17};
    for (const Shape& shape : {Shape{1, 1}, Shape{3, 33}, Shape{13, 257}, Shape{8, 100}}) {
        for (const double deviation : {0.01, 0.3}) {
            const Array prices = random.prices(shape.n_series, shape.n_bars, deviation);
            const Array marks = Random{5}.marks_short(prices, shape.n_bars);
            Array scores = random.uniforms(shape.n_series * shape.n_bars, -3.0, 3.0);
            const Array entries = random.uniforms(shape.n_series, 0.5, 2.9);
            const Array leaves = random.uniforms(shape.n_series, -0.5, 0.5);
            Array costs = random.uniforms(shape.n_series, 0.0, 0.02), counts(shape.n_series, (double)shape.n_bars);
            costs[0] = 0.0;
            for (Index i = 1; i < shape.n_series; i += 2) counts[i] = (double)(shape.n_bars / 2 + 1);
            for (std::size_t t = 0; t < scores.size(); t += 7) scores[t] = t % 2 ? MISSING : entries[0];
            for (Index series = 0; series < shape.n_series; ++series) scores[series * shape.n_bars] = MISSING;
            Array paths = space(PATHS * shape.n_series * shape.n_bars);
            Array trades = space(shape.n_series * shape.n_bars * FIELDS);
            Array ends = space(shape.n_series * ENDS);
            on(shape.n_series, entry)(shape.n_series, shape.n_bars, counts.data(), prices.data(), scores.data(), marks.data(),
                  entries.data(), leaves.data(), costs.data(), 2.95, 3.0, paths.data(), trades.data(), ends.data(), threads);
            print("ends", ends);
            for (Index i = 0; i < shape.n_series; ++i) {
                const double* path = paths.data() + i * shape.n_bars;
                for (Index k = 0; k < PATHS; ++k) {
                    const double* first = path + k * shape.n_series * shape.n_bars;
                    print("path", Array(first, first + (Index)counts[i]));
                }
                const double* first = trades.data() + i * shape.n_bars * FIELDS;
                print("trades", Array(first, first + (Index)ends[i * ENDS + TRADES] * FIELDS));
            }
        }
    }
}

CASE(accounts_compounding) { accounts_case(accounts_compounding); }

CASE(accounts_compounding_full) { accounts_case(accounts_compounding_full); }

CASE(accounts_unit) { accounts_case(accounts_unit); }

CASE(accounts_unit_full) { accounts_case(accounts_unit_full); }

CASE(running_moments) {
    Random random{19};
    for (const Shape& shape : {Shape{1, 1}, Shape{5, 41}}) {
        const Array returns = random.uniforms(shape.n_series * shape.n_bars, -0.1, 0.1);
        Array mean = space(returns.size()), squares = space(returns.size()), shapes = space(4 * returns.size());
        on(shape.n_series, running_moments)(shape.n_series, shape.n_bars, returns.data(), mean.data(), squares.data(), shapes.data(), threads);
        print("mean", mean);
        print("squares", squares);
        print("shapes", shapes);
    }
}
