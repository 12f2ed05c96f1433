// Plans over several periods: minimise sum_j 1/2 w_j'P_j w_j + q_j'w_j + c |w_j - w_{j-1}|_1 subject to 1'w_j = b and to bounds, by
// an interior point first and then by the active set that it points to. Lanes run along a block's weights, so that a plan's
// bits do not depend on its batch. An item is a working space, in which every n_spaces-th plan is solved.
#include "multiperiod/polish.h"

static const double NEAR = 1e-8, TOLERANCE = 1e-11;

// What a plan's working space holds; native.py reads the numbers here.
static const Index FIELDS = 60, STRIDES = 2, BLOCK_MATRICES = 2, MATRICES = 3, BLOCK_NUMBERS = 5;

FN Index space(Index blocks, Index n) {
    const Index stride = rounded(n, ROW);
    return (BLOCK_MATRICES * blocks + MATRICES) * n * stride + (FIELDS * blocks + STRIDES) * stride +
           BLOCK_NUMBERS * rounded(blocks, ROW);
}

FN double* next(double*& room, Index count) {
    double* start = room;
    room += count;
    return start;
}

FN Plan lay_out(double*& room, Index blocks, Index n, double cost, double budget, Interrupt interrupt) {
    Plan on;
    on.interrupt = interrupt;
    on.blocks = blocks;
    on.n = n;
    on.stride = rounded(n, ROW);
    on.size = blocks * on.stride;
    on.n_rows = 0;
    on.costly = cost > 0.0;
    on.cost = cost;
    on.budget = budget;
    const Index matrix = n * on.stride, numbers = rounded(blocks, ROW);
    on.curvature = next(room, blocks * matrix);
    on.factor = next(room, blocks * matrix);
    on.passed = next(room, matrix);
    on.curve = next(room, matrix);
    on.spread = next(room, matrix);
    on.coupling = next(room, on.size + on.stride);
    on.carried = next(room, on.stride);
    on.total = next(room, numbers);
    on.limit = next(room, KINDS * on.size);
    on.live = next(room, KINDS * on.size);
    on.slope = next(room, on.size);
    on.lower = next(room, on.size);
    on.upper = next(room, on.size);
    on.start = next(room, on.size);
    on.inverse = next(room, on.size);
    on.ones = next(room, on.size);
    on.diagonal = next(room, on.size);
    on.gross = next(room, on.size);
    on.lean = next(room, on.size);
    return on;
}

FN Point lay_out_point(double*& room, const Plan& on) {
    Point at;
    at.y = next(room, rounded(on.blocks, ROW));
    at.w = next(room, on.size);
    at.u = next(room, on.size);
    at.z = next(room, KINDS * on.size);
    at.s = nullptr;
    at.residual = at.gap = MISSING;
    return at;
}

FN Step lay_out_step(double*& room, const Plan& on) {
    Step by;
    by.primal = next(room, rounded(on.blocks, ROW));
    by.y = next(room, rounded(on.blocks, ROW));
    by.dual_w = next(room, on.size);
    by.dual_u = next(room, on.size);
    by.w = next(room, on.size);
    by.u = next(room, on.size);
    by.slack = next(room, KINDS * on.size);
    by.z = next(room, KINDS * on.size);
    by.s = next(room, KINDS * on.size);
    by.product = next(room, KINDS * on.size);
    return by;
}

FN Polish lay_out_polish(double*& room, const Plan& on) {
    Polish by;
    by.force = next(room, on.size);
    by.bound = next(room, on.size);
    by.traded = next(room, on.size);
    by.side = next(room, on.size);
    by.held = next(room, on.size);
    by.place = next(room, on.size);
    by.stiffness = by.penalty = MISSING;
    return by;
}

// Sets a row of G x <= h, where its bound is finite.
FN void bind(Plan& on, Index kind, Index i, double bound) {
    const bool there = fabs(bound) < INFINITE;
    on.limit[kind * on.size + i] = there ? bound : 0.0;
    on.live[kind * on.size + i] = there ? 1.0 : 0.0;
    on.n_rows += there ? 1 : 0;
}

APART void read(Plan& on, const double* curvature, const double* slope, const double* lower, const double* upper,
             const double* start) {
    for (Index k = 0; k < on.blocks * on.n && !on.interrupt.is_set(); ++k) {
        for (Index i = 0; i < on.stride; ++i) on.curvature[k * on.stride + i] = i < on.n ? curvature[k * on.n + i] : 0.0;
    }
    clear(on.limit, KINDS * on.size);
    clear(on.live, KINDS * on.size);
    clear(on.slope, on.size);
    clear(on.start, on.size);
    for (Index j = 0; j < on.blocks; ++j) {
        for (Index i = 0; i < on.n; ++i) {
            const Index at = j * on.stride + i;
            on.slope[at] = slope[j * on.n + i];
            on.lower[at] = lower[i];
            on.upper[at] = upper[i];
            on.start[at] = j ? 0.0 : start[i];
            bind(on, BELOW, at, -lower[i]);
            bind(on, ABOVE, at, upper[i]);
            bind(on, RISE, at, on.costly ? on.start[at] : INFINITE);
            bind(on, FALL, at, on.costly ? -on.start[at] : INFINITE);
        }
    }
}

// Finds one plan; false where there is no point to tell of.
FN bool optimised(const Plan& on, Point& at, Point& best, const Step& by, const Polish& polishing) {
    double tolerance = NEAR;
#pragma unroll 1
    for (int again = 0; again < 2; ++again) {
        if (!minimise(on, at, best, by, tolerance, again == 0)) return false;
        if (best.residual > 0.0) polish(on, at, best, by, polishing, TOLERANCE);
        if (best.residual <= TOLERANCE) break;
        tolerance = TOLERANCE;
    }
    return true;
}

// curvature: (n_plans, n_blocks, n, n) P. slope: (n_plans, n_blocks, n) q. lower, upper, start: (n_plans, n) bounds, infinite
// where there is none, and what the first block trades from. terms: (n_plans, 2) c and b. working: (n_spaces, space(n_blocks, n)).
// weights: (n_plans, n_blocks, n). residuals: (n_plans) the largest violation of the optimality conditions relative to its terms,
// NaN where no point was found.
ENTRY(plan_weights)(Index n_plans, Index n_spaces, Index n_blocks, Index n, const double* curvature, const double* slope,
                    const double* lower, const double* upper, const double* start, const double* terms, double* working,
                    double* weights, double* residuals, Threads threads) {
    EACH(item, n_spaces, threads) {
#pragma unroll 1
        for (Index k = item; k < n_plans && !interrupt_of(threads).is_set(); k += n_spaces) {
            const Index own = k * n_blocks * n;
            double* room = working + item * space(n_blocks, n);
            Plan on = lay_out(room, n_blocks, n, terms[2 * k], terms[2 * k + 1], interrupt_of(threads));
            Point at = lay_out_point(room, on), best = lay_out_point(room, on);
            at.s = next(room, KINDS * on.size);
            const Step by = lay_out_step(room, on);
            const Polish polishing = lay_out_polish(room, on);
            read(on, curvature + own * n, slope + own, lower + k * n, upper + k * n, start + k * n);
            const bool found = optimised(on, at, best, by, polishing);
            for (Index j = 0; j < n_blocks; ++j) {
                const Index first = own + j * n;
                for (Index i = 0; i < n; i += WIDTH) {
                    store(weights, first + i, first + n, found ? get(block(on, best.w, j) + i) : splat(MISSING));
                }
            }
            store(residuals, k, k + 1, splat(found ? best.residual : MISSING));
        }
    };
}
