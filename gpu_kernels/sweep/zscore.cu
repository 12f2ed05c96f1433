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

// Means and sums of squared deviations of the last 1, 2, ... prices before each block, from the last one's price.
template <bool INNER>
FN void suffixes(const Series& series, Index start, V origin, double* means, double* squares) {
    V mean = splat(0.0), square = mean;
    for (Index count = 1; count < series.lookback; ++count) {
        const V offset = prices_at<INNER>(series, start, -count) - origin;
        const V step = offset - mean;
        mean = mean + step / (double)count;
        square = square + step * (offset - mean);
        put(means + (count - 1) * WIDTH, mean);
        put(squares + (count - 1) * WIDTH, square);
    }
}

// Joins each prefix of a block with the rest of its window in the block before. scores begins with the block's own.
template <bool INNER>
FN void score_blocks(const Series& series, Index start, Index delay, double smallest_spread, double* means,
                     double* squares, double* scores) {
    const double lookback = (double)series.lookback;
    const V origin = prices_at<INNER>(series, start, 0), suffix_origin = prices_at<INNER>(series, start, -1);
    const V apart = suffix_origin - origin;
    suffixes<INNER>(series, start, suffix_origin, means, squares);
    V mean = splat(0.0), square = mean;
    for (Index place = 0; place < series.lookback; ++place) {
        const V offset = prices_at<INNER>(series, start, place) - origin;
        const V step = offset - mean;
        mean = mean + step / (double)(place + 1);
        square = square + step * (offset - mean);
        const Index older = series.lookback - 1 - place;
        V gap = splat(0.0), before = gap;
        if (older) {
            gap = apart + (get(means + (older - 1) * WIDTH) - mean);
            before = get(squares + (older - 1) * WIDTH);
        }
        const V centre = mean + gap * ((double)older / lookback);
        const V total = (before + square) + gap * gap * ((double)(older * (place + 1)) / lookback);
        const V spread = root(total / lookback);
        const M constant = spread <= smallest_spread * max(splat(1.0), magnitude(origin + centre));
        const V score = sel(constant, splat(MISSING), (offset - centre) / spread);
        if (INNER) {
            put_every(scores + start + place + delay, series.lookback, score);
            continue;
        }
        double each[WIDTH];
        put(each, score);
        for (Index k = 0; k < WIDTH; ++k) {
            const Index block = start + k * series.lookback, t = block + place + delay;
            if (block < series.n_bars && t < series.n_bars) scores[t] = block || !older ? each[k] : MISSING;
        }
    }
}

// prices: (n_series, n_bars). fill_scores: the same, each score moved by `delay` bars. An item takes its share of all groups
// of WIDTH blocks, and works in its own part of space, (n_items, 2, lookback, WIDTH).
ENTRY(rolling_z)(Index n_series, Index n_bars, Index lookback, Index delay, Index n_items, const double* prices,
                 double smallest_spread, double* space, double* fill_scores, int threads) {
    EACH(item, n_items, threads) {
        const Index groups = items((n_bars + lookback - 1) / lookback), all = n_series * groups;
        double* means = space + item * 2 * lookback * WIDTH;
        double* squares = means + lookback * WIDTH;
        for (Index group = item * all / n_items; group < (item + 1) * all / n_items; ++group) {
            const Series series{prices + group / groups * n_bars, n_bars, lookback};
            double* scores = fill_scores + group / groups * n_bars;
            const Index start = group % groups * WIDTH * lookback;
            if (!start) {
                for (Index t = 0; t < delay && t < n_bars; ++t) scores[t] = MISSING;
            }
            if (start && start + WIDTH * lookback + delay <= n_bars) {
                score_blocks<true>(series, start, delay, smallest_spread, means, squares, scores);
            } else {
                score_blocks<false>(series, start, delay, smallest_spread, means, squares, scores);
            }
        }
    };
}
