// How a CPU runs work items: threads that share them, and, for the race checker, blocks of lanes that are OS threads.
#pragma once

#include <atomic>
#include <thread>
#include <vector>

#define EACH(i, n, threads) Each{(n), (threads)} << [&](const Index i)

// A flag that another thread sets, of this process or of another one; null where nothing can interrupt the launch.
struct Interrupt {
    const std::atomic<int>* flag;
    bool is_set() const { return flag && flag->load(std::memory_order_relaxed); }
};
static_assert(sizeof(std::atomic<int>) == sizeof(int) && std::atomic<int>::is_always_lock_free, "Python sets an int");

// How many threads share the items of a launch, and what interrupts it. launch.py has the same struct; C passes a reference as a
// pointer.
struct Launch {
    int threads;
    Interrupt interrupt;
};
typedef const Launch& Threads;
FN Interrupt interrupt_of(Threads threads) { return threads.interrupt; }

// Where a loop over n bars that is at bar t looks at the interrupt next: after less than a millisecond.
FN Index next_look(Index t, Index n) { return n - t < 65536 ? n : t + 65536; }

// Each thread takes the next item when it has finished one. Every call starts its own threads, because a pool would not
// survive a fork. Taking an item orders nothing (relaxed), so that the race checker sees two items that touch the same
// memory.
struct Each {
    Index n;
    Threads launch;
    template <typename Body>
    void operator<<(const Body& body) const {
        std::atomic<Index> next{0};
        const auto work = [&] {
            std::atomic<Index> own{0};
            const auto take = [&] { return (PLANTED(OVERLAP) ? own : next).fetch_add(1, std::memory_order_relaxed); };
            for (Index i = take(); i < ITEMS(n) && !launch.interrupt.is_set(); i = take()) body(i);
        };
        std::vector<std::thread> others;
        for (int k = 1; k < launch.threads && k < n; ++k) others.emplace_back(work);
        work();
        for (auto& other : others) other.join();
    }
};

#if defined(MEANREV_SCALAR)

#include <condition_variable>
#include <mutex>

#define SHARED static
#define SYNC() team().wait()

// A barrier between the lanes of a block that the race checker can see.
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

// Runs one block after the other, because SHARED memory is static here.
struct EachBlock {
    Index n;
    Interrupt interrupt;
    template <typename Body>
    void operator<<(const Body& body) const {
        for (Index b = 0; b < ITEMS(n) && !interrupt.is_set(); ++b) {
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
#define EACH_BLOCK(b, n, threads) EachBlock{(n), (threads).interrupt} << [&](const Index b)

#else

#define EACH_BLOCK(b, n, threads) Each{(n), (threads)} << [&](const Index b)
FN Index lane() { return 0; }

#endif
