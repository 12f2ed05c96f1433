// Backtests of few pairs on long series: cut in time, a lane a pair in a chunk of bars. model.py states the rule.
//
// What a lane holds when a chunk begins follows from the scores before it, without the account: a score at or beyond the
// entry level decides the side whatever came before, and the position lasts until the first exit. So each chunk first says
// how its end depends on its beginning (ends), then runs from what the chunks before it hand over, with an account of its
// own (run), and the accounts are joined in order (join): unit ones add up, compounding ones multiply.
#include "lane.h"
#include "sweep/rows.h"

// What a chunk says of its end. SIDE: the side held, MISSING where no score decided. BAR: the entry's bar. CARRY: where no
// score decided, 1 if a long position would outlast the chunk, 2 if a short one, 3 if both; otherwise 1 if a position of
// the same side from before is the one held.
enum { END_SIDE, END_BAR, END_CARRY, ENDS };

// The rows of a chunk's account. FROM: compounding, the equity at its beginning in its own units. LEAST: its least equity.
enum { FROM, TO, LEAST, MOST, WORST, P_SUM, P_SQUARES, P_REALIZED, P_FEES, P_TRADES, P_WINS, P_OPEN, P_SIDE, DOUBT, PARTS };

struct Hot {
    V offset, quantity;  // compounding: equity = offset + quantity * price
    V equity;            // compounding: in units of the equity before the trade held at the beginning; unit: since then
    V least, peak, inverse, worst, sum, squares;
    V below, above;      // a score outside is decided on
    V floor;             // compounding: near ruin the sequential kernel's rounding decides
    V doubt;
    bool held;           // some lane has a position
};

struct Cold {
    V base, entry_price, entry_fee, realized, fees, trades, wins, side;
    V entry, leave, cost;
};

FN void set_band(Hot& hot, const Cold& cold) {
    hot.below = sel(cold.side > 0.0, splat(-INFINITE), sel(cold.side < 0.0, cold.leave, -cold.entry));
    hot.above = sel(cold.side > 0.0, -cold.leave, sel(cold.side < 0.0, splat(INFINITE), cold.entry));
    hot.held = any(cold.side != 0.0);
}

// Holds one unit, or the whole equity, from a price on.
template <bool COMPOUNDING>
FN void open(Hot& hot, Cold& cold, M which, V side, V price) {
    const V size = COMPOUNDING ? cold.base / ((1.0 + cold.cost) * price) : splat(1.0);
    hot.quantity = sel(which, side * size, hot.quantity);
    cold.entry_price = sel(which, price, cold.entry_price);
    cold.entry_fee = sel(which, COMPOUNDING ? cold.cost * size * price : cold.cost, cold.entry_fee);
    cold.side = sel(which, side, cold.side);
}

template <bool COMPOUNDING>
FN void close(Hot& hot, Cold& cold, M which, double price) {
    const V fee = COMPOUNDING ? cold.cost * magnitude(hot.quantity) * price : cold.cost;
    const V pnl = hot.quantity * (price - cold.entry_price) - cold.entry_fee - fee;
    if (COMPOUNDING) {
        const V rounding = 1e-11 * magnitude(hot.quantity) * (price + cold.entry_price);
        hot.doubt = sel(which & (cold.cost > 0.0) & (magnitude(pnl) < rounding), splat(1.0), hot.doubt);
    }
    cold.base = sel(which, cold.base + pnl, cold.base);
    cold.realized = sel(which, cold.realized + pnl, cold.realized);
    cold.trades = sel(which, cold.trades + 1.0, cold.trades);
    cold.wins = sel(which & (pnl > 0.0), cold.wins + 1.0, cold.wins);
    cold.fees = sel(which, cold.fees + fee, cold.fees);
    cold.entry_fee = sel(which, splat(0.0), cold.entry_fee);
    hot.quantity = sel(which, splat(0.0), hot.quantity);
    cold.side = sel(which, splat(0.0), cold.side);
}

template <bool COMPOUNDING>
FN void set_offset(Hot& hot, const Cold& cold) {
    if (COMPOUNDING) {
        hot.offset = cold.base - hot.quantity * cold.entry_price - cold.entry_fee;
        hot.floor = 1e-3 * cold.base;
    }
    set_band(hot, cold);
}

// Decides on scores and fills at prices: the exit first, then, if flat, the entry.
template <bool COMPOUNDING>
FN void trade(Hot& hot, Cold& cold, double score, double price) {
    const V before = cold.base;
    const M leaves = ((cold.side > 0.0) & (score >= -cold.leave)) | ((cold.side < 0.0) & (score <= cold.leave));
    if (any(leaves)) {
        close<COMPOUNDING>(hot, cold, leaves, price);
        if (COMPOUNDING) hot.doubt = sel(cold.base <= 1e-3 * before, splat(1.0), hot.doubt);
    }
    const V wanted = sel(score <= -cold.entry, splat(1.0), sel(score >= cold.entry, splat(-1.0), splat(0.0)));
    const M opens = (cold.side == 0.0) & (wanted != 0.0);
    if (any(opens)) {
        open<COMPOUNDING>(hot, cold, opens, wanted, splat(price));
        cold.fees = sel(opens, cold.fees + cold.entry_fee, cold.fees);
    }
    set_offset<COMPOUNDING>(hot, cold);
}

FN void compound(Hot& hot, double price) {
    const V equity = hot.offset + hot.quantity * price;
    if (seldom(any((equity > hot.peak) | (equity <= hot.floor)))) {
        hot.doubt = sel(equity <= hot.floor, splat(1.0), hot.doubt);
        hot.peak = max(hot.peak, equity);
        hot.inverse = 1.0 / hot.peak;
    }
    const V gained = equity / hot.equity - 1.0;
    hot.sum = hot.sum + gained;
    hot.squares = hot.squares + gained * gained;
    hot.worst = min(hot.worst, equity * hot.inverse);
    hot.least = min(hot.least, equity);
    hot.equity = equity;
}

FN void accumulate(Hot& hot, V change) {
    hot.equity = hot.equity + change;
    hot.squares = hot.squares + change * change;
    hot.peak = max(hot.peak, hot.equity);
    hot.worst = max(hot.worst, hot.peak - hot.equity);
    hot.least = min(hot.least, hot.equity);
}

struct Shape {
    Index n_series, n_bars, n_chunks, n_pairs;
};

FN Index lanes(const Shape& shape) { return shape.n_series * shape.n_chunks * shape.n_pairs; }
FN Index begin(const Shape& shape, Index chunk) { return chunk * shape.n_bars / shape.n_chunks; }

// What the chunks before a lane's hand over: the side held, and the bar of its entry.
struct Held {
    double side;
    Index bar;
};
FN Held held_before(const Shape& shape, Index lane, const double* ends) {
    const Index size = lanes(shape), number = lane / shape.n_pairs % shape.n_chunks;
    Held held{0.0, 0};
    for (Index earlier = lane - number * shape.n_pairs; earlier < lane; earlier += shape.n_pairs) {
        const double side = ends[END_SIDE * size + earlier], carry = ends[END_CARRY * size + earlier];
        if (side != side) {
            const bool lasts = held.side > 0.0 ? carry == 1.0 || carry == 3.0 : carry >= 2.0;
            if (!lasts) held.side = 0.0;
        } else {
            if (side != held.side || carry == 0.0) held.bar = (Index)ends[END_BAR * size + earlier];
            held.side = side;
        }
    }
    return held;
}

template <bool COMPOUNDING>
FN void start(Hot& hot, Cold& cold, V side, V entry_price, double before) {
    const V nothing = splat(0.0);
    hot.quantity = hot.sum = hot.squares = hot.doubt = nothing;
    cold.entry_price = cold.entry_fee = cold.realized = cold.fees = cold.trades = cold.wins = cold.side = nothing;
    cold.base = splat(COMPOUNDING ? 1.0 : 0.0);
    open<COMPOUNDING>(hot, cold, side != 0.0, side, entry_price);
    set_offset<COMPOUNDING>(hot, cold);
    hot.equity = COMPOUNDING ? hot.offset + hot.quantity * before : nothing;
    if (COMPOUNDING) hot.doubt = sel(hot.equity <= hot.floor, splat(1.0), nothing);
    hot.least = hot.peak = hot.equity;
    hot.inverse = 1.0 / hot.peak;
    hot.worst = splat(COMPOUNDING ? 1.0 : 0.0);
}

template <bool COMPOUNDING>
FN void run(Hot& hot, Cold& cold, const double* prices, const double* scores, Index n_bars, double before) {
    for (Index t = 0; t < n_bars; ++t) {
        const double price = prices[t], score = scores[t], step = price - before;
        before = price;
        const bool decides = any((score <= hot.below) | (score >= hot.above));
        if (!decides & !hot.held) continue;
        if (COMPOUNDING) {
            if (decides) trade<true>(hot, cold, score, price);
            compound(hot, price);
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
}

// ends: (ENDS, lanes) of long_series_ends; parts: (PARTS, lanes). An item is a vector of pairs in a chunk.
template <bool COMPOUNDING>
FN void account(Index item, const Shape& shape, const double* prices, const double* scores, const double* entry,
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
    Hot hot;
    Cold cold;
    cold.entry = load(entry, pair, shape.n_pairs);
    cold.leave = load(leave, pair, shape.n_pairs);
    cold.cost = load(cost, pair, shape.n_pairs);
    const double before = price[from ? -1 : 0];
    start<COMPOUNDING>(hot, cold, get(sides), get(entry_prices), before);
    const V beginning = hot.equity;
    run<COMPOUNDING>(hot, cold, price, scores + series * shape.n_bars + from, bars, before);
    const double last = price[bars - 1];
    store(parts + FROM * size, first, end, beginning);
    store(parts + TO * size, first, end, hot.equity);
    store(parts + LEAST * size, first, end, hot.least);
    store(parts + MOST * size, first, end, hot.peak);
    store(parts + WORST * size, first, end, hot.worst);
    store(parts + P_SUM * size, first, end, COMPOUNDING ? hot.sum : hot.equity);
    store(parts + P_SQUARES * size, first, end, hot.squares);
    store(parts + P_REALIZED * size, first, end, cold.realized);
    store(parts + P_FEES * size, first, end, cold.fees);
    store(parts + P_TRADES * size, first, end, cold.trades);
    store(parts + P_WINS * size, first, end, cold.wins);
    store(parts + P_OPEN * size, first, end, hot.quantity * (last - cold.entry_price) - cold.entry_fee);
    store(parts + P_SIDE * size, first, end, cold.side);
    store(parts + DOUBT * size, first, end, hot.doubt);
}

// Joins the accounts of a pair's chunks, in order.
template <bool COMPOUNDING>
FN void join(Index item, const Shape& shape, double initial, const double* parts, double* out) {
    const Index size = lanes(shape), row = shape.n_series * shape.n_pairs;
    const Index first = item / shape.n_pairs * shape.n_chunks * shape.n_pairs + item % shape.n_pairs;
    double equity = COMPOUNDING ? initial : 0.0, peak = equity, worst = COMPOUNDING ? 1.0 : 0.0, scale = 1.0;
    double realized = 0.0, fees = 0.0, sum = 0.0, squares = 0.0, trades = 0.0, wins = 0.0, doubt = 0.0;
    Index last = first;
    for (Index chunk = 0; chunk < shape.n_chunks; ++chunk) {
        const double* part = parts + first + chunk * shape.n_pairs;
        if (COMPOUNDING) {
            scale = equity / part[FROM * size];
            worst = part[WORST * size] < worst ? part[WORST * size] : worst;
            const double lowest = scale * part[LEAST * size] / peak, highest = scale * part[MOST * size];
            worst = lowest < worst ? lowest : worst;
            peak = highest > peak ? highest : peak;
            equity = scale * part[TO * size];
        } else {
            worst = part[WORST * size] > worst ? part[WORST * size] : worst;
            const double deepest = peak - (equity + part[LEAST * size]), highest = equity + part[MOST * size];
            worst = deepest > worst ? deepest : worst;
            peak = highest > peak ? highest : peak;
            equity += part[TO * size];
        }
        realized += scale * part[P_REALIZED * size];
        fees += scale * part[P_FEES * size];
        sum += part[P_SUM * size];
        squares += part[P_SQUARES * size];
        trades += part[P_TRADES * size];
        wins += part[P_WINS * size];
        doubt += part[DOUBT * size];
        last = first + chunk * shape.n_pairs;
    }
    // Beyond these the sequential kernel's equity may have vanished, or become infinite, on the way.
    if (COMPOUNDING && !(worst * initial > 1e-250 && peak < 1e250)) doubt = 1.0;
    const double unrealized = scale * parts[P_OPEN * size + last] + 0.0;
    double* lane = out + item;
    lane[EQUITY * row] = COMPOUNDING ? equity : initial + realized + unrealized;
    lane[REALIZED * row] = realized;
    lane[UNREALIZED * row] = unrealized;
    lane[FEES * row] = fees;
    lane[DRAWDOWN * row] = COMPOUNDING ? 1.0 - worst : worst / initial;
    lane[SUM * row] = sum;
    lane[SQUARES * row] = squares;
    lane[TRADES * row] = trades;
    lane[WINS * row] = wins;
    lane[POSITION * row] = parts[P_SIDE * size + last];
    lane[RUINED * row] = doubt > 0.0 ? 2.0 : 0.0;
}

// Says how a chunk's end depends on its beginning, from its last score back.
FN void end(Index lane, const Shape& shape, const double* scores, const double* entry, const double* leave, double* ends) {
    const Index size = lanes(shape), pair = lane % shape.n_pairs, number = lane / shape.n_pairs % shape.n_chunks;
    const double* score = scores + lane / (shape.n_pairs * shape.n_chunks) * shape.n_bars;
    const double enters = entry[pair], leaves = leave[pair];
    const Index first = begin(shape, number);
    Index t = begin(shape, number + 1) - 1;
    bool long_lasts = true, short_lasts = true;
    while (t >= first && !(score[t] <= -enters || score[t] >= enters)) {
        if (score[t] >= -leaves) long_lasts = false;
        if (score[t] <= leaves) short_lasts = false;
        --t;
    }
    double side = MISSING, bar = 0.0, carry = (long_lasts ? 1.0 : 0.0) + (short_lasts ? 2.0 : 0.0);
    if (t >= first) {
        side = score[t] < 0.0 ? 1.0 : -1.0;
        if (!(side > 0.0 ? long_lasts : short_lasts)) {
            side = carry = 0.0;
        } else {
            for (; t >= first && !(side * score[t] >= -leaves); --t) {
                if (side * score[t] <= -enters) bar = (double)t;
            }
            carry = t < first ? 1.0 : 0.0;
        }
    }
    ends[END_SIDE * size + lane] = side;
    ends[END_BAR * size + lane] = bar;
    ends[END_CARRY * size + lane] = carry;
}

// scores: (n_series, n_bars), that of the decision which fills at a bar, NaN for none. A lane is a pair in a chunk of a
// series, pairs adjacent. No chunk is empty.
ENTRY(long_series_ends)(Index n_series, Index n_bars, Index n_chunks, Index n_pairs, const double* scores,
                        const double* entry, const double* leave, double* ends, int threads) {
    const Shape shape{n_series, n_bars, n_chunks, n_pairs};
    EACH(lane, lanes(shape), threads) { end(lane, shape, scores, entry, leave, ends); };
}

#define ACCOUNT(name, COMPOUNDING)                                                                                       \
    ENTRY(name)(Index n_series, Index n_bars, Index n_chunks, Index n_pairs, const double* prices, const double* scores, \
                const double* entry, const double* leave, const double* cost, const double* ends, double* parts,         \
                int threads) {                                                                                           \
        const Shape shape{n_series, n_bars, n_chunks, n_pairs};                                                          \
        EACH(item, n_series * n_chunks * items(n_pairs), threads) {                                                                       \
            account<COMPOUNDING>(item, shape, prices, scores, entry, leave, cost, ends, parts);                          \
        };                                                                                                               \
    }

ACCOUNT(long_series_compounding, true)
ACCOUNT(long_series_unit, false)

// out: (ROWS, n_series, n_pairs).
#define JOIN(name, COMPOUNDING)                                                                                     \
    ENTRY(name)(Index n_series, Index n_bars, Index n_chunks, Index n_pairs, double initial, const double* parts,   \
                double* out, int threads) {                                                                         \
        const Shape shape{n_series, n_bars, n_chunks, n_pairs};                                                     \
        EACH(item, n_series * n_pairs, threads) { join<COMPOUNDING>(item, shape, initial, parts, out); };           \
    }

JOIN(long_series_join_compounding, true)
JOIN(long_series_join_unit, false)
