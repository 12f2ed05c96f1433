// Backtests on grids: one pass over a series serves all entry levels of an exit level. model.py states the rule.
//
// For an exit x and any entry e with -e <= x < e, the long trades of (e, x) are one per maximal run of scores < -x that
// reaches -e: from the run's first score <= -e to the score that ends it. The shorts mirror them, and no long trade of one
// level overlaps a short one of another. So a level only filters runs by their depth and moves the entry. A run is
// followed through a band, as in sweep.cu; what reaches deeper leaves a record, and once the run is over the walk over it
// gives each record's levels the figures of their trade, which are then added to all levels, lanes of a vector.
//
// A higher exit level ends a run at the same bar or at an earlier one, and most runs at the same. So on a CPU the trades of
// an exit level's runs are kept for the next one (Past), which follows only those runs that it ends earlier.
#include "lane.h"
#include "sweep/rows.h"

#if !defined(__CUDACC__)
#include <memory>
#endif

enum { LEVELS = 128, PAD = 8 };  // of one chunk; room for vectors that reach over its ends

// One number a level.
struct Row {
    double at[PAD + LEVELS + PAD];
};

// What the levels have gathered. equity: of closed trades; unit, the realized pnl alone. open: the unrealized pnl, in
// the units of Trade. tally is the difference from one level to the next. fees: MISSING for the dense kernel's lanes.
struct Books {
    Row equity, peak, worst, sum, squares, fees, open, tally, wins;
};

// One trade of some levels, which share its entry: compounding, in multiples of the equity before it; unit, in units of
// the price. gain: multiplies or adds to the equity. up, down: extremes of the equity on the way, fees included.
// fall: its deepest fall from a peak on the way. won: 1 or 0.
struct Trade {
    double gain, up, down, fall, squares, won, sum, fee;
};

// The same of all levels: a row a figure, in the order of Trade, the last two compounding only.
enum { GAIN, UP, DOWN, FALL, T_SQUARES, WON, T_SUM, FEE, FIGURES };
template <bool COMPOUNDING>
struct Trades {
    enum { KEPT = COMPOUNDING ? FIGURES : T_SUM };
    Row rows[KEPT];
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
    return COMPOUNDING ? Trade{1.0, 0.0, INFINITE, INFINITE, 0.0, 0.0, 0.0, 0.0}
                       : Trade{0.0, -INFINITE, INFINITE, 0.0, 0.0, 0.0, 0.0, 0.0};
}

// Gives levels from..to-1 a trade. Vectors reach below `from`: levels are filled from the highest down.
template <bool COMPOUNDING>
FN void spread(Trades<COMPOUNDING>& trades, Index from, Index to, const Trade& trade) {
    const double figures[FIGURES] = {trade.gain,    trade.up,  trade.down, trade.fall,
                                     trade.squares, trade.won, trade.sum,  trade.fee};
    for (Index end = to; end > from; end -= WIDTH) {
        for (int k = 0; k < Trades<COMPOUNDING>::KEPT; ++k) set_row(trades.rows[k], end - WIDTH, splat(figures[k]));
    }
}

// Adds a trade to the levels below `depth`; its figures lie `stride` apart, those of the next level `step` behind.
template <bool COMPOUNDING>
FN void add(Books& books, const double* figures, Index stride, Index step, Index depth) {
    for (Index level = 0; level < depth; level += WIDTH) {
        const V equity = row(books.equity, level), peak = row(books.peak, level), worst = row(books.worst, level);
        const double* at = figures + level * step;
        const V gain = get(at + GAIN * stride), up = get(at + UP * stride), down = get(at + DOWN * stride);
        const V fall = get(at + FALL * stride);
        if (COMPOUNDING) {
            set_row(books.worst, level, min(min(worst, fall), equity * down / peak));
            set_row(books.peak, level, max(peak, equity * up));
            set_row(books.equity, level, equity * gain);
            set_row(books.sum, level, row(books.sum, level) + get(at + T_SUM * stride));
            set_row(books.fees, level, row(books.fees, level) + equity * get(at + FEE * stride));
        } else {
            set_row(books.worst, level, max(max(worst, fall), peak - (equity + down)));
            set_row(books.peak, level, max(peak, equity + up));
            set_row(books.equity, level, equity + gain);
        }
        set_row(books.squares, level, row(books.squares, level) + get(at + T_SQUARES * stride));
        set_row(books.wins, level, row(books.wins, level) + get(at + WON * stride));
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
    Trade trade = no_trade<false>();
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
    Trade trade = no_trade<true>();
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
FN void give(const Chunk& chunk, Books& books, Trades<COMPOUNDING>& trades, const Records& records, Index k, double side,
             Index end, Index reversing, const Path& path) {
    const Index a = records.bar[k], from = records.first[k], to = records.first[k + 1];
    const Index cut = reversing < from ? from : reversing < to ? reversing : to;
    double won = 0.0;
    if (end == chunk.n_bars) {
        const double gained = unrealized<COMPOUNDING>(chunk, side, a);
        for (Index level = from; level < to; ++level) books.open.at[PAD + level] = gained;
    } else {
        const double move = side * (chunk.prices[end] - chunk.prices[a]);
        won = COMPOUNDING ? move - chunk.cost * (chunk.prices[a] + chunk.prices[end]) > 0.0
                          : (move - chunk.cost) - chunk.cost > 0.0;
    }
    for (int reverses = 0; reverses < 2; ++reverses) {
        const Index low = reverses ? from : cut, high = reverses ? cut : to;
        if (low == high) continue;
        Trade trade = COMPOUNDING ? compounding_trade(chunk, side, a, end, reverses, path)
                                  : unit_trade(chunk, side, a, end, reverses, path);
        if (COMPOUNDING && doubtful(chunk, side, a, end, trade)) {
            trade = no_trade<true>();
            trade.fee = MISSING;
        }
        trade.won = won;
        spread<COMPOUNDING>(trades, low, high, trade);
    }
}

// Walks back over a run of unit trades once: at each record's bar the suffix walked over is its path.
FN void walk_unit(const Chunk& chunk, Books& books, Trades<false>& trades, const Records& records, double side,
                  Index end, Index reversing) {
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
FN void walk_long(const Chunk& chunk, Books& books, Trades<true>& trades, const Records& records, Index end,
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
        give<true>(chunk, books, trades, records, k, 1.0, end, reversing, scaled);
    }
}

// Compounding short trades: the equity is 2 - price / entry price, so that each entry has returns of its own and its own
// walk, a record a lane. A lane stands at its entry price until its entry.
FN void walk_short(const Chunk& chunk, Books& books, Trades<true>& trades, const Records& records, Index end,
                   Index reversing) {
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

FN void walk(const Chunk& chunk, Books& books, Trades<false>& trades, const Records& records, double side, Index end,
             Index reversing) {
    walk_unit(chunk, books, trades, records, side, end, reversing);
}
FN void walk(const Chunk& chunk, Books& books, Trades<true>& trades, const Records& records, double side, Index end,
             Index reversing) {
    if (side > 0.0) {
        walk_long(chunk, books, trades, records, end, reversing);
    } else {
        walk_short(chunk, books, trades, records, end, reversing);
    }
}

// A run that is over. nearest: the largest of its scores times its side, which an exit level at or above minus it ends
// earlier. next: the bar at which the run behind it begins. trades: of the levels below `depth`.
struct Run {
    Index begin, end, next, depth;
    double nearest;
    const double* trades;
};

// The runs of the exit level before, in order, and room for this one's.
#if defined(__CUDACC__)
struct Past {
    enum { RUNS = 0, ROOM = 0 };
    Run *known = nullptr, *fresh = nullptr;
    double* space = nullptr;
    Index n_known = 0, n_fresh = 0, used = 0;
};
#else
struct Past {
    enum { RUNS = 1 << 12, ROOM = 1 << 18 };
    std::unique_ptr<Run[]> lists{new Run[2 * RUNS]};
    std::unique_ptr<double[]> figures{new double[ROOM]};
    Run *known = lists.get(), *fresh = known + RUNS;
    double* space = figures.get();
    Index n_known = 0, n_fresh = 0, used = 0;
};
#endif

FN void forget(Past& past) { past.n_known = past.n_fresh = past.used = 0; }

// Makes this exit level's runs the known ones.
FN void turn(Past& past) {
    Run* before = past.known;
    past.known = past.fresh;
    past.fresh = before;
    past.n_known = past.n_fresh;
    past.n_fresh = 0;
}

FN Index padded(Index depth) { return (depth + WIDTH - 1) / WIDTH * WIDTH; }

FN void keep(Past& past, const Run& run) {
    if (past.n_fresh < Past::RUNS) past.fresh[past.n_fresh++] = run;
}

// Keeps a run whose trades are new, where there is room for them.
template <bool COMPOUNDING>
FN void keep_new(Past& past, Run run, const Trades<COMPOUNDING>& trades) {
    const Index kept = Trades<COMPOUNDING>::KEPT, size = kept * padded(run.depth);
    if (past.used + size > Past::ROOM) return;
    double* place = past.space + past.used;
    for (Index k = 0; k < kept; ++k) {
        for (Index level = 0; level < run.depth; level += WIDTH) put(place + level * kept + k * WIDTH, row(trades.rows[k], level));
    }
    run.trades = place;
    past.used += size;
    keep(past, run);
}

// The largest of the scores from..to-1 times a side.
FN double nearest(const Chunk& chunk, double side, Index from, Index to) {
    V most_so_far = splat(-INFINITE);
    for (Index t = from; t < to; t += WIDTH) {
        most_so_far = max(side * load_or(chunk.scores, t, to, MISSING), most_so_far);
    }
    double each[WIDTH], found = -INFINITE;
    put(each, most_so_far);
    for (Index k = 0; k < WIDTH; ++k) found = most(found, each[k]);
    return found;
}

// Follows a run that begins at a bar to its end, which it returns.
FN Index follow(const Chunk& chunk, double side, Index begin, Records& records) {
    Index t = begin;
    records.count = records.first[0] = 0;
    do {
        records.bar[records.count] = t;
        records.first[records.count + 1] = reached(chunk, records.first[records.count], -side * chunk.scores[t]);
        ++records.count;
        const double next = chunk.entry[records.first[records.count]];
        const double below = side < 0.0 ? chunk.leave : -next, above = side > 0.0 ? -chunk.leave : next;
        t = next_outside(chunk.scores, t + 1, chunk.n_bars, below, above);
    } while (t < chunk.n_bars && !(side * chunk.scores[t] >= -chunk.leave));
    return t;
}

FN void count(Books& books, Index depth) {
    books.tally.at[PAD] += 1.0;
    books.tally.at[PAD + depth] -= 1.0;
}

// What is open at the last bar: by how many levels, and on which side.
struct Open {
    Index levels;
    double side;
};

// Runs a chunk; `keeps`: its runs, for the next one.
template <bool COMPOUNDING>
FN Open run(const Chunk& chunk, Books& books, Past& past, bool keeps) {
    const Index n_bars = chunk.n_bars;
    const double first = chunk.entry[0];
    Records records;
    Index known = 0;
    for (Index t = next_outside(chunk.scores, 0, n_bars, -first, first); t < n_bars;) {
        while (known < past.n_known && past.known[known].begin < t) ++known;
        if (known < past.n_known && past.known[known].begin == t && past.known[known].nearest < -chunk.leave) {
            const Run& same = past.known[known];
            add<COMPOUNDING>(books, same.trades, WIDTH, Trades<COMPOUNDING>::KEPT, same.depth);
            count(books, same.depth);
            if (keeps) keep(past, same);
            t = same.next;
            continue;
        }
        const double side = chunk.scores[t] < 0.0 ? 1.0 : -1.0;
        const Index end = follow(chunk, side, t, records), depth = records.first[records.count];
        Trades<COMPOUNDING> trades;
        spread<COMPOUNDING>(trades, depth, depth + WIDTH, no_trade<COMPOUNDING>());
        walk(chunk, books, trades, records, side, end, end < n_bars ? reached(chunk, 0, side * chunk.scores[end]) : 0);
        add<COMPOUNDING>(books, trades.rows[0].at + PAD, PAD + LEVELS + PAD, 1, depth);
        if (end == n_bars) return Open{depth, side};
        count(books, depth);
        const Index next = next_outside(chunk.scores, end, n_bars, -first, first);
        if (keeps) keep_new<COMPOUNDING>(past, Run{t, end, next, depth, nearest(chunk, side, t, end), nullptr}, trades);
        t = next;
    }
    return Open{0, 0.0};
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
    }
}

// Writes a chunk's figures; column[level] is the level's place in a row of out.
template <bool COMPOUNDING>
FN void finish(const Chunk& chunk, const Books& books, const Open& open, double initial, const double* column,
               double* out, Index size) {
    double trades = 0.0;
    for (Index level = 0; level < chunk.n_levels; ++level) {
        const Index place = PAD + level;
        double* lane = out + (Index)column[level];
        const double closed = books.equity.at[place], held = level < open.levels ? 1.0 : 0.0;
        trades += books.tally.at[place];
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
        lane[WINS * size] = books.wins.at[place];
        lane[POSITION * size] = held * open.side + 0.0;
        // Beyond these the dense kernel's equity may have vanished, or become infinite, on the way.
        const bool near = books.worst.at[place] * initial > 1e-250 && books.peak.at[place] < 1e250;
        lane[RUINED * size] = COMPOUNDING && (books.fees.at[place] != books.fees.at[place] || !near) ? 2.0 : 0.0;
    }
}

// Whether two chunks differ in their exit levels alone, and the second one's is not the lower.
FN bool alike(Index c, Index d, const double* first, const double* entry, const double* leave, const double* cost) {
    const Index from = (Index)first[c], other = (Index)first[d], n_levels = (Index)first[c + 1] - from;
    bool same = cost[c] == cost[d] && leave[c] <= leave[d] && n_levels == (Index)first[d + 1] - other;
    for (Index level = 0; same && level < n_levels; ++level) same = entry[from + level] == entry[other + level];
    return same;
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
    Past past;
    for (Index c = begin; c < end; ++c) {
        Chunk chunk;
        Books books;
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
        const bool keeps = c + 1 < end && alike(c, c + 1, first, entry, leave, cost);
        const Open open = run<COMPOUNDING>(chunk, books, past, keeps);
        turn(past);
        if (!keeps) forget(past);
        finish<COMPOUNDING>(chunk, books, open, initial, column + from, out + series * n_pairs, n_series * n_pairs);
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
