// Backtests on grids: one pass over a series serves all entry levels, and several exit levels. model.py states the rule.
//
// For an exit x and any entry e with -e <= x < e, the long trades of (e, x) are one per maximal run of scores < -x that
// reaches -e: from the run's first score <= -e to the score that ends it. The shorts mirror them, and no long trade of one
// level overlaps a short one of another. So a level only filters runs by their depth and moves the entry. A run is
// followed through a band, as in sweep.cu; what reaches deeper leaves a record, and once the run is over the walk over it
// gives each record's levels the figures of their trade, which are then added to all levels, lanes of a vector.
//
// Exit levels that share entry levels and cost go along together. A score that ends a run of one ends it for all higher
// ones, so those in a run are the lowest, and those in an older run are the lowest of these: runs form a stack. Most runs
// end at one bar for all of them, and then are walked over once.
//
// A stop is not served here: it ends the trades of some levels in a run and not those of others, and the dense kernel runs such
// pairs.
#include "sweep/rows.h"
#include "sweep/walks.h"

// Runs that go on, the oldest first. The exit levels held[k - 1]..held[k]-1 are in run k, those behind the last in none.
struct Runs {
    Records records[EXITS];
    Index held[EXITS], count;
    double side;
};

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

// Adds a trade to the levels below `depth` of some exit levels' books.
template <bool COMPOUNDING>
FN void add(const ExitBooks& exits, const Trades& trades, Index depth) {
    for (Index level = 0; level < depth; level += WIDTH) {
        const V gain = row(trades.gain, level), up = row(trades.up, level), down = row(trades.down, level);
        const V fall = row(trades.fall, level), squares = row(trades.squares, level);
        const V sum = COMPOUNDING ? row(trades.sum, level) : gain, fee = COMPOUNDING ? row(trades.fee, level) : gain;
        for (Books* each = exits.begin; each < exits.end; ++each) {
            Books& books = *each;
            const V equity = row(books.equity, level), peak = row(books.peak, level), worst = row(books.worst, level);
            if (COMPOUNDING) {
                set_row(books.worst, level, min(min(worst, fall), equity * down / peak));
                set_row(books.peak, level, max(peak, equity * up));
                set_row(books.equity, level, equity * gain);
                set_row(books.sum, level, row(books.sum, level) + sum);
                set_row(books.fees, level, row(books.fees, level) + equity * fee);
            } else {
                set_row(books.worst, level, max(max(worst, fall), peak - (equity + down)));
                set_row(books.peak, level, max(peak, equity + up));
                set_row(books.equity, level, equity + gain);
            }
            set_row(books.squares, level, row(books.squares, level) + squares);
        }
    }
}

// Adds the trades of a run that ends at bar `end`, or is cut short by the data's, to the books of some exit levels.
template <bool COMPOUNDING>
FN void end_run(const Chunk& chunk, const ExitBooks& exits, const Records& records, double side, Index end, Index reversing) {
    const Index depth = records.first[records.count];
    Trades trades;
    spread<COMPOUNDING>(trades, depth, depth + WIDTH, no_trade<COMPOUNDING>());
    if (!COMPOUNDING) {
        walk_unit(chunk, exits, trades, records, side, end, reversing);
    } else if (side > 0.0) {
        walk_long(chunk, exits, trades, records, end, reversing);
    } else {
        walk_short(chunk, exits, trades, records, end, reversing);
    }
    add<COMPOUNDING>(exits, trades, depth);
    for (Books* each = exits.begin; end < chunk.n_bars && each < exits.end; ++each) {
        each->tally.at[PAD] += 1.0;
        each->tally.at[PAD + depth] -= 1.0;
    }
}

// How many of the exit levels, the lowest, are in run k - 1 or an older one.
FN Index held(const Runs& runs, Index k) { return k ? runs.held[k - 1] : 0; }

// Ends the runs of the exit levels from `left` on.
template <bool COMPOUNDING>
FN void leave(const Chunk& chunk, Books* books, Runs& runs, Index left, Index end, Index reversing) {
    while (held(runs, runs.count) > left) {
        const Index k = runs.count - 1, oldest = held(runs, k), from = oldest > left ? oldest : left;
        const ExitBooks exits{books + from, books + runs.held[k]};
        end_run<COMPOUNDING>(chunk, exits, runs.records[k], runs.side, end, reversing);
        runs.held[k] = from;
        if (from == oldest) --runs.count;
    }
}

// Begins runs and goes on with those that reach deeper.
FN void enter(const Chunk& chunk, Runs& runs, Index t) {
    const double depth = -runs.side * chunk.scores[t];
    if (held(runs, runs.count) < chunk.n_exits && depth >= chunk.entry[0]) {
        runs.records[runs.count].count = runs.records[runs.count].first[0] = 0;
        runs.held[runs.count++] = chunk.n_exits;
    }
    for (Index k = 0; k < runs.count; ++k) {
        Records& records = runs.records[k];
        const Index from = records.first[records.count], to = reached(chunk, from, depth);
        if (from == to) continue;
        records.bar[records.count] = t;
        records.first[++records.count] = to;
    }
}

// Runs a chunk, up to the last bar.
template <bool COMPOUNDING>
FN void run(const Chunk& chunk, Books* books, Runs& runs, Interrupt interrupt) {
    const double first = chunk.entry[0];
    runs.count = 0;
    runs.side = 0.0;
    double below = -first, above = first;
    for (Index t = 0; (t = next_outside(chunk.scores, t, chunk.n_bars, below, above)) < chunk.n_bars; ++t) {
        if (seldom(interrupt.is_set())) return;
        const double score = chunk.scores[t], back = runs.side * score;
        Index left = held(runs, runs.count);
        while (left > 0 && back >= -chunk.leave[left - 1]) --left;
        if (left < held(runs, runs.count)) leave<COMPOUNDING>(chunk, books, runs, left, t, reached(chunk, 0, back));
        if (!runs.count) runs.side = score <= -first ? 1.0 : score >= first ? -1.0 : 0.0;
        if (runs.side != 0.0) enter(chunk, runs, t);
        below = -first, above = first;
        if (!runs.count) continue;
        const Records& newest = runs.records[runs.count - 1];
        const Index waiting = runs.held[runs.count - 1];
        const double next = waiting < chunk.n_exits ? first : chunk.entry[newest.first[newest.count]];
        below = runs.side < 0.0 ? chunk.leave[waiting - 1] : -next;
        above = runs.side > 0.0 ? -chunk.leave[waiting - 1] : next;
    }
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

// prices, marks_short, inverses, scores: (n_series, n_bars); marks_short as in settle.h, the prices where nothing is paid
// for borrowing; a score is that of the decision which fills at this bar, NaN for none.
// counts: (n_series,), the first of them that each series has; what is behind them is not looked at.
// Chunk c is the entry levels first[c]..first[c + 1]-1 of entry with the exit levels begin[c]..begin[c + 1]-1 of leave,
// both ascending, at cost[c]. column: where in a row of out each pair belongs; a chunk's begin at place[c], exit level by
// exit level. out: (ROWS, n_series, n_pairs), of which only those columns are written. An item is `together` chunks of a
// series. Indices come as doubles.
struct Grids {
    const double *first, *entry, *begin, *leave, *cost, *place, *column;
};

FN Chunk chunk_of(const Grids& grids, Index c) {
    Chunk chunk;
    const Index first = (Index)grids.first[c], begin = (Index)grids.begin[c];
    chunk.n_levels = (Index)grids.first[c + 1] - first;
    chunk.n_exits = (Index)grids.begin[c + 1] - begin;
    chunk.cost = grids.cost[c];
    for (Index level = 0; level < chunk.n_levels; ++level) chunk.entry[level] = grids.entry[first + level];
    for (Index k = 0; k < chunk.n_exits; ++k) chunk.leave[k] = grids.leave[begin + k];
    chunk.entry[chunk.n_levels] = INFINITE;
    return chunk;
}

template <bool COMPOUNDING>
FN void excursions(Index item, Index together, Index n_series, Index n_bars, Index n_chunks, Index n_pairs,
                   const double* counts, const double* prices, const double* marks_short, const double* inverses,
                   const double* scores, const Grids& grids, double initial, double* out, Interrupt interrupt) {
    const Index blocks = (n_chunks + together - 1) / together, series = item / blocks, begin = item % blocks * together;
    const Index end = begin + together < n_chunks ? begin + together : n_chunks;
    for (Index c = begin; c < end; ++c) {
        Chunk chunk = chunk_of(grids, c);
        Books books[EXITS];
        Runs runs;
        chunk.prices = prices + series * n_bars;
        chunk.marks_short = marks_short + series * n_bars;
        chunk.inverses = inverses + series * n_bars;
        chunk.scores = scores + series * n_bars;
        chunk.n_bars = (Index)counts[series];
        for (Index k = 0; k < chunk.n_exits; ++k) start<COMPOUNDING>(books[k], initial);
        run<COMPOUNDING>(chunk, books, runs, interrupt);
        if (interrupt.is_set()) return;
        const double* column = grids.column + (Index)grids.place[c];
        for (Index k = 0, in = 0; k < chunk.n_exits; ++k) {
            while (in < runs.count && runs.held[in] <= k) ++in;
            const Records& records = runs.records[in];
            const bool open = in < runs.count;
            if (open && k == held(runs, in)) {
                const ExitBooks exits{books + k, books + runs.held[in]};
                end_run<COMPOUNDING>(chunk, exits, records, runs.side, chunk.n_bars, 0);
            }
            finish<COMPOUNDING>(chunk, books[k], open ? runs.side : 0.0, open ? records.first[records.count] : 0, initial,
                                column + k * chunk.n_levels, out + series * n_pairs, n_series * n_pairs);
        }
    }
}

#define EXCURSIONS(name, COMPOUNDING)                                                                                  \
    ENTRY(name)(Index together, Index n_series, Index n_bars, Index n_chunks, Index n_pairs, const double* counts,     \
                const double* prices, const double* marks_short, const double* inverses, const double* scores,         \
                const double* first, const double* entry, const double* begin, const double* leave,                    \
                const double* cost, const double* place, const double* column, double initial, double* out,            \
                Threads threads) {                                                                                         \
        EACH(item, n_series * ((n_chunks + together - 1) / together), threads) {                                       \
            const Grids grids{first, entry, begin, leave, cost, place, column};                                        \
            excursions<COMPOUNDING>(item, together, n_series, n_bars, n_chunks, n_pairs, counts, prices, marks_short,  \
                                    inverses, scores, grids, initial, out, interrupt_of(threads));                                            \
        };                                                                                                             \
    }

EXCURSIONS(excursions_compounding, true)
EXCURSIONS(excursions_unit, false)
