#include "sweep/long_series.cu"

#include "driver.h"

struct Case_of {
    Shape shape;
    double deviation;
};

struct Inputs {
    Array prices, scores, entries, leaves, costs;
};

// A bar a chunk, chunks of unequal length, pairs that fill no vector; from calm to ruin.
static const Case_of CASES[] = {{{1, 1, 1, 1}, 0.01}, {{3, 33, 33, 5}, 0.01}, {{2, 257, 16, 9}, 0.3}, {{2, 100, 7, 8}, 0.01}};

static Inputs inputs(const Case_of& each) {
    Random random{3};
    const Shape& shape = each.shape;
    Inputs drawn;
    drawn.prices = random.prices(shape.n_series, shape.n_bars, each.deviation);
    drawn.scores = random.uniforms(shape.n_series * shape.n_bars, -3.0, 3.0);
    drawn.entries = random.uniforms(shape.n_pairs, 0.5, 2.9);
    drawn.leaves = random.uniforms(shape.n_pairs, -0.5, 0.5);
    drawn.costs = random.uniforms(shape.n_pairs, 0.0, 0.02);
    for (std::size_t t = 0; t < drawn.scores.size(); t += 7) drawn.scores[t] = t % 2 ? MISSING : drawn.entries[0];
    return drawn;
}

static Array ends_of(const Shape& s, const Inputs& in) {
    Array ends = space(ENDS * lanes(s));
    on(lanes(s), long_series_ends)(s.n_series, s.n_bars, s.n_chunks, s.n_pairs, in.scores.data(), in.entries.data(), in.leaves.data(),
                     ends.data(), threads);
    return ends;
}

static Array parts_of(decltype(&long_series_unit) entry, const Shape& s, const Inputs& in) {
    const Array ends = ends_of(s, in);
    Array parts = space(PARTS * lanes(s));
    on(lanes(s), entry)(s.n_series, s.n_bars, s.n_chunks, s.n_pairs, in.prices.data(), in.scores.data(), in.entries.data(),
          in.leaves.data(), in.costs.data(), ends.data(), parts.data(), threads);
    return parts;
}

static void join_case(decltype(&long_series_unit) account, decltype(&long_series_join_unit) entry) {
    for (const Case_of& each : CASES) {
        const Shape& s = each.shape;
        const Array parts = parts_of(account, s, inputs(each));
        Array out = space(ROWS * s.n_series * s.n_pairs);
        on(s.n_series * s.n_pairs, entry)(s.n_series, s.n_bars, s.n_chunks, s.n_pairs, 3.0, parts.data(), out.data(), threads);
        print("out", out);
    }
}

CASE(long_series_ends) {
    for (const Case_of& each : CASES) print("ends", ends_of(each.shape, inputs(each)));
}

CASE(long_series_compounding) {
    for (const Case_of& each : CASES) print("parts", parts_of(long_series_compounding, each.shape, inputs(each)));
}

CASE(long_series_unit) {
    for (const Case_of& each : CASES) print("parts", parts_of(long_series_unit, each.shape, inputs(each)));
}

CASE(long_series_join_compounding) { join_case(long_series_compounding, long_series_join_compounding); }

CASE(long_series_join_unit) { join_case(long_series_unit, long_series_join_unit); }
