// Sums behind the Ornstein-Uhlenbeck regression and the Dickey-Fuller test, a block of lanes a series, and the verdicts
// on them, a lane a series. model.py and dickey_fuller.py state what they are for.
//
// Means first, then the sums about them, so that prices far from 0 cost no digits. Each loop takes several vectors a
// turn into sums of their own: a sum waits for the addition before it, and those of one would leave the units idle.
#include "lane.h"
#include "ou/stream.h"
#include "ou/verdict.h"

// Vectors a turn.
#define TURN 4

FN M known(V v) { return v == v; }
FN V counted(M m) { return sel(m, splat(1.0), splat(0.0)); }

// The sum over a turn's vectors and the block's lanes.
FN double total(const V* parts) { return block_sum((parts[0] + parts[1]) + (parts[2] + parts[3])); }

// The first price of the first `length` neighbours without a gap, 0 where there are none. A price that is in no sum is no
// origin: far from the others it would cost them their digits.
FN double first_of_whole(const double* price, Index n, Index length) {
    for (Index t = 0, together = 0; t < n; ++t) {
        together = price[t] == price[t] ? together + 1 : 0;
        if (together == length) return price[t + 1 - length];
    }
    return 0.0;
}

// One series. Where it is known to be without a gap, whole turns need no masks.
struct Series {
    const double* price;
    Index n;
    double origin;
    bool gapless;
};

// A pair of neighbours: what it adds to a sum counts where it is whole.
struct Pair {
    V lag, step;
    M whole;
};

FN Pair pair(V now, V next, double origin) {
    const V lag = now - origin;
    return {lag, (next - origin) - lag, known(now) & known(next)};
}

// Calls add(place in the turn, pair) for the pairs of a series.
template <typename Add>
FN void each_pair(const Series& series, const Add& add) {
    const Index turn = TURN * BLOCK, n_pairs = series.n - 1;
    const Index plain = series.gapless ? n_pairs - n_pairs % turn : 0;
    Index t = lane();
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
    V lags[TURN] = {}, steps[TURN] = {}, pairs[TURN] = {};
    each_pair(series, [&](Index k, const Pair& each) {
        lags[k] = lags[k] + sel(each.whole, each.lag, splat(0.0));
        steps[k] = steps[k] + sel(each.whole, each.step, splat(0.0));
        pairs[k] = pairs[k] + counted(each.whole);
    });
    const double n_pairs = total(pairs);
    return {total(lags) / n_pairs, total(steps) / n_pairs, n_pairs};
}

FN double count(const Series& series) {
    V samples = splat(0.0);
    for (Index t = lane(); t < series.n; t += BLOCK) {
        samples = samples + counted(known(load_or(series.price, t, series.n, MISSING)));
    }
    return block_sum(samples);
}

// Squared residuals of the line through the pairs: exact where their sums have cancelled.
FN double residuals(const Series& series, const Means& mean, double slope) {
    V squares[TURN] = {};
    each_pair(series, [&](Index k, const Pair& each) {
        const V left = (each.step - mean.step) - slope * (each.lag - mean.lag);
        squares[k] = squares[k] + sel(each.whole, left * left, splat(0.0));
    });
    return total(squares);
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
    V xx[TURN] = {}, xd[TURN] = {}, dd[TURN] = {};
    each_pair(series, [&](Index k, const Pair& each) {
        const V x = sel(each.whole, each.lag - mean.lag, splat(0.0));
        const V d = sel(each.whole, each.step - mean.step, splat(0.0));
        xx[k] = xx[k] + x * x;
        xd[k] = xd[k] + x * d;
        dd[k] = dd[k] + d * d;
    });
    const double sxx = total(xx), sxd = total(xd), sdd = total(dd), slope = sxd / sxx;
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
               double rounding, double* out, int threads) {
    EACH_BLOCK(row, n_series, threads) {
        const double* price = prices + row * stride + first;
        sum({price, n_prices, first_of_whole(price, n_prices, 2), true}, cancelled, rounding, out + row, n_series);
    };
}

// Series of one work item: on a CPU enough of them that threads do not write to one another's cache lines.
#if WIDTH == 1
#define TOGETHER 1
#else
#define TOGETHER 64
#endif

// sums: (SUMS, n_series). bias: one of the enum. statistics: (n_series,) t values, read where `lagged` is not 0. halves:
// (n_series, 2) theta of either half, read for JACKKNIFE. out: (VERDICT, n_series).
ENTRY(ou_verdicts)(Index n_series, const double* sums, double dt, Index bias, Index lagged, const double* statistics,
                   const double* halves, double* out, int threads) {
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
ENTRY(ou_extend)(Index n_streams, Index n_prices, const double* prices, double* states, int threads) {
    EACH(stream, n_streams, threads) {
        extend(states + stream * STATE, prices + stream * n_prices, n_prices);
    };
}

// Arrays of the test stay in registers only where each loop over them is unrolled.

// Correlations under which the test is left to the host: what is left of a column beside the others, squared.
#define NEARLY_DEPENDENT 1e-4

// The columns of the regression at t: LAGS steps back, the level before, the step; false where one touches a NaN. PLAIN:
// all lanes are within a series without a gap.
template <int LAGS, bool PLAIN>
FN M design(const double* price, Index t, Index n, double origin, V* column) {
    const auto at = [&](Index k) {
        return (PLAIN ? load(price + t + k, 0, WIDTH) : load_or(price, t + k, n, MISSING)) - origin;
    };
    V older = at(0);
    M whole = known(PLAIN ? splat(0.0) : older);
#pragma unroll
    for (int k = 0; k <= LAGS; ++k) {
        const V newer = at(k + 1);
        if (!PLAIN) whole = whole & known(newer);
        column[k < LAGS ? k : LAGS + 1] = newer - older;
        if (k == LAGS) column[LAGS] = older;
        older = newer;
    }
    return whole;
}

// Calls add(whole, column) for the equations of a series.
template <int LAGS, typename Add>
FN void each_equation(const Series& series, const Add& add) {
    const Index n = series.n;
    V column[LAGS + 2];
    Index t = lane();
    if (series.gapless) {
        for (; t - lane() + BLOCK + LAGS < n; t += BLOCK) {
            add(design<LAGS, true>(series.price, t, n, series.origin, column), column);
        }
    }
    for (; t + LAGS + 1 < n; t += BLOCK) {
        add(design<LAGS, false>(series.price, t, n, series.origin, column), column);
    }
}

// Lower Cholesky factor of (size, size) in place, of a matrix with ones on its diagonal; false where a pivot is small.
template <int SIZE>
FN bool factor(double (*a)[SIZE]) {
#pragma unroll
    for (int j = 0; j < SIZE; ++j) {
#pragma unroll
        for (int k = 0; k < j; ++k) a[j][j] -= a[j][k] * a[j][k];
        if (!(a[j][j] > NEARLY_DEPENDENT)) return false;
        a[j][j] = sqrt(a[j][j]);
#pragma unroll
        for (int i = j + 1; i < SIZE; ++i) {
#pragma unroll
            for (int k = 0; k < j; ++k) a[i][j] -= a[i][k] * a[j][k];
            a[i][j] /= a[j][j];
        }
    }
    return true;
}

// Sums of the columns, and the equations in them.
template <int LAGS>
FN double column_sums(const Series& series, double* totals) {
    constexpr int SIZE = LAGS + 2;
    V count = splat(0.0), sums[SIZE] = {};
    each_equation<LAGS>(series, [&](M whole, const V* column) {
        count = count + counted(whole);
#pragma unroll
        for (int j = 0; j < SIZE; ++j) sums[j] = sums[j] + sel(whole, column[j], splat(0.0));
    });
#pragma unroll
    for (int j = 0; j < SIZE; ++j) totals[j] = block_sum(sums[j]);
    return block_sum(count);
}

// The t value: INFINITE where the host shall look, NaN where there are too few equations.
template <int LAGS>
FN double statistic(Series series) {
    constexpr int SIZE = LAGS + 2;
    double mean[SIZE], gram[SIZE][SIZE], spread[SIZE];
    double n_equations = column_sums<LAGS>(series, mean), all = 0.0;
#pragma unroll
    for (int j = 0; j < SIZE; ++j) all += mean[j];
    if (all != all) {
        series.gapless = false;
        n_equations = column_sums<LAGS>(series, mean);
    }
    const double freedom = n_equations - SIZE;
    if (freedom < 1.0) return MISSING;
#pragma unroll
    for (int j = 0; j < SIZE; ++j) mean[j] /= n_equations;
    V products[SIZE][SIZE] = {};
    each_equation<LAGS>(series, [&](M whole, const V* column) {
        V centred[SIZE];
#pragma unroll
        for (int j = 0; j < SIZE; ++j) {
            centred[j] = sel(whole, column[j] - mean[j], splat(0.0));
#pragma unroll
            for (int i = 0; i <= j; ++i) products[j][i] = products[j][i] + centred[j] * centred[i];
        }
    });
#pragma unroll
    for (int j = 0; j < SIZE; ++j) {
#pragma unroll
        for (int i = 0; i <= j; ++i) gram[j][i] = block_sum(products[j][i]);
        spread[j] = sqrt(gram[j][j]);
#pragma unroll
        for (int i = 0; i <= j; ++i) gram[j][i] /= spread[j] * spread[i];
    }
    if (!factor<SIZE>(gram)) return INFINITE;
    return gram[SIZE - 1][SIZE - 2] / gram[SIZE - 1][SIZE - 1] * sqrt(freedom);
}

// out: (n_series,) t values of the test with n_lags lags, 1 to 4; +infinity where rounding could touch the answer.
ENTRY(dickey_fuller)(Index n_series, Index n_prices, Index n_lags, const double* prices, double* out, int threads) {
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
