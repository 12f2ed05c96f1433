#include "sweep/excursions.cu"

#include "driver.h"

struct Shape {
    Index n_series, n_bars, n_chunks, levels, together;
};

// A level alone, a full chunk, chunks that fill no vector, neighbours that keep their runs for each other and that do not;
// exits beyond the mean, at it and before it; from calm to ruin.
static void excursions_case(decltype(&excursions_unit) entry) {
    Random random{5};
    for (const Shape& shape : {Shape{1, 1, 1, 1, 1}, Shape{3, 33, 5, 5, 2}, Shape{2, 400, 2, LEVELS, 1}, Shape{2, 100, 3, 8, 9},
                               Shape{1, 300, 6, 7, 6}}) {
        for (const double deviation : {0.01, 0.3}) {
            const Index n_pairs = shape.n_chunks * shape.levels;
            const Array prices = random.prices(shape.n_series, shape.n_bars, deviation);
            Array scores = random.uniforms(shape.n_series * shape.n_bars, -3.0, 3.0), inverses = prices;
            Array first, levels, leaves, costs, columns;
            for (double& each : inverses) each = 1.0 / each;
            for (Index chunk = 0; chunk < shape.n_chunks; ++chunk) {
                first.push_back((double)(chunk * shape.levels));
                leaves.push_back(0.25 * (double)(chunk % 3 - 1));
                costs.push_back(chunk % 2 ? costs.back() : chunk ? random.uniform(0.0, 0.02) : 0.0);
                for (Index level = 0; level < shape.levels; ++level) {
                    levels.push_back(0.5 + 2.0 * (double)(level + 1) / (double)shape.levels);
                    columns.push_back((double)(n_pairs - 1 - chunk * shape.levels - level));
                }
            }
            first.push_back((double)n_pairs);
            for (std::size_t t = 0; t < scores.size(); t += 7) scores[t] = t % 2 ? MISSING : levels[0];
            Array out = space(ROWS * shape.n_series * n_pairs);
            entry(shape.together, shape.n_series, shape.n_bars, shape.n_chunks, n_pairs, prices.data(), inverses.data(),
                  scores.data(), first.data(), levels.data(), leaves.data(), costs.data(), columns.data(), 3.0, out.data(),
                  threads);
            print("out", out);
        }
    }
}

CASE(excursions_compounding) { excursions_case(excursions_compounding); }

CASE(excursions_unit) { excursions_case(excursions_unit); }
