// The unit-root regression of a pair's residual, from sums over the residual and its steps. model.py has the equations.
#pragma once
#include "lane.h"

// A difference has lost its digits where it is below this share of the number that it was subtracted from.
static const double LOSSY = 1e-6;

template <int SIZE>
struct Residual {
    V total;             // of u_t^2
    V steps[SIZE + 1];   // of d_t d_{t-h}
    V head[SIZE + 1];
    V tail[SIZE + 1];
};

// A regression's columns behind one another; the lower triangle of their cross products.
template <int SIZE>
struct Moments {
    V entries[(SIZE + 2) * (SIZE + 3) / 2];
};

template <int SIZE>
FN V& at(Moments<SIZE>& moments, Index row, Index column) {
    return moments.entries[row * (row + 1) / 2 + column];
}

template <int SIZE>
FN V& between(Moments<SIZE>& moments, Index a, Index b) {
    return a > b ? at(moments, a, b) : at(moments, b, a);
}

// The cross products over t = lags + 1 .. T - 1. Positions: of d_t the last; the level u_{t-1} comes first of all, or
// last but one; d_{t-1} .. d_{t-lags} fill the rest.
template <int SIZE>
FN void multiply_out(const Residual<SIZE>& residual, Index lags, bool level_first, Moments<SIZE>& moments) {
    V first[SIZE + 1], last[SIZE + 1];  // d_s, and d_{T-1-s}
    for (Index s = 0; s < lags; ++s) {
        first[s + 1] = residual.head[s + 1] - residual.head[s];
        last[s] = residual.tail[s] - residual.tail[s + 1];
    }
    const Index target = lags + 1, level = level_first ? 0 : lags, shift = level_first ? 0 : 1;
    const auto place = [&](Index column) { return column ? column - shift : target; };
    for (Index gap = 0; gap <= lags; ++gap) {
        V product = residual.steps[gap];
        for (Index s = gap + 1; s <= lags; ++s) product = product - first[s] * first[s - gap];
        for (Index i = 0; i + gap <= lags; ++i) {
            // From one pair of columns to the next, the products move one sample back.
            if (i) product = product + first[lags + 1 - i] * first[lags + 1 - i - gap] - last[i - 1] * last[i - 1 + gap];
            between(moments, place(i), place(i + gap)) = product;
        }
    }
    V spread = residual.total - residual.tail[0] * residual.tail[0];
    for (Index s = 0; s < lags; ++s) spread = spread - residual.head[s] * residual.head[s];
    at(moments, level, level) = spread;
    for (Index i = 0; i <= lags; ++i) {
        const V before = residual.head[lags - i], after = residual.tail[i];
        V along = 0.5 * (after * after - before * before - at(moments, place(i), place(i)));
        for (Index j = 1; j <= i; ++j) along = along + between(moments, place(i), place(j));
        between(moments, place(i), level) = along;
    }
}

// Takes the pivot's column out of those behind it.
template <int SIZE>
FN void eliminate(Moments<SIZE>& moments, Index pivot, Index size) {
    const V inverse = 1.0 / at(moments, pivot, pivot);
    for (Index row = pivot + 1; row < size; ++row) {
        const V factor = at(moments, row, pivot) * inverse;
        for (Index column = pivot + 1; column <= row; ++column) {
            at(moments, row, column) = at(moments, row, column) - factor * at(moments, column, pivot);
        }
    }
}

// The t of the level in the regression with so many lags; kept loses the lanes that lost their digits.
template <int SIZE>
FN V level_t(const Residual<SIZE>& residual, Index lags, Index n_samples, M& kept) {
    Moments<SIZE> moments;
    multiply_out(residual, lags, false, moments);
    const V least = LOSSY * residual.steps[0];
    for (Index pivot = 0; pivot < lags; ++pivot) {
        kept = kept & (at(moments, pivot, pivot) >= least);
        eliminate(moments, pivot, lags + 2);
    }
    const V spread = at(moments, lags, lags), along = at(moments, lags + 1, lags);
    const V errors = at(moments, lags + 1, lags + 1) - along * along / spread;
    kept = kept & (spread >= LOSSY * residual.total) & (errors >= least);
    return along * root((double)(n_samples - 2 - 2 * lags) / (spread * errors));
}

// The number of lags with the least AIC, the fewest where some tie. penalties: (most + 1,), exp(2 k / n).
template <int SIZE>
FN V chosen_lags(const Residual<SIZE>& residual, Index most, const double* penalties, M& kept) {
    Moments<SIZE> moments;
    multiply_out(residual, most, true, moments);
    const V smallest = LOSSY * residual.steps[0];
    V least = splat(INFINITE), lags = splat(0.0);
    for (Index pivot = 0; pivot <= most; ++pivot) {
        kept = kept & (at(moments, pivot, pivot) >= (pivot ? smallest : LOSSY * residual.total));
        eliminate(moments, pivot, most + 2);
        const V criterion = at(moments, most + 1, most + 1) * penalties[pivot];
        const M better = criterion < least;
        least = sel(better, criterion, least);
        lags = sel(better, splat((double)pivot), lags);
    }
    kept = kept & (at(moments, most + 1, most + 1) >= smallest);
    return lags;
}

// MacKinnon's (1994) surface for a constant and two series, as dickey_fuller.py has it.
FN V p_value(V t) {
    const V left = 2.92 + t * (1.5012 + t * 0.039796);
    const V right = 2.1945 + t * (0.64695 + t * (-0.29198 + t * -0.042377));
    const V p = 0.5 * erfc(-sel(t <= -2.62, left, right) / 1.4142135623730951);
    return sel(t > 0.92, splat(1.0), sel(t < -18.86, splat(0.0), p));
}

// beta - 1 of the residual with its mean over u[:-1] taken out; all of u adds up to zero.
template <int SIZE>
FN V autoregression(const Residual<SIZE>& residual, Index n_samples, M& kept) {
    const double n_steps = (double)(n_samples - 1);
    const V first = residual.head[0], last = residual.tail[0];
    const V spread = residual.total - last * last - last * last / n_steps;
    const V along = 0.5 * (last * last - first * first - residual.steps[0]) + last * (last - first) / n_steps;
    kept = kept & (spread >= LOSSY * residual.total);
    return along / spread;
}

// theta of the residual by beta - 1. Rounding must decide neither whether a random walk reverts nor whether beta is 0: no such
// process has beta <= 0.
FN V speed(V change, Index n_samples) {
    const double rounding = 8.0 * 2.220446049250313e-16 * (double)n_samples;
    return sel(change >= -rounding, splat(0.0), sel(change <= rounding - 1.0, splat(MISSING), -log1p(change)));
}
