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
    if (!COMPOUNDING) hot.sum = hot.equity - cold.initial;
}

template <bool COMPOUNDING>
FN void finish(const Hot& hot, const Cold& cold, double last, double initial, double* out, Index row, Index i, Index n) {
    const V unrealized = hot.quantity * (last - cold.entry_price) - cold.entry_fee;
    const V side = sel(hot.quantity > 0.0, splat(1.0), sel(hot.quantity < 0.0, splat(-1.0), splat(0.0)));
    store(out + EQUITY * row, i, n, cold.base + unrealized);
    store(out + REALIZED * row, i, n, cold.realized);
    store(out + UNREALIZED * row, i, n, unrealized + 0.0);
    store(out + FEES * row, i, n, cold.fees);
    store(out + DRAWDOWN * row, i, n, COMPOUNDING ? 1.0 - hot.worst : hot.worst / initial);
    store(out + SUM * row, i, n, hot.sum);
    store(out + SQUARES * row, i, n, hot.squares);
    store(out + TRADES * row, i, n, cold.trades);
    store(out + WINS * row, i, n, cold.wins);
    store(out + POSITION * row, i, n, side);
    store(out + RUINED * row, i, n, sel(hot.floor == 0.0, splat(0.0), splat(1.0)));
}

// prices, fill_scores: (n_series, n_bars); a fill score is that of the decision which fills at this bar, NaN for none.
// entry, leave, cost: (n_pairs,). out: (ROWS, n_series, n_pairs).
template <bool COMPOUNDING>
FN void sweep(Index item, Index n_series, Index n_bars, Index n_pairs, const double* prices, const double* fill_scores,
              const double* entry, const double* leave, const double* cost, double initial, double* out) {
    const Index series = item / items(n_pairs), first = (item % items(n_pairs)) * WIDTH;
    Hot hot;
    Cold cold;
    cold.entry = load(entry, first, n_pairs);
    cold.leave = load(leave, first, n_pairs);
    cold.cost = load(cost, first, n_pairs);
    start<COMPOUNDING>(hot, cold, initial);
    backtest<COMPOUNDING>(hot, cold, prices + series * n_bars, fill_scores + series * n_bars, n_bars);
    const double last = prices[(series + 1) * n_bars - 1];
    finish<COMPOUNDING>(hot, cold, last, initial, out + series * n_pairs, n_series * n_pairs, first, n_pairs);
}

ENTRY(sweep_compounding)(Index n_series, Index n_bars, Index n_pairs, const double* prices, const double* fill_scores,
                         const double* entry, const double* leave, const double* cost, double initial, double* out,
                         int threads) {
    EACH(item, n_series * items(n_pairs), threads) {
        sweep<true>(item, n_series, n_bars, n_pairs, prices, fill_scores, entry, leave, cost, initial, out);
    };
}

ENTRY(sweep_unit)(Index n_series, Index n_bars, Index n_pairs, const double* prices, const double* fill_scores,
                  const double* entry, const double* leave, const double* cost, double initial, double* out,
                  int threads) {
    EACH(item, n_series * items(n_pairs), threads) {
        sweep<false>(item, n_series, n_bars, n_pairs, prices, fill_scores, entry, leave, cost, initial, out);
    };
}
