// The factor of a problem's covariance among the assets inside, and what it solves: S = U'U with U in rows. The right-hand
// sides q and a ride along as two more columns, so that factoring leaves U'^-1 q and U'^-1 a in them: x needs one
// substitution backwards, and the multiplier of a'x = 1 two scalar products.
#pragma once
#include "vectors.h"

// The smallest pivot as a share of its diagonal entry over n eps; gpu_kernels/cholesky.py says the same.
#define PIVOT (4.0 * 2.220446049250313e-16)

// Rows of U that are factored at once; right-hand sides; matrices and vectors of a working space. native.py reads them here.
static const Index PANEL = 4, SIDES = 2, MATRICES = 2, VECTORS = 7;

// The working space of a problem of n assets. Rows have a stride that every WIDTH divides, and zeros behind their end.
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

FN Index stride_of(Index n) { return rounded(rounded(n, PANEL) + SIDES, ROW); }

FN Index space_of(Index n) { return (MATRICES * stride_of(n) + VECTORS) * stride_of(n); }

FN Space space(double* start, Index n) {
    const Index stride = stride_of(n), matrix = stride * stride;
    double* vectors = start + MATRICES * matrix;
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

// Fills the factor's rows with S, q and a of the assets inside, and the rows behind them with those of the identity.
FN void gather(const Space& on, const double* along, Index size, Interrupt interrupt) {
    const Index padded = rounded(size, PANEL);
#pragma unroll 1
    for (Index i = 0; i < padded && !interrupt.is_set(); ++i) {
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

// Factors what gather() left; false where it is not positive definite, and where the launch is interrupted.
FN bool factored(const Space& on, Index size, Interrupt interrupt) {
    const Index padded = rounded(size, PANEL), end = rounded(padded + 2, WIDTH);
    const double tolerance = PIVOT * (double)size;
#pragma unroll 1
    for (Index row = 0; row < padded; row += PANEL) {
        if (seldom(interrupt.is_set())) return false;
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

// Solves U x = y for the y in column `padded`, from the last panel of rows to the first.
FN void substitute(const Space& on, Index size) {
    const Index padded = rounded(size, PANEL), end = rounded(padded, WIDTH);
    clear(on.compact, on.stride);
#pragma unroll 1
    for (Index row = padded - PANEL; row >= 0; row -= PANEL) {
        double known[PANEL] = {};
        for (Index pass = 0; pass < PASSES; ++pass) {
            V sum[PANEL];
            for (int r = 0; r < PANEL; ++r) sum[r] = splat(0.0);
#pragma unroll 1
            for (Index j = (row + PANEL) / SPAN * SPAN + pass * WIDTH; j < end; j += SPAN) {
                const V x = get(on.compact + j);
                for (int r = 0; r < PANEL; ++r) sum[r] = sum[r] + get(on.factor + (row + r) * on.stride + j) * x;
            }
            for (int r = 0; r < PANEL; ++r) known[r] = across(sum[r], known[r]);
        }
        double x[PANEL];
        for (int r = PANEL - 1; r >= 0; --r) {
            const double* own = on.factor + (row + r) * on.stride;
            double value = own[padded] - known[r];
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
