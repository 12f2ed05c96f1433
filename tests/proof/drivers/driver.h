// What the drivers share. A driver includes a kernel and has a CASE for each ENTRY of it, which calls the entry on seeded
// arrays and prints what it wrote, bit for bit. One source serves every build, so that they can be compared.
//
//     driver ENTRY THREADS BEFOREHAND FAULT
//
// runs a case. BEFOREHAND is what outputs and working space hold before the kernel runs, FAULT the number of one of the faults
// of lane.h, 0 for none.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <map>
#include <string>
#include <vector>

typedef std::vector<double> Array;

// on(n, entry) is the kernel as the host calls it. On a GPU it has the blocks for n lanes, and its threads are a number that
// no kernel reads. The emulated GPU takes THREADS as the step from a lane to the one that runs next.
#if defined(__CUDACC__)
static Threads threads = 1;
static unsigned lane_step = 1;
template <typename... Parameters>
static auto on(Index n, void (*entry)(Parameters...)) {
    return [=](Parameters... given) {
        const Index grid = (ITEMS(n) + GPU_BLOCK - 1) / GPU_BLOCK;
        const char* wrong = emulation::launch((unsigned)grid, (unsigned)GPU_BLOCK, lane_step, [&] { entry(given...); });
        if (!wrong) return;
        std::fprintf(stderr, "%s\n", wrong);
        std::exit(3);
    };
}
#else
static Launch threads{1, {nullptr}};
template <typename Entry>
static Entry on(Index, Entry entry) {
    return entry;
}
#endif
static double beforehand = 0.0;

static std::map<std::string, void (*)()>& cases() {
    static std::map<std::string, void (*)()> all;
    return all;
}

struct Case {
    Case(const char* name, void (*body)()) { cases()[name] = body; }
};

#define CASE(entry)                                      \
    static void entry##_case();                          \
    static const Case entry##_listed{#entry, entry##_case}; \
    static void entry##_case()

// Memory that a kernel must write before it reads it: an array of its own, so that a checker sees a step behind its end.
static Array space(long long n) { return Array(n, beforehand); }

// Numbers that every build draws alike: splitmix64, and no function of the C library.
struct Random {
    std::uint64_t state;
    double uniform(double low = 0.0, double high = 1.0) {
        std::uint64_t z = state += 0x9e3779b97f4a7c15u;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return low + (high - low) * ((double)((z ^ (z >> 31)) >> 11) * 0x1p-53);
    }
    // Sum of four uniform draws: near enough to a normal one of this deviation.
    double normal(double deviation) {
        const double sum = uniform() + uniform() + uniform() + uniform() - 2.0;
        return sum * 1.7320508075688772 * deviation;
    }
    Array uniforms(long long n, double low, double high) {
        Array drawn(n);
        for (double& each : drawn) each = uniform(low, high);
        return drawn;
    }
    // What short positions are marked at: prices, and a cost of borrowing that grows from bar to bar.
    Array marks_short(const Array& prices, long long n_bars) {
        Array drawn(prices.size());
        double owed = 0.0;
        for (std::size_t t = 0; t < prices.size(); ++t) {
            owed = t % (std::size_t)n_bars ? owed + uniform(0.0, 0.01) * prices[t - 1] : 0.0;
            drawn[t] = prices[t] + owed;
        }
        return drawn;
    }
    // (n_series, n_bars) positive prices that return to 100, in ticks so that ties happen.
    Array prices(long long n_series, long long n_bars, double deviation, double tick = 0.25) {
        Array drawn(n_series * n_bars);
        for (long long series = 0; series < n_series; ++series) {
            double log_price = 0.0;
            for (long long t = 0; t < n_bars; ++t) {
                log_price += normal(deviation) - 0.02 * log_price;
                const double price = 100.0 * (log_price > -0.95 ? 1.0 + log_price : 0.05);
                drawn[series * n_bars + t] = tick * (double)(long long)(price / tick + 1.0);
            }
        }
        return drawn;
    }
};

// Prints an array for comparison: equal bits, or to a tolerance relative to its largest magnitude where lanes add up in
// another order.
static void print(const std::string& name, const Array& array, double tolerance = 0.0) {
    std::printf("%s %g", name.c_str(), tolerance);
    for (const double each : array) std::printf(" %a", each);
    std::printf("\n");
}

int main(int n_words, char** words) {
    if (n_words == 1) {
        for (const auto& each : cases()) std::printf("%s\n", each.first.c_str());
        return 0;
    }
    if (n_words != 5 || !cases().count(words[1])) return 2;
#if defined(__CUDACC__)
    lane_step = (unsigned)std::atoi(words[2]);
#else
    threads.threads = std::atoi(words[2]);
#endif
    beforehand = std::strtod(words[3], nullptr);
    const int fault = std::atoi(words[4]);
#if defined(MEANREV_PLANTS)
    planted = (Fault)fault;
#else
    if (fault) return 2;
#endif
    cases()[words[1]]();
    return 0;
}
