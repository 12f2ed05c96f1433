// The vocabulary of a kernel: one source for GPU threads, for the vector lanes of a CPU and for the race checker.
//
// A kernel is written for one lane: V is a number of each lane, M a condition of each lane. On a GPU a lane is a thread
// and V is a double. On a CPU a vector register holds WIDTH lanes. Under the checkers (MEANREV_SCALAR) a lane is scalar
// code, and the lanes of a block are OS threads with real barriers.
//
// ENTRY(name)(parameters, Threads threads) { EACH(i, n, threads) { ... }; } runs the body for the work items 0..n-1: on a GPU
// each item has a thread, on a CPU each thread takes the next item. A work item covers WIDTH lanes, see items() and load().
// Once a launch is interrupted, no thread takes another item, and what the launch has written means nothing. An item that may
// take longer than some ten milliseconds looks at the interrupt of its threads in between, and returns.
//
// EACH_BLOCK(b, n, threads) { ... }; gives each item to a block of lanes instead, which share the sums of block_sum(). A
// kernel visits the block's lanes in PASSES passes of WIDTH lanes: a strided loop of pass p reads
// load_or(p, t, n, 0.0) for t = lane() + p * WIDTH, and BLOCK further, and so on.
//
// FN is a function that the compiler writes out where it is called. APART is one that it does not: such a function is long
// and called from many places.
//
// A CPU's block has 8 lanes whatever the width of its vectors, so that no sum depends on the width. MEANREV_LANES (2, 4 or
// 8) sets WIDTH on any CPU; without it the widest vectors of the CPU do.
//
// With MEANREV_PLANTS, a driver can plant one fault to show that the checks of the proof see it: with RACE, lanes do not
// wait inside block_sum(); with OVERLAP, threads take one another's items; OVERRUN stores past the end; EXTRA adds one
// item too many.
#pragma once

typedef long long Index;

#if defined(MEANREV_PLANTS)
enum Fault { NO_FAULT, RACE, OVERLAP, OVERRUN, EXTRA };
static Fault planted = NO_FAULT;
#define PLANTED(fault) (planted == (fault))
#else
#define PLANTED(fault) false
#endif
#define ITEMS(n) ((n) + (PLANTED(EXTRA) ? 1 : 0))

// Threads of a block on a GPU.
static const Index GPU_BLOCK = 128;

#if defined(__CUDACC__)

#define WIDTH 1
#define PASSES 1
#define BLOCK GPU_BLOCK
#define FN static __device__ __forceinline__
#define APART static __device__ __noinline__
#define ENTRY(name) extern "C" __global__ void name
#define INFINITE __longlong_as_double(0x7ff0000000000000LL)
#define MISSING __longlong_as_double(0x7ff8000000000000LL)
#define EACH(i, n, threads)                                                                              \
    const Index i = blockIdx.x * (Index)blockDim.x + threadIdx.x / (PLANTED(OVERLAP) ? 2 : 1); \
    (void)(threads);                                                                                     \
    if (i < ITEMS(n))
#define EACH_BLOCK(b, n, threads) \
    const Index b = blockIdx.x;   \
    (void)(threads);              \
    if (b < ITEMS(n))
#define SHARED __shared__
#define SYNC() __syncthreads()
// On a GPU the host interrupts between launches, not within one.
typedef int Threads;
struct Interrupt {
    __device__ bool is_set() const { return false; }
};
FN Interrupt interrupt_of(Threads) { return Interrupt{}; }
FN Index next_look(Index, Index n) { return n; }
FN Index lane() { return threadIdx.x; }

#else

#include <cmath>
#include <cstring>

#if defined(MEANREV_SCALAR)
#define WIDTH 1
#define PASSES 1
#define BLOCK 4
#else
#if defined(MEANREV_LANES)
#define WIDTH MEANREV_LANES
#elif defined(__AVX512F__)
#define WIDTH 8
#elif defined(__AVX2__)
#define WIDTH 4
#else
#define WIDTH 2
#endif
static_assert(WIDTH == 2 || WIDTH == 4 || WIDTH == 8, "MEANREV_LANES is 2, 4 or 8");
#define BLOCK 8
#define PASSES (BLOCK / WIDTH)
#endif

#define INFINITE __builtin_huge_val()
#define MISSING __builtin_nan("")
#define FN static inline __attribute__((always_inline))
#define APART static __attribute__((noinline))
#define ENTRY(name) extern "C" __attribute__((visibility("default"))) void name
#include "lane_items.h"

#endif

#if WIDTH == 1
#include "lane_scalar.h"
#else
#include "lane_vector.h"
#endif

// Makes the compiler to move what follows out of the loop's way.
FN bool seldom(bool happens) { return __builtin_expect(happens, 0); }

FN V max(V a, V b) { return sel(a > b, a, b); }
FN V min(V a, V b) { return sel(a < b, a, b); }
FN V magnitude(V a) { return sel(a < 0.0, -a, a); }

// The work items that n lanes need.
FN Index items(Index n) { return (n + WIDTH - 1) / WIDTH; }
