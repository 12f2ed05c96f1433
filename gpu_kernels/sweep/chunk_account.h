// One chunk of bars of a pair: what its account does between the beginning and the end of the chunk. settle.h trades. An
// account near ruin leaves a doubt, and the sequential kernel runs it, so no account is ruined here.
#pragma once
#include "sweep/chunks.h"
#include "sweep/settle.h"

// The rows of a chunk's account. FROM: compounding, the equity at its beginning in its own units. LEAST: its least equity.
enum { FROM, TO, LEAST, MOST, WORST, P_SUM, P_SQUARES, P_REALIZED, P_FEES, P_TRADES, P_WINS, P_OPEN, P_SIDE, DOUBT, PARTS };

struct Track {
    V offset;            // compounding: equity = offset + quantity * price
    V equity;            // compounding: in units of the equity before the trade held at the beginning; unit: since then
    V least, peak, inverse, worst, sum, squares;
    V below, above;      // a score outside is decided on
    V near_ruin;         // compounding: at an equity at or below it, the sequential kernel's rounding decides
    V doubt;             // 1 for lanes that the sequential kernel must run
    bool held;           // some lane has a position
};

template <bool COMPOUNDING>
FN void go_on(Track& track, const Account<V>& account) {
    if (COMPOUNDING) {
        track.offset = account.base - account.quantity * account.entry_mark - account.entry_fee;
        track.near_ruin = 1e-3 * account.base;
    }
    const Band<V> band = band_of<false, false>(account);
    track.below = band.below;
    track.above = band.above;
    track.held = any(account.quantity != 0.0);
}

// Decides and fills. A compounding trade that ends near ruin, or with a pnl of nothing but rounding, leaves a doubt.
template <bool COMPOUNDING>
FN void trade(Track& track, Account<V>& account, const Bar<double>& bar) {
    if (COMPOUNDING) {
        const M closes = (account.quantity != 0.0) & reverts(account, bar.score);
        if (any(closes)) {
            const V pnl = unrealized(account, splat(bar.price)) - fee_of<true>(account, account.quantity, bar.price);
            const V rounding = 1e-11 * magnitude(account.quantity) * (bar.price + account.entry_mark);
            const M unclear = (account.cost > 0.0) & (magnitude(pnl) < rounding);
            track.doubt = sel(closes & (unclear | (account.base + pnl <= track.near_ruin)), splat(1.0), track.doubt);
        }
    }
    fill<COMPOUNDING, false, false>(account, bar);
    go_on<COMPOUNDING>(track, account);
}

FN void compound(Track& track, const Account<V>& account, double price) {
    const V equity = track.offset + account.quantity * price;
    if (seldom(any((equity > track.peak) | (equity <= track.near_ruin)))) {
        track.doubt = sel(equity <= track.near_ruin, splat(1.0), track.doubt);
        track.peak = max(track.peak, equity);
        track.inverse = 1.0 / track.peak;
    }
    const V gained = equity / track.equity - 1.0;
    track.sum = track.sum + gained;
    track.squares = track.squares + gained * gained;
    track.worst = min(track.worst, equity * track.inverse);
    track.least = min(track.least, equity);
    track.equity = equity;
}

FN void accumulate(Track& track, V change) {
    track.equity = track.equity + change;
    track.squares = track.squares + change * change;
    track.peak = max(track.peak, track.equity);
    track.worst = max(track.worst, track.peak - track.equity);
    track.least = min(track.least, track.equity);
}

// Begins with what is held, bought at a price of an earlier chunk; that chunk counts the fee.
template <bool COMPOUNDING>
FN void start(Track& track, Account<V>& account, V side, V entry_price, double before) {
    start<COMPOUNDING>(account, 1.0);
    open<COMPOUNDING, false, false>(account, side != 0.0, side, Bar<V>{side, entry_price, entry_price});
    account.fees = track.sum = track.squares = track.doubt = splat(0.0);
    go_on<COMPOUNDING>(track, account);
    track.equity = COMPOUNDING ? track.offset + account.quantity * before : splat(0.0);
    if (COMPOUNDING) track.doubt = sel(track.equity <= track.near_ruin, splat(1.0), track.doubt);
    track.least = track.peak = track.equity;
    track.inverse = 1.0 / track.peak;
    track.worst = splat(COMPOUNDING ? 1.0 : 0.0);
}

template <bool COMPOUNDING>
FN void mark(Track& track, const Account<V>& account, double price, double before) {
    if (COMPOUNDING) {
        compound(track, account, price);
    } else {
        accumulate(track, account.quantity * (price - before));
    }
}

template <bool COMPOUNDING>
FN void decide(Track& track, Account<V>& account, const Bar<double>& bar, double before) {
    if (COMPOUNDING) {
        trade<true>(track, account, bar);
        compound(track, account, bar.price);
    } else {
        const V change = account.quantity * (bar.price - before), paid = account.fees;
        trade<false>(track, account, bar);
        accumulate(track, change - (account.fees - paid));
    }
}

// Bars on which no lane decides have a loop of their own, so that the compiler keeps what they change in registers.
template <bool COMPOUNDING>
FN void run(Track& track, Account<V>& account, const double* prices, const double* scores, Index n_bars, double before) {
    for (Index t = 0; t < n_bars; ++t) {
        for (; t < n_bars && !any((scores[t] <= track.below) | (scores[t] >= track.above)); ++t) {
            if (track.held) mark<COMPOUNDING>(track, account, prices[t], before);
            before = prices[t];
        }
        if (t == n_bars) return;
        decide<COMPOUNDING>(track, account, Bar<double>{scores[t], prices[t], 0.0}, before);
        before = prices[t];
    }
}

// ends: (ENDS, lanes) of long_series_ends; parts: (PARTS, lanes). An item is a vector of pairs in a chunk.
template <bool COMPOUNDING>
FN void run_chunk(Index item, const Shape& shape, const double* prices, const double* scores, const double* entry,
                const double* leave, const double* cost, const double* ends, double* parts) {
    const Index vectors = items(shape.n_pairs), chunk = item / vectors, pair = item % vectors * WIDTH;
    const Index first = chunk * shape.n_pairs + pair, end = (chunk + 1) * shape.n_pairs;
    const Index series = chunk / shape.n_chunks, from = begin(shape, chunk % shape.n_chunks);
    const Index bars = begin(shape, chunk % shape.n_chunks + 1) - from, size = lanes(shape);
    const double* price = prices + series * shape.n_bars + from;
    double sides[WIDTH], entry_prices[WIDTH];
    for (Index k = 0; k < WIDTH; ++k) {
        const Index lane = first + k < end ? first + k : end - 1;
        const Held held = held_before(shape, lane, ends);
        sides[k] = held.side;
        entry_prices[k] = prices[series * shape.n_bars + held.bar];
    }
    Track track;
    Account<V> account;
    account.entry = load(entry, pair, shape.n_pairs);
    account.leave = load(leave, pair, shape.n_pairs);
    account.stop = splat(INFINITE);
    account.cost = load(cost, pair, shape.n_pairs);
    const double before = price[from ? -1 : 0];
    start<COMPOUNDING>(track, account, get(sides), get(entry_prices), before);
    const V beginning = track.equity;
    run<COMPOUNDING>(track, account, price, scores + series * shape.n_bars + from, bars, before);
    const double last = price[bars - 1];
    store(parts + FROM * size, first, end, beginning);
    store(parts + TO * size, first, end, track.equity);
    store(parts + LEAST * size, first, end, track.least);
    store(parts + MOST * size, first, end, track.peak);
    store(parts + WORST * size, first, end, track.worst);
    store(parts + P_SUM * size, first, end, COMPOUNDING ? track.sum : track.equity);
    store(parts + P_SQUARES * size, first, end, track.squares);
    store(parts + P_REALIZED * size, first, end, account.realized);
    store(parts + P_FEES * size, first, end, account.fees);
    store(parts + P_TRADES * size, first, end, account.trades);
    store(parts + P_WINS * size, first, end, account.wins);
    store(parts + P_OPEN * size, first, end, unrealized(account, splat(last)));
    store(parts + P_SIDE * size, first, end, account.side);
    store(parts + DOUBT * size, first, end, track.doubt);
}
