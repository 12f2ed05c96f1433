// Vectors of numbers in working space, for kernels whose lanes run along a vector. Lengths are multiples of 8, and what is
// behind a vector's own end is 0.
//
// A sum along a vector has 8 partial sums on every CPU, so that its bits do not depend on WIDTH: pass p of PASSES adds up
// the numbers at p * WIDTH and every SPAN further, and across() goes on from the sum of the passes before it.
#pragma once
#include "lane.h"

FN Index rounded(Index n, Index by) { return (n + by - 1) / by * by; }

static const Index SPAN = PASSES * WIDTH;

// Lengths in working space are rounded up to a multiple of this, which every width divides.
static const Index ROW = 8;

FN double across(V v, double before) {
    double part[WIDTH];
    put(part, v);
    double sum = before;
    for (Index k = 0; k < WIDTH; ++k) sum += part[k];
    return sum;
}

FN double highest(V v) {
    double part[WIDTH];
    put(part, v);
    double most = part[0];
    for (Index k = 1; k < WIDTH; ++k) most = part[k] > most ? part[k] : most;
    return most;
}

FN void clear(double* to, Index length) {
    for (Index i = 0; i < length; i += WIDTH) put(to + i, splat(0.0));
}

FN void copy(double* to, const double* from, Index length) {
    for (Index i = 0; i < length; i += WIDTH) put(to + i, get(from + i));
}

// to += factor * from
FN void add(double* to, double factor, const double* from, Index length) {
    for (Index i = 0; i < length; i += WIDTH) put(to + i, get(to + i) + factor * get(from + i));
}

// The largest magnitude; NaN where a number is not finite.
FN double largest(const double* v, Index length) {
    V most = splat(0.0), strange = splat(0.0);  // strange: 0, or NaN
    for (Index i = 0; i < length; i += WIDTH) {
        most = max(magnitude(get(v + i)), most);
        strange = strange + get(v + i) * 0.0;
    }
    return highest(most) + across(strange, 0.0);
}
