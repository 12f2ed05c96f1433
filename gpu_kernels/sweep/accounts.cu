// Accounts of backtests, each series with thresholds of its own, with every bar and every round trip kept: a series a work
// item. settle.h trades, in the order of operations of Ledger, which gives the same bits.
#include "sweep/settle.h"

enum { EQUITY, RETURNS, DRAWDOWN, POSITION, PATHS };
enum { SIDE, ENTRY_BAR, EXIT_BAR, ENTRY_PRICE, EXIT_PRICE, ENTRY_SCORE, EXIT_SCORE, QUANTITY, PROFIT, COSTS, CLOSED, FIELDS };
enum { TRADES, FEES, RUINED_AT, ENDS };

// The round trips so far, what is known of the one under way, and the scores between which there is nothing to decide.
struct List {
    double* trades;
    Index listed, entry_bar;
    double entry_price, entry_score;
    Band<double> band;
};

// Lists what an account holds as a trade that ends at a bar, or is open there.
template <bool COMPOUNDING, bool FULL>
FN void record(List& list, const Account<double>& account, Index t, const Bar<double>& bar, double score, bool closed) {
    const double fee = closed ? fee_of<COMPOUNDING>(account, account.quantity, bar.price) : 0.0;
    double* trade = list.trades + list.listed++ * FIELDS;
    trade[SIDE] = account.quantity > 0.0 ? 1.0 : -1.0;
    trade[ENTRY_BAR] = (double)list.entry_bar;
    trade[EXIT_BAR] = (double)t;
    trade[ENTRY_PRICE] = list.entry_price;
    trade[EXIT_PRICE] = bar.price;
    trade[ENTRY_SCORE] = list.entry_score;
    trade[EXIT_SCORE] = score;
    trade[QUANTITY] = account.quantity;
    trade[PROFIT] = unrealized(account, mark_of<FULL>(account.quantity, bar)) - fee;
    trade[COSTS] = account.entry_fee + fee;
    trade[CLOSED] = closed ? 1.0 : 0.0;
}

// Fills what is due at a bar, lists the trade that it ends, and returns the fees that it takes.
template <bool COMPOUNDING, bool FULL>
FN double fill_and_list(List& list, Account<double>& account, Index t, const Bar<double>& bar) {
    if (!(bar.score <= list.band.below || bar.score >= list.band.above)) return 0.0;
    const Account<double> before = account;
    fill<COMPOUNDING, FULL>(account, bar);
    list.band = band_of<FULL>(account);
    const bool closed = account.trades != before.trades;
    double paid = 0.0;
    if (closed) {
        record<COMPOUNDING, FULL>(list, before, t, bar, bar.score, true);
        paid = fee_of<COMPOUNDING>(before, before.quantity, bar.price);
    }
    if (account.quantity != 0.0 && (closed || before.quantity == 0.0)) {
        list.entry_bar = t;
        list.entry_price = bar.price;
        list.entry_score = bar.score;
        paid = paid + account.entry_fee;
    }
    return paid;
}

struct Series {
    const double *scores, *prices, *marks_short;
    Index n_bars;
};

template <bool COMPOUNDING, bool FULL>
FN void trade(List& list, Account<double>& account, const Series& series, double initial, double* paths, Index row,
              double* ends, Interrupt interrupt) {
    double value = account.base, peak = value;
    Index ruined_at = -1;
    Bar<double> bar{MISSING, series.prices[0], FULL ? series.marks_short[0] : 0.0};
    for (Index t = 0, look = 0; t < series.n_bars; ++t) {
        if (seldom(t == look)) {
            if (interrupt.is_set()) return;
            look = next_look(t, series.n_bars);
        }
        const double held = account.quantity, last = mark_of<FULL>(held, bar), before = value;
        const bool stood = account.floor >= 0.0;
        bar = Bar<double>{series.scores[t], series.prices[t], FULL ? series.marks_short[t] : 0.0};
        const double step = mark_of<FULL>(held, bar) - last;
        const double paid = fill_and_list<COMPOUNDING, FULL>(list, account, t, bar);
        value = account.base + unrealized(account, mark_of<FULL>(account.quantity, bar));
        if (COMPOUNDING && stood && (!(account.floor >= 0.0) || value <= account.floor)) {
            if (account.quantity != 0.0) record<true, FULL>(list, account, t, bar, MISSING, true);
            ruin<FULL>(account, true, bar);
            list.band = band_of<FULL>(account);
            ruined_at = t;
            value = account.base + unrealized(account, mark_of<FULL>(account.quantity, bar));
        }
        double gained, fall;
        peak = value > peak ? value : peak;
        if (COMPOUNDING) {
            gained = stood && before > 0.0 ? value / before - 1.0 : 0.0;
            fall = 1.0 - value / peak;
        } else {
            gained = (held * step - paid) / initial;
            fall = (peak - value) / initial;
        }
        paths[EQUITY * row + t] = COMPOUNDING ? value : initial + value;
        paths[RETURNS * row + t] = gained;
        paths[DRAWDOWN * row + t] = fall;
        paths[POSITION * row + t] = account.quantity > 0.0 ? 1.0 : account.quantity < 0.0 ? -1.0 : 0.0;
    }
    if (account.quantity != 0.0) record<COMPOUNDING, FULL>(list, account, series.n_bars - 1, bar, MISSING, false);
    ends[TRADES] = (double)list.listed;
    ends[FEES] = account.fees;
    ends[RUINED_AT] = (double)ruined_at;
}

// prices, fill_scores, marks_short: (n_series, n_bars), as sweep.cu has them, of which the first counts[i] are a series'.
// entry, leave, cost: (n_series,). stop: of all series. paths: (PATHS, n_series, n_bars), written where there are bars.
// trades: (n_series, n_bars, FIELDS), the first ends[i, TRADES] rows written. ends: (n_series, ENDS).
template <bool COMPOUNDING, bool FULL>
FN void accounts(Index row, Index n_series, Index n_bars, const double* counts, const double* prices,
                 const double* fill_scores, const double* marks_short, const double* entry, const double* leave,
                 const double* cost, double stop, double initial, double* paths, double* trades, double* ends,
                 Interrupt interrupt) {
    const Index first = row * n_bars;
    const Series series{fill_scores + first, prices + first, marks_short + first, (Index)counts[row]};
    Account<double> account;
    account.entry = entry[row];
    account.leave = leave[row];
    account.stop = stop;
    account.cost = cost[row];
    start<COMPOUNDING>(account, initial);
    List list{trades + first * FIELDS, 0, 0, 0.0, 0.0, band_of<FULL>(account)};
    trade<COMPOUNDING, FULL>(list, account, series, initial, paths + first, n_series * n_bars, ends + row * ENDS,
                             interrupt);
}

#define ACCOUNTS(name, COMPOUNDING, FULL)                                                                                    ENTRY(name)(Index n_series, Index n_bars, const double* counts, const double* prices, const double* fill_scores,                     const double* marks_short, const double* entry, const double* leave, const double* cost, double stop,                    double initial, double* paths, double* trades, double* ends, Threads threads) {                                      EACH(i, n_series, threads) {                                                                                                 accounts<COMPOUNDING, FULL>(i, n_series, n_bars, counts, prices, fill_scores, marks_short, entry, leave,                                             cost, stop, initial, paths, trades, ends, interrupt_of(threads));                                               };                                                                                                                   }

ACCOUNTS(accounts_compounding, true, false)
ACCOUNTS(accounts_unit, false, false)
ACCOUNTS(accounts_compounding_full, true, true)
ACCOUNTS(accounts_unit_full, false, true)

// The moments of ReturnShape, in its order of operations.
struct ReturnShape {
    double unit, mean, second, third, fourth;
};

FN void add_return(ReturnShape& shape, double value, double n) {
    if (shape.unit == 0.0) shape.unit = value < 0.0 ? -value : value;
    const double step = (shape.unit != 0.0 ? value / shape.unit : 0.0) - shape.mean;
    const double part = step / n, square = part * part, term = step * part * (n - 1.0);
    shape.fourth = shape.fourth + term * square * (n * n - 3.0 * n + 3.0) + 6.0 * square * shape.second -
                   4.0 * part * shape.third;
    shape.third = shape.third + term * part * (n - 2.0) - 3.0 * part * shape.second;
    shape.second = shape.second + term;
    shape.mean = shape.mean + part;
}

// Mean and sum of squared deviations of the first 1, 2, ... returns of each series, by Welford's steps, as Ledger takes them,
// and the moments of ReturnShape.
// returns, mean, squares: (n_series, n_bars). shapes: (4, n_series, n_bars).
ENTRY(running_moments)(Index n_series, Index n_bars, const double* returns, double* mean, double* squares, double* shapes,
                       Threads threads) {
    EACH(i, n_series, threads) {
        const Index size = n_series * n_bars;
        double so_far = 0.0, spread = 0.0;
        ReturnShape shape{0.0, 0.0, 0.0, 0.0, 0.0};
        for (Index t = i * n_bars; t < (i + 1) * n_bars; ++t) {
            const double step = returns[t] - so_far;
            so_far = so_far + step / (double)(t - i * n_bars + 1);
            spread = spread + step * (returns[t] - so_far);
            mean[t] = so_far;
            squares[t] = spread;
            add_return(shape, returns[t], (double)(t - i * n_bars + 1));
            shapes[t] = shape.mean;
            shapes[size + t] = shape.second;
            shapes[2 * size + t] = shape.third;
            shapes[3 * size + t] = shape.fourth;
        }
    };
}
