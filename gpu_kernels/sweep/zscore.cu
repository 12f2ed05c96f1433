// Rolling z-score over blocks of `lookback` prices, as zscore.py describes it and in its order of operations. Blocks stand
// alone, given the one before: a lane a block.
#include "lane.h"

struct Series {
    const double* prices;
    Index n_bars, lookback;
};

// The prices at `place` of the lanes' blocks, the first of which begins at `start`; INNER: all of them exist.
template <bool INNER>
FN V prices_at(const Series& series, Index start, Index place) {
    if (INNER) return get_every(series.prices + start + place, series.lookback);
    double prices[WIDTH];
    for (Index k = 0; k < WIDTH; ++k) {
        const Index t = start + k * series.lookback + place;
        prices[k] = series.prices[t < 0 ? 0 : t < series.n_bars ? t : series.n_bars - 1];
    }
    return get(prices);
}

// Groups of WIDTH blocks at once: a CPU hides the latency of one's divisions behind the other's, a GPU has other threads.
#if defined(__CUDACC__)
#define TOGETHER 1
#else
#define TOGETHER 2
#endif

// Working space of an item: means and sums of squared deviations of the last 1, 2, ... prices before each block.
struct Suffixes {
    double *means, *squares;
};

// Fills it in, from the last price before each block.
template <bool INNER, int GROUPS>
FN void suffixes(const Series& series, Index start, const V* origins, const Suffixes& out) {
    V mean[GROUPS], square[GROUPS];
    for (int g = 0; g < GROUPS; ++g) mean[g] = square[g] = splat(0.0);
    for (Index count = 1; count < series.lookback; ++count) {
        for (int g = 0; g < GROUPS; ++g) {
            const V offset = prices_at<INNER>(series, start + g * WIDTH * series.lookback, -count) - origins[g];
            const V step = offset - mean[g];
            mean[g] = mean[g] + step / (double)count;
            square[g] = square[g] + step * (offset - mean[g]);
            put(out.means + ((count - 1) * GROUPS + g) * WIDTH, mean[g]);
            put(out.squares + ((count - 1) * GROUPS + g) * WIDTH, square[g]);
        }
    }
}

// Stores the scores of one place in the lanes' blocks, the first of which begins at `start`.
template <bool INNER>
FN void store_scores(const Series& series, Index start, Index place, Index delay, V score, double* scores) {
    if (INNER) {
        put_every(scores + start + place + delay, series.lookback, score);
        return;
    }
    double each[WIDTH];
    put(each, score);
    for (Index k = 0; k < WIDTH; ++k) {
        const Index block = start + k * series.lookback, t = block + place + delay;
        const bool whole = block || place == series.lookback - 1;
        if (block < series.n_bars && t < series.n_bars) scores[t] = whole ? each[k] : MISSING;
    }
}

// Joins each prefix of a block with the rest of its window in the block before.
template <bool INNER, int GROUPS>
FN void score_blocks(const Series& series, Index start, Index delay, double smallest_spread, const Suffixes& space,
                     double* scores) {
    const double lookback = (double)series.lookback;
    V origin[GROUPS], suffix_origin[GROUPS], mean[GROUPS], square[GROUPS];
    for (int g = 0; g < GROUPS; ++g) {
        origin[g] = prices_at<INNER>(series, start + g * WIDTH * series.lookback, 0);
        suffix_origin[g] = prices_at<INNER>(series, start + g * WIDTH * series.lookback, -1);
        mean[g] = square[g] = splat(0.0);
    }
    suffixes<INNER, GROUPS>(series, start, suffix_origin, space);
    for (Index place = 0; place < series.lookback; ++place) {
        const Index older = series.lookback - 1 - place;
        const double share = (double)older / lookback, weight = (double)(older * (place + 1)) / lookback;
        for (int g = 0; g < GROUPS; ++g) {
            const Index block = start + g * WIDTH * series.lookback;
            const V offset = prices_at<INNER>(series, block, place) - origin[g];
            const V step = offset - mean[g];
            mean[g] = mean[g] + step / (double)(place + 1);
            square[g] = square[g] + step * (offset - mean[g]);
            V gap = splat(0.0), before = gap;
            if (older) {
                const Index held = ((older - 1) * GROUPS + g) * WIDTH;
                gap = (suffix_origin[g] - origin[g]) + (get(space.means + held) - mean[g]);
                before = get(space.squares + held);
            }
            const V centre = mean[g] + gap * share;
            const V total = (before + square[g]) + gap * gap * weight;
            const V spread = root(total / lookback);
            const M constant = spread <= smallest_spread * magnitude(origin[g] + centre);
            const V score = sel(constant, splat(MISSING), (offset - centre) / spread);
            store_scores<INNER>(series, block, place, delay, score, scores);
        }
    }
}

// prices: (n_series, n_bars). fill_scores: the same, each score moved by `delay` bars. An item takes its share of all groups
// of WIDTH blocks, and works in its own part of space, (n_items, 2, lookback, TOGETHER, WIDTH).
ENTRY(rolling_z)(Index n_series, Index n_bars, Index lookback, Index delay, Index n_items, const double* prices,
                 double smallest_spread, double* space, double* fill_scores, Threads threads) {
    EACH(item, n_items, threads) {
        const Index groups = items((n_bars + lookback - 1) / lookback), all = n_series * groups, span = WIDTH * lookback;
        double* own = space + item * 2 * TOGETHER * span;
        const Suffixes working{own, own + TOGETHER * span};
        const Index end = (item + 1) * all / n_items;
        for (Index group = item * all / n_items; group < end && !interrupt_of(threads).is_set();) {
            const Series series{prices + group / groups * n_bars, n_bars, lookback};
            double* scores = fill_scores + group / groups * n_bars;
            const Index start = group % groups * span;
            if (!start) {
                for (Index t = 0; t < delay && t < n_bars; ++t) scores[t] = MISSING;
            }
            if (start && group + TOGETHER <= end && start + TOGETHER * span + delay <= n_bars) {
                score_blocks<true, TOGETHER>(series, start, delay, smallest_spread, working, scores);
                group += TOGETHER;
                continue;
            }
            if (start && start + span + delay <= n_bars) {
                score_blocks<true, 1>(series, start, delay, smallest_spread, working, scores);
            } else {
                score_blocks<false, 1>(series, start, delay, smallest_spread, working, scores);
            }
            ++group;
        }
    };
}
