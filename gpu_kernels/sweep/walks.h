// Walks back over the bars of a run of scores, which give the trade of each of its records.
#pragma once
#include "sweep/whole_trades.h"

// The trades of all levels.
struct Trades {
    Row gain, up, down, fall, sum, squares, fee;
};

// Gives levels from..to-1 a trade. Vectors reach below `from`: levels are filled from the highest down.
template <bool COMPOUNDING>
FN void spread(Trades& trades, Index from, Index to, const Trade& trade) {
    for (Index end = to; end > from; end -= WIDTH) {
        const Index level = end - WIDTH;
        set_row(trades.gain, level, splat(trade.gain));
        set_row(trades.up, level, splat(trade.up));
        set_row(trades.down, level, splat(trade.down));
        set_row(trades.fall, level, splat(trade.fall));
        set_row(trades.squares, level, splat(trade.squares));
        if (COMPOUNDING) {
            set_row(trades.sum, level, splat(trade.sum));
            set_row(trades.fee, level, splat(trade.fee));
        }
    }
}

// Gives the levels of record k their trade; those below `reversing` open the next one at its end.
template <bool COMPOUNDING>
FN void give(const Chunk& chunk, const ExitBooks& exits, Trades& trades, const Records& records, Index k, double side,
             Index end, Index reversing, const Path& path) {
    const Index a = records.bar[k], from = records.first[k], to = records.first[k + 1];
    const Index cut = reversing < from ? from : reversing < to ? reversing : to;
    for (int reverses = 0; reverses < 2; ++reverses) {
        const Index low = reverses ? from : cut, high = reverses ? cut : to;
        if (low == high) continue;
        Trade trade = COMPOUNDING ? compounding_trade(chunk, side, a, end, reverses, path)
                                  : unit_trade(chunk, side, a, end, reverses, path);
        if (COMPOUNDING && doubtful(chunk, side, a, end, trade)) {
            trade = no_trade<true>();
            for (Books* each = exits.begin; each < exits.end; ++each) {
                for (Index level = low; level < high; ++level) each->redo.at[PAD + level] = 1.0;
            }
        }
        spread<COMPOUNDING>(trades, low, high, trade);
    }
    if (end == chunk.n_bars) {
        const double gained = open_gain<COMPOUNDING>(chunk, side, a);
        for (Books* each = exits.begin; each < exits.end; ++each) {
            for (Index level = from; level < to; ++level) each->open.at[PAD + level] = gained;
        }
        return;
    }
    const double *marks = marks_of(chunk, side), move = side * (marks[end] - marks[a]);
    const bool won = COMPOUNDING ? move - chunk.cost * (chunk.prices[a] + chunk.prices[end]) > 0.0
                                 : (move - chunk.cost) - chunk.cost > 0.0;
    for (Books* each = exits.begin; won && each < exits.end; ++each) {
        each->wins.at[PAD + from] += 1.0;
        each->wins.at[PAD + to] -= 1.0;
    }
}

// Walks back over a run of unit trades once: at each record's bar the suffix walked over is its path.
FN void walk_unit(const Chunk& chunk, const ExitBooks& exits, Trades& trades, const Records& records, double side, Index end,
                  Index reversing) {
    Path path{-INFINITE, INFINITE, 0.0, 0.0, 0.0};
    const double* marks = marks_of(chunk, side);
    double after = marks[end - 1];
    for (Index k = records.count, t = end - 1; k-- > 0;) {
        for (; t >= records.bar[k]; --t) {
            const double mark = marks[t], step = after - mark, value = side * mark;
            path.squares += step * step;
            path.fall = most(path.fall, value - path.low);
            path.low = least(path.low, value);
            path.high = most(path.high, value);
            after = mark;
        }
        give<false>(chunk, exits, trades, records, k, side, end, reversing, path);
    }
}

// The same of compounding long trades.
FN void walk_long(const Chunk& chunk, const ExitBooks& exits, Trades& trades, const Records& records, Index end,
                  Index reversing) {
    Path path{0.0, INFINITE, 1.0, 0.0, 0.0};
    double after = chunk.prices[end - 1];
    for (Index k = records.count, t = end - 1; k-- > 0;) {
        for (; t >= records.bar[k]; --t) {
            const double price = chunk.prices[t], inverse = chunk.inverses[t];
            const double gained = (after - price) * inverse;
            path.sum += gained;
            path.squares += gained * gained;
            path.fall = least(path.fall, path.low * inverse);
            path.low = least(path.low, price);
            path.high = most(path.high, price);
            after = price;
        }
        const double scale = chunk.inverses[records.bar[k]];
        const Path scaled{path.high * scale, path.low * scale, path.fall, path.sum, path.squares};
        give<true>(chunk, exits, trades, records, k, 1.0, end, reversing, scaled);
    }
}

// Compounding short trades: the equity is short_base - mark / entry price, so that each entry has returns of its own and its
// own walk, a record a lane. A lane stands at 1 until its entry.
FN void walk_short(const Chunk& chunk, const ExitBooks& exits, Trades& trades, const Records& records, Index end,
                   Index reversing) {
    for (Index first = (records.count - 1) / WIDTH * WIDTH; first >= 0; first -= WIDTH) {
        double bars[WIDTH], scales[WIDTH], bases[WIDTH];
        for (Index i = 0; i < WIDTH; ++i) {
            const Index k = first + i < records.count ? first + i : records.count - 1;
            bars[i] = (double)records.bar[k];
            scales[i] = chunk.inverses[records.bar[k]];
            bases[i] = short_base(chunk, records.bar[k]);
        }
        const V bar = get(bars), scale = get(scales), base = get(bases);
        V before = splat(1.0), high = before, low = before, fall = before, sum = splat(0.0), squares = sum;
        for (Index t = records.bar[first] + 1; t < end; ++t) {
            const V value = sel(bar < (double)t, base - chunk.marks_short[t] * scale, splat(1.0));
            high = max(high, value);
            low = min(low, value);
            const V inverse = 1.0 / (before * high);  // one division for two
            const V gained = (value - before) * high * inverse;
            fall = min(fall, value * before * inverse);
            sum = sum + gained;
            squares = squares + gained * gained;
            before = value;
        }
        double highs[WIDTH], lows[WIDTH], falls[WIDTH], sums[WIDTH], all_squares[WIDTH];
        put(highs, high);
        put(lows, low);
        put(falls, fall);
        put(sums, sum);
        put(all_squares, squares);
        for (Index i = WIDTH - 1; i >= 0; --i) {
            if (first + i >= records.count) continue;
            const Path path{highs[i], lows[i], falls[i], sums[i], all_squares[i]};
            give<true>(chunk, exits, trades, records, first + i, -1.0, end, reversing, path);
        }
    }
}
