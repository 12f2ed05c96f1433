// What happens to an account at a bar: the decision, the fill, the mark and the ruin. model.py states the rule; settle.py is
// its Python twin. sweep.cu and moments.cu (through bar.h), long_series.cu and accounts.cu all settle through this file, and
// whole_trades.h, for excursions.cu, is the closed form of what it does from an entry to an exit.
//
// N is the type of a number: V for accounts in lanes, double for a single one. P is the type of what a bar brings: double
// where the lanes share a series. FULL says that there may be a stop or a borrow rate; without it neither costs anything.
// RUINS says that an account without equity trades no more; without it the floor means nothing, and the caller has such
// accounts run elsewhere.
// Closing and opening are asked of all lanes at once, because trades are rare.
#pragma once
#include "lane.h"

// Equity at or below this share of what it was before the trade is ruin: an equity that is 0 by algebra, such as that of a
// short position at twice its entry price, is a rounding of either sign in doubles.
static const double RUIN = 1e-12;

#if WIDTH != 1
FN bool any(bool happens) { return happens; }
FN double sel(bool which, double a, double b) { return which ? a : b; }
FN double magnitude(double a) { return a < 0.0 ? -a : a; }
#endif

template <typename N>
struct ConditionOf {
    typedef bool type;
};
#if WIDTH != 1
template <>
struct ConditionOf<V> {
    typedef M type;
};
#endif
template <typename N>
using Condition = typename ConditionOf<N>::type;

template <typename N, typename P>
FN N as(P value) {
    return value - N{};
}

template <typename N>
struct Account {
    N entry, leave, stop;  // scores at which a trade opens, closes with a gain, closes with a loss
    N cost;                // per side
    N side;                // decided: -1, 0 or 1
    N halted;              // FULL: 1 after a stop, until a score inside the entry levels is seen
    N base;                // the value when last flat; unit: less the initial capital, whose size would cost gains their digits
    N floor;               // compounding: a value at or below it is ruin; -infinity once ruined, at least 0 before
    N quantity;            // signed
    N entry_mark;          // what the position was marked at when it was opened
    N entry_fee, realized, fees, trades, wins;
};

// What a bar brings. mark_short: FULL, the price, and what borrowing one unit has cost from the series' beginning up to this
// bar; differences of it are a short position's loss, its borrowing included.
template <typename P>
struct Bar {
    P score, price, mark_short;
};

// Says what a position is marked at.
template <bool FULL, typename N, typename P>
FN N mark_of(N quantity, const Bar<P>& bar) {
    return FULL ? sel(quantity < 0.0, as<N>(bar.mark_short), as<N>(bar.price)) : as<N>(bar.price);
}

template <typename N>
FN N unrealized(const Account<N>& account, N mark) {
    return account.quantity * (mark - account.entry_mark) - account.entry_fee;
}

template <bool COMPOUNDING, typename N, typename P>
FN N fee_of(const Account<N>& account, N quantity, P price) {
    return COMPOUNDING ? account.cost * magnitude(quantity) * price : account.cost;
}

template <bool COMPOUNDING, typename N>
FN void start(Account<N>& account, double initial) {
    const N nothing = as<N>(0.0);
    account.base = as<N>(COMPOUNDING ? initial : 0.0);
    account.floor = as<N>(COMPOUNDING ? RUIN * initial : 0.0);
    account.side = account.halted = account.quantity = account.entry_mark = account.entry_fee = nothing;
    account.realized = account.fees = account.trades = account.wins = nothing;
}

// Sells what `which` accounts hold at a bar. An account of which nothing is left is ruined.
template <bool COMPOUNDING, bool FULL, bool RUINS = true, typename N, typename P>
FN void close(Account<N>& account, Condition<N> which, const Bar<P>& bar) {
    const N fee = fee_of<COMPOUNDING>(account, account.quantity, bar.price);
    const N pnl = unrealized(account, mark_of<FULL>(account.quantity, bar)) - fee;
    account.base = sel(which, account.base + pnl, account.base);
    account.realized = sel(which, account.realized + pnl, account.realized);
    account.trades = sel(which, account.trades + 1.0, account.trades);
    account.wins = sel(which & (pnl > 0.0), account.wins + 1.0, account.wins);
    account.fees = sel(which, account.fees + fee, account.fees);
    account.entry_fee = sel(which, as<N>(0.0), account.entry_fee);
    account.quantity = sel(which, as<N>(0.0), account.quantity);
    if (COMPOUNDING && RUINS) {
        account.floor = sel(which & (account.base <= account.floor), as<N>(-INFINITE), account.floor);
    }
}

// Holds one unit, or the whole equity, on a side from a bar on.
template <bool COMPOUNDING, bool FULL, bool RUINS = true, typename N, typename P>
FN void open(Account<N>& account, Condition<N> which, N side, const Bar<P>& bar) {
    const N size = COMPOUNDING ? account.base / ((1.0 + account.cost) * bar.price) : as<N>(1.0);
    const N fee = COMPOUNDING ? account.cost * size * bar.price : account.cost;
    account.quantity = sel(which, side * size, account.quantity);
    account.entry_mark = sel(which, mark_of<FULL>(side, bar), account.entry_mark);
    account.entry_fee = sel(which, fee, account.entry_fee);
    account.fees = sel(which, account.fees + fee, account.fees);
    account.side = sel(which, side, account.side);
    if (COMPOUNDING && RUINS) account.floor = sel(which, RUIN * account.base, account.floor);
}

// Says which accounts a score takes out of their positions with a gain.
template <typename N, typename P>
FN Condition<N> reverts(const Account<N>& account, P score) {
    return ((account.side > 0.0) & (score >= -account.leave)) | ((account.side < 0.0) & (score <= account.leave));
}

// Takes the decision that fills at a bar: the exit and the stop first, then, if flat, the entry. A missing score decides
// nothing. A ruined account decides nothing more.
template <bool COMPOUNDING, bool FULL, bool RUINS = true, typename N, typename P>
FN void fill(Account<N>& account, const Bar<P>& bar) {
    const P score = bar.score;
    Condition<N> leaves = reverts(account, score);
    if (FULL) {
        const Condition<N> stopped =
            ((account.side > 0.0) & (score <= -account.stop)) | ((account.side < 0.0) & (score >= account.stop));
        const Condition<N> inside = (score > -account.entry) & (score < account.entry);
        account.halted = sel(stopped, as<N>(1.0), sel(inside, as<N>(0.0), account.halted));
        leaves = leaves | stopped;
    }
    const Condition<N> held = leaves & (account.quantity != 0.0);
    if (any(held)) close<COMPOUNDING, FULL, RUINS>(account, held, bar);
    account.side = sel(leaves, as<N>(0.0), account.side);
    const N wanted =
        sel(score <= -account.entry, as<N>(1.0), sel(score >= account.entry, as<N>(-1.0), as<N>(0.0)));
    Condition<N> opens = (account.side == 0.0) & (wanted != 0.0);
    if (RUINS) opens = opens & (account.floor >= 0.0);
    if (FULL) opens = opens & (account.halted == 0.0);
    if (any(opens)) open<COMPOUNDING, FULL, RUINS>(account, opens, wanted, bar);
}

// Ends accounts whose equity is gone: what they hold is sold, and they trade no more.
template <bool FULL, typename N, typename P>
FN void ruin(Account<N>& account, Condition<N> broke, const Bar<P>& bar) {
    close<true, FULL>(account, broke & (account.quantity != 0.0), bar);
    account.floor = sel(broke, as<N>(-INFINITE), account.floor);
}

// The scores at or beyond which an account has something to decide; it waits between them.
template <typename N>
struct Band {
    N below, above;
};
template <bool FULL, bool RUINS = true, typename N>
FN Band<N> band_of(const Account<N>& account) {
    const N lost = FULL ? account.stop : as<N>(INFINITE);
    Band<N> band;
    band.below = sel(account.side > 0.0, -lost, sel(account.side < 0.0, account.leave, -account.entry));
    band.above = sel(account.side > 0.0, -account.leave, sel(account.side < 0.0, lost, account.entry));
    if (FULL) band.below = sel(account.halted > 0.0, as<N>(INFINITE), band.below);  // any score may end the halt
    if (RUINS) {
        const Condition<N> alive = account.floor >= 0.0;
        band.below = sel(alive, band.below, as<N>(-INFINITE));
        band.above = sel(alive, band.above, as<N>(INFINITE));
    }
    return band;
}
