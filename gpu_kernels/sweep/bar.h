// A bar of a lane of sweep.cu and moments.cu. P is the type of what a bar brings: double where the lanes share a series, V
// where each has its own. EXACT marks compounding lanes as the NumPy twin does, to the bit; without it an equity near ruin
// loses digits to what it is the difference of.
//
// A lane waits in a band (below, above) of scores and decides only when a score is not inside it, so that most bars cost
// two comparisons and the marking. What a bar touches stays in registers (Hot); what a trade touches does not (Cold).
#pragma once
#include "lane.h"

// Equity at or below this share of what it was before the trade is ruin: an equity that is 0 by algebra, such as that of a
// short position at twice its entry price, is a rounding of either sign in doubles.
#define RUIN 1e-12

struct Hot {
    V offset;      // compounding: equity = offset + quantity * price
    V quantity;    // signed
    V equity;      // at the last bar's end; unit: less the initial capital, whose size would cost the gains digits
    V peak;        // of the equity
    V inverse;     // compounding: 1 / peak
    V worst;       // compounding: least equity / peak; unit: largest peak - equity
    V sum;         // of returns
    V squares;     // of returns
    V floor;       // compounding: equity at or below it is ruin; -infinity once ruined, at least 0 before
    V below;       // a score at or below it is decided on
    V above;       // a score at or above it is decided on
    bool held;     // some lane has a position
    bool ruined;   // some lane is ruined
};

struct Cold {
    V base, entry_price, entry_fee, realized, fees, trades, wins, side;
    V entry, leave, cost;
};

// Sells what `which` lanes hold at a price.
template <bool COMPOUNDING, typename P>
FN void settle(Hot& hot, Cold& cold, M which, P price) {
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
    const M alive = hot.floor >= 0.0;
    hot.below = sel(alive, low, splat(-INFINITE));
    hot.above = sel(alive, high, splat(INFINITE));
    hot.held = any(hot.quantity != 0.0);
    hot.ruined = any(no(alive));
}

// Decides on a score and fills at a price: the exit first, then, if flat, the entry.
template <bool COMPOUNDING, typename P>
FN void trade(Hot& hot, Cold& cold, P score, P price) {
    const M leaves = ((cold.side > 0.0) & (score >= -cold.leave)) | ((cold.side < 0.0) & (score <= cold.leave));
    const M held = leaves & (hot.quantity != 0.0);
    if (any(held)) {
        settle<COMPOUNDING>(hot, cold, held, price);
        if (COMPOUNDING) hot.floor = sel(held & (cold.base <= hot.floor), splat(-INFINITE), hot.floor);
    }
    cold.side = sel(leaves, splat(0.0), cold.side);
    const V wanted = sel(score <= -cold.entry, splat(1.0), sel(score >= cold.entry, splat(-1.0), splat(0.0)));
    const M opens = (cold.side == 0.0) & (wanted != 0.0) & (hot.floor >= 0.0);
    if (any(opens)) {
        const V size = COMPOUNDING ? cold.base / ((1.0 + cold.cost) * price) : splat(1.0);
        const V fee = COMPOUNDING ? cold.cost * size * price : cold.cost;
        hot.quantity = sel(opens, wanted * size, hot.quantity);
        cold.entry_price = sel(opens, splat(price), cold.entry_price);
        cold.entry_fee = sel(opens, fee, cold.entry_fee);
        cold.fees = sel(opens, cold.fees + fee, cold.fees);
        cold.side = sel(opens, wanted, cold.side);
        if (COMPOUNDING) hot.floor = sel(opens, RUIN * cold.base, hot.floor);
    }
    hot.offset = cold.base - hot.quantity * cold.entry_price - cold.entry_fee;
    set_band(hot, cold);
}

// Marks a bar of compounding lanes; `stood` says which were alive at its start. A lane whose equity is gone is sold out and
// stands still from then on. Returns what the bar gained.
template <bool EXACT, typename P>
FN V compound(Hot& hot, Cold& cold, P price, bool ruined, M stood) {
    V equity = EXACT ? cold.base + (hot.quantity * (price - cold.entry_price) - cold.entry_fee)
                     : hot.offset + hot.quantity * price;
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
    return gained;
}

// Marks a bar of unit lanes by its change alone: cash + quantity * price would lose digits at large prices.
FN void accumulate(Hot& hot, V change) {
    hot.equity = hot.equity + change;
    hot.squares = hot.squares + change * change;
    hot.peak = max(hot.peak, hot.equity);
    hot.worst = max(hot.worst, hot.peak - hot.equity);
}

// Takes a bar on which some lane holds something or decides; step is the change of the price. Returns what the bar gained:
// compounding, relative to the equity; unit, in units of the price.
template <bool COMPOUNDING, bool EXACT, typename P>
FN V pass(Hot& hot, Cold& cold, P score, P price, P step, bool decides) {
    if (COMPOUNDING) {
        const bool ruined = hot.ruined;
        const M stood = hot.floor >= 0.0;
        if (decides) trade<true>(hot, cold, score, price);
        return compound<EXACT>(hot, cold, price, ruined, stood);
    }
    V change = hot.quantity * step;
    if (decides) {
        const V paid = cold.fees;
        trade<false>(hot, cold, score, price);
        change = change - (cold.fees - paid);
    }
    accumulate(hot, change);
    return change;
}

template <bool COMPOUNDING>
FN void start(Hot& hot, Cold& cold, double initial) {
    hot.offset = hot.equity = hot.peak = cold.base = splat(COMPOUNDING ? initial : 0.0);
    hot.quantity = hot.sum = hot.squares = splat(0.0);
    hot.floor = splat(COMPOUNDING ? RUIN * initial : 0.0);
    hot.inverse = splat(1.0 / initial);
    hot.worst = splat(COMPOUNDING ? 1.0 : 0.0);
    cold.entry_price = cold.entry_fee = cold.realized = cold.fees = cold.trades = cold.wins = cold.side = splat(0.0);
    set_band(hot, cold);
}
