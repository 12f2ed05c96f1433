// Sums behind the Ornstein-Uhlenbeck regression and the Dickey-Fuller test, with a block of lanes for each series, and the
// verdicts on them, with a lane for each series. model.py and dickey_fuller.py state what they are for.
//
// The kernel takes the means first, then the sums about them, so that prices far from 0 cost no digits. Each loop adds
// several vectors a turn to sums of their own: an addition waits for the one before it, and a single sum would leave the
// arithmetic units idle.
#include "lane.h"
#include "ou/dickey_fuller.h"
#include "ou/series.h"
#include "ou/stream.h"
#include "ou/verdict.h"

// Vectors a turn.
#define TURN 4

// The sum over a turn's vectors and the block's lanes, from the sum of the passes before this one.
FN double total(const V* parts, double before) {
    return block_sum((parts[0] + parts[1]) + (parts[2] + parts[3]), before);
}

// A pair of neighbours: it adds to a sum where both prices are known.
struct Pair {
    V lag, step;
    M whole;
};

FN Pair pair(V now, V next, double origin) {
    const V lag = now - origin;
    return {lag, (next - origin) - lag, known(now) & known(next)};
}

// Calls add(place in the turn, pair) for the pairs of a series that a pass visits.
template <typename Add>
FN void each_pair(const Series& series, Index pass, const Add& add) {
    const Index turn = TURN * BLOCK, n_pairs = series.n - 1;
    const Index plain = series.gapless ? n_pairs - n_pairs % turn : 0;
    Index t = lane() + pass * WIDTH;
    for (; t < plain; t += turn) {
        for (Index k = 0; k < TURN; ++k) {
            const double* price = series.price + t + k * BLOCK;
            Pair each = pair(load(price, 0, WIDTH), load(price + 1, 0, WIDTH), series.origin);
            each.whole = known(splat(0.0));
            add(k, each);
        }
    }
    for (; t < n_pairs; t += turn) {
        for (Index k = 0; k < TURN; ++k) {
            const Index here = t + k * BLOCK;
            add(k, pair(load_or(series.price, here, series.n, MISSING),
                        load_or(series.price, here + 1, series.n, MISSING), series.origin));
        }
    }
}

struct Means {
    double lag, step, n_pairs;
};

FN Means means(const Series& series) {
    double lag = 0.0, step = 0.0, n_pairs = 0.0;
    for (Index pass = 0; pass < PASSES; ++pass) {
        V lags[TURN] = {}, steps[TURN] = {}, pairs[TURN] = {};
        each_pair(series, pass, [&](Index k, const Pair& each) {
            lags[k] = lags[k] + sel(each.whole, each.lag, splat(0.0));
            steps[k] = steps[k] + sel(each.whole, each.step, splat(0.0));
            pairs[k] = pairs[k] + counted(each.whole);
        });
        n_pairs = total(pairs, n_pairs);
        lag = total(lags, lag);
        step = total(steps, step);
    }
    return {lag / n_pairs, step / n_pairs, n_pairs};
}

FN double count(const Series& series) {
    double n_samples = 0.0;
    for (Index pass = 0; pass < PASSES; ++pass) {
        V samples = splat(0.0);
        for (Index t = lane() + pass * WIDTH; t < series.n; t += BLOCK) {
            samples = samples + counted(known(load_or(series.price, t, series.n, MISSING)));
        }
        n_samples = block_sum(samples, n_samples);
    }
    return n_samples;
}

// The sum of the squared residuals of the line through the pairs: it has its digits where the other sums cancel.
FN double residuals(const Series& series, const Means& mean, double slope) {
    double sum = 0.0;
    for (Index pass = 0; pass < PASSES; ++pass) {
        V squares[TURN] = {};
        each_pair(series, pass, [&](Index k, const Pair& each) {
            const V left = (each.step - mean.step) - slope * (each.lag - mean.lag);
            squares[k] = squares[k] + sel(each.whole, left * left, splat(0.0));
        });
        sum = total(squares, sum);
    }
    return sum;
}

FN void sum(Series series, double cancelled, double rounding, double* out, Index n_series) {
    Means mean = means(series);
    double n_samples = (double)series.n;
    const double level = mean.lag + mean.step;
    if (level != level || mean.n_pairs < n_samples - 1.0) {
        series.gapless = false;
        mean = means(series);
        n_samples = count(series);
    }
    double sxx = 0.0, sxd = 0.0, sdd = 0.0;
    for (Index pass = 0; pass < PASSES; ++pass) {
        V xx[TURN] = {}, xd[TURN] = {}, dd[TURN] = {};
        each_pair(series, pass, [&](Index k, const Pair& each) {
            const V x = sel(each.whole, each.lag - mean.lag, splat(0.0));
            const V d = sel(each.whole, each.step - mean.step, splat(0.0));
            xx[k] = xx[k] + x * x;
            xd[k] = xd[k] + x * d;
            dd[k] = dd[k] + d * d;
        });
        sxx = total(xx, sxx);
        sxd = total(xd, sxd);
        sdd = total(dd, sdd);
    }
    const double slope = sxd / sxx;
    double sse = sdd - slope * sxd;
    if (sse < cancelled * sdd) sse = residuals(series, mean, slope);
    const double found[] = {n_samples, mean.n_pairs, mean.n_pairs, series.origin, mean.lag, mean.step,
                            sxx,       sxd,          sdd,          sse,           rounding};
    if (lane() == 0) {
        for (Index row = 0; row < SUMS; ++row) out[row * n_series] = found[row];
    }
}

// prices: (n_series, stride), of which the n_prices from `first` on are meant. out: (SUMS, n_series). A residual sum
// below `cancelled` of sdd is summed again; one below `rounding` of it is rounding.
ENTRY(ou_sums)(Index n_series, Index stride, Index first, Index n_prices, const double* prices, double cancelled,
               double rounding, double* out, Threads threads) {
    EACH_BLOCK(row, n_series, threads) {
        const double* price = prices + row * stride + first;
        sum({price, n_prices, first_of_whole(price, n_prices, 2), true}, cancelled, rounding, out + row, n_series);
    };
}

// The series of one work item: on a CPU enough of them that threads do not write to the same cache lines.
#if WIDTH == 1
#define TOGETHER 1
#else
#define TOGETHER 64
#endif

// sums: (SUMS, n_series). bias: one of the enum. statistics: (n_series,) t values, read where `lagged` is not 0. halves:
// (n_series, 2) theta of either half, read for JACKKNIFE. out: (VERDICT, n_series).
ENTRY(ou_verdicts)(Index n_series, const double* sums, double dt, Index bias, Index lagged, const double* statistics,
                   const double* halves, double* out, Threads threads) {
    const Index n_items = (n_series + TOGETHER - 1) / TOGETHER;
    EACH(item, n_items, threads) {
        const Index first = item * TOGETHER, end = item + 1 == n_items ? n_series : first + TOGETHER;
        for (Index series = first; series < end; ++series) {
            const double* t = lagged ? statistics + series : nullptr;
            const double* half = bias == JACKKNIFE ? halves + 2 * series : nullptr;
            judge(sums + series, n_series, dt, bias, t, half, out + series);
        }
    };
}

// prices: (n_streams, n_prices), the next ones of each stream. states: (n_streams, STATE), updated.
ENTRY(ou_extend)(Index n_streams, Index n_prices, const double* prices, double* states, Threads threads) {
    EACH(stream, n_streams, threads) {
        extend(states + stream * STATE, prices + stream * n_prices, n_prices);
    };
}

// out: (n_series,) t values of the test with n_lags lags, 1 to 4; +infinity where rounding could touch the answer.
ENTRY(dickey_fuller)(Index n_series, Index n_prices, Index n_lags, const double* prices, double* out, Threads threads) {
    EACH_BLOCK(series, n_series, threads) {
        const double* price = prices + series * n_prices;
        const Series one{price, n_prices, first_of_whole(price, n_prices, n_lags + 2), true};
        double t = MISSING;
        if (n_lags == 1) t = statistic<1>(one);
        if (n_lags == 2) t = statistic<2>(one);
        if (n_lags == 3) t = statistic<3>(one);
        if (n_lags == 4) t = statistic<4>(one);
        if (lane() == 0) out[series] = t;
    };
}
