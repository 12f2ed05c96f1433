// A trade from its entry to its exit in closed form: what settle.h does on the way, for all entry levels that share the
// entry's bar. There is no stop here.
#pragma once
#include "sweep/levels.h"

// One trade of some levels, which share its entry: compounding, in multiples of the equity before it; unit, in units of
// the price. gain: multiplies or adds to the equity. up, down: extremes of the equity on the way, fees included.
// fall: its deepest fall from a peak on the way.
struct Trade {
    double gain, up, down, fall, sum, squares, fee;
};
// The extremes of a held price between an entry and a later bar.
struct Path {
    double high, low, fall, sum, squares;
};

FN double least(double a, double b) { return a < b ? a : b; }
FN double most(double a, double b) { return a > b ? a : b; }

// What changes the account of no level.
template <bool COMPOUNDING>
FN Trade no_trade() {
    return COMPOUNDING ? Trade{1.0, 0.0, INFINITE, INFINITE, 0.0, 0.0, 0.0}
                       : Trade{0.0, -INFINITE, INFINITE, 0.0, 0.0, 0.0, 0.0};
}

// What a position of this side is marked at.
FN const double* marks_of(const Chunk& chunk, double side) { return side < 0.0 ? chunk.marks_short : chunk.prices; }

// A compounding short trade's equity, in multiples of the equity before its fee, is this less mark / entry price: 2, and what
// borrowing had cost before the trade.
FN double short_base(const Chunk& chunk, Index a) {
    return 2.0 + (chunk.marks_short[a] - chunk.prices[a]) * chunk.inverses[a];
}

// A unit trade of side `side` from bar a to `end`, which the data's end cuts short where it is n_bars. `reverses`: the
// next trade pays its entry fee at the same bar; what that trade will count for it is taken off here.
FN Trade unit_trade(const Chunk& chunk, double side, Index a, Index end, bool reverses, const Path& path) {
    const double *marks = marks_of(chunk, side), cost = chunk.cost, entry = side * marks[a];
    Trade trade;
    trade.gain = 0.0;
    trade.up = path.high - entry - cost;
    trade.down = path.low - entry - cost;
    trade.fall = path.fall;
    trade.squares = path.squares + cost * cost;
    if (end < chunk.n_bars) {
        const double last = side * (marks[end] - marks[end - 1]) - cost;
        trade.gain = (side * (marks[end] - marks[a]) - cost) - cost;
        const double seen = reverses ? trade.gain - cost : trade.gain;
        trade.fall = most(trade.fall, trade.up - seen);
        trade.up = most(trade.up, seen);
        trade.down = least(trade.down, seen);
        trade.squares += reverses ? (last - cost) * (last - cost) - cost * cost : last * last;
    }
    return trade;
}

// A compounding trade likewise; path in multiples of the entry price.
FN Trade compounding_trade(const Chunk& chunk, double side, Index a, Index end, bool reverses, const Path& path) {
    const double cost = chunk.cost, keep = 1.0 / (1.0 + cost), opening = -cost * keep, scale = chunk.inverses[a];
    Trade trade;
    trade.gain = 1.0;
    trade.up = keep * path.high;
    trade.down = keep * path.low;
    trade.fall = path.fall;
    trade.sum = path.sum + opening;
    trade.squares = path.squares + opening * opening;
    trade.fee = cost * keep;
    if (end < chunk.n_bars) {
        const double ratio = chunk.prices[end] * scale, base = short_base(chunk, a);
        const double left = (side > 0.0 ? ratio : base - chunk.marks_short[end] * scale) - cost * ratio;
        const double before = side > 0.0 ? chunk.prices[end - 1] * scale : base - chunk.marks_short[end - 1] * scale;
        const double kept = reverses ? keep : 1.0, last = left * kept / before - 1.0, counted = reverses ? opening : 0.0;
        trade.gain = keep * left;
        const double seen = trade.gain * kept;
        trade.fall = least(trade.fall, seen / trade.up);
        trade.up = most(trade.up, seen);
        trade.down = least(trade.down, seen);
        trade.sum += last - counted;
        trade.squares += last * last - counted * counted;
        trade.fee += cost * keep * ratio;
    }
    return trade;
}

// Near ruin, or with a pnl of nothing but rounding, the dense kernel's own rounding decides.
FN bool doubtful(const Chunk& chunk, double side, Index a, Index end, const Trade& trade) {
    if (!(trade.down > 1e-3 && trade.gain > 1e-3)) return true;
    if (end == chunk.n_bars || chunk.cost == 0.0) return false;
    const double *marks = marks_of(chunk, side), turnover = chunk.prices[a] + chunk.prices[end];
    const double margin = side * (marks[end] - marks[a]) - chunk.cost * turnover;
    return margin < 1e-11 * turnover && margin > -1e-11 * turnover;
}

// What a trade still open at the last bar has gained.
template <bool COMPOUNDING>
FN double open_gain(const Chunk& chunk, double side, Index a) {
    const double *marks = marks_of(chunk, side), last = marks[chunk.n_bars - 1];
    if (!COMPOUNDING) return side * (last - marks[a]) - chunk.cost;
    const double ratio = last * chunk.inverses[a];
    return (side > 0.0 ? ratio : short_base(chunk, a) - ratio) / (1.0 + chunk.cost) - 1.0;
}
