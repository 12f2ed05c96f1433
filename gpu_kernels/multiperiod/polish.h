// Solves for the trades and bounds that the interior point has found, as equalities; polish.py has the method.
#pragma once
#include "multiperiod/interior.h"

static const Index STEPS = 30, GUESSES = 10;
static const double PENALTY = 1e3, NOTHING = 1e-15;

// Signed multipliers, and a guess of what stands where.
struct Polish {
    double* force;   // field, of trades
    double* bound;   // field, of bounds: negative where below
    double* traded;  // field: a trade's sign, 0 where there is none
    double* side;    // field: the sign of the bound stood at, 0 off them
    double* held;    // field: penalty of leaving a bound
    double* place;   // field: the bound
    double stiffness, penalty;
};

FN double off_start(const Plan& on, const double* w, Index i) {
    return w[i] - on.start[i] - (i < on.stride ? 0.0 : w[i - on.stride]);
}

FN bool real(const Plan& on, Index i) { return i % on.stride < on.n; }

// Guesses anew, and says whether that changes anything.
FN bool guessed(const Plan& on, const Point& at, const Polish& by) {
    bool changed = false;
    for (Index i = 0; i < on.size; ++i) {
        if (!real(on, i)) continue;
        const double pressed = by.force[i] + by.stiffness * off_start(on, at.w, i);
        const double traded = !(fabs(pressed) > on.cost) ? 0.0 : pressed > 0.0 ? 1.0 : -1.0;
        const bool above = by.bound[i] + by.stiffness * (at.w[i] - on.upper[i]) > 0.0;
        const bool below = by.bound[i] + by.stiffness * (at.w[i] - on.lower[i]) < 0.0;
        const double side = (above ? 1.0 : 0.0) - (below ? 1.0 : 0.0);
        changed = changed || traded != by.traded[i] || side != by.side[i];
        by.traded[i] = traded;
        by.side[i] = side;
    }
    return changed;
}

// Sets the penalties of the guess, and starts the multipliers of what it gives up anew; false where nothing factors.
FN bool prepared(const Plan& on, const Polish& by) {
    clear(on.coupling, on.size + on.stride);
    clear(on.diagonal, on.size);
    for (Index i = 0; i < on.size; ++i) {
        if (!real(on, i)) continue;
        const bool still = on.costly && by.traded[i] == 0.0, stands = by.side[i] != 0.0;
        on.coupling[i] = still ? by.penalty : 0.0;
        on.diagonal[i] = by.held[i] = stands ? by.penalty : 0.0;
        by.place[i] = by.side[i] > 0.0 ? on.upper[i] : by.side[i] < 0.0 ? on.lower[i] : 0.0;
        if (!still) by.force[i] = on.cost * by.traded[i];
        if (!stands) by.bound[i] = 0.0;
    }
    return eliminated(on);
}

// One step of the method of multipliers; returns the weights' largest change.
APART double approach(const Plan& on, Point& at, const Step& step, const Polish& by) {
    const Index size = on.size;
    for (Index i = 0; i < size; ++i) step.u[i] = by.force[i] + on.coupling[i] * off_start(on, at.w, i);
    bend(on, at.w, step.w);
    for (Index j = 0; j < on.blocks; ++j) {
        step.y[j] = on.budget - sum(on, at.w, j);
        for (Index i = j * on.stride; i < (j + 1) * on.stride; ++i) {
            const double pull = by.bound[i] + by.held[i] * (at.w[i] - by.place[i]) + at.y[j] + on.slope[i];
            const double after = i + on.stride < size ? step.u[i + on.stride] : 0.0;
            step.w[i] = -step.w[i] - pull - (step.u[i] - after);
        }
    }
    solved(on, step.w, step.y);
    add(at.w, 1.0, step.w, size);
    for (Index j = 0; j < on.blocks; ++j) at.y[j] += step.y[j];
    for (Index i = 0; i < size; ++i) {
        by.bound[i] += by.held[i] * (at.w[i] - by.place[i]);
        by.force[i] += on.coupling[i] * off_start(on, at.w, i);
    }
    return largest(step.w, size);
}

// Sets u and z, multipliers of the wrong sign cut off.
FN void whole(const Plan& on, const Point& at, const Polish& by) {
    const Index size = on.size;
    for (Index i = 0; i < size; ++i) {
        const double bound = by.bound[i], force = by.force[i], moved = fabs(off_start(on, at.w, i));
        const double multiplier[KINDS] = {-bound, bound, 0.5 * (on.cost + force), 0.5 * (on.cost - force)};
        at.u[i] = on.costly ? moved : 0.0;
        for (Index kind = 0; kind < KINDS; ++kind) {
            const bool there = on.live[kind * size + i] > 0.0 && multiplier[kind] > 0.0;
            at.z[kind * size + i] = there ? multiplier[kind] : 0.0;
        }
    }
}

// Improves `best` where it can, and uses the memory of another point, `at`.
APART void polish(const Plan& on, Point& at, Point& best, const Step& step, Polish by, double tolerance) {
    const Index size = on.size;
    take(on, at, best);
    double stiffness = 0.0;
    for (Index j = 0; j < on.blocks; ++j) {
        const double own = largest(row(on, on.curvature, j, 0), on.n * on.stride);
        stiffness = own > stiffness ? own : stiffness;
    }
    by.stiffness = stiffness > 0.0 ? stiffness : 1.0;
    by.penalty = PENALTY * by.stiffness;
    for (Index i = 0; i < size; ++i) {
        by.bound[i] = at.z[ABOVE * size + i] - at.z[BELOW * size + i];
        by.force[i] = at.z[RISE * size + i] - at.z[FALL * size + i];
        by.traded[i] = by.side[i] = 2.0;  // no guess yet
        by.held[i] = by.place[i] = 0.0;
    }
#pragma unroll 1
    for (Index guess = 0; guess < GUESSES && guessed(on, at, by); ++guess) {
        if (!prepared(on, by)) return;
#pragma unroll 1
        for (Index k = 0; k < STEPS && !on.interrupt.is_set(); ++k) {
            const double change = approach(on, at, step, by);
            if (change <= NOTHING * largest(at.w, size)) break;
        }
        whole(on, at, by);
        Point seen = {at.w, at.u, at.y, at.z, at.z, 0.0, 0.0};
        measure(on, seen, step);
        if (!(seen.residual - seen.residual == 0.0)) return;
        if (seen.residual < best.residual) take(on, best, seen);
        if (best.residual <= tolerance) return;
    }
}
