// Mehrotra's predictor and corrector for a plan; gpu_kernels/weights/interior.py has the method and its reasons.
#pragma once
#include "multiperiod/banded.h"

static const Index MOST_ITERATIONS = 60, PATIENCE = 8;
static const double FAR = 1e-6, CAUTION = 0.5;
#define CLOSEST (1.0 - 1e-8)

// An iterate: weights, bounds of their trades, multipliers of budgets and rows, slacks.
struct Point {
    double *w, *u, *y, *z, *s;
    double residual, gap;
};

// The residuals of the optimality conditions, and a step.
struct Step {
    double *dual_w, *dual_u, *primal, *slack;
    double *w, *u, *y, *z, *s;
    double* product;  // (KINDS, field) what z s is to change by, with the sign of its residual
};

FN void take(const Plan& on, Point& to, const Point& from) {
    copy(to.w, from.w, on.size);
    copy(to.u, from.u, on.size);
    copy(to.z, from.z, KINDS * on.size);
    for (Index j = 0; j < on.blocks; ++j) to.y[j] = from.y[j];
    to.residual = from.residual;
    to.gap = from.gap;
}

// Sets the residuals of the conditions, the largest violation relative to its terms, and the gap.
APART void measure(const Plan& on, Point& at, const Step& left) {
    const Index size = on.size;
    bend(on, at.w, left.w);
    along_rows(on, at.z, left.dual_w, left.dual_u);
    double force = largest(left.w, size), length = 1.0, primal = 0.0;
    const double pushed_w = largest(left.dual_w, size), pushed_u = largest(left.dual_u, size);
    const double held = largest(at.w, size), bound = largest(at.u, size), asked = largest(on.slope, size);
    force = force > pushed_w ? force : pushed_w;
    force = force > pushed_u ? force : pushed_u;
    force = force > asked ? force : asked;
    force = force > on.cost ? force : on.cost;
    length = held > length ? held : length;
    length = bound > length ? bound : length;
    for (Index j = 0; j < on.blocks; ++j) {
        const double y = at.y[j], off = sum(on, at.w, j) - on.budget;
        force = fabs(y) > force ? fabs(y) : force;
        primal = fabs(off) > primal ? fabs(off) : primal;
        left.primal[j] = off;
        for (Index i = 0; i < on.n; ++i) {
            const Index k = j * on.stride + i;
            left.dual_w[k] += left.w[k] + on.slope[k] + y;
            left.dual_u[k] += on.cost;
        }
    }
    force = force > 1e-300 ? force : 1e-300;
    across_rows(on, at.w, at.u, left.s);
    V over = splat(0.0), gap = splat(0.0);
    double products = 0.0;
    for (Index pass = 0; pass < PASSES; ++pass) {
        V all = splat(0.0);
#pragma unroll 1
        for (Index i = pass * WIDTH; i < KINDS * size; i += SPAN) {
            const V beyond = get(left.s + i) - get(on.limit + i), z = get(at.z + i), s = get(at.s + i);
            put(left.slack + i, (beyond + s) * get(on.live + i));
            over = max(beyond, over);
            gap = max(magnitude(z * beyond), gap);
            all = all + z * s;
        }
        products = across(all, products);
    }
    const double dual_w = largest(left.dual_w, size), dual_u = largest(left.dual_u, size);
    double residual = (dual_w > dual_u ? dual_w : dual_u) / force;
    residual = primal / length > residual ? primal / length : residual;
    residual = highest(over) / length > residual ? highest(over) / length : residual;
    residual = highest(gap) / (force * length) > residual ? highest(gap) / (force * length) : residual;
    at.gap = products;
    at.residual = residual + (dual_w + dual_u + held + at.gap) * 0.0;
}

// Returns how far the values may move along a change before one of them reaches zero.
FN double reach(const Plan& on, const double* values, const double* change) {
    V least = splat(INFINITE);
#pragma unroll 1
    for (Index i = 0; i < KINDS * on.size; i += WIDTH) {
        const V by = get(change + i);
        least = min(sel(by < 0.0, -(get(values + i) / by), splat(INFINITE)), least);
    }
    return -highest(-least);
}

// The step that changes z s by `product`, in the residuals' linear approximation.
APART void direct(const Plan& on, const Point& at, const Step& step) {
    const Index size = on.size;
#pragma unroll 1
    for (Index i = 0; i < KINDS * size; i += WIDTH) {
        put(step.z + i, (get(at.z + i) * get(step.slack + i) - get(step.product + i)) / get(at.s + i));
    }
    along_rows(on, step.z, step.w, step.u);
#pragma unroll 1
    for (Index i = 0; i < size; i += WIDTH) {
        put(step.w + i, -get(step.dual_w + i) - get(step.w + i));
        put(step.u + i, -get(step.dual_u + i) - get(step.u + i));
    }
    for (Index j = 0; j < on.blocks; ++j) step.y[j] = -step.primal[j];
    solve(on, step.w, step.u, step.y);
    across_rows(on, step.w, step.u, step.s);
#pragma unroll 1
    for (Index i = 0; i < KINDS * size; i += WIDTH) {
        const V s = -get(step.slack + i) - get(step.s + i);
        put(step.s + i, s);
        put(step.z + i, -(get(step.product + i) + get(at.z + i) * s) / get(at.s + i));
    }
}

FN double shorter(double a, double b) { return a < b ? a : b; }

// Takes one predictor and corrector, or a cautious step; false where a slack is 0 or no matrix factors.
APART bool iterate(const Plan& on, Point& at, const Step& step, bool cautious) {
    const Index rows = KINDS * on.size;
#pragma unroll 1
    for (Index i = 0; i < rows; i += WIDTH) {
        const V z = get(at.z + i), s = get(at.s + i);
        put(step.s + i, z / s);
        put(step.product + i, z * s);
    }
    if (!factor(on, step.s)) return false;
    double length = 1.0, centre = 0.0;
#pragma unroll 1
    for (bool corrected = false;; corrected = true) {
        direct(on, at, step);
        const double near = shorter(reach(on, at.s, step.s), reach(on, at.z, step.z));
        const double mean = at.gap / (double)(on.n_rows > 1 ? on.n_rows : 1);
        if (corrected) {
            double stay = 1.0 - mean > 0.995 ? 1.0 - mean : 0.995;
            stay = shorter(stay, CLOSEST);
            length = shorter(1.0, stay * near);
            break;
        }
        length = shorter(1.0, near);
        double aimed = 0.0;
        for (Index pass = 0; pass < PASSES; ++pass) {
            V all = splat(0.0);
#pragma unroll 1
            for (Index i = pass * WIDTH; i < rows; i += SPAN) {
                all = all + (get(at.z + i) + length * get(step.z + i)) * (get(at.s + i) + length * get(step.s + i));
            }
            aimed = across(all, aimed);
        }
        const double ratio = aimed / at.gap;
        const double corrector = cautious ? 0.0 : length * length;
        centre = mean > 0.0 ? ratio * ratio * ratio * mean : 0.0;
        centre = cautious && centre < CAUTION * mean ? CAUTION * mean : centre;
#pragma unroll 1
        for (Index i = 0; i < rows; i += WIDTH) {
            const V change = corrector * get(step.z + i) * get(step.s + i);
            put(step.product + i, get(at.z + i) * get(at.s + i) + change - centre * get(on.live + i));
        }
    }
    add(at.w, length, step.w, on.size);
    add(at.u, length, step.u, on.size);
    add(at.z, length, step.z, rows);
    add(at.s, length, step.s, rows);
    for (Index j = 0; j < on.blocks; ++j) at.y[j] += length * step.y[j];
    measure(on, at, step);
    double least = INFINITE;
    for (Index i = 0; i < rows; ++i) least = shorter(at.s[i], least);
    return at.residual - at.residual == 0.0 && least > 0.0;
}

// Moves the values of the rows that exist into the cone, and sets the others to `otherwise`.
FN void inside(const Plan& on, double* values, double otherwise) {
    double most = -INFINITE;
    for (Index i = 0; i < KINDS * on.size; ++i) most = on.live[i] > 0.0 && -values[i] > most ? -values[i] : most;
    const double more = most < 0.0 ? 0.0 : 1.0 + most;
    for (Index i = 0; i < KINDS * on.size; ++i) values[i] = on.live[i] > 0.0 ? values[i] + more : otherwise;
}

// Sets the point at which the slacks are smallest in the mean; false where no matrix factors.
APART bool begin(const Plan& on, Point& at, const Step& step) {
    const Index size = on.size;
    if (!factor(on, on.live)) return false;
    along_rows(on, on.limit, at.w, at.u);
#pragma unroll 1
    for (Index i = 0; i < size; i += WIDTH) put(at.w + i, get(at.w + i) - get(on.slope + i));
    for (Index i = 0; i < size; ++i) at.u[i] -= i % on.stride < on.n ? on.cost : 0.0;
    for (Index j = 0; j < on.blocks; ++j) at.y[j] = on.budget;
    solve(on, at.w, at.u, at.y);
    across_rows(on, at.w, at.u, step.s);
#pragma unroll 1
    for (Index i = 0; i < KINDS * size; i += WIDTH) {
        const V slack = get(on.limit + i) - get(step.s + i);
        put(at.s + i, slack);
        put(at.z + i, -slack);
    }
    inside(on, at.s, 1.0);
    inside(on, at.z, 0.0);
    measure(on, at, step);
    return at.residual - at.residual == 0.0;
}

// The best point met, in `best`; false where there is none, and where the launch is interrupted.
APART bool minimise(const Plan& on, Point& at, Point& best, const Step& step, double tolerance, bool cautious) {
    if (!begin(on, at, step)) return false;
    take(on, best, at);
    double gap = at.gap;
    Index stalled = 0;
#pragma unroll 1
    for (Index taken = 0; best.residual > tolerance && taken < MOST_ITERATIONS && stalled < PATIENCE; ++taken) {
        if (on.interrupt.is_set()) return false;
        if (!iterate(on, at, step, cautious && stalled % 2 == 1)) break;
        const bool closer = best.residual > FAR && at.gap < 0.9 * gap;
        stalled = closer || at.residual < 0.9 * best.residual ? 0 : stalled + 1;
        gap = shorter(at.gap, gap);
        if (at.residual < best.residual) take(on, best, at);
    }
    return true;
}
