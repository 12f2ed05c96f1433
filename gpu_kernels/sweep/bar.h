// A bar of the lanes of sweep.cu, returns.cu and moments.cu: settle.h trades, this file adds up returns and extremes of the
// equity. P is the type of what a bar brings: double where the lanes share a series, V where each has its own. EXACT marks
// compounding lanes as the NumPy twin does, to the bit; without it an equity near ruin loses digits to what it is the
// difference of.
//
// A lane waits in a band (below, above) of scores and decides only when a score is not inside it, so that most bars cost
// two comparisons and the marking.
#pragma once
#include "sweep/settle.h"

struct Track {
    V offset;     // compounding: equity = offset + quantity * mark
    V equity;     // at the last bar's end; unit: less the initial capital, whose size would cost the gains digits
    V peak;       // of the equity
    V inverse;    // compounding: 1 / peak
    V worst;      // compounding: least equity / peak; unit: largest peak - equity
    V sum;        // of returns
    V squares;    // of returns
    V below;      // a score at or below it is decided on
    V above;      // a score at or above it is decided on
    bool held;    // some lane has a position
    bool ruined;  // some lane is ruined
};

template <bool FULL>
FN void set_band(Track& track, const Account<V>& account) {
    const Band<V> band = band_of<FULL>(account);
    track.below = band.below;
    track.above = band.above;
    track.held = any(account.quantity != 0.0);
    track.ruined = any(no(account.floor >= 0.0));
}

template <bool COMPOUNDING, bool FULL, typename P>
FN void trade(Track& track, Account<V>& account, const Bar<P>& bar) {
    fill<COMPOUNDING, FULL>(account, bar);
    track.offset = account.base - account.quantity * account.entry_mark - account.entry_fee;
    set_band<FULL>(track, account);
}

// Marks a bar of compounding lanes; `stood` says which were alive at its start. A lane whose equity is gone is sold out and
// stands still from then on. Returns what the bar gained.
template <bool FULL, bool EXACT, typename P>
FN V compound(Track& track, Account<V>& account, const Bar<P>& bar, bool ruined, M stood) {
    const V mark = mark_of<FULL>(account.quantity, bar);
    V equity = EXACT ? account.base + unrealized(account, mark) : track.offset + account.quantity * mark;
    if (seldom(any((equity > track.peak) | (equity <= account.floor)))) {
        const M broke = equity <= account.floor;
        if (seldom(any(broke))) {
            ruin<FULL>(account, broke, bar);
            track.offset = sel(broke, account.base, track.offset);
            equity = sel(broke, account.base, equity);
            set_band<FULL>(track, account);
        }
        track.peak = max(track.peak, equity);
        track.inverse = 1.0 / track.peak;
    }
    V gained = equity / track.equity - 1.0;
    if (ruined) gained = sel(stood, gained, splat(0.0));
    track.sum = track.sum + gained;
    track.squares = track.squares + gained * gained;
    track.worst = min(track.worst, equity * track.inverse);
    track.equity = equity;
    return gained;
}

// Marks a bar of unit lanes by its change alone: cash + quantity * price would lose digits at large prices.
FN void accumulate(Track& track, V change) {
    track.equity = track.equity + change;
    track.squares = track.squares + change * change;
    track.peak = max(track.peak, track.equity);
    track.worst = max(track.worst, track.peak - track.equity);
}

// Takes a bar on which some lane holds something or decides. Returns what the bar gained: compounding, relative to the
// equity; unit, in units of the price.
template <bool COMPOUNDING, bool FULL, bool EXACT, typename P>
FN V pass(Track& track, Account<V>& account, const Bar<P>& before, const Bar<P>& bar, bool decides) {
    if (COMPOUNDING) {
        const bool ruined = track.ruined;
        const M stood = account.floor >= 0.0;
        if (decides) trade<true, FULL>(track, account, bar);
        return compound<FULL, EXACT>(track, account, bar, ruined, stood);
    }
    V change = account.quantity * (FULL ? mark_of<FULL>(account.quantity, bar) - mark_of<FULL>(account.quantity, before)
                                        : as<V>(bar.price - before.price));
    if (decides) {
        const V paid = account.fees;
        trade<false, FULL>(track, account, bar);
        change = change - (account.fees - paid);
    }
    accumulate(track, change);
    return change;
}

template <bool COMPOUNDING, bool FULL>
FN void start(Track& track, Account<V>& account, double initial) {
    start<COMPOUNDING>(account, initial);
    track.offset = track.equity = track.peak = account.base;
    track.sum = track.squares = splat(0.0);
    track.inverse = splat(1.0 / initial);
    track.worst = splat(COMPOUNDING ? 1.0 : 0.0);
    set_band<FULL>(track, account);
}
