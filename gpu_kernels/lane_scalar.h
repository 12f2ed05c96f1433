// Operations of a lane that is a GPU's thread, or scalar code under the checkers. lane_vector.h says what each one does.
#pragma once

typedef double V;
typedef bool M;
FN bool any(M m) { return m; }
FN M no(M m) { return !m; }
FN V splat(double x) { return x; }
FN V sel(M m, V a, V b) { return m ? a : b; }
FN V load(const double* p, Index i, Index) { return p[i]; }
FN void store(double* p, Index i, Index, V v) { p[PLANTED(OVERRUN) ? i + 1 : i] = v; }
FN void store_at(double* p, const Index* places, Index, V v) { p[PLANTED(OVERRUN) ? *places + 1 : *places] = v; }
FN V load_or(const double* p, Index i, Index n, double otherwise) { return i < n ? p[i] : otherwise; }
FN V get(const double* p) { return *p; }
FN V get_every(const double* p, Index) { return *p; }
FN V get_at(const double* p, const Index* places) { return p[*places]; }
FN void put_every(double* p, Index, V v) { *p = v; }
FN void put(double* p, V v) { *p = v; }
FN V root(V v) { return sqrt(v); }

// The sum over the block's lanes, which all of them get, added as a tree. The second barrier keeps a later sum out of the
// memory of this one. There is one pass, and so no sum before it.
FN double block_sum(V v, double) {
    SHARED double part[BLOCK];
    part[lane()] = v;
    SYNC();
    for (Index half = BLOCK / 2; half > 0; half /= 2) {
        if (lane() < half) part[lane()] += part[lane() + half];
        if (!PLANTED(RACE)) SYNC();
    }
    const double sum = part[0];
    SYNC();
    return sum;
}
