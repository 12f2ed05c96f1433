// Skewness and kurtosis of the returns of backtests, each series with thresholds of its own: a lane a series. model.py
// states the rule.
//
// A first pass runs the bars and keeps the returns of those that are not idle, a second one adds up powers of their
// deviations from the mean, over the largest of them. Returns of 0 are counted instead, so that neither idle bars nor
// missing ones, nor those that other lanes are not idle on, change a bit.
#include "sweep/bar.h"

struct Returns {
    V sum, low, high;
    Index kept;
};

template <bool FULL>
FN Bar<V> bar_of(const double* prices, const double* scores, const double* marks_short, const Index* places) {
    return Bar<V>{get_at(scores, places), get_at(prices, places), FULL ? get_at(marks_short, places) : splat(0.0)};
}

template <bool COMPOUNDING, bool FULL>
FN Returns gather(Track& track, Account<V>& account, const double* prices, const double* scores, const double* marks_short,
                  const Index* places, Index n_bars, double* space) {
    Returns returns{splat(0.0), splat(0.0), splat(0.0), 0};
    Bar<V> before = bar_of<FULL>(prices, scores, marks_short, places);
    for (Index t = 0; t < n_bars; ++t) {
        const Bar<V> bar = bar_of<FULL>(prices + t, scores + t, marks_short + t, places);
        const bool decides = any((bar.score <= track.below) | (bar.score >= track.above));
        if (decides | track.held) {
            const V gained = pass<COMPOUNDING, FULL, true>(track, account, before, bar, decides);
            returns.sum = returns.sum + gained;
            returns.low = min(returns.low, gained);
            returns.high = max(returns.high, gained);
            put(space + returns.kept++ * WIDTH, gained);
        }
        before = bar;
    }
    return returns;
}

// Nothing is held at the first bar, so that there always is a return of 0.
FN void powers(const Returns& returns, const double* space, V n_all, double* out, Index first, Index n) {
    const V mean = returns.sum / n_all, largest = max(returns.high - mean, mean - returns.low);
    const M still = largest == 0.0;
    const V scale = sel(still, splat(1.0), largest), origin = -mean / scale;
    V counted = splat(0.0), second = counted, third = counted, fourth = counted;
    for (Index k = 0; k < returns.kept; ++k) {
        const V gained = get(space + k * WIDTH);
        const M moves = gained != 0.0;
        const V apart = sel(moves, (gained - mean) / scale, splat(0.0)), square = apart * apart;
        counted = counted + sel(moves, splat(1.0), splat(0.0));
        second = second + square;
        third = third + square * apart;
        fourth = fourth + square * square;
    }
    const V idle = n_all - counted, square = origin * origin;
    const V variance = sel(still, splat(1.0), (second + idle * square) / n_all);
    const V skewness = (third + idle * (square * origin)) / (n_all * (variance * root(variance)));
    const V kurtosis = (fourth + idle * (square * square)) / (n_all * (variance * variance));
    store(out, first, n, skewness);
    store(out + n, first, n, sel(still, splat(3.0), kurtosis));
}

// prices, fill_scores, marks_short: (n_series, n_bars), as sweep.cu has them. n_all: (n_series,), the bars that count of each
// series, those without a price between others included. entry, leave, cost: (n_series,). stop: of all series. space:
// (items, n_bars, WIDTH). out: skewness and kurtosis, (2, n_series).
template <bool COMPOUNDING, bool FULL>
FN void moments(Index item, Index n_series, Index n_bars, const double* n_all, const double* prices,
                const double* fill_scores, const double* marks_short, const double* entry, const double* leave,
                const double* cost, double stop, double initial, double* space, double* out) {
    const Index first = item * WIDTH;
    Index places[WIDTH];
    for (Index k = 0; k < WIDTH; ++k) places[k] = (first + k < n_series ? first + k : n_series - 1) * n_bars;
    Track track;
    Account<V> account;
    account.entry = load(entry, first, n_series);
    account.leave = load(leave, first, n_series);
    account.stop = splat(stop);
    account.cost = load(cost, first, n_series);
    start<COMPOUNDING, FULL>(track, account, initial);
    double* own = space + first * n_bars;
    const Returns returns =
        gather<COMPOUNDING, FULL>(track, account, prices, fill_scores, marks_short, places, n_bars, own);
    powers(returns, own, load(n_all, first, n_series), out, first, n_series);
}

#define MOMENTS(name, COMPOUNDING, FULL)                                                                                    ENTRY(name)(Index n_series, Index n_bars, const double* n_all, const double* prices, const double* fill_scores,                     const double* marks_short, const double* entry, const double* leave, const double* cost, double stop,                   double initial, double* space, double* out, Threads threads) {                                                      EACH(item, items(n_series), threads) {                                                                                      moments<COMPOUNDING, FULL>(item, n_series, n_bars, n_all, prices, fill_scores, marks_short, entry, leave,                                          cost, stop, initial, space, out);                                                        };                                                                                                                  }

MOMENTS(moments_compounding, true, false)
MOMENTS(moments_unit, false, false)
MOMENTS(moments_compounding_full, true, true)
MOMENTS(moments_unit_full, false, true)
