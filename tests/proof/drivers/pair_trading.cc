#include "pair_trading/pair_trading.cu"

#include "driver.h"

struct Shape {
    Index n_series, n_bars, n_pairs;
};

// Pairs that fill no vector, two bars, a series on itself, whose residual leaves nothing but rounding.
template <typename Body>
static void each_shape(const Body& body) {
    Random random{13};
    for (const Shape& shape : {Shape{2, 2, 1}, Shape{3, 33, 3}, Shape{9, 257, 13}, Shape{5, 100, 8}}) {
        const Array levels = random.prices(shape.n_series, shape.n_bars, 0.02);
        Array y(shape.n_pairs), x(shape.n_pairs);
        for (Index pair = 0; pair < shape.n_pairs; ++pair) {
            y[pair] = (double)(pair % shape.n_series);
            x[pair] = (double)(pair * 7 % shape.n_series);
        }
        const Array intercept = random.uniforms(shape.n_pairs, -5.0, 5.0);
        const Array hedge_ratio = random.uniforms(shape.n_pairs, 0.5, 1.0);
        body(random, shape, levels, y, x, intercept, hedge_ratio);
    }
}

// Without lags, with the fewest rows for them, with rows that fill no block, and several matrices.
CASE(cross_products) {
    Random random{7};
    const Shape shapes[] = {{8, 2, 1}, {16, 34, 3}, {24, 200, 2}};
    for (Index n_lags = 0; n_lags < 3; ++n_lags) {
        for (const Shape& shape : shapes) {
            const Index n_kinds = shape.n_pairs * (2 + 2 * n_lags), n_bars = shape.n_bars + 2 * n_lags;
            const Array levels = random.uniforms(shape.n_pairs * n_bars * shape.n_series, -1.0, 1.0);
            Array rows = space(n_kinds * ROWS_AT_ONCE * shape.n_series);
            Array out = space(n_kinds * shape.n_series * shape.n_series);
            on(n_kinds, cross_products)(shape.n_pairs, n_bars, shape.n_series, n_lags, levels.data(), rows.data(), out.data(), threads);
            print("products", out);
        }
    }
}

CASE(residual_sums) {
    each_shape([](Random&, const Shape& shape, const Array& levels, const Array& y, const Array& x,
                  const Array& intercept, const Array& hedge_ratio) {
        Array out = space(SUMS * shape.n_pairs);
        on(shape.n_pairs, residual_sums)(shape.n_pairs, shape.n_bars, levels.data(), y.data(), x.data(), intercept.data(),
                      hedge_ratio.data(), 1e-6, out.data(), threads);
        print("sums", out);
    });
}

CASE(residual_returns) {
    each_shape([](Random& random, const Shape& shape, const Array& levels, const Array& y, const Array& x,
                  const Array& intercept, const Array& hedge_ratio) {
        const Array mean = random.uniforms(shape.n_pairs, -5.0, 20.0), deviation = random.uniforms(shape.n_pairs, 1.0, 9.0);
        const Array entry = random.uniforms(shape.n_pairs, 0.1, 1.5);
        Array leave = random.uniforms(shape.n_pairs, -0.1, 0.1), cost = random.uniforms(shape.n_pairs, 0.0, 0.2);
        leave[0] = -entry[0];
        cost[0] = 0.0;
        Array out = space(MOMENTS * shape.n_pairs);
        on(shape.n_pairs, residual_returns)(shape.n_pairs, shape.n_bars, levels.data(), y.data(), x.data(), intercept.data(),
                         hedge_ratio.data(), mean.data(), deviation.data(), entry.data(), leave.data(), cost.data(),
                         out.data(), threads);
        print("moments", out);
    });
}
