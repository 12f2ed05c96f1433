// The returns of all bars of one series' backtests: a lane a pair of thresholds. model.py states the rule.
#include "sweep/pair_lanes.h"

template <bool COMPOUNDING, bool FULL>
FN void trade(Track& track, Account<V>& account, const Series& series, double initial, const Lanes& lanes,
              const Index* rows, double* out, Interrupt interrupt) {
    Bar<double> before = bar_of<FULL>(series, 0);
    for (Index end, first = 0; first < series.n_bars && !interrupt.is_set(); first = end) {
        end = next_look(first, series.n_bars);
        for (Index t = first; t < end; ++t) {
            const Bar<double> bar = bar_of<FULL>(series, t);
            const bool decides = any((bar.score <= track.below) | (bar.score >= track.above));
            if (decides | track.held) {
                const V gained = pass<COMPOUNDING, FULL, true>(track, account, before, bar, decides);
                store_at(out + t, rows, lanes.count, COMPOUNDING ? gained : gained / initial);
            }
            before = bar;
        }
    }
}

// prices, fill_scores, marks_short: (n_bars,), as sweep.cu has them of each series. entry, leave, cost, order: (n_pairs,), as
// there. out: (n_pairs, n_bars) of zeros, written where a lane, or a neighbour, decides or holds a position.
template <bool COMPOUNDING, bool FULL>
FN void returns(Index item, Index n_bars, Index n_pairs, const double* prices, const double* fill_scores,
                const double* marks_short, const double* entry, const double* leave, const double* cost, const double* order,
                double stop, double initial, double* out, Interrupt interrupt) {
    const Lanes lanes = lanes_of(order, item * WIDTH, n_pairs);
    const Series series{fill_scores, prices, marks_short, n_bars};
    Index rows[WIDTH];
    for (Index k = 0; k < WIDTH; ++k) rows[k] = lanes.pair[k] * n_bars;
    Track track;
    Account<V> account;
    start<COMPOUNDING, FULL>(track, account, lanes, entry, leave, cost, stop, initial);
    trade<COMPOUNDING, FULL>(track, account, series, initial, lanes, rows, out, interrupt);
}

#define RETURNS(name, COMPOUNDING, FULL)                                                                                \
    ENTRY(name)(Index n_bars, Index n_pairs, const double* prices, const double* fill_scores, const double* marks_short, \
                const double* entry, const double* leave, const double* cost, const double* order, double stop,         \
                double initial, double* out, Threads threads) {                                                         \
        EACH(item, items(n_pairs), threads) {                                                                           \
            returns<COMPOUNDING, FULL>(item, n_bars, n_pairs, prices, fill_scores, marks_short, entry, leave, cost,     \
                                       order, stop, initial, out, interrupt_of(threads));                               \
        };                                                                                                              \
    }

RETURNS(returns_compounding, true, false)
RETURNS(returns_unit, false, false)
RETURNS(returns_compounding_full, true, true)
RETURNS(returns_unit_full, false, true)
