#include "pair_trading/traded.cu"

#include "driver.h"

struct Shape {
    Index n_series, n_bars, n_pairs, n_lags;
};

// Pairs that fill no vector, two bars, a series on itself, whose residual leaves nothing but rounding; one pair is always in
// the market, and one never.
CASE(traded) {
    Random random{13};
    for (const Shape& shape : {Shape{2, 2, 1, 1}, Shape{3, 33, 3, 3}, Shape{9, 257, 13, 4}, Shape{5, 100, 8, 0}}) {
        const Array levels = random.prices(shape.n_series, shape.n_bars, 0.02);
        Array y(shape.n_pairs), x(shape.n_pairs);
        for (Index pair = 0; pair < shape.n_pairs; ++pair) {
            y[pair] = (double)(pair % shape.n_series);
            x[pair] = (double)(pair * 7 % shape.n_series);
        }
        const Array intercept = random.uniforms(shape.n_pairs, -5.0, 5.0);
        const Array hedge_ratio = random.uniforms(shape.n_pairs, 0.5, 1.0);
        const Array mean = random.uniforms(shape.n_pairs, -5.0, 20.0), deviation = random.uniforms(shape.n_pairs, 1.0, 9.0);
        Array entry = random.uniforms(shape.n_pairs, 0.1, 1.5), leave = random.uniforms(shape.n_pairs, -0.1, 0.1);
        Array cost = random.uniforms(shape.n_pairs, 0.0, 0.2);
        const Array weights = random.uniforms(shape.n_lags, 0.0, 2.0);
        leave[0] = -entry[0];
        cost[0] = 0.0;
        if (shape.n_pairs > 1) entry.back() = 1e3;
        Array returns = space(items(shape.n_pairs) * WIDTH * shape.n_bars), out = space(FIGURES * shape.n_pairs);
        on(shape.n_pairs, traded)(shape.n_pairs, shape.n_bars, levels.data(), y.data(), x.data(), intercept.data(),
                                  hedge_ratio.data(), mean.data(), deviation.data(), entry.data(), leave.data(),
                                  cost.data(), shape.n_lags, weights.data(), returns.data(), out.data(), threads);
        print("figures", out);
    }
}
