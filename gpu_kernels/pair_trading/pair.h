// Pairs of series in lanes, whose residuals y - a - b x are formed bar by bar.
#pragma once
#include "lane.h"

// y, x: rows of the levels. Lanes behind the last pair repeat the first one of their group.
struct Pair {
    const double* levels;
    Index y[WIDTH], x[WIDTH];
    V intercept, hedge_ratio;
};

FN V residual(const Pair& pair, Index t) {
    return get_at(pair.levels + t, pair.y) - pair.intercept - pair.hedge_ratio * get_at(pair.levels + t, pair.x);
}

FN Pair pair_of(Index first, Index n_pairs, Index n_bars, const double* levels, const double* y, const double* x,
                const double* intercept, const double* hedge_ratio) {
    Pair pair;
    pair.levels = levels;
    for (Index k = 0; k < WIDTH; ++k) {
        const Index place = first + k < n_pairs ? first + k : first;
        pair.y[k] = (Index)y[place] * n_bars;
        pair.x[k] = (Index)x[place] * n_bars;
    }
    pair.intercept = load(intercept, first, n_pairs);
    pair.hedge_ratio = load(hedge_ratio, first, n_pairs);
    return pair;
}
