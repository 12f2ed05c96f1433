#include "cointegration/listed.cu"

#include "driver.h"

struct Shape {
    Index n_series, n_bars, begin, n_samples, n_pairs;
};

// Pairs that fill no vector, all bars and some of them, the fewest that a regression needs.
template <typename Listed>
static void each_shape(Index most, const Listed& listed) {
    Random random{(std::uint64_t)most + 5};
    const Index fewest = 2 * most + 4;
    for (const Shape& shape : {Shape{2, fewest, 0, fewest, 1}, Shape{3, fewest + 40, 7, fewest + 33, 3},
                               Shape{9, 257, 100, 150, 13}, Shape{5, 100, 0, 60, 8}}) {
        const Array levels = random.prices(shape.n_series, shape.n_bars, 0.02);
        Array y(shape.n_pairs), x(shape.n_pairs), out = space(ROWS * shape.n_pairs);
        for (Index pair = 0; pair < shape.n_pairs; ++pair) {
            y[pair] = (double)(pair % shape.n_series);
            x[pair] = (double)((pair + 1) % shape.n_series);
        }
        listed(shape, levels.data(), y.data(), x.data(), out.data());
        print("out", out);
    }
}

#define RUN(name, most)                                                                                             \
    each_shape(most, [](const Shape& shape, const double* levels, const double* y, const double* x, double* out) { \
        on(shape.n_pairs, name)(shape.n_pairs, shape.n_bars, shape.begin, shape.n_samples, most, levels, y, x, out, \
                                threads);                                                                           \
    })

CASE(listed_0) { RUN(listed_0, 0); }

CASE(listed_1) { RUN(listed_1, 1); }

CASE(listed_8) {
    RUN(listed_8, 0);
    RUN(listed_8, 3);
    RUN(listed_8, 8);
}
