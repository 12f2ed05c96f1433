// Backtests on grids: one pass over a series serves all entry levels of an exit level. model.py states the rule.
//
// For an exit x and any entry e with -e <= x < e, the long trades of (e, x) are one per maximal run of scores < -x that
// reaches -e: from the run's first score <= -e to the score that ends it. The shorts mirror them, and no long trade of one
// level overlaps a short one of another. So a level only filters runs by their depth and moves the entry. A run is
// followed through a band, as in sweep.cu; what reaches deeper leaves a record, and once the run is over the walk over it
// gives each record's levels the figures of their trade, which are then added to all levels, lanes of a vector.
#include "lane.h"
#include "sweep/rows.h"

enum { LEVELS = 128, PAD = 8 };  // of one chunk; room for vectors that reach over its ends

// One number a level.
struct Row {
    double at[PAD + LEVELS + PAD];
};

// What the levels have gathered. equity: of closed trades; unit, the realized pnl alone. open: the unrealized pnl, in
// the units of Trade. tally and wins are differences from one level to the next. redo: 1 for the dense kernel's lanes.
struct Books {
    Row equity, peak, worst, sum, squares, fees, open, tally, wins, redo;
};

// One trade of some levels, which share its entry: compounding, in multiples of the equity before it; unit, in units of
// the price. gain: multiplies or adds to the equity. up, down: extremes of the equity on the way, fees included.
// fall: its deepest fall from a peak on the way.
struct Trade {
    double gain, up, down, fall, sum, squares, fee;
};
struct Trades {
    Row gain, up, down, fall, sum, squares, fee;
};

// The extremes of a held price between an entry and a later bar.
struct Path {
    double high, low, fall, sum, squares;
};

// The levels first[k]..first[k + 1]-1 enter at bar[k].
struct Records {
    Index bar[LEVELS], first[LEVELS + 1], count;
};

struct Chunk {
    const double *prices, *inverses, *scores;
    Index n_bars, n_levels;
    double entry[LEVELS + 1], leave, cost;
};

FN double least(double a, double b) { return a < b ? a : b; }
FN double most(double a, double b) { return a > b ? a : b; }
FN V row(const Row& row, Index level) { return get(row.at + PAD + level); }
FN void set_row(Row& row, Index level, V values) { put(row.at + PAD + level, values); }

// What changes no level's books.
template <bool COMPOUNDING>
FN Trade no_trade() {
    return COMPOUNDING ? Trade{1.0, 0.0, INFINITE, INFINITE, 0.0, 0.0, 0.0}
                       : Trade{0.0, -INFINITE, INFINITE, 0.0, 0.0, 0.0, 0.0};
}

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

// Adds a trade to the levels below `depth`.
template <bool COMPOUNDING>
FN void add(Books& books, const Trades& trades, Index depth) {
    for (Index level = 0; level < depth; level += WIDTH) {
        const V equity = row(books.equity, level), peak = row(books.peak, level), worst = row(books.worst, level);
        const V fall = row(trades.fall, level);
        if (COMPOUNDING) {
            set_row(books.worst, level, min(min(worst, fall), equity * row(trades.down, level) / peak));
            set_row(books.peak, level, max(peak, equity * row(trades.up, level)));
            set_row(books.equity, level, equity * row(trades.gain, level));
            set_row(books.sum, level, row(books.sum, level) + row(trades.sum, level));
            set_row(books.fees, level, row(books.fees, level) + equity * row(trades.fee, level));
        } else {
            set_row(books.worst, level, max(max(worst, fall), peak - (equity + row(trades.down, level))));
            set_row(books.peak, level, max(peak, equity + row(trades.up, level)));
            set_row(books.equity, level, equity + row(trades.gain, level));
        }
        set_row(books.squares, level, row(books.squares, level) + row(trades.squares, level));
    }
}

// How many levels a score of this depth reaches, `from` of them known.
FN Index reached(const Chunk& chunk, Index from, double depth) {
    while (from + WIDTH <= chunk.n_levels && chunk.entry[from + WIDTH - 1] <= depth) from += WIDTH;
    while (from < chunk.n_levels && chunk.entry[from] <= depth) ++from;
    return from;
}

// The first bar from t on with a score outside the band.
FN Index next_outside(const double* scores, Index t, Index n_bars, double below, double above) {
    for (; t < n_bars; t += WIDTH) {
        const V score = load_or(scores, t, n_bars, MISSING);
        if (any((score <= below) | (score >= above))) break;
    }
    while (t < n_bars && !(scores[t] <= below || scores[t] >= above)) ++t;
    return t < n_bars ? t : n_bars;
}

// A unit trade of side `side` from bar a to `end`, which the data's end cuts short where it is n_bars. `reverses`: the
// next trade pays its entry fee at the same bar; what that trade will count for it is taken off here.
FN Trade unit_trade(const Chunk& chunk, double side, Index a, Index end, bool reverses, const Path& path) {
    const double cost = chunk.cost, entry = side * chunk.prices[a];
    Trade trade;
    trade.gain = 0.0;
    trade.up = path.high - entry - cost;
    trade.down = path.low - entry - cost;
    trade.fall = path.fall;
    trade.squares = path.squares + cost * cost;
    if (end < chunk.n_bars) {
        const double last = side * (chunk.prices[end] - chunk.prices[end - 1]) - cost;
        trade.gain = (side * (chunk.prices[end] - chunk.prices[a]) - cost) - cost;
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
        const double ratio = chunk.prices[end] * scale, ratio_before = chunk.prices[end - 1] * scale;
        const double left = (side > 0.0 ? ratio : 2.0 - ratio) - cost * ratio;
        const double before = side > 0.0 ? ratio_before : 2.0 - ratio_before;
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
    const double turnover = chunk.prices[a] + chunk.prices[end];
    const double margin = side * (chunk.prices[end] - chunk.prices[a]) - chunk.cost * turnover;
    return margin < 1e-11 * turnover && margin > -1e-11 * turnover;
}

// What a trade still open at the last bar has gained.
template <bool COMPOUNDING>
FN double unrealized(const Chunk& chunk, double side, Index a) {
    const double last = chunk.prices[chunk.n_bars - 1];
    if (!COMPOUNDING) return side * (last - chunk.prices[a]) - chunk.cost;
    const double ratio = last * chunk.inverses[a];
    return (side > 0.0 ? ratio : 2.0 - ratio) / (1.0 + chunk.cost) - 1.0;
}

// Gives the levels of record k their trade; those below `reversing` open the next one at its end.
template <bool COMPOUNDING>
FN void give(const Chunk& chunk, Books& books, Trades& trades, const Records& records, Index k, double side, Index end,
             Index reversing, const Path& path) {
    const Index a = records.bar[k], from = records.first[k], to = records.first[k + 1];
    const Index cut = reversing < from ? from : reversing < to ? reversing : to;
    for (int reverses = 0; reverses < 2; ++reverses) {
        const Index low = reverses ? from : cut, high = reverses ? cut : to;
        if (low == high) continue;
        Trade trade = COMPOUNDING ? compounding_trade(chunk, side, a, end, reverses, path)
                                  : unit_trade(chunk, side, a, end, reverses, path);
        if (COMPOUNDING && doubtful(chunk, side, a, end, trade)) {
            trade = no_trade<true>();
            for (Index level = low; level < high; ++level) books.redo.at[PAD + level] = 1.0;
        }
        spread<COMPOUNDING>(trades, low, high, trade);
    }
    if (end == chunk.n_bars) {
        const double gained = unrealized<COMPOUNDING>(chunk, side, a);
        for (Index level = from; level < to; ++level) books.open.at[PAD + level] = gained;
        return;
    }
    const double move = side * (chunk.prices[end] - chunk.prices[a]);
    const bool won = COMPOUNDING ? move - chunk.cost * (chunk.prices[a] + chunk.prices[end]) > 0.0
                                 : (move - chunk.cost) - chunk.cost > 0.0;
    books.wins.at[PAD + from] += won ? 1.0 : 0.0;
    books.wins.at[PAD + to] -= won ? 1.0 : 0.0;
}

// Walks back over a run of unit trades once: at each record's bar the suffix walked over is its path.
FN void walk_unit(const Chunk& chunk, Books& books, Trades& trades, const Records& records, double side, Index end,
                  Index reversing) {
    Path path{-INFINITE, INFINITE, 0.0, 0.0, 0.0};
    double after = chunk.prices[end - 1];
    for (Index k = records.count, t = end - 1; k-- > 0;) {
        for (; t >= records.bar[k]; --t) {
            const double price = chunk.prices[t], step = after - price, value = side * price;
            path.squares += step * step;
            path.fall = most(path.fall, value - path.low);
            path.low = least(path.low, value);
            path.high = most(path.high, value);
            after = price;
        }
        give<false>(chunk, books, trades, records, k, side, end, reversing, path);
    }
}

// The same of compounding long trades.
FN void walk_long(const Chunk& chunk, Books& books, Trades& trades, const Records& records, Index end, Index reversing) {
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
        give<true>(chunk, books, trades, records, k, 1.0, end, reversing, scaled);
    }
}

// Compounding short trades: the equity is 2 - price / entry price, so that each entry has returns of its own and its own
// walk, a record a lane. A lane stands at its entry price until its entry.
FN void walk_short(const Chunk& chunk, Books& books, Trades& trades, const Records& records, Index end, Index reversing) {
    for (Index first = (records.count - 1) / WIDTH * WIDTH; first >= 0; first -= WIDTH) {
        double bars[WIDTH], scales[WIDTH];
        for (Index i = 0; i < WIDTH; ++i) {
            const Index k = first + i < records.count ? first + i : records.count - 1;
            bars[i] = (double)records.bar[k];
            scales[i] = chunk.inverses[records.bar[k]];
        }
        const V bar = get(bars), scale = get(scales);
        V before = splat(1.0), high = before, low = before, fall = before, sum = splat(0.0), squares = sum;
        for (Index t = records.bar[first] + 1; t < end; ++t) {
            const V value = sel(bar < (double)t, 2.0 - chunk.prices[t] * scale, splat(1.0));
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
            give<true>(chunk, books, trades, records, first + i, -1.0, end, reversing, path);
        }
    }
}

// Adds the trades of a run that ends at bar `end`, or is cut short by the data's.
template <bool COMPOUNDING>
FN void settle(const Chunk& chunk, Books& books, const Records& records, double side, Index end, Index reversing) {
    const Index depth = records.first[records.count];
    Trades trades;
    spread<COMPOUNDING>(trades, depth, depth + WIDTH, no_trade<COMPOUNDING>());
    if (!COMPOUNDING) {
        walk_unit(chunk, books, trades, records, side, end, reversing);
    } else if (side > 0.0) {
        walk_long(chunk, books, trades, records, end, reversing);
    } else {
        walk_short(chunk, books, trades, records, end, reversing);
    }
    add<COMPOUNDING>(books, trades, depth);
    if (end == chunk.n_bars) return;
    books.tally.at[PAD] += 1.0;
    books.tally.at[PAD + depth] -= 1.0;
}

// Runs a chunk; returns the side of the trades open at the end.
template <bool COMPOUNDING>
FN double run(const Chunk& chunk, Books& books, Records& records) {
    const Index n_bars = chunk.n_bars;
    double side = 0.0;
    records.count = records.first[0] = 0;
    double below = -chunk.entry[0], above = chunk.entry[0];
    for (Index t = 0; (t = next_outside(chunk.scores, t, n_bars, below, above)) < n_bars; ++t) {
        const double score = chunk.scores[t];
        if (side * score >= -chunk.leave && side != 0.0) {
            const Index back = reached(chunk, 0, side * score);
            settle<COMPOUNDING>(chunk, books, records, side, t, back);
            records.count = 0;
            side = 0.0;
        }
        if (side == 0.0) side = score <= -chunk.entry[0] ? 1.0 : score >= chunk.entry[0] ? -1.0 : 0.0;
        if (side != 0.0) {
            records.bar[records.count] = t;
            records.first[records.count + 1] = reached(chunk, records.first[records.count], -side * score);
            ++records.count;
        }
        const double next = chunk.entry[records.first[records.count]];
        below = side < 0.0 ? chunk.leave : -next;
        above = side > 0.0 ? -chunk.leave : next;
    }
    if (side != 0.0) settle<COMPOUNDING>(chunk, books, records, side, n_bars, 0);
    return side;
}

template <bool COMPOUNDING>
FN void start(Books& books, double initial) {
    const V nothing = splat(0.0), capital = splat(COMPOUNDING ? initial : 0.0);
    for (Index level = -PAD; level < LEVELS + PAD; level += WIDTH) {
        set_row(books.equity, level, capital);
        set_row(books.peak, level, capital);
        set_row(books.worst, level, splat(COMPOUNDING ? 1.0 : 0.0));
        set_row(books.sum, level, nothing);
        set_row(books.squares, level, nothing);
        set_row(books.fees, level, nothing);
        set_row(books.open, level, nothing);
        set_row(books.tally, level, nothing);
        set_row(books.wins, level, nothing);
        set_row(books.redo, level, nothing);
    }
}

// Writes a chunk's figures; column[level] is the level's place in a row of out.
template <bool COMPOUNDING>
FN void finish(const Chunk& chunk, const Books& books, double side, Index open_levels, double initial,
               const double* column, double* out, Index size) {
    double trades = 0.0, wins = 0.0;
    for (Index level = 0; level < chunk.n_levels; ++level) {
        const Index place = PAD + level;
        double* lane = out + (Index)column[level];
        const double closed = books.equity.at[place], held = level < open_levels ? 1.0 : 0.0;
        trades += books.tally.at[place];
        wins += books.wins.at[place];
        const double gained = COMPOUNDING ? closed * books.open.at[place] : books.open.at[place];
        const double base = COMPOUNDING ? closed : initial + closed;
        lane[EQUITY * size] = base + gained;
        lane[REALIZED * size] = COMPOUNDING ? closed - initial : closed;
        lane[UNREALIZED * size] = gained;
        lane[FEES * size] = COMPOUNDING ? books.fees.at[place] : chunk.cost * (2.0 * trades + held);
        lane[DRAWDOWN * size] = COMPOUNDING ? 1.0 - books.worst.at[place] : books.worst.at[place] / initial;
        lane[SUM * size] = COMPOUNDING ? books.sum.at[place] : closed + gained;
        lane[SQUARES * size] = books.squares.at[place];
        lane[TRADES * size] = trades;
        lane[WINS * size] = wins;
        lane[POSITION * size] = held * side + 0.0;
        // Beyond these the dense kernel's equity may have vanished, or become infinite, on the way.
        const bool near = books.worst.at[place] * initial > 1e-250 && books.peak.at[place] < 1e250;
        lane[RUINED * size] = books.redo.at[place] > 0.0 || (COMPOUNDING && !near) ? 2.0 : 0.0;
    }
}

// prices, inverses, scores: (n_series, n_bars); a score is that of the decision which fills at this bar, NaN for none.
// Chunk c is the levels first[c]..first[c + 1]-1 of entry, ascending, which share leave[c] and cost[c]; column: where in
// a row of out each belongs. out: (ROWS, n_series, n_pairs), of which only those columns are written. An item is
// `together` chunks of a series. Indices come as doubles.
template <bool COMPOUNDING>
FN void excursions(Index item, Index together, Index n_series, Index n_bars, Index n_chunks, Index n_pairs,
                   const double* prices, const double* inverses, const double* scores, const double* first,
                   const double* entry, const double* leave, const double* cost, const double* column, double initial,
                   double* out) {
    const Index blocks = (n_chunks + together - 1) / together, series = item / blocks, begin = item % blocks * together;
    const Index end = begin + together < n_chunks ? begin + together : n_chunks;
    for (Index c = begin; c < end; ++c) {
        Chunk chunk;
        Books books;
        Records records;
        const Index from = (Index)first[c];
        chunk.prices = prices + series * n_bars;
        chunk.inverses = inverses + series * n_bars;
        chunk.scores = scores + series * n_bars;
        chunk.n_bars = n_bars;
        chunk.n_levels = (Index)first[c + 1] - from;
        chunk.leave = leave[c];
        chunk.cost = cost[c];
        for (Index level = 0; level < chunk.n_levels; ++level) chunk.entry[level] = entry[from + level];
        chunk.entry[chunk.n_levels] = INFINITE;
        start<COMPOUNDING>(books, initial);
        const double side = run<COMPOUNDING>(chunk, books, records);
        finish<COMPOUNDING>(chunk, books, side, side != 0.0 ? records.first[records.count] : 0, initial, column + from,
                            out + series * n_pairs, n_series * n_pairs);
    }
}

#define EXCURSIONS(name, COMPOUNDING)                                                                                  \
    ENTRY(name)(Index together, Index n_series, Index n_bars, Index n_chunks, Index n_pairs, const double* prices,     \
                const double* inverses, const double* scores, const double* first, const double* entry,                \
                const double* leave, const double* cost, const double* column, double initial, double* out,            \
                int threads) {                                                                                         \
        EACH(item, n_series * ((n_chunks + together - 1) / together), threads) {                                       \
            excursions<COMPOUNDING>(item, together, n_series, n_bars, n_chunks, n_pairs, prices, inverses, scores,     \
                                    first, entry, leave, cost, column, initial, out);                                  \
        };                                                                                                             \
    }

EXCURSIONS(excursions_compounding, true)
EXCURSIONS(excursions_unit, false)
