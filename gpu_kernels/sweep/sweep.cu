// Backtests of the z-score rule: every series against every threshold pair, a lane a pair. model.py states the rule.
#include "sweep/pair_lanes.h"
#include "sweep/rows.h"

template <bool COMPOUNDING, bool FULL>
FN void backtest(Track& track, Account<V>& account, const Series& series, Interrupt interrupt) {
    Bar<double> before = bar_of<FULL>(series, 0);
    for (Index end, first = 0; first < series.n_bars && !interrupt.is_set(); first = end) {
        end = next_look(first, series.n_bars);
        for (Index t = first; t < end; ++t) {
            const Bar<double> bar = bar_of<FULL>(series, t);
            const bool decides = any((bar.score <= track.below) | (bar.score >= track.above));
            if (decides | track.held) pass<COMPOUNDING, FULL, false>(track, account, before, bar, decides);
            before = bar;
        }
    }
    if (!COMPOUNDING) track.sum = track.equity;
}

template <bool COMPOUNDING, bool FULL>
FN void finish(const Track& track, const Account<V>& account, const Bar<double>& last, double initial, double* out, Index row,
               const Lanes& lanes) {
    const V open = unrealized(account, mark_of<FULL>(account.quantity, last));
    const V side = sel(account.quantity > 0.0, splat(1.0), sel(account.quantity < 0.0, splat(-1.0), splat(0.0)));
    const auto write = [&](Index which, V values) { store_at(out + which * row, lanes.pair, lanes.count, values); };
    write(EQUITY, COMPOUNDING ? account.base + open : initial + (account.base + open));
    write(REALIZED, account.realized);
    write(UNREALIZED, open + 0.0);
    write(FEES, account.fees);
    write(DRAWDOWN, COMPOUNDING ? 1.0 - track.worst : track.worst / initial);
    write(SUM, track.sum);
    write(SQUARES, track.squares);
    write(TRADES, account.trades);
    write(WINS, account.wins);
    write(POSITION, side);
    write(RUINED, sel(account.floor >= 0.0, splat(0.0), splat(1.0)));
}

// prices, fill_scores, marks_short: (n_series, n_bars); a fill score is that of the decision which fills at this bar, NaN for
// none; marks_short as in settle.h, read with FULL alone. entry, leave, cost: (n_pairs,). stop: of all pairs. order:
// (n_pairs,), the pairs as lanes take them: neighbours should trade alike. out: (ROWS, n_series, n_pairs).
template <bool COMPOUNDING, bool FULL>
FN void sweep(Index item, Index n_series, Index n_bars, Index n_pairs, const double* prices, const double* fill_scores,
              const double* marks_short, const double* entry, const double* leave, const double* cost, const double* order,
              double stop, double initial, double* out, Interrupt interrupt) {
    const Index row = item / items(n_pairs);
    const Lanes lanes = lanes_of(order, (item % items(n_pairs)) * WIDTH, n_pairs);
    const Series series{fill_scores + row * n_bars, prices + row * n_bars, marks_short + row * n_bars, n_bars};
    Track track;
    Account<V> account;
    start<COMPOUNDING, FULL>(track, account, lanes, entry, leave, cost, stop, initial);
    backtest<COMPOUNDING, FULL>(track, account, series, interrupt);
    const Bar<double> last = bar_of<FULL>(series, n_bars - 1);
    finish<COMPOUNDING, FULL>(track, account, last, initial, out + row * n_pairs, n_series * n_pairs, lanes);
}

#define SWEEP(name, COMPOUNDING, FULL)                                                                                 \
    ENTRY(name)(Index n_series, Index n_bars, Index n_pairs, const double* prices, const double* fill_scores,          \
                const double* marks_short, const double* entry, const double* leave, const double* cost,               \
                const double* order, double stop, double initial, double* out, Threads threads) {                          \
        EACH(item, n_series * items(n_pairs), threads) {                                                               \
            sweep<COMPOUNDING, FULL>(item, n_series, n_bars, n_pairs, prices, fill_scores, marks_short, entry, leave,   \
                                     cost, order, stop, initial, out, interrupt_of(threads));                                                 \
        };                                                                                                             \
    }

SWEEP(sweep_compounding, true, false)
SWEEP(sweep_unit, false, false)
SWEEP(sweep_compounding_full, true, true)
SWEEP(sweep_unit_full, false, true)
