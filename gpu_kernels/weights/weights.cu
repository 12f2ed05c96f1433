// Weights by Cholesky: minimise 1/2 x'Sx - q'x subject to a'x = 1 and, where asked, x >= 0. Lanes run along the columns of
// one problem's matrices, so that its bits do not depend on its batch. An item is a working space, in which every n_spaces-th
// problem is solved: a CPU's few stay in its caches, and a GPU's many keep it busy.
//
// S = U'U with U in rows. The right-hand sides q and a ride along as two more columns, so that factoring leaves U'^-1 q and
// U'^-1 a in them: x needs one substitution backwards, and the multiplier of a'x = 1 two scalar products.
//
// x >= 0 is a primal-dual active set from all assets in (active.py): every asset below 0 leaves and every held one whose
// multiplier has the wrong sign comes back, all at once for TOGETHER rounds, then the last one alone, which ends more cycles.
#include "vectors.h"
#include "weights/figures.h"

static const Index TOGETHER = 12, ALONE = 30;

// Largest |S_ij - S_ji| as a share of the largest entry, and smallest pivot as a share of its diagonal entry over n eps;
// the contract and cholesky.py say the same.
#define ASYMMETRY 1e-10
#define PIVOT (4.0 * 2.220446049250313e-16)

// Working space of a problem of n assets. Rows have a stride that every WIDTH divides; what is behind their end is 0.
struct Space {
    Index n, stride;
    double* whole;    // (n, stride) S
    double* factor;   // (n rounded up to PANEL, stride) S of the assets inside, then U; q and a in the columns behind
    double* inverse;  // (stride) 1 / U_kk; before that the diagonal of S
    double* compact;  // (stride) x of the assets inside
    double* x;        // (stride)
    double* pull;     // (stride) S x - q - nu a: 0 inside, the multiplier of x >= 0 outside
    double* linear;   // (stride) q less its part along a, which moves nu alone
    double* place;    // (stride) the assets inside, in order; whole numbers
    double* inside;   // (stride) 1 or 0
};

static const Index PANEL = 4;

FN Space space(double* start, Index n) {
    const Index stride = rounded(rounded(n, PANEL) + 2, 8), matrix = stride * stride;
    double* vectors = start + 2 * matrix;
    return {n,
            stride,
            start,
            start + matrix,
            vectors,
            vectors + stride,
            vectors + 2 * stride,
            vectors + 3 * stride,
            vectors + 4 * stride,
            vectors + 5 * stride,
            vectors + 6 * stride};
}

// Copies (S + S')/2 into rows of the stride; false where S is not finite or not symmetric. Tiles keep the columns near.
FN bool copied(const Space& on, const double* matrix) {
    const Index n = on.n, tile = 8;
    double largest = 0.0, apart = 0.0, strange = 0.0;
#pragma unroll 1
    for (Index top = 0; top < n; top += tile) {
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

// Fills the factor's rows with S, q and a of the assets inside, rows behind their end with those of the identity.
FN void gather(const Space& on, const double* along, Index size) {
    const Index padded = rounded(size, PANEL);
#pragma unroll 1
    for (Index i = 0; i < padded; ++i) {
        double* row = on.factor + i * on.stride;
        const Index first = i / 8 * 8;  // a vector may start left of the diagonal
        if (i < size) {
            const Index asset = (Index)on.place[i];
            const double* from = on.whole + asset * on.stride;
            if (size == on.n) {
                for (Index j = first; j < size; ++j) row[j] = from[j];
            } else {
                for (Index j = first; j < size; ++j) row[j] = from[(Index)on.place[j]];
            }
            for (Index j = size; j < on.stride; ++j) row[j] = 0.0;
            row[padded] = on.linear[asset];
            row[padded + 1] = along[asset];
        } else {
            for (Index j = first; j < on.stride; ++j) row[j] = 0.0;
            row[i] = 1.0;
        }
        on.inverse[i] = row[i];
    }
}

// Subtracts from PANEL rows of U, in COUNT vectors of columns from j on, what the rows above explain.
template <int COUNT>
FN void subtract(const Space& on, Index row, Index j) {
    const Index stride = on.stride;
    double* own = on.factor + row * stride + j;
    V sum[PANEL][COUNT];
    for (int r = 0; r < PANEL; ++r) {
        for (int c = 0; c < COUNT; ++c) sum[r][c] = get(own + r * stride + c * WIDTH);
    }
    const double* above = on.factor;
#pragma unroll 1
    for (Index p = 0; p < row; ++p, above += stride) {
        V columns[COUNT];
        for (int c = 0; c < COUNT; ++c) columns[c] = get(above + j + c * WIDTH);
        for (int r = 0; r < PANEL; ++r) {
            for (int c = 0; c < COUNT; ++c) sum[r][c] = sum[r][c] - above[row + r] * columns[c];
        }
    }
    for (int r = 0; r < PANEL; ++r) {
        for (int c = 0; c < COUNT; ++c) put(own + r * stride + c * WIDTH, sum[r][c]);
    }
}

// Factors a panel's own triangle; false where a pivot is no more than rounding.
FN bool triangle(const Space& on, Index row, double tolerance, double lower[PANEL][PANEL], double inverse[PANEL]) {
    for (int r = 0; r < PANEL; ++r) {
        for (int c = r; c < PANEL; ++c) {
            double value = on.factor[(row + r) * on.stride + row + c];
            for (int p = 0; p < r; ++p) value -= lower[p][r] * lower[p][c];
            if (c == r) {
                if (!(value > tolerance * on.inverse[row + r])) return false;
                const double pivot = sqrt(value);
                inverse[r] = 1.0 / pivot;
                lower[r][r] = pivot;
            } else {
                lower[r][c] = value * inverse[r];
            }
        }
        on.inverse[row + r] = inverse[r];
    }
    return true;
}

// Factors what gather() left; false where it is not positive definite.
FN bool factored(const Space& on, Index size) {
    const Index padded = rounded(size, PANEL), end = rounded(padded + 2, WIDTH);
    const double tolerance = PIVOT * (double)size;
#pragma unroll 1
    for (Index row = 0; row < padded; row += PANEL) {
        const Index first = row / WIDTH * WIDTH;
        Index j = first;
#pragma unroll 1
        for (; j + 2 * WIDTH <= end; j += 2 * WIDTH) subtract<2>(on, row, j);
#pragma unroll 1
        for (; j < end; j += WIDTH) subtract<1>(on, row, j);
        double lower[PANEL][PANEL], inverse[PANEL];
        if (!triangle(on, row, tolerance, lower, inverse)) return false;
#pragma unroll 1
        for (j = first; j < end; j += WIDTH) {
            V done[PANEL];
            for (int r = 0; r < PANEL; ++r) {
                double* own = on.factor + (row + r) * on.stride;
                V value = get(own + j);
                for (int p = 0; p < r; ++p) value = value - lower[p][r] * done[p];
                done[r] = value * inverse[r];
                put(own + j, done[r]);
            }
        }
    }
    return true;
}

// Solves U x = y for the y in column `padded`.
FN void substitute(const Space& on, Index size) {
    const Index padded = rounded(size, PANEL), end = rounded(padded, WIDTH);
    clear(on.compact, on.stride);
#pragma unroll 1
    for (Index row = padded - PANEL; row >= 0; row -= PANEL) {
        V sum[PANEL];
        for (int r = 0; r < PANEL; ++r) sum[r] = splat(0.0);
#pragma unroll 1
        for (Index j = (row + PANEL) / WIDTH * WIDTH; j < end; j += WIDTH) {
            const V x = get(on.compact + j);
            for (int r = 0; r < PANEL; ++r) sum[r] = sum[r] + get(on.factor + (row + r) * on.stride + j) * x;
        }
        double x[PANEL];
        for (int r = PANEL - 1; r >= 0; --r) {
            const double* own = on.factor + (row + r) * on.stride;
            double value = own[padded] - across(sum[r]);
            for (int c = r + 1; c < PANEL; ++c) value -= own[row + c] * x[c];
            x[r] = value * on.inverse[row + r];
        }
        for (int r = 0; r < PANEL; ++r) on.compact[row + r] = x[r];
    }
}

// Puts y = U'^-1 (q + nu a) into q's column, with nu such that a'x = 1, and returns nu; without a, 0.
FN double multiplier(const Space& on, Index size) {
    const Index padded = rounded(size, PANEL);
    double* columns = on.factor + padded;
    double steep = 0.0, along = 0.0;
    for (Index i = 0; i < size; ++i) {
        const double y = columns[i * on.stride], a = columns[i * on.stride + 1];
        steep += a * a;
        along += a * y;
    }
    if (!(steep > 0.0)) return 0.0;
    const double slope = along / steep, share = 1.0 / steep;
    for (Index i = 0; i < size; ++i) {
        const double a = columns[i * on.stride + 1];
        columns[i * on.stride] = (columns[i * on.stride] - slope * a) + share * a;
    }
    return share - slope;
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

// Minimises over the assets inside; false where their covariance is singular. Where all have left, as those do that only
// together have a negative tangency portfolio, the one of the highest a comes back.
FN bool solved(const Space& on, const double* along, double& nu) {
    Index size = 0, best = 0;
    for (Index i = 0; i < on.n; ++i) {
        if (on.inside[i] != 0.0) on.place[size++] = (double)i;
        best = along[i] > along[best] ? i : best;
    }
    if (!size) {
        on.inside[best] = 1.0;
        on.place[size++] = (double)best;
    }
    gather(on, along, size);
    if (!factored(on, size)) return false;
    nu = multiplier(on, size);
    substitute(on, size);
    clear(on.x, on.stride);
    for (Index i = 0; i < size; ++i) on.x[(Index)on.place[i]] = on.compact[i];
    return true;
}

// Sets the pull, and the sums x'Sx and |x|'|S||x|, returns the largest term of S x - q - nu a before any cancel.
FN double measure(const Space& on, const double* along, double nu, double& variance, double& gross) {
    double largest = 0.0;
    variance = gross = 0.0;
    for (Index i = 0; i < on.n; ++i) {
        V sum = splat(0.0), size = splat(0.0);
        const double* row = on.whole + i * on.stride;
        for (Index j = 0; j < on.n; j += WIDTH) {
            const V product = get(row + j) * get(on.x + j);
            sum = sum + product;
            size = size + magnitude(product);
        }
        const double curved = across(sum), terms = across(size), pulled = nu * along[i];
        on.pull[i] = curved - on.linear[i] - pulled;
        variance += on.x[i] * curved;
        gross += fabs(on.x[i]) * terms;
        const double all = terms + fabs(on.linear[i]) + fabs(pulled);
        largest = all > largest ? all : largest;
    }
    return largest;
}

// Moves assets that are on the wrong side, all of them or the last one, and says whether there was any.
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
                 double* weights, double* figures) {
    double answer = UNSOUND, residual = MISSING, variance = MISSING, gross = MISSING, rounds = 0.0;
    bool good = copied(on, matrix);
    if (good) {
        clear(on.inside, on.stride);
        for (Index i = 0; i < on.n; ++i) on.inside[i] = 1.0;
        cross(on, q, along);
        double nu = 0.0;
        const Index most = long_only ? TOGETHER + ALONE : 1;
#pragma unroll 1
        for (Index round = 0; round < most && good && answer != SOLVED; ++round) {
            good = solved(on, along, nu);
            if (!good) break;
            const double force = measure(on, along, nu, variance, gross);
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
// working: (n_spaces, 2 stride^2 + 7 stride) with the stride of space(). weights: (n_problems, n), NaN where not solved.
// figures: (n_problems, FIGURES).
ENTRY(optimal_weights)(Index n_problems, Index n_spaces, Index n, Index long_only, const double* matrix, const double* linear,
                       const double* along, double* working, double* weights, double* figures, int threads) {
    EACH(item, n_spaces, threads) {
        const Index stride = rounded(rounded(n, PANEL) + 2, 8);
        const Space on = space(working + item * (2 * stride + 7) * stride, n);
#pragma unroll 1
        for (Index k = item; k < n_problems; k += n_spaces) {
            optimise(on, k, matrix + k * n * n, linear + k * n, along + k * n, long_only != 0, weights, figures);
        }
    };
}
