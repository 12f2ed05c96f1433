// Operations of lanes that share a CPU's vectors. GNU vectors of any width compile for any CPU: the compiler splits one that
// is wider than the registers, and only any() and root() are worth an instruction that it does not find by itself.
#pragma once

#if defined(__SSE2__)
#include <immintrin.h>
#endif

typedef double V __attribute__((vector_size(8 * WIDTH)));
typedef long long M __attribute__((vector_size(8 * WIDTH)));

FN bool any(M m) {
#if WIDTH == 8 && defined(__AVX512F__)
    return _mm512_test_epi64_mask((__m512i)m, (__m512i)m) != 0;
#elif WIDTH == 4 && defined(__AVX2__)
    return _mm256_movemask_pd((__m256d)m) != 0;
#elif WIDTH == 2 && defined(__SSE2__)
    return _mm_movemask_pd((__m128d)m) != 0;
#else
    long long found = 0;
    for (Index k = 0; k < WIDTH; ++k) found |= m[k];
    return found != 0;
#endif
}
FN M no(M m) { return ~m; }
FN V splat(double x) { return x - V{}; }
FN V splat(V v) { return v; }
FN V sel(M m, V a, V b) { return m ? a : b; }

// Loads the lanes i..i+WIDTH-1 of n; lanes behind the end repeat the last one.
FN V load(const double* p, Index i, Index n) {
    V v;
    if (i + WIDTH <= n) {
        std::memcpy(&v, p + i, sizeof v);
    } else {
        for (Index k = 0; k < WIDTH; ++k) v[k] = p[i + k < n ? i + k : n - 1];
    }
    return v;
}
FN void store(double* p, Index i, Index n, V v) {
    if (PLANTED(OVERRUN)) i += 1, n += 1;
    if (i + WIDTH <= n) {
        std::memcpy(p + i, &v, sizeof v);
    } else {
        for (Index k = 0; i + k < n; ++k) p[i + k] = v[k];
    }
}
FN V load_or(const double* p, Index i, Index n, double otherwise) {
    V v;
    if (i + WIDTH <= n) {
        std::memcpy(&v, p + i, sizeof v);
    } else {
        for (Index k = 0; k < WIDTH; ++k) v[k] = i + k < n ? p[i + k] : otherwise;
    }
    return v;
}

// Reads a vector of a working array that has space for all of it.
FN V get(const double* p) {
    V v;
    std::memcpy(&v, p, sizeof v);
    return v;
}
FN void put(double* p, V v) { std::memcpy(p, &v, sizeof v); }

// Reads a vector whose lanes are `stride` apart.
FN V get_every(const double* p, Index stride) {
    V v;
    for (Index k = 0; k < WIDTH; ++k) v[k] = p[k * stride];
    return v;
}
FN void put_every(double* p, Index stride, V v) {
    for (Index k = 0; k < WIDTH; ++k) p[k * stride] = v[k];
}

// Reads a vector whose lanes are at places of their own.
FN V get_at(const double* p, const Index* places) {
    V v;
    for (Index k = 0; k < WIDTH; ++k) v[k] = p[places[k]];
    return v;
}

// Stores the first `count` lanes, WIDTH at most.
FN void store_at(double* p, const Index* places, Index count, V v) {
    if (PLANTED(OVERRUN)) p += 1;
    for (Index k = 0; k < WIDTH && k < count; ++k) p[places[k]] = v[k];
}

// Adds the lanes of a pass to the sum of the passes before it, in the order of the lanes.
FN double block_sum(V v, double before) {
    double sum = before;
    for (Index k = 0; k < WIDTH; ++k) sum += v[k];
    return sum;
}
FN V root(V v) {
#if WIDTH == 8 && defined(__AVX512F__)
    return (V)_mm512_sqrt_pd((__m512d)v);
#elif WIDTH == 4 && defined(__AVX2__)
    return (V)_mm256_sqrt_pd((__m256d)v);
#elif WIDTH == 2 && defined(__SSE2__)
    return (V)_mm_sqrt_pd((__m128d)v);
#else
    for (Index k = 0; k < WIDTH; ++k) v[k] = std::sqrt(v[k]);
    return v;
#endif
}
FN V erfc(V v) {
    for (Index k = 0; k < WIDTH; ++k) v[k] = std::erfc(v[k]);
    return v;
}
FN V log1p(V v) {
    for (Index k = 0; k < WIDTH; ++k) v[k] = std::log1p(v[k]);
    return v;
}
