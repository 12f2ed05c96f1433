// A plan's matrices, as products and a solve that is linear in the number of blocks; banded.py has the equations.
//
// A field is (blocks, stride) numbers, a stride being n rounded up; the rows of G are four fields. What is behind a block's
// n-th number is 0 everywhere, and a row that does not exist has `live` 0, slack 1 and multiplier 0, so that all loops go
// over whole fields without a branch.
#pragma once
#include "vectors.h"

enum { BELOW, ABOVE, RISE, FALL, KINDS };

// Rounding of a factor's pivots, and what makes a singular matrix factorable; cholesky.py says the same.
#define PIVOT (4.0 * 2.220446049250313e-16)
static const double SHIFT = 1e-14, MOST_SHIFT = 1e294;

struct Plan {
    Index blocks, n, stride, size;  // size: of a field
    Index n_rows;                   // that exist
    bool costly;                    // whether trading costs: without costs there is no u
    Interrupt interrupt;      // of the launch; a factor is the longest part between two looks at it
    double cost, budget;
    double* curvature;  // (blocks, n, stride)
    double* slope;      // field: minus the gains
    double* lower;      // field, -infinity where there is no bound
    double* upper;      // field
    double* start;      // field: what the first block trades from, then 0
    double* limit;      // (KINDS, field) h, 0 where there is no row
    double* live;       // (KINDS, field) 1 where there is a row

    double* factor;    // (blocks, n, stride) U of T + E = U'U, rows; their lower triangle is no part of it
    double* inverse;   // field: 1 / U_kk
    double* ones;      // field: (T + E)^-1 1
    double* total;     // (blocks) its sums
    double* coupling;  // field and a stride: E_j
    double* diagonal;  // field: added to the curvature's
    double* passed;    // (n, stride) curvature that elimination passes on
    double* curve;     // (n, stride) T
    double* spread;    // (n, stride) (T + E)^-1 T
    double* gross;     // field: rise + fall of a scale
    double* lean;      // field: (rise - fall) / (rise + fall)
    double* carried;   // (stride)
};

FN double* block(const Plan& on, double* field, Index j) { return field + j * on.stride; }
FN const double* block(const Plan& on, const double* field, Index j) { return field + j * on.stride; }
FN const double* row(const Plan& on, const double* matrices, Index j, Index i) {
    return matrices + (j * on.n + i) * on.stride;
}
FN double* row(const Plan& on, double* matrices, Index j, Index i) { return matrices + (j * on.n + i) * on.stride; }

// P w.
FN void bend(const Plan& on, const double* w, double* to) {
#pragma unroll 1
    for (Index j = 0; j < on.blocks; ++j) {
        clear(block(on, to, j), on.stride);
        for (Index i = 0; i < on.n; ++i) {
            add(block(on, to, j), block(on, w, j)[i], row(on, on.curvature, j, i), on.stride);
        }
    }
}

FN double sum(const Plan& on, const double* w, Index j) {
    double all = 0.0;
    for (Index i = 0; i < on.n; ++i) all += block(on, w, j)[i];
    return all;
}

// w_j - w_{j-1} at place i of a field.
FN V trade(const Plan& on, const double* w, Index i) {
    return i < on.stride ? get(w + i) : get(w + i) - get(w + i - on.stride);
}

// e_j - e_{j+1} of a field at place i.
FN V untrade(const Plan& on, const double* e, Index i) {
    return i + on.stride < on.size ? get(e + i) - get(e + i + on.stride) : get(e + i);
}

// The rows that exist of G x.
FN void across_rows(const Plan& on, const double* w, const double* u, double* to) {
    const Index size = on.size;
#pragma unroll 1
    for (Index i = 0; i < size; i += WIDTH) {
        const V held = get(w + i), moved = trade(on, w, i), bound = get(u + i);
        put(to + BELOW * size + i, -held * get(on.live + BELOW * size + i));
        put(to + ABOVE * size + i, held * get(on.live + ABOVE * size + i));
        put(to + RISE * size + i, (moved - bound) * get(on.live + RISE * size + i));
        put(to + FALL * size + i, (-moved - bound) * get(on.live + FALL * size + i));
    }
}

// G't, whose rows that do not exist hold 0.
FN void along_rows(const Plan& on, const double* t, double* to_w, double* to_u) {
    const Index size = on.size;
    const double *rise = t + RISE * size, *fall = t + FALL * size;
#pragma unroll 1
    for (Index i = 0; i < size; i += WIDTH) {
        put(to_w + i, get(t + ABOVE * size + i) - get(t + BELOW * size + i) + untrade(on, rise, i) - untrade(on, fall, i));
        put(to_u + i, -(get(rise + i) + get(fall + i)));
    }
}

// U of a matrix in rows, in its place; false where a pivot is no more than rounding, and where the launch is interrupted.
APART bool factored(const Plan& on, Index j, const double* matrix, const double* more, double shift) {
    const double tolerance = PIVOT * (double)on.n;
#pragma unroll 1
    for (Index k = 0; k < on.n; ++k) {
        if (seldom(on.interrupt.is_set())) return false;
        double* own = row(on, on.factor, j, k);
        const Index first = k / WIDTH * WIDTH, length = on.stride - first;
        copy(own + first, matrix + k * on.stride + first, length);
        own[k] += more[k] + shift;
        const double given = own[k];
        for (Index p = 0; p < k; ++p) {
            const double* above = row(on, on.factor, j, p);
            add(own + first, -above[k], above + first, length);
        }
        if (!(own[k] > tolerance * given)) return false;
        const double inverse = 1.0 / sqrt(own[k]);
        block(on, on.inverse, j)[k] = inverse;
        for (Index i = first; i < on.stride; i += WIDTH) put(own + i, get(own + i) * inverse);
    }
    return true;
}

// The same after adding to the diagonal what it takes; false where nothing finite does.
FN bool factored_shifted(const Plan& on, Index j, const double* matrix, const double* more) {
    double most = 1e-300;
    for (Index k = 0; k < on.n; ++k) {
        const double held = matrix[k * on.stride + k] + more[k];
        most = held > most ? held : most;
        if (!(held - held == 0.0)) return false;
    }
    double next = SHIFT * most, shift = 0.0;
#pragma unroll 1
    while (next < MOST_SHIFT && !on.interrupt.is_set()) {
        if (factored(on, j, matrix, more, shift)) return true;
        shift += next;
        next *= 10.0;
    }
    return false;
}

// (T + E)^-1 in the place of a right-hand side.
FN void substitute(const Plan& on, Index j, double* right) {
    const double* inverse = block(on, on.inverse, j);
#pragma unroll 1
    for (Index k = 0; k < on.n; ++k) {
        const double* own = row(on, on.factor, j, k);
        const double found = right[k] * inverse[k];
        right[k] = found;
        for (Index i = k + 1; i < on.n; ++i) right[i] -= found * own[i];
    }
#pragma unroll 1
    for (Index k = on.n - 1; k >= 0; --k) {
        const double* own = row(on, on.factor, j, k);
        double left = right[k];
        for (Index i = k + 1; i < on.n; ++i) left -= own[i] * right[i];
        right[k] = left * inverse[k];
    }
}

// (T + E)^-1 T, all columns at once.
APART void divide(const Plan& on, Index j) {
    const double* inverse = block(on, on.inverse, j);
#pragma unroll 1
    for (Index k = 0; k < on.n && !on.interrupt.is_set(); ++k) {
        double* own = on.spread + k * on.stride;
        copy(own, on.curve + k * on.stride, on.stride);
        for (Index p = 0; p < k; ++p) add(own, -row(on, on.factor, j, p)[k], on.spread + p * on.stride, on.stride);
        for (Index i = 0; i < on.stride; i += WIDTH) put(own + i, get(own + i) * inverse[k]);
    }
#pragma unroll 1
    for (Index k = on.n - 1; k >= 0 && !on.interrupt.is_set(); --k) {
        double* own = on.spread + k * on.stride;
        const double* above = row(on, on.factor, j, k);
        for (Index p = k + 1; p < on.n; ++p) add(own, -above[p], on.spread + p * on.stride, on.stride);
        for (Index i = 0; i < on.stride; i += WIDTH) put(own + i, get(own + i) * inverse[k]);
    }
}

// T of a block, of what was passed on and of the diagonal.
FN void gather(const Plan& on, Index j) {
    for (Index k = 0; k < on.n; ++k) {
        double* own = on.curve + k * on.stride;
        copy(own, row(on, on.curvature, j, k), on.stride);
        add(own, 1.0, on.passed + k * on.stride, on.stride);
        own[k] += block(on, on.diagonal, j)[k];
    }
}

// What elimination passes on to the next block.
FN void pass(const Plan& on, Index j) {
    const double *towards = block(on, on.coupling, j + 1), *ones = block(on, on.ones, j);
    for (Index k = 0; k < on.n; ++k) {
        double* own = on.passed + k * on.stride;
        const double pinned = towards[k] * ones[k] / on.total[j];
        for (Index i = 0; i < on.n; ++i) {
            const double there = towards[k] * on.spread[k * on.stride + i], back = towards[i] * on.spread[i * on.stride + k];
            own[i] = 0.5 * (there + back) + pinned * (towards[i] * ones[i]);
        }
    }
}

// Factors the weights' system for the plan's diagonal and coupling; false where no finite number makes it definite.
APART bool eliminated(const Plan& on) {
    for (Index k = 0; k < on.n; ++k) {
        clear(on.passed + k * on.stride, on.stride);
        on.passed[k * on.stride + k] = on.coupling[k];
    }
#pragma unroll 1
    for (Index j = 0; j < on.blocks; ++j) {
        gather(on, j);
        if (!factored_shifted(on, j, on.curve, block(on, on.coupling, j + 1))) return false;
        double* ones = block(on, on.ones, j);
        for (Index i = 0; i < on.stride; ++i) ones[i] = i < on.n ? 1.0 : 0.0;
        substitute(on, j, ones);
        on.total[j] = sum(on, on.ones, j);
        if (j + 1 == on.blocks) break;
        divide(on, j);
        pass(on, j);
    }
    return true;
}

// Solves (T + E) w + 1 y = right, 1'w = target, in right's place; returns y.
FN double within(const Plan& on, Index j, double* right, double target) {
    const double* ones = block(on, on.ones, j);
    double along = 0.0;
    for (Index i = 0; i < on.n; ++i) along += ones[i] * right[i];
    const double y = (along - target) / on.total[j];
    substitute(on, j, right);
    for (Index i = 0; i < on.n; ++i) right[i] -= ones[i] * y;
    return y;
}

// Solves the weights' system in the place of its right-hand sides, (field) and (blocks).
APART void solved(const Plan& on, double* right, double* target) {
#pragma unroll 1
    for (Index j = 0; j < on.blocks; ++j) {
        double* own = block(on, right, j);
        for (Index i = on.n; i < on.stride; ++i) own[i] = 0.0;
        if (j) add(own, 1.0, on.carried, on.stride);
        target[j] = within(on, j, own, target[j]);
        for (Index i = 0; i < on.stride; ++i) on.carried[i] = block(on, on.coupling, j + 1)[i] * own[i];
    }
#pragma unroll 1
    for (Index j = on.blocks - 2; j >= 0; --j) {
        double *own = block(on, right, j), *after = block(on, right, j + 1);
        for (Index i = 0; i < on.stride; ++i) on.carried[i] = block(on, on.coupling, j + 1)[i] * after[i];
        target[j] += within(on, j, on.carried, 0.0);
        add(own, 1.0, on.carried, on.stride);
    }
}

// Factors P + G'DG with u eliminated, for D = scale.
APART bool factor(const Plan& on, const double* scale) {
    const Index size = on.size;
    clear(on.coupling, size + on.stride);
#pragma unroll 1
    for (Index i = 0; i < size; i += WIDTH) {
        const V rise = get(scale + RISE * size + i), fall = get(scale + FALL * size + i), all = rise + fall;
        const M any_cost = all > 0.0;
        const V share = sel(any_cost, fall / all, splat(0.0));
        put(on.coupling + i, 4.0 * rise * share);
        put(on.lean + i, sel(any_cost, (rise - fall) / all, splat(0.0)));
        put(on.gross + i, sel(any_cost, all, splat(1.0)));
        put(on.diagonal + i, get(scale + BELOW * size + i) + get(scale + ABOVE * size + i));
    }
    return eliminated(on);
}

// Solves (P + G'DG) dx + A'dy = r, A dx = t in the places of r and t.
FN void solve(const Plan& on, double* w, double* u, double* y) {
    const Index size = on.size;
#pragma unroll 1
    for (Index i = 0; i < size; i += WIDTH) put(on.diagonal + i, get(on.lean + i) * get(u + i));
#pragma unroll 1
    for (Index i = 0; i < size; i += WIDTH) put(w + i, get(w + i) + untrade(on, on.diagonal, i));
    solved(on, w, y);
#pragma unroll 1
    for (Index i = 0; i < size; i += WIDTH) put(u + i, get(u + i) / get(on.gross + i) + get(on.lean + i) * trade(on, w, i));
}
