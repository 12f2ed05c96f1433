// One kernel source for GPU threads, CPU vector lanes and the race checker.
//
// A kernel is written for one lane: a number per lane is a V, a condition per lane an M. On a GPU a lane is a thread and
// V is a double. On a CPU WIDTH lanes share a vector register. Under the checkers (MEANREV_SCALAR) a lane is scalar code,
// and the lanes of a block are OS threads with real barriers.
//
// ENTRY(name)(parameters, int threads) { EACH(i, n, threads) { ... }; } runs the body for work items 0..n-1: a GPU thread
// each, or CPU threads that take the next ones. A work item covers WIDTH lanes, see items() and load().
//
// FN is a function that is written out where it is called, APART one that is not: it is long, and called from many places.
//
// EACH_BLOCK(b, n, threads) { ... }; gives each item to a block of BLOCK lanes instead, which share the sums of
// block_sum(). Lane numbers start at lane(); a strided loop reads load_or(p, t + lane(), n, 0.0) for t = 0, BLOCK, ...
//
// MEANREV_PLANT_* are faults that the proof plants to show that its checks see them: RACE, lanes that do not wait inside
// block_sum(); OVERLAP, threads that take one another's items; OVERRUN, a store past the end; EXTRA, an item too many.
#pragma once

typedef long long Index;

#if defined(__CUDACC__)

#define WIDTH 1
#define FN static __device__ __forceinline__
#define APART static __device__ __noinline__
#define ENTRY(name) extern "C" __global__ void name
#define INFINITE __longlong_as_double(0x7ff0000000000000LL)
#define MISSING __longlong_as_double(0x7ff8000000000000LL)
#define EACH(i, n, threads)                                             \
    const Index i = blockIdx.x * (Index)blockDim.x + threadIdx.x; \
    (void)(threads);                                                    \
    if (i < (n))
#define BLOCK 128
#define EACH_BLOCK(b, n, threads) \
    const Index b = blockIdx.x;   \
    (void)(threads);              \
    if (b < (n))
#define SHARED __shared__
#define SYNC() __syncthreads()
FN Index lane() { return threadIdx.x; }

#else

#include <atomic>
#include <cmath>
#include <cstring>
#include <thread>
#include <vector>

#if defined(MEANREV_SCALAR)
#define WIDTH 1
#elif defined(__AVX512F__)
#define WIDTH 8
#elif defined(__AVX2__)
#define WIDTH 4
#else
#define WIDTH 2
#endif

#define INFINITE __builtin_huge_val()
#define MISSING __builtin_nan("")
#define FN static inline __attribute__((always_inline))
#define APART static __attribute__((noinline))
#define ENTRY(name) extern "C" __attribute__((visibility("default"))) void name
#define EACH(i, n, threads) Each{(n), (threads)} << [&](const Index i)

#if defined(MEANREV_PLANT_EXTRA)
#define ITEMS(n) ((n) + 1)
#else
#define ITEMS(n) (n)
#endif

// Threads that take the next item when they have finished one. Each call starts its own: a pool would not survive fork.
// Taking orders nothing (relaxed), so that the race checker sees two items that touch the same memory.
struct Each {
    Index n;
    int threads;
    template <typename Body>
    void operator<<(const Body& body) const {
        std::atomic<Index> next{0};
        const auto work = [&] {
#if defined(MEANREV_PLANT_OVERLAP)
            std::atomic<Index> next{0};
#endif
            const auto take = [&] { return next.fetch_add(1, std::memory_order_relaxed); };
            for (Index i = take(); i < ITEMS(n); i = take()) body(i);
        };
        std::vector<std::thread> others;
        for (int k = 1; k < threads && k < n; ++k) others.emplace_back(work);
        work();
        for (auto& other : others) other.join();
    }
};

#if defined(MEANREV_SCALAR)

// The race checker's block: an OS thread a lane, and a barrier that it can see.
#include <condition_variable>
#include <mutex>

#define BLOCK 4
#define SHARED static
#define SYNC() team().wait()

struct Team {
    std::mutex mutex;
    std::condition_variable turned;
    int waiting = 0, turn = 0;
    void wait() {
        std::unique_lock<std::mutex> lock(mutex);
        const int mine = turn;
        if (++waiting == BLOCK) {
            waiting = 0;
            ++turn;
            turned.notify_all();
        } else {
            turned.wait(lock, [&] { return turn != mine; });
        }
    }
};
static inline Team& team() {
    static Team one;
    return one;
}
static thread_local Index lane_number = 0;
FN Index lane() { return lane_number; }

// One block after the other, because SHARED memory is static here.
struct EachBlock {
    Index n;
    template <typename Body>
    void operator<<(const Body& body) const {
        for (Index b = 0; b < ITEMS(n); ++b) {
            std::vector<std::thread> lanes;
            for (Index k = 0; k < BLOCK; ++k) {
                lanes.emplace_back([&, k] {
                    lane_number = k;
                    body(b);
                });
            }
            for (auto& each : lanes) each.join();
        }
    }
};
#define EACH_BLOCK(b, n, threads) (void)(threads), EachBlock{(n)} << [&](const Index b)

#else

#define BLOCK WIDTH
#define EACH_BLOCK(b, n, threads) Each{(n), (threads)} << [&](const Index b)
FN Index lane() { return 0; }

#endif
#endif

#if WIDTH == 1

typedef double V;
typedef bool M;
FN bool any(M m) { return m; }
FN M no(M m) { return !m; }
FN V splat(double x) { return x; }
FN V sel(M m, V a, V b) { return m ? a : b; }
FN V load(const double* p, Index i, Index) { return p[i]; }
#if defined(MEANREV_PLANT_OVERRUN)
FN void store(double* p, Index i, Index, V v) { p[i + 1] = v; }
#else
FN void store(double* p, Index i, Index, V v) { p[i] = v; }
#endif
#if defined(MEANREV_PLANT_OVERRUN)
FN void store_at(double* p, const Index* places, Index, V v) { p[*places + 1] = v; }
#else
FN void store_at(double* p, const Index* places, Index, V v) { p[*places] = v; }
#endif
FN V load_or(const double* p, Index i, Index n, double otherwise) { return i < n ? p[i] : otherwise; }
FN V get(const double* p) { return *p; }
FN V get_every(const double* p, Index) { return *p; }
FN V get_at(const double* p, const Index* places) { return p[*places]; }
FN void put_every(double* p, Index, V v) { *p = v; }
FN void put(double* p, V v) { *p = v; }
FN V root(V v) { return sqrt(v); }

// The sum over the block's lanes, the same for all of them, added as a tree. The second barrier keeps a later sum out of
// this one's memory.
FN double block_sum(V v) {
    SHARED double part[BLOCK];
    part[lane()] = v;
    SYNC();
    for (Index half = BLOCK / 2; half > 0; half /= 2) {
        if (lane() < half) part[lane()] += part[lane() + half];
#if !defined(MEANREV_PLANT_RACE)
        SYNC();
#endif
    }
    const double sum = part[0];
    SYNC();
    return sum;
}

#else

typedef double V __attribute__((vector_size(8 * WIDTH)));
typedef long long M __attribute__((vector_size(8 * WIDTH)));

#if defined(__AVX2__)
#include <immintrin.h>
#endif

FN bool any(M m) {
#if defined(__AVX512F__)
    return _mm512_test_epi64_mask((__m512i)m, (__m512i)m) != 0;
#elif defined(__AVX2__)
    return _mm256_movemask_pd((__m256d)m) != 0;
#else
    return (m[0] | m[1]) != 0;
#endif
}
FN M no(M m) { return ~m; }
FN V splat(double x) { return x - V{}; }
FN V splat(V v) { return v; }
FN V sel(M m, V a, V b) { return m ? a : b; }

// Lanes i..i+WIDTH-1 of n; lanes behind the end repeat the last one.
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
#if defined(MEANREV_PLANT_OVERRUN)
    i += 1, n += 1;
#endif
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

// A vector in a working array with room for all of it.
FN V get(const double* p) {
    V v;
    std::memcpy(&v, p, sizeof v);
    return v;
}
FN void put(double* p, V v) { std::memcpy(p, &v, sizeof v); }

// A vector whose lanes lie `stride` apart.
FN V get_every(const double* p, Index stride) {
    V v;
    for (Index k = 0; k < WIDTH; ++k) v[k] = p[k * stride];
    return v;
}
FN void put_every(double* p, Index stride, V v) {
    for (Index k = 0; k < WIDTH; ++k) p[k * stride] = v[k];
}

// A vector whose lanes lie at places of their own.
FN V get_at(const double* p, const Index* places) {
    V v;
    for (Index k = 0; k < WIDTH; ++k) v[k] = p[places[k]];
    return v;
}

// Stores the first `count` lanes, WIDTH at most.
FN void store_at(double* p, const Index* places, Index count, V v) {
#if defined(MEANREV_PLANT_OVERRUN)
    p += 1;
#endif
    for (Index k = 0; k < WIDTH && k < count; ++k) p[places[k]] = v[k];
}
FN double block_sum(V v) {
    double sum = v[0];
    for (Index k = 1; k < WIDTH; ++k) sum += v[k];
    return sum;
}
FN V root(V v) {
#if defined(__AVX512F__)
    return (V)_mm512_sqrt_pd((__m512d)v);
#elif defined(__AVX2__)
    return (V)_mm256_sqrt_pd((__m256d)v);
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

#endif

// Moves what follows out of the loop's way.
FN bool seldom(bool happens) { return __builtin_expect(happens, 0); }

FN V max(V a, V b) { return sel(a > b, a, b); }
FN V min(V a, V b) { return sel(a < b, a, b); }
FN V magnitude(V a) { return sel(a < 0.0, -a, a); }

// Work items that n lanes need.
FN Index items(Index n) { return (n + WIDTH - 1) / WIDTH; }
