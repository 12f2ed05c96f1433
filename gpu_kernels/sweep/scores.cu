// Scores of a known process and of one that is fitted to the prices before each one, as scores.py describes them and in its
// order of operations.
#include "lane.h"

// Prices that an item scores against a known process: many on a CPU, where an item has to be taken.
#if defined(__CUDACC__)
#define TOGETHER 1
#else
#define TOGETHER 8192
#endif

// prices: (n_series, n_bars). means, deviations: (n_series,). fills: like prices, each score moved by `delay` bars.
ENTRY(fixed_z)(Index n_series, Index n_bars, Index delay, const double* prices, const double* means,
               const double* deviations, double* fills, Threads threads) {
    const Index parts = (n_bars + TOGETHER - 1) / TOGETHER;
    EACH(item, n_series * parts, threads) {
        const Index series = item / parts, first = item % parts * TOGETHER;
        const Index end = n_bars - first < TOGETHER ? n_bars : first + TOGETHER;
        const double *price = prices + series * n_bars, mean = means[series], deviation = deviations[series];
        double* fill = fills + series * n_bars;
        for (Index t = first; t < end && t < delay; ++t) store(fill, t, t + 1, splat(MISSING));
        const Index last = end < n_bars - delay ? end : n_bars - delay;
        for (Index t = first; t < last; t += WIDTH) {
            store(fill + delay, t, last, (load(price, t, last) - mean) / deviation);
        }
    };
}

// The weighted sums of transitions from a price u to the next one v, which count from the first price.
struct Autoregression {
    V u, v, suu, suv, svv;
};

// The score of a price by the transitions before it; MISSING where they are of no process that reverts.
FN V scored(const Autoregression& fit, double weight, V price) {
    const V slope = fit.suv / fit.suu;
    const V mean = (fit.v - slope * fit.u) / (1.0 - slope);
    const V deviation = root((fit.svv - slope * fit.suv) / weight / (1.0 - slope * slope));
    const M known = (slope > 0.0) & (slope < 1.0) & (deviation > 0.0);
    return sel(known, (price - mean) / deviation, splat(MISSING));
}

// As fixed_z; the transition to a price counts `forgetting` times what the next one does, and `warmup` of them come before
// the first score.
ENTRY(online_z)(Index n_series, Index n_bars, Index delay, Index warmup, const double* prices, double forgetting,
                double* fills, Threads threads) {
    EACH(item, items(n_series), threads) {
        const Index first_series = item * WIDTH, count = n_series - first_series;
        const double* price_of = prices + first_series * n_bars;
        double* fill = fills + first_series * n_bars;
        Index places[WIDTH];
        for (Index k = 0; k < WIDTH; ++k) places[k] = k < count ? k * n_bars : 0;
        for (Index t = 0; t < delay && t < n_bars; ++t) store_at(fill + t, places, count, splat(MISSING));
        const V origin = get_at(price_of, places), zero = splat(0.0);
        Autoregression fit{zero, zero, zero, zero, zero};
        V before = zero;
        double weight = 0.0;
        for (Index end, first = 0; first < n_bars && !interrupt_of(threads).is_set(); first = end) {
            end = next_look(first, n_bars);
            for (Index t = first; t < end; ++t) {
                const V price = get_at(price_of + t, places) - origin;
                const V score = t > warmup ? scored(fit, weight, price) : splat(MISSING);
                if (t + delay < n_bars) store_at(fill + t + delay, places, count, score);
                if (t) {
                    weight = forgetting * weight + 1.0;
                    const V du = before - fit.u, dv = price - fit.v;
                    fit.u = fit.u + du / weight;
                    fit.v = fit.v + dv / weight;
                    const V rest = price - fit.v;
                    fit.suu = forgetting * fit.suu + du * (before - fit.u);
                    fit.suv = forgetting * fit.suv + du * rest;
                    fit.svv = forgetting * fit.svv + dv * rest;
                }
                before = price;
            }
        }
    };
}
