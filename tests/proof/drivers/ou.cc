#include "ou/ou.cu"

#include "driver.h"

struct Shape {
    Index n_series, n_prices;
};

static const Shape SHAPES[] = {{1, 0}, {2, 1}, {3, 2}, {2, 5}, {5, 33}, {3, 257}, {2, 1100}};

// Reverting series: one as it is, one with gaps, one constant, and so on round.
static Array series(Random& random, const Shape& shape) {
    Array prices = random.uniforms(shape.n_series * shape.n_prices, -1.0, 1.0);
    for (Index row = 0; row < shape.n_series; ++row) {
        for (Index t = 0; t < shape.n_prices; ++t) {
            double& price = prices[row * shape.n_prices + t];
            if (t) price += 0.8 * (&price)[-1];
        }
        for (Index t = row % 3; t < shape.n_prices && row % 3; t += row % 3 == 1 ? 17 : 1) {
            prices[row * shape.n_prices + t] = row % 3 == 1 ? MISSING : 7.0;
        }
    }
    return prices;
}

CASE(ou_sums) {
    Random random{3};
    for (const Shape& shape : SHAPES) {
        const Array prices = series(random, shape);
        const Index middle = shape.n_prices / 2;
        for (const Index first : {Index{0}, middle}) {
            for (const double cancelled : {1e-6, 2.0}) {
                Array out = space(SUMS * shape.n_series);
                on(shape.n_series * GPU_BLOCK, ou_sums)(shape.n_series, shape.n_prices, first, shape.n_prices - first, prices.data(), cancelled, 1e-28,
                        out.data(), threads);
                print("out", out, 1e-12);
            }
        }
    }
}

// Sums of series of every kind, so that each way to a finding is taken.
static Array sums(Random& random, Index n_series) {
    const double slopes[] = {-0.1, -0.4, -1.2, 0.01, -0.9, -0.002};
    Array drawn(SUMS * n_series);
    for (Index series = 0; series < n_series; ++series) {
        const double n_pairs = (double)(series % 7 ? 20 + series : series % 3), slope = slopes[series % 6];
        const double sxx = series % 11 == 5 ? 0.0 : n_pairs * random.uniform(1.0, 3.0);
        const double sse = series % 13 == 7 ? 0.0 : sxx * random.uniform(0.01, 0.2), sxd = slope * sxx;
        const double sdd = series % 17 == 9 ? INFINITE : sse + slope * sxd;
        const double found[] = {n_pairs + 1.0, n_pairs, 0.9 * n_pairs, 100.0, random.uniform(), 0.1 * random.uniform(),
                                sxx,           sxd,     sdd,           sse,   1e-28};
        for (Index row = 0; row < SUMS; ++row) drawn[row * n_series + series] = found[row];
    }
    return drawn;
}

CASE(ou_verdicts) {
    Random random{11};
    for (const Index n_series : {1, 3, 64, 200}) {
        const Array drawn = sums(random, n_series), halves = random.uniforms(2 * n_series, 0.0, 0.5);
        Array tests = random.uniforms(n_series, -6.0, 0.0);
        for (Index series = 0; series < n_series; series += 5) tests[series] = MISSING;
        for (const Index bias : {NONE, TANG_CHEN, JACKKNIFE}) {
            for (const Index lagged : {0, 1}) {
                Array out = space(VERDICT * n_series);
                on(n_series, ou_verdicts)(n_series, drawn.data(), 0.5, bias, lagged, tests.data(), halves.data(), out.data(), threads);
                print("out", out);
            }
        }
    }
}

CASE(ou_extend) {
    Random random{11};
    for (const Shape& shape : SHAPES) {
        const Array prices = series(random, shape);
        Array states(STATE * shape.n_series, 0.0);
        for (Index stream = 0; stream < shape.n_series; ++stream) {
            states[stream * STATE + LAST] = MISSING;
            states[stream * STATE + FORGETTING] = stream % 2 ? 0.9 : 1.0;
        }
        for (int block = 0; block < 2; ++block) {
            on(shape.n_series, ou_extend)(shape.n_series, shape.n_prices, prices.data(), states.data(), threads);
            print("states", states);
        }
    }
}

CASE(dickey_fuller) {
    Random random{5};
    for (const Shape& shape : SHAPES) {
        const Array prices = series(random, shape);
        for (Index n_lags = 1; n_lags <= 4; ++n_lags) {
            Array out = space(shape.n_series);
            on(shape.n_series * GPU_BLOCK, dickey_fuller)(shape.n_series, shape.n_prices, n_lags, prices.data(), out.data(), threads);
            print("out", out, 1e-12);
        }
    }
}
