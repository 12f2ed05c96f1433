// Backtests of the z-score rule: every series against every threshold pair, a lane a pair. model.py states the rule.
//
// A lane waits in a band (below, above) of scores and decides only when a score is not inside it, so that most bars cost
// two comparisons and the marking. What a bar touches stays in registers (Hot); what a trade touches does not (Cold).
#include "lane.h"
#include "sweep/rows.h"

struct Hot {
    V offset;      // compounding: equity = offset + quantity * price
    V quantity;    // signed
    V equity;      // at the last bar's end
    V peak;        // of the equity
    V inverse;     // compounding: 1 / peak
    V worst;       // compounding: least equity / peak; unit: largest peak - equity
    V sum;         // of returns
    V squares;     // of returns
    V floor;       // equity at or below it is ruin; -infinity once ruined
    V below;       // a score at or below it is decided on
    V above;       // a score at or above it is decided on
    bool held;     // some lane has a position
    bool ruined;   // some lane is ruined
};

struct Cold {
    V base, entry_price, entry_fee, realized, fees, trades, wins, side;
    V entry, leave, cost;
    double initial;
};

// Sells what `which` lanes hold at a price.
template <bool COMPOUNDING>
FN void settle(Hot& hot, Cold& cold, M which, double price) {
    const V fee = COMPOUNDING ? cold.cost * magnitude(hot.quantity) * price : cold.cost;
    const V pnl = hot.quantity * (price - cold.entry_price) - cold.entry_fee - fee;
    cold.base = sel(which, cold.base + pnl, cold.base);
    cold.realized = sel(which, cold.realized + pnl, cold.realized);
    cold.trades = sel(which, cold.trades + 1.0, cold.trades);
    cold.wins = sel(which & (pnl > 0.0), cold.wins + 1.0, cold.wins);
    cold.fees = sel(which, cold.fees + fee, cold.fees);
    cold.entry_fee = sel(which, splat(0.0), cold.entry_fee);
    hot.quantity = sel(which, splat(0.0), hot.quantity);
}

// A ruined lane decides nothing more.
FN void set_band(Hot& hot, const Cold& cold) {
    const V low = sel(cold.side > 0.0, splat(-INFINITE), sel(cold.side < 0.0, cold.leave, -cold.entry));
    const V high = sel(cold.side > 0.0, -cold.leave, sel(cold.side < 0.0, splat(INFINITE), cold.entry));
    const M alive = hot.floor == 0.0;
    hot.below = sel(alive, low, splat(-INFINITE));
    hot.above = sel(alive, high, splat(INFINITE));
    hot.held = any(hot.quantity != 0.0);
    hot.ruined = any(no(alive));
}

// Decides on a score and fills at a price: the exit first, then, if flat, the entry.
template <bool COMPOUNDING>
FN void trade(Hot& hot, Cold& cold, double score, double price) {
    const M leaves = ((cold.side > 0.0) & (score >= -cold.leave)) | ((cold.side < 0.0) & (score <= cold.leave));
    const M held = leaves & (hot.quantity != 0.0);
    if (any(held)) {
        settle<COMPOUNDING>(hot, cold, held, price);
        if (COMPOUNDING) hot.floor = sel(held & (cold.base <= 0.0), splat(-INFINITE), hot.floor);
    }
    cold.side = sel(leaves, splat(0.0), cold.side);
    const V wanted = sel(score <= -cold.entry, splat(1.0), sel(score >= cold.entry, splat(-1.0), splat(0.0)));
    const M opens = (cold.side == 0.0) & (wanted != 0.0) & (hot.floor == 0.0);
    if (any(opens)) {
        const V size = COMPOUNDING ? cold.base / ((1.0 + cold.cost) * price) : splat(1.0);
        const V fee = COMPOUNDING ? cold.cost * size * price : cold.cost;
        hot.quantity = sel(opens, wanted * size, hot.quantity);
        cold.entry_price = sel(opens, splat(price), cold.entry_price);
        cold.entry_fee = sel(opens, fee, cold.entry_fee);
        cold.fees = sel(opens, cold.fees + fee, cold.fees);
        cold.side = sel(opens, wanted, cold.side);
    }
    hot.offset = cold.base - hot.quantity * cold.entry_price - cold.entry_fee;
    set_band(hot, cold);
}

// Marks a bar of compounding lanes; `stood` says which were alive at its start. A lane whose equity is gone is sold out and
// stands still from then on.
FN void compound(Hot& hot, Cold& cold, double price, bool ruined, M stood) {
    V equity = hot.offset + hot.quantity * price;
    if (seldom(any((equity > hot.peak) | (equity <= hot.floor)))) {
        const M broke = equity <= hot.floor;
        if (seldom(any(broke))) {
            settle<true>(hot, cold, broke & (hot.quantity != 0.0), price);
            hot.floor = sel(broke, splat(-INFINITE), hot.floor);
            hot.offset = sel(broke, cold.base, hot.offset);
            equity = sel(broke, cold.base, equity);
            set_band(hot, cold);
        }
        hot.peak = max(hot.peak, equity);
        hot.inverse = 1.0 / hot.peak;
    }
    V gained = equity / hot.equity - 1.0;
    if (ruined) gained = sel(stood, gained, splat(0.0));
    hot.sum = hot.sum + gained;
    hot.squares = hot.squares + gained * gained;
    hot.worst = min(hot.worst, equity * hot.inverse);
    hot.equity = equity;
}

// Marks a bar of unit lanes by its change alone: cash + quantity * price would lose digits at large prices.
FN void accumulate(Hot& hot, V change) {
    hot.equity = hot.equity + change;
    hot.squares = hot.squares + change * change;
    hot.peak = max(hot.peak, hot.equity);
    hot.worst = max(hot.worst, hot.peak - hot.equity);
}

template <bool COMPOUNDING>
FN void start(Hot& hot, Cold& cold, double initial) {
    cold.initial = initial;
    hot.offset = hot.equity = hot.peak = cold.base = splat(initial);
    hot.quantity = hot.sum = hot.squares = hot.floor = splat(0.0);
    hot.inverse = splat(1.0 / initial);
    hot.worst = splat(COMPOUNDING ? 1.0 : 0.0);
    cold.entry_price = cold.entry_fee = cold.realized = cold.fees = cold.trades = cold.wins = cold.side = splat(0.0);
    set_band(hot, cold);
}

template <bool COMPOUNDING>
FN void backtest(Hot& hot, Cold& cold, const double* prices, const double* scores, Index n_bars) {
    double before = prices[0];
    for (Index t = 0; t < n_bars; ++t) {
        const double price = prices[t], score = scores[t];
        const double step = price - before;
        before = price;
        const bool decides = any((score <= hot.below) | (score >= hot.above));
        if (!decides & !hot.held) continue;
        if (COMPOUNDING) {
            const bool ruined = hot.ruined;
            const M stood = hot.floor == 0.0;
            if (decides) trade<true>(hot, cold, score, price);
            compound(hot, cold, price, ruined, stood);
        } else {
            V change = hot.quantity * step;
            if (decides) {
                const V paid = cold.fees;
                trade<false>(hot, cold, score, price);
                change = change - (cold.fees - paid);
            }
            accumulate(hot, change);
        }
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
