// Weights by Cholesky: minimise 1/2 x'Sx - q'x subject to a'x = 1 and, where asked, x >= 0. Lanes run along the columns of
// one problem's matrices, so that its bits do not depend on its batch. An item is a working space, in which every n_spaces-th
// problem is solved: a CPU has few, which stay in its caches, and a GPU has many, which keep it busy.
//
// x >= 0 is a primal-dual active set that starts with all assets inside (active.py): in a round, every asset below 0 leaves
// and every asset outside whose multiplier has the wrong sign comes back. TOGETHER rounds move all of them at once; the
// rounds after them move the last one alone, which ends more cycles.
#include "weights/factor.h"
#include "weights/figures.h"

static const Index TOGETHER = 12, ALONE = 30;

// The largest |S_ij - S_ji| as a share of the largest entry; the contract says the same.
static const double ASYMMETRY = 1e-10;

// Copies (S + S')/2 into rows of the stride; false where S is not finite or not symmetric, and where the launch is
// interrupted. Tiles keep the columns near.
FN bool copied(const Space& on, const double* matrix, Interrupt interrupt) {
    const Index n = on.n, tile = 8;
    double largest = 0.0, apart = 0.0, strange = 0.0;
#pragma unroll 1
    for (Index top = 0; top < n; top += tile) {
        if (seldom(interrupt.is_set())) return false;
        for (Index i = top; i < top + tile && i < n; ++i) {
            for (Index j = n; j < on.stride; ++j) on.whole[i * on.stride + j] = 0.0;
        }
        for (Index left = top; left < n; left += tile) {
            for (Index i = top; i < top + tile && i < n; ++i) {
                for (Index j = left > i ? left : i; j < left + tile && j < n; ++j) {
                    const double upper = matrix[i * n + j], lower = matrix[j * n + i];
                    const double size = fabs(upper), gap = fabs(upper - lower), mean = 0.5 * (upper + lower);
                    strange += gap * 0.0;
                    largest = size > largest ? size : largest;
                    apart = gap > apart ? gap : apart;
                    on.whole[i * on.stride + j] = mean;
                    on.whole[j * on.stride + i] = mean;
                }
            }
        }
    }
    return strange == 0.0 && apart <= ASYMMETRY * largest;
}

// Sets q's part across a, so that a constant in all means costs no digits.
FN void cross(const Space& on, const double* q, const double* along) {
    double length = 0.0, shared = 0.0;
    for (Index i = 0; i < on.n; ++i) {
        length += along[i] * along[i];
        shared += along[i] * q[i];
    }
    const double share = length > 0.0 ? shared / length : 0.0;
    for (Index i = 0; i < on.n; ++i) on.linear[i] = q[i] - share * along[i];
}

// Minimises over the assets inside; false where their covariance is singular. If all assets have left, which happens to
// those whose tangency portfolio is negative only together, the one with the highest a comes back.
FN bool solved(const Space& on, const double* along, double& nu, Interrupt interrupt) {
    Index size = 0, best = 0;
    for (Index i = 0; i < on.n; ++i) {
        if (on.inside[i] != 0.0) on.place[size++] = (double)i;
        best = along[i] > along[best] ? i : best;
    }
    if (!size) {
        on.inside[best] = 1.0;
        on.place[size++] = (double)best;
    }
    gather(on, along, size, interrupt);
    if (!factored(on, size, interrupt)) return false;
    nu = multiplier(on, size);
    substitute(on, size);
    clear(on.x, on.stride);
    for (Index i = 0; i < size; ++i) on.x[(Index)on.place[i]] = on.compact[i];
    return true;
}

// Sets the pull and the sums x'Sx and |x|'|S||x|; returns the largest term of S x - q - nu a before any cancel.
FN double measure(const Space& on, const double* along, double nu, double& variance, double& gross,
                  Interrupt interrupt) {
    double largest = 0.0;
    variance = gross = 0.0;
    for (Index i = 0; i < on.n && !interrupt.is_set(); ++i) {
        double curved = 0.0, terms = 0.0;
        const double* row = on.whole + i * on.stride;
        for (Index pass = 0; pass < PASSES; ++pass) {
            V sum = splat(0.0), size = splat(0.0);
            for (Index j = pass * WIDTH; j < on.n; j += SPAN) {
                const V product = get(row + j) * get(on.x + j);
                sum = sum + product;
                size = size + magnitude(product);
            }
            curved = across(sum, curved);
            terms = across(size, terms);
        }
        const double pulled = nu * along[i];
        on.pull[i] = curved - on.linear[i] - pulled;
        variance += on.x[i] * curved;
        gross += fabs(on.x[i]) * terms;
        const double all = terms + fabs(on.linear[i]) + fabs(pulled);
        largest = all > largest ? all : largest;
    }
    return largest;
}

// Moves the assets that are on the wrong side, all of them or only the last one, and says whether there were any.
FN bool moved(const Space& on, bool together) {
    bool any_moved = false;
    for (Index i = on.n - 1; i >= 0 && (together || !any_moved); --i) {
        const bool in = on.inside[i] != 0.0;
        if (in ? on.x[i] < 0.0 : !(on.pull[i] > 0.0)) {
            on.inside[i] = in ? 0.0 : 1.0;
            any_moved = true;
        }
    }
    return any_moved;
}

// The largest violation of the optimality conditions, relative to their terms before any cancel, as in dense.py.
FN double violation(const Space& on, const double* along, double force) {
    double dual = 0.0, total = 0.0, longest = 1.0;
    bool asked = false;
    for (Index i = 0; i < on.n; ++i) {
        const double off = on.inside[i] != 0.0 ? fabs(on.pull[i]) : 0.0, size = fabs(on.x[i]);
        dual = off > dual ? off : dual;
        longest = size > longest ? size : longest;
        total += along[i] * on.x[i];
        asked = asked || along[i] != 0.0;
    }
    const double primal = asked ? fabs(total - 1.0) / longest : 0.0;
    const double relative = force > 0.0 ? dual / force : 0.0;
    return relative > primal ? relative : primal;
}

FN void write(double* figures, Index item, Index row, double value) {
    const Index at = item * FIGURES + row;
    store(figures, at, at + 1, splat(value));
}

FN void optimise(const Space& on, Index item, const double* matrix, const double* q, const double* along, bool long_only,
                 double* weights, double* figures, Interrupt interrupt) {
    double answer = UNSOUND, residual = MISSING, variance = MISSING, gross = MISSING, rounds = 0.0;
    bool good = copied(on, matrix, interrupt);
    if (good) {
        clear(on.inside, on.stride);
        for (Index i = 0; i < on.n; ++i) on.inside[i] = 1.0;
        cross(on, q, along);
        double nu = 0.0;
        const Index most = long_only ? TOGETHER + ALONE : 1;
#pragma unroll 1
        for (Index round = 0; round < most && good && answer != SOLVED; ++round) {
            good = solved(on, along, nu, interrupt);
            if (!good) break;
            const double force = measure(on, along, nu, variance, gross, interrupt);
            rounds += 1.0;
            answer = UNENDED;
            if (!long_only || !moved(on, round < TOGETHER)) {
                answer = SOLVED;
                residual = violation(on, along, force);
            }
        }
    }
    const Index first = item * on.n;
    for (Index j = 0; j < on.n; j += WIDTH) {
        store(weights, first + j, first + on.n, answer == SOLVED ? get(on.x + j) : splat(MISSING));
    }
    write(figures, item, ANSWER, answer);
    write(figures, item, RESIDUAL, residual);
    write(figures, item, VARIANCE, variance);
    write(figures, item, GROSS, gross);
    write(figures, item, ROUNDS, rounds);
}

// matrix: (n_problems, n, n) S. linear, along: (n_problems, n) q and a; a is 0 where nothing is asked of the sum.
// working: (n_spaces, space_of(n)). weights: (n_problems, n), NaN where not solved.
// figures: (n_problems, FIGURES).
ENTRY(optimal_weights)(Index n_problems, Index n_spaces, Index n, Index long_only, const double* matrix, const double* linear,
                       const double* along, double* working, double* weights, double* figures, Threads threads) {
    EACH(item, n_spaces, threads) {
        const Space on = space(working + item * space_of(n), n);
#pragma unroll 1
        for (Index k = item; k < n_problems && !interrupt_of(threads).is_set(); k += n_spaces) {
            optimise(on, k, matrix + k * n * n, linear + k * n, along + k * n, long_only != 0, weights, figures,
                     interrupt_of(threads));
        }
    };
}
