// What trading the residuals of pairs earns over some bars: Sharpe ratios with their standard errors, trades and drawdowns. A
// lane is a pair of series; only its returns are written to an array, because their standard error needs them twice.
#include "pair_trading/pair.h"
#include "sweep/bar.h"

enum { SHARPE, SKEWNESS, KURTOSIS, ERROR, GAINED, TRADES, DRAWDOWN, FIGURES };

// A deviation of returns below this share of the largest one is rounding; host.py has the same.
static const double ROUNDING = 1e-12;

struct Returns {
    double* values;  // (n_bars, WIDTH)
    Index n_bars;
    V sum, largest;
};

// Each decision fills one bar later, at the score of the bar before.
FN void trade(const Pair& pair, V mean, V deviation, Account<V>& account, Track& track, Returns& returns,
              Interrupt interrupt) {
    start<false, false>(track, account, 1.0);
    returns.sum = returns.largest = splat(0.0);
    put(returns.values, splat(0.0));
    Bar<V> before{splat(MISSING), residual(pair, 0), splat(0.0)};
    V score = (before.price - mean) / deviation;
    for (Index end, begin = 1; begin < returns.n_bars && !interrupt.is_set(); begin = end) {
        end = next_look(begin, returns.n_bars);
        for (Index t = begin; t < end; ++t) {
            const Bar<V> bar{score, residual(pair, t), splat(0.0)};
            const bool decides = any((bar.score <= track.below) | (bar.score >= track.above));
            V gained = splat(0.0);
            if (decides | track.held) {
                gained = pass<false, false, true>(track, account, before, bar, decides);
                returns.sum = returns.sum + gained;
                returns.largest = max(returns.largest, magnitude(gained));
            }
            put(returns.values + t * WIDTH, gained);
            score = (bar.price - mean) / deviation;
            before = bar;
        }
    }
}

struct Powers {
    V second, third, fourth, largest;
};

// Sums of powers of the returns less their mean, in units of the largest return, so that no power leaves the doubles. The
// returns are left in these units.
FN Powers centred_powers(const Returns& returns, V mean) {
    const V unit = sel(returns.largest > 0.0, returns.largest, splat(1.0));
    Powers powers{splat(0.0), splat(0.0), splat(0.0), splat(0.0)};
    for (Index t = 0; t < returns.n_bars; ++t) {
        const V centred = (get(returns.values + t * WIDTH) - mean) / unit, square = centred * centred;
        powers.second = powers.second + square;
        powers.third = powers.third + square * centred;
        powers.fourth = powers.fourth + square * square;
        powers.largest = max(powers.largest, magnitude(centred));
        put(returns.values + t * WIDTH, centred);
    }
    return powers;
}

// The long-run variance of psi = x - S (x^2 - 1) / 2, times the number of returns; performance/sharpe_error.py has the equations.
// weights: (n_lags,), of the autocovariances.
FN V long_run(const Returns& returns, V deviation, V ratio, Index n_lags, const double* weights, Interrupt interrupt) {
    V variance = splat(0.0);
    const V half = 0.5 * ratio;
    for (Index end, begin = 0; begin < returns.n_bars && !interrupt.is_set(); begin = end) {
        end = next_look(begin, returns.n_bars);
        for (Index t = begin; t < end; ++t) {
            double* place = returns.values + t * WIDTH;
            const V x = get(place) / deviation, psi = x - half * (x * x - 1.0);
            put(place, psi);
            V sum = psi;
            const Index lags = t < n_lags ? t : n_lags;
            for (Index lag = 1; lag <= lags; ++lag) sum = sum + weights[lag - 1] * get(place - lag * WIDTH);
            variance = variance + psi * sum;
        }
    }
    return variance;
}

FN void describe(const Returns& returns, Index n_lags, const double* weights, double* out, Index first, Index n,
                 Interrupt interrupt) {
    const double count = (double)returns.n_bars;
    const V mean = returns.sum / count, unit = sel(returns.largest > 0.0, returns.largest, splat(1.0));
    const Powers powers = centred_powers(returns, mean);
    const M moves = powers.largest > 0.0;
    const V variance = sel(moves, powers.second / count, splat(1.0)), deviation = root(variance);
    const V sample = root(powers.second / (count - 1.0)) * unit;
    const V ratio = mean / (unit * deviation);
    const V spread = long_run(returns, deviation, ratio, n_lags, weights, interrupt);
    const M known = moves & (splat(count) >= 3.0);
    store(out + SHARPE * n, first, n, sel(sample > ROUNDING * returns.largest, mean / sample, splat(0.0)));
    store(out + SKEWNESS * n, first, n, sel(moves, powers.third / count / (variance * deviation), splat(0.0)));
    store(out + KURTOSIS * n, first, n, sel(moves, powers.fourth / count / (variance * variance), splat(3.0)));
    store(out + ERROR * n, first, n, sel(known, root(max(spread, splat(0.0))) / count, splat(MISSING)));
    store(out + GAINED * n, first, n, returns.sum);
}

// levels: (n_series, n_bars). y, x: (n_pairs,) rows; the other arrays of pairs are (n_pairs,) too. weights: (n_lags,). space:
// (items(n_pairs), n_bars, WIDTH). out: (FIGURES, n_pairs).
ENTRY(traded)(Index n_pairs, Index n_bars, const double* levels, const double* y, const double* x,
              const double* intercept, const double* hedge_ratio, const double* mean, const double* deviation,
              const double* entry, const double* leave, const double* cost, Index n_lags, const double* weights, double* space,
              double* out, Threads threads) {
    EACH(item, items(n_pairs), threads) {
        const Index first = item * WIDTH;
        const Pair pair = pair_of(first, n_pairs, n_bars, levels, y, x, intercept, hedge_ratio);
        Account<V> account;
        account.entry = load(entry, first, n_pairs);
        account.leave = load(leave, first, n_pairs);
        account.stop = splat(INFINITE);
        account.cost = load(cost, first, n_pairs);
        Track track;
        Returns returns{space + item * n_bars * WIDTH, n_bars, splat(0.0), splat(0.0)};
        trade(pair, load(mean, first, n_pairs), load(deviation, first, n_pairs), account, track, returns,
              interrupt_of(threads));
        store(out + TRADES * n_pairs, first, n_pairs, account.trades);
        store(out + DRAWDOWN * n_pairs, first, n_pairs, track.worst);
        describe(returns, n_lags, weights, out, first, n_pairs, interrupt_of(threads));
    };
}
