// Accounts of backtests, each series with thresholds of its own, with every bar and every round trip kept: a series a work
// item. model.py states the rule. The operations and their order are those of Ledger, which gives the same bits.
#include "lane.h"

enum { EQUITY, RETURNS, DRAWDOWN, POSITION, PATHS };
enum { SIDE, ENTRY_BAR, EXIT_BAR, ENTRY_PRICE, EXIT_PRICE, ENTRY_SCORE, EXIT_SCORE, QUANTITY, PROFIT, COSTS, CLOSED, FIELDS };
enum { TRADES, FEES, RUINED_AT, ENDS };

// Equity at or below this share of what it was before the trade is ruin; RUIN of model.py.
#define RUIN 1e-12

struct Account {
    double entry, leave, cost, initial;
    double base, floor, quantity, entry_price, entry_fee, entry_score, fees, paid;
    Index entry_bar, listed;
    int side;
    bool ruined;
    double* trades;
};

template <bool COMPOUNDING>
FN double fee_of(const Account& account, double quantity, double price) {
    return COMPOUNDING ? account.cost * (quantity < 0.0 ? -quantity : quantity) * price : account.cost;
}

// Lists what is held as a trade that ends at a bar, or is open there.
template <bool COMPOUNDING>
FN void record(Account& account, Index bar, double price, double score, bool closed) {
    const double fee = closed ? fee_of<COMPOUNDING>(account, account.quantity, price) : 0.0;
    double* trade = account.trades + account.listed++ * FIELDS;
    trade[SIDE] = account.quantity > 0.0 ? 1.0 : -1.0;
    trade[ENTRY_BAR] = (double)account.entry_bar;
    trade[EXIT_BAR] = (double)bar;
    trade[ENTRY_PRICE] = account.entry_price;
    trade[EXIT_PRICE] = price;
    trade[ENTRY_SCORE] = account.entry_score;
    trade[EXIT_SCORE] = score;
    trade[QUANTITY] = account.quantity;
    trade[PROFIT] = account.quantity * (price - account.entry_price) - account.entry_fee - fee;
    trade[COSTS] = account.entry_fee + fee;
    trade[CLOSED] = closed ? 1.0 : 0.0;
}

template <bool COMPOUNDING>
FN void sell_out(Account& account, Index bar, double price, double score) {
    record<COMPOUNDING>(account, bar, price, score, true);
    const double fee = fee_of<COMPOUNDING>(account, account.quantity, price);
    account.base = account.base + (account.quantity * (price - account.entry_price) - account.entry_fee - fee);
    account.fees = account.fees + fee;
    account.paid = account.paid + fee;
    account.quantity = account.entry_fee = 0.0;
    if (COMPOUNDING) account.ruined = account.base <= account.floor;
}

template <bool COMPOUNDING>
FN void enter(Account& account, Index bar, double price, double score) {
    const double size = COMPOUNDING ? account.base / ((1.0 + account.cost) * price) : 1.0;
    account.quantity = account.side * size;
    account.entry_price = price;
    account.entry_fee = fee_of<COMPOUNDING>(account, account.quantity, price);
    account.entry_bar = bar;
    account.entry_score = score;
    account.floor = RUIN * account.base;
    account.fees = account.fees + account.entry_fee;
    account.paid = account.paid + account.entry_fee;
}

// Decides on the score of what fills at a bar: the exit first, then, if flat, the entry.
template <bool COMPOUNDING>
FN void decide(Account& account, Index bar, double price, double score) {
    const int before = account.side;
    if ((before > 0 && score >= -account.leave) || (before < 0 && score <= account.leave)) account.side = 0;
    if (account.side == 0) account.side = score <= -account.entry ? 1 : score >= account.entry ? -1 : 0;
    if (account.side == before || account.ruined) return;
    if (account.quantity != 0.0) sell_out<COMPOUNDING>(account, bar, price, score);
    if (account.side != 0 && !account.ruined) enter<COMPOUNDING>(account, bar, price, score);
}

FN double marked(const Account& account, double price) {
    return account.base + (account.quantity * (price - account.entry_price) - account.entry_fee);
}

template <bool COMPOUNDING>
FN void trade(Account& account, Index n_bars, const double* prices, const double* scores, double* paths, Index row,
              double* ends) {
    double value = account.base, peak = value, price = prices[0];
    Index ruined_at = -1;
    for (Index t = 0; t < n_bars; ++t) {
        const double step = prices[t] - price, held = account.quantity, before = value;
        const bool stood = !account.ruined;
        price = prices[t];
        account.paid = 0.0;
        decide<COMPOUNDING>(account, t, price, scores[t]);
        value = marked(account, price);
        if (COMPOUNDING && stood && (account.ruined || value <= account.floor)) {
            if (account.quantity != 0.0) sell_out<true>(account, t, price, MISSING);
            account.ruined = true;
            ruined_at = t;
            value = marked(account, price);
        }
        double gained, fall;
        peak = value > peak ? value : peak;
        if (COMPOUNDING) {
            gained = stood && before > 0.0 ? value / before - 1.0 : 0.0;
            fall = 1.0 - value / peak;
        } else {
            gained = (held * step - account.paid) / account.initial;
            fall = (peak - value) / account.initial;
        }
        paths[EQUITY * row + t] = COMPOUNDING ? value : account.initial + value;
        paths[RETURNS * row + t] = gained;
        paths[DRAWDOWN * row + t] = fall;
        paths[POSITION * row + t] = account.quantity > 0.0 ? 1.0 : account.quantity < 0.0 ? -1.0 : 0.0;
    }
    if (account.quantity != 0.0) record<COMPOUNDING>(account, n_bars - 1, price, MISSING, false);
    ends[TRADES] = (double)account.listed;
    ends[FEES] = account.fees;
    ends[RUINED_AT] = (double)ruined_at;
}

// prices, fill_scores: (n_series, n_bars), as sweep.cu has them, of which the first counts[i] are a series'. entry, leave,
// cost: (n_series,). paths: (PATHS, n_series, n_bars), written where there are bars. trades: (n_series, n_bars, FIELDS), the
// first ends[i, TRADES] rows written. ends: (n_series, ENDS).
template <bool COMPOUNDING>
FN void accounts(Index series, Index n_series, Index n_bars, const double* counts, const double* prices,
                 const double* fill_scores, const double* entry, const double* leave, const double* cost, double initial,
                 double* paths, double* trades, double* ends) {
    const Index first = series * n_bars;
    Account account{};
    account.entry = entry[series];
    account.leave = leave[series];
    account.cost = cost[series];
    account.initial = initial;
    account.base = COMPOUNDING ? initial : 0.0;  // in unit mode less the initial capital, whose size would cost digits
    account.floor = RUIN * initial;
    account.trades = trades + first * FIELDS;
    trade<COMPOUNDING>(account, (Index)counts[series], prices + first, fill_scores + first, paths + first,
                       n_series * n_bars, ends + series * ENDS);
}

ENTRY(accounts_compounding)(Index n_series, Index n_bars, const double* counts, const double* prices,
                            const double* fill_scores, const double* entry, const double* leave, const double* cost,
                            double initial, double* paths, double* trades, double* ends, int threads) {
    EACH(i, n_series, threads) {
        accounts<true>(i, n_series, n_bars, counts, prices, fill_scores, entry, leave, cost, initial, paths, trades, ends);
    };
}

ENTRY(accounts_unit)(Index n_series, Index n_bars, const double* counts, const double* prices, const double* fill_scores,
                     const double* entry, const double* leave, const double* cost, double initial, double* paths,
                     double* trades, double* ends, int threads) {
    EACH(i, n_series, threads) {
        accounts<false>(i, n_series, n_bars, counts, prices, fill_scores, entry, leave, cost, initial, paths, trades, ends);
    };
}

// Mean and sum of squared deviations of the first 1, 2, ... returns of each series, by Welford's steps, as Ledger takes them.
// returns, mean, squares: (n_series, n_bars).
ENTRY(running_moments)(Index n_series, Index n_bars, const double* returns, double* mean, double* squares, int threads) {
    EACH(i, n_series, threads) {
        double so_far = 0.0, spread = 0.0;
        for (Index t = i * n_bars; t < (i + 1) * n_bars; ++t) {
            const double step = returns[t] - so_far;
            so_far = so_far + step / (double)(t - i * n_bars + 1);
            spread = spread + step * (returns[t] - so_far);
            mean[t] = so_far;
            squares[t] = spread;
        }
    };
}
