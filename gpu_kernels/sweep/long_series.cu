// Backtests of few pairs on long series: cut in time, a lane a pair in a chunk of bars. model.py states the rule.
//
// What a lane holds when a chunk begins follows from the scores before it, without the account: a score at or beyond the
// entry level decides the side whatever came before, and the position lasts until the first exit. So each chunk first says
// how its end depends on its beginning (chunks.h), then runs from what the chunks before it hand over, with an account of
// its own (chunk_account.h), and the accounts are joined in order (join): unit ones add up, compounding ones multiply. A stop
// would make the side depend on more than the last score beyond a level, so that such pairs run by the dense kernel; so do
// those with a borrow rate.
#include "sweep/chunk_account.h"
#include "sweep/rows.h"

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

// scores: (n_series, n_bars), that of the decision which fills at a bar, NaN for none.
ENTRY(long_series_ends)(Index n_series, Index n_bars, Index n_chunks, Index n_pairs, const double* scores,
                        const double* entry, const double* leave, double* ends, Threads threads) {
    const Shape shape{n_series, n_bars, n_chunks, n_pairs};
    EACH(lane, lanes(shape), threads) { end(lane, shape, scores, entry, leave, ends); };
}

#define ACCOUNT(name, COMPOUNDING)                                                                                         \
    ENTRY(name)(Index n_series, Index n_bars, Index n_chunks, Index n_pairs, const double* prices, const double* scores,   \
                const double* entry, const double* leave, const double* cost, const double* ends, double* parts,           \
                Threads threads) {                                                                                             \
        const Shape shape{n_series, n_bars, n_chunks, n_pairs};                                                            \
        EACH(item, n_series * n_chunks * items(n_pairs), threads) {                                                        \
            run_chunk<COMPOUNDING>(item, shape, prices, scores, entry, leave, cost, ends, parts);                          \
        };                                                                                                                 \
    }

ACCOUNT(long_series_compounding, true)
ACCOUNT(long_series_unit, false)

// out: (ROWS, n_series, n_pairs).
#define JOIN(name, COMPOUNDING)                                                                                     \
    ENTRY(name)(Index n_series, Index n_bars, Index n_chunks, Index n_pairs, double initial, const double* parts,   \
                double* out, Threads threads) {                                                                         \
        const Shape shape{n_series, n_bars, n_chunks, n_pairs};                                                     \
        EACH(item, n_series * n_pairs, threads) { join<COMPOUNDING>(item, shape, initial, parts, out); };           \
    }

JOIN(long_series_join_compounding, true)
JOIN(long_series_join_unit, false)
