// Sums behind the Ornstein-Uhlenbeck regression and the Dickey-Fuller test, with a block of lanes for each series, and the
// verdicts on them, with a lane for each series. model.py and dickey_fuller.py state what they are for.
//
// The kernel takes the means first, then the sums about them, so that prices far from 0 cost no digits. Each loop adds
// several vectors a turn to sums of their own: an addition waits for the one before it, and a single sum would leave the
// arithmetic units idle.
#include "lane.h"
#include "ou/stream.h"
#include "ou/verdict.h"

// Vectors a turn.
#define TURN 4

FN M known(V v) { return v == v; }
FN V counted(M m) { return sel(m, splat(1.0), splat(0.0)); }

// The sum over a turn's vectors and the block's lanes, from the sum of the passes before this one.
FN double total(const V* parts, double before) {
    return block_sum((parts[0] + parts[1]) + (parts[2] + parts[3]), before);
}

// The first price of the first `length` neighbours without a gap, 0 where there are none. A price that is in no sum cannot
// be the origin: if it is far from the others, it costs them their digits.
FN double first_of_whole(const double* price, Index n, Index length) {
    for (Index t = 0, together = 0; t < n; ++t) {
        together = price[t] == price[t] ? together + 1 : 0;
        if (together == length) return price[t + 1 - length];
    }
    return 0.0;
}

// One series. If it is known to have no gap, whole turns need no masks.
struct Series {
    const double* price;
    Index n;
    double origin;
    bool gapless;
};

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
               double rounding, double* out, int threads) {
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

// The share of a column, squared, that the other columns must leave unexplained; below it the host runs the test.
#define NEARLY_DEPENDENT 1e-4

// The columns of the regression at t: LAGS steps back, the level before, the step; false where one touches a NaN. PLAIN
// says that all lanes are within a series without a gap.
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

// Calls add(whole, column) for the equations of a series that a pass visits.
template <int LAGS, typename Add>
FN void each_equation(const Series& series, Index pass, const Add& add) {
    const Index n = series.n;
    V column[LAGS + 2];
    Index t = lane() + pass * WIDTH;
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
    double n_equations = 0.0;
#pragma unroll
    for (int j = 0; j < SIZE; ++j) totals[j] = 0.0;
    for (Index pass = 0; pass < PASSES; ++pass) {
        V count = splat(0.0), sums[SIZE] = {};
        each_equation<LAGS>(series, pass, [&](M whole, const V* column) {
            count = count + counted(whole);
#pragma unroll
            for (int j = 0; j < SIZE; ++j) sums[j] = sums[j] + sel(whole, column[j], splat(0.0));
        });
#pragma unroll
        for (int j = 0; j < SIZE; ++j) totals[j] = block_sum(sums[j], totals[j]);
        n_equations = block_sum(count, n_equations);
    }
    return n_equations;
}

// The t value: INFINITE where the host must compute it, NaN where there are too few equations.
template <int LAGS>
FN double statistic(Series series) {
    constexpr int SIZE = LAGS + 2;
    double mean[SIZE], gram[SIZE][SIZE] = {}, spread[SIZE];
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
    for (Index pass = 0; pass < PASSES; ++pass) {
        V products[SIZE][SIZE] = {};
        each_equation<LAGS>(series, pass, [&](M whole, const V* column) {
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
            for (int i = 0; i <= j; ++i) gram[j][i] = block_sum(products[j][i], gram[j][i]);
        }
    }
#pragma unroll
    for (int j = 0; j < SIZE; ++j) {
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
