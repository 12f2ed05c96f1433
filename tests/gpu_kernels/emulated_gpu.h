// A GPU on the CPU: with this header before it, a kernel compiles as it does for a GPU, in the branch of lane.h for CUDA, and
// launch() runs its grid. One block runs after the other. Each lane of a block is a flow of control with a stack of its own;
// it runs until it waits at a barrier or ends, and then the next one runs.
//
// This shows wrong launch sizes, wrong arguments, barriers that not all lanes reach, and under the sanitizers races and steps
// out of bounds. ThreadSanitizer is told that lanes are threads of their own, which nothing but a barrier orders. It does not
// show what follows from a GPU's compiler, from its memory model or from its speed.
#pragma once

#include <bit>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <initializer_list>
#include <map>
#include <math.h>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#if !defined(__x86_64__)
#include <ucontext.h>
#endif
#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#define ONLY_UNDER_TSAN(...) __VA_ARGS__
#else
#define ONLY_UNDER_TSAN(...)
#endif
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#define ONLY_UNDER_ASAN(...) __VA_ARGS__
#else
#define ONLY_UNDER_ASAN(...)
#endif

// What is between the lanes is no part of the kernel, so ThreadSanitizer must not look at it.
#define UNSEEN __attribute__((no_sanitize("thread"), noinline))

namespace emulation {

struct Coordinate {
    unsigned x;
};

static const unsigned MOST_LANES = 1024;
static const std::size_t STACK = std::size_t{1} << 20;

#if defined(__x86_64__)

typedef void* State;

// Saves what a call must preserve on this stack, and goes on with the other one. A system's swapcontext takes ten times as
// long, and AddressSanitizer does not know it well.
__attribute__((naked, noinline, no_sanitize("thread"))) static void exchange(State*, const State*) {
    asm("pushq %rbp; pushq %rbx; pushq %r12; pushq %r13; pushq %r14; pushq %r15;"
        "movq %rsp, (%rdi); movq (%rsi), %rsp;"
        "popq %r15; popq %r14; popq %r13; popq %r12; popq %rbx; popq %rbp; ret");
}

UNSEEN static void prepare(State& state, char* stack, std::size_t length, void (*body)()) {
    void** top = reinterpret_cast<void**>(stack + length) - 8;
    for (int k = 0; k < 8; ++k) top[k] = nullptr;
    top[6] = reinterpret_cast<void*>(body);  // where `ret` goes
    state = top;
}

#else

typedef ucontext_t State;

UNSEEN static void exchange(State* from, const State* to) { swapcontext(from, to); }

UNSEEN static void prepare(State& state, char* stack, std::size_t length, void (*body)()) {
    getcontext(&state);
    state.uc_stack.ss_sp = stack;
    state.uc_stack.ss_size = length;
    state.uc_link = nullptr;
    makecontext(&state, body, 0);
}

#endif

struct Flow {
    State state;
    const void* stack;
    std::size_t length;
    Coordinate thread;
    int line;  // of the barrier at which it waits, 0 where it has ended
    ONLY_UNDER_TSAN(void* known; bool ordered;)
};

static Flow flows[MOST_LANES], host;
static Flow* running = &host;
static unsigned n_flows = 0;
static Coordinate block{0}, size{0};
static const std::function<void()>* kernel = nullptr;
// ThreadSanitizer orders lanes by the addresses of these. There are two for barriers, because a lane may arrive at the next
// barrier before another one has left this one.
static char begun, ended, met[2];
static unsigned n_meetings = 0;

UNSEEN static void go(Flow& to) {
    Flow& from = *running;
    running = &to;
    ONLY_UNDER_ASAN(void* left; __sanitizer_start_switch_fiber(&left, to.stack, to.length);)
    ONLY_UNDER_TSAN(__tsan_switch_to_fiber(to.known, __tsan_switch_to_fiber_no_sync);)
    exchange(&from.state, &to.state);
    ONLY_UNDER_ASAN(__sanitizer_finish_switch_fiber(left, nullptr, nullptr);)
}

UNSEEN static void wait(int line) {
    running->line = line;
    ONLY_UNDER_TSAN(__tsan_release(&met[n_meetings % 2]); const unsigned meeting = n_meetings;)
    go(host);
    ONLY_UNDER_TSAN(__tsan_acquire(&met[meeting % 2]);)
}

UNSEEN static void lane() {
    ONLY_UNDER_ASAN(__sanitizer_finish_switch_fiber(nullptr, &host.stack, &host.length);)
    for (;;) {
        ONLY_UNDER_TSAN(if (running->ordered) __tsan_acquire(&begun);)
        (*kernel)();
        running->line = 0;
        ONLY_UNDER_TSAN(__tsan_release(&ended);)
        go(host);
    }
}

UNSEEN static void make(Flow& flow) {
    flow.length = STACK;
    flow.stack = flow.stack ? flow.stack : std::malloc(flow.length);
    prepare(flow.state, static_cast<char*>(const_cast<void*>(flow.stack)), flow.length, lane);
    ONLY_UNDER_TSAN(flow.known = __tsan_create_fiber(0);)
}

// Lets every flow run in turn, `step` places from one to the next, up to its next barrier or its end; returns what is wrong.
UNSEEN static const char* turn(unsigned step) {
    unsigned n_ended = 0;
    for (unsigned k = 0; k < size.x; ++k) {
        Flow& flow = flows[(std::uint64_t)k * step % size.x];
        go(flow);
        n_ended += flow.line == 0;
    }
    if (n_ended && n_ended < size.x) return "some lanes have ended, and others wait at a barrier";
    for (unsigned k = 1; k < size.x; ++k) {
        if (flows[k].line != flows[0].line) return "lanes wait at different barriers";
    }
    return nullptr;
}

// Runs a grid of blocks. Blocks are ordered only where one has a barrier: their shared memory is the same here. In each block
// another flow is the first lane, so that ThreadSanitizer sees two blocks that touch the same memory.
//
// step: from a lane to the next one that runs; odd, where the lanes of a block are a power of two.
UNSEEN static const char* launch(unsigned grid, unsigned lanes, unsigned step, const std::function<void()>& body) {
    if (!lanes || lanes > MOST_LANES) return "a block has 1 to 1024 lanes";
    for (; n_flows < lanes; ++n_flows) make(flows[n_flows]);
    ONLY_UNDER_TSAN(host.known = __tsan_get_current_fiber(); __tsan_release(&begun); bool ordered = true;)
    kernel = &body;
    size.x = lanes;
    const char* wrong = nullptr;
    for (block.x = 0; block.x < grid && !wrong; ++block.x) {
        ONLY_UNDER_TSAN(const unsigned before = n_meetings;)
        for (unsigned k = 0; k < lanes; ++k) {
            flows[k].thread.x = (k + block.x) % lanes;
            ONLY_UNDER_TSAN(flows[k].ordered = ordered;)
        }
        while (!(wrong = turn(step)) && flows[0].line) ++n_meetings;
        ONLY_UNDER_TSAN(if ((ordered = n_meetings != before)) { __tsan_acquire(&ended); __tsan_release(&begun); })
    }
    ONLY_UNDER_TSAN(__tsan_acquire(&ended);)
    if (wrong) n_flows = 0;  // those that wait never go on
    return wrong;
}

UNSEEN static Coordinate thread() { return running->thread; }
UNSEEN static Coordinate block_of() { return block; }
UNSEEN static Coordinate block_size() { return size; }

// The type of a parameter, as emulation.py writes it.
template <typename Parameter>
static constexpr char kind() {
    if (std::is_pointer_v<Parameter>) return 'P';
    if (std::is_same_v<Parameter, double>) return 'd';
    return std::is_same_v<Parameter, long long> ? 'q' : std::is_same_v<Parameter, int> ? 'i' : '?';
}

template <typename... Parameters>
static const char* kinds(void (*)(Parameters...)) {
    static const char all[] = {kind<Parameters>()..., 0};
    return all;
}

// Launches a kernel as the driver's own function does, which is given where each argument lies.
template <typename... Parameters, std::size_t... places>
static const char* launch_at(void (*entry)(Parameters...), unsigned grid, unsigned lanes, void** given,
                             std::index_sequence<places...>) {
    return launch(grid, lanes, 1, [&] { entry(*static_cast<Parameters*>(given[places])...); });
}

template <typename... Parameters>
static const char* launch_at(void (*entry)(Parameters...), unsigned grid, unsigned lanes, void** given) {
    return launch_at(entry, grid, lanes, given, std::index_sequence_for<Parameters...>{});
}

}  // namespace emulation

// What a library has of each entry for callers in Python.
#define LAUNCHED(entry)                                                                           \
    extern "C" const char* kinds_of_##entry() { return emulation::kinds(entry); }                 \
    extern "C" const char* launch_##entry(unsigned grid, unsigned lanes, void** given) {          \
        return emulation::launch_at(entry, grid, lanes, given);                                   \
    }

#define __CUDACC__ 1
#define __global__
#define __device__
#define __shared__ static
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define threadIdx emulation::thread()
#define blockIdx emulation::block_of()
#define blockDim emulation::block_size()

static inline void __syncthreads(int line = __builtin_LINE()) { emulation::wait(line); }
static inline double __longlong_as_double(long long bits) { return std::bit_cast<double>(bits); }
