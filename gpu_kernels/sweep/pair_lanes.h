// One series, and the lanes of an item of sweep.cu and returns.cu: a lane a pair of thresholds.
#pragma once
#include "sweep/bar.h"

struct Series {
    const double *scores, *prices, *marks_short;
    Index n_bars;
};

template <bool FULL>
FN Bar<double> bar_of(const Series& series, Index t) {
    return Bar<double>{series.scores[t], series.prices[t], FULL ? series.marks_short[t] : 0.0};
}

// The lanes of an item: their pairs, the first one repeated where there are fewer than lanes.
struct Lanes {
    Index pair[WIDTH], count;
};

FN Lanes lanes_of(const double* order, Index first, Index n_pairs) {
    Lanes lanes;
    lanes.count = n_pairs - first;
    for (Index k = 0; k < WIDTH; ++k) lanes.pair[k] = (Index)order[first + k < n_pairs ? first + k : first];
    return lanes;
}

template <bool COMPOUNDING, bool FULL>
FN void start(Track& track, Account<V>& account, const Lanes& lanes, const double* entry, const double* leave,
              const double* cost, double stop, double initial) {
    account.entry = get_at(entry, lanes.pair);
    account.leave = get_at(leave, lanes.pair);
    account.stop = splat(stop);
    account.cost = get_at(cost, lanes.pair);
    start<COMPOUNDING, FULL>(track, account, initial);
}
