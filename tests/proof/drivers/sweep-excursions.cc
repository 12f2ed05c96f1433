#include "sweep/excursions.cu"

#include "driver.h"

struct Shape {
    Index n_series, n_bars, n_chunks, levels, exits, together;
};

// A level alone, full chunks, chunks that fill no vector; exits beyond the mean, at it and before it; from calm to ruin.
static void excursions_case(decltype(&excursions_unit) entry) {
    Random random{5};
    for (const Shape& shape : {Shape{1, 1, 1, 1, 1, 1}, Shape{3, 33, 5, 5, 2, 2}, Shape{2, 400, 2, LEVELS, EXITS, 1},
                               Shape{2, 100, 3, 8, 5, 9}, Shape{1, 300, 3, 20, 1, 2}}) {
        for (const double deviation : {0.01, 0.3}) {
            const Index size = shape.levels * shape.exits, n_pairs = shape.n_chunks * size;
            const Array prices = random.prices(shape.n_series, shape.n_bars, deviation);
            const Array marks = shape.n_series % 2 ? prices : Random{5}.marks_short(prices, shape.n_bars);
            Array scores = random.uniforms(shape.n_series * shape.n_bars, -3.0, 3.0), inverses = prices;
            Array first, levels, begin, leaves, costs, places, columns;
            for (double& each : inverses) each = 1.0 / each;
            for (Index chunk = 0; chunk < shape.n_chunks; ++chunk) {
                first.push_back((double)(chunk * shape.levels));
                begin.push_back((double)(chunk * shape.exits));
                places.push_back((double)(chunk * size));
                costs.push_back(chunk ? random.uniform(0.0, 0.02) : 0.0);
                for (Index level = 0; level < shape.levels; ++level) {
                    levels.push_back(0.5 + 2.0 * (double)(level + 1) / (double)shape.levels);
                }
                for (Index k = 0; k < shape.exits; ++k) leaves.push_back(0.1 * (double)k - 0.2 * (double)(chunk % 3));
                for (Index k = 0; k < size; ++k) columns.push_back((double)(n_pairs - 1 - chunk * size - k));
            }
            first.push_back((double)(shape.n_chunks * shape.levels));
            begin.push_back((double)(shape.n_chunks * shape.exits));
            for (std::size_t t = 0; t < scores.size(); t += 7) scores[t] = t % 2 ? MISSING : levels[0];
            Array counts(shape.n_series, (double)shape.n_bars);
            counts[shape.n_series - 1] = (double)((shape.n_bars + 1) / 2);  // a series that ends before the others
            Array out = space(ROWS * shape.n_series * n_pairs);
            on(shape.n_series * ((shape.n_chunks + shape.together - 1) / shape.together), entry)(shape.together, shape.n_series, shape.n_bars, shape.n_chunks, n_pairs, counts.data(), prices.data(),
                  marks.data(), inverses.data(), scores.data(), first.data(), levels.data(), begin.data(), leaves.data(), costs.data(), places.data(),
                  columns.data(), 3.0, out.data(), threads);
            print("out", out);
        }
    }
}

CASE(excursions_compounding) { excursions_case(excursions_compounding); }

CASE(excursions_unit) { excursions_case(excursions_unit); }
