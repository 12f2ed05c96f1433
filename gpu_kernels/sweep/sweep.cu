// Backtests of the z-score rule: every series against every threshold pair, a lane a pair. model.py states the rule.
#include "sweep/bar.h"
#include "sweep/rows.h"

template <bool COMPOUNDING>
FN void backtest(Hot& hot, Cold& cold, const double* prices, const double* scores, Index n_bars) {
    double before = prices[0];
    for (Index t = 0; t < n_bars; ++t) {
        const double price = prices[t], score = scores[t];
        const double step = price - before;
        before = price;
        const bool decides = any((score <= hot.below) | (score >= hot.above));
        if (!decides & !hot.held) continue;
        pass<COMPOUNDING, false>(hot, cold, score, price, step, decides);
    }
    if (!COMPOUNDING) hot.sum = hot.equity;
}

// The lanes of an item: their pairs, the last one repeated where there are fewer than lanes.
struct Lanes {
    Index pair[WIDTH], count;
};

FN Lanes lanes_of(const double* order, Index first, Index n_pairs) {
    Lanes lanes;
    lanes.count = n_pairs - first;
    for (Index k = 0; k < WIDTH; ++k) lanes.pair[k] = (Index)order[first + k < n_pairs ? first + k : n_pairs - 1];
    return lanes;
}

template <bool COMPOUNDING>
FN void finish(const Hot& hot, const Cold& cold, double last, double initial, double* out, Index row, const Lanes& lanes) {
    const V unrealized = hot.quantity * (last - cold.entry_price) - cold.entry_fee;
    const V side = sel(hot.quantity > 0.0, splat(1.0), sel(hot.quantity < 0.0, splat(-1.0), splat(0.0)));
    const auto write = [&](Index which, V values) { store_at(out + which * row, lanes.pair, lanes.count, values); };
    write(EQUITY, COMPOUNDING ? cold.base + unrealized : initial + (cold.base + unrealized));
    write(REALIZED, cold.realized);
    write(UNREALIZED, unrealized + 0.0);
    write(FEES, cold.fees);
    write(DRAWDOWN, COMPOUNDING ? 1.0 - hot.worst : hot.worst / initial);
    write(SUM, hot.sum);
    write(SQUARES, hot.squares);
    write(TRADES, cold.trades);
    write(WINS, cold.wins);
    write(POSITION, side);
    write(RUINED, sel(hot.floor >= 0.0, splat(0.0), splat(1.0)));
}

// prices, fill_scores: (n_series, n_bars); a fill score is that of the decision which fills at this bar, NaN for none.
// entry, leave, cost: (n_pairs,). order: (n_pairs,), the pairs as lanes take them: neighbours should trade alike.
// out: (ROWS, n_series, n_pairs).
template <bool COMPOUNDING>
FN void sweep(Index item, Index n_series, Index n_bars, Index n_pairs, const double* prices, const double* fill_scores,
              const double* entry, const double* leave, const double* cost, const double* order, double initial,
              double* out) {
    const Index series = item / items(n_pairs);
    const Lanes lanes = lanes_of(order, (item % items(n_pairs)) * WIDTH, n_pairs);
    Hot hot;
    Cold cold;
    cold.entry = get_at(entry, lanes.pair);
    cold.leave = get_at(leave, lanes.pair);
    cold.cost = get_at(cost, lanes.pair);
    start<COMPOUNDING>(hot, cold, initial);
    backtest<COMPOUNDING>(hot, cold, prices + series * n_bars, fill_scores + series * n_bars, n_bars);
    const double last = prices[(series + 1) * n_bars - 1];
    finish<COMPOUNDING>(hot, cold, last, initial, out + series * n_pairs, n_series * n_pairs, lanes);
}

ENTRY(sweep_compounding)(Index n_series, Index n_bars, Index n_pairs, const double* prices, const double* fill_scores,
                         const double* entry, const double* leave, const double* cost, const double* order,
                         double initial, double* out, int threads) {
    EACH(item, n_series * items(n_pairs), threads) {
        sweep<true>(item, n_series, n_bars, n_pairs, prices, fill_scores, entry, leave, cost, order, initial, out);
    };
}

ENTRY(sweep_unit)(Index n_series, Index n_bars, Index n_pairs, const double* prices, const double* fill_scores,
                  const double* entry, const double* leave, const double* cost, const double* order, double initial,
                  double* out, int threads) {
    EACH(item, n_series * items(n_pairs), threads) {
        sweep<false>(item, n_series, n_bars, n_pairs, prices, fill_scores, entry, leave, cost, order, initial, out);
    };
}
