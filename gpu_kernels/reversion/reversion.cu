// Tests of whether series revert, with a lane for each series. model.py states them.
//
// Sums of all kinds are taken of the series less its first price, and about its mean or line, so that prices far from 0
// cost no digits. A lane says where rounding may touch a figure all the same; the host then computes that series.
#include "lane.h"
#include "reversion/increments.h"
#include "reversion/long_run.h"
#include "reversion/regressions.h"
#include "reversion/series.h"

// Rows of the answer; then one for each size of blocks, and one for each span of increments.
enum { DICKEY_FULLER, PHILLIPS_PERRON, KPSS, DFGLS, RATIO, RATIO_STATISTIC, UNSURE, NAMED };

struct Options {
    int trend;
    Index n_lags, bandwidth, periods;
};

FN Regressions regressed(const Series& series, const Options& options, M& unsure) {
    if (options.n_lags == 0) return regress<0>(series, options.trend, unsure);
    if (options.n_lags == 1) return regress<1>(series, options.trend, unsure);
    if (options.n_lags == 2) return regress<2>(series, options.trend, unsure);
    if (options.n_lags == 3) return regress<3>(series, options.trend, unsure);
    return regress<4>(series, options.trend, unsure);
}

// Calls write(row, value) for each row of a group of series.
template <typename Write>
FN void test(const Series& series, const Column& squares, const Options& options, Interrupt interrupt, const Write& write) {
    M unsure = splat(0.0) > 0.0;
    const Regressions regressions = regressed(series, options, unsure);
    write(DICKEY_FULLER, regressions.dickey_fuller);
    write(DFGLS, regressions.dfgls);
    if (interrupt.is_set()) return;
    const LongRun found = long_run(series, regressions.unlagged, options.trend, options.bandwidth, unsure);
    write(PHILLIPS_PERRON, found.phillips_perron);
    write(KPSS, found.kpss);
    if (interrupt.is_set()) return;
    const V mean = at(series, series.n - 1) / (double)(series.n - 1);
    const Ratio ratio = variance_ratio(series, options.periods, mean);
    write(RATIO, ratio.ratio);
    write(RATIO_STATISTIC, ratio.statistic);
    Index row = NAMED;
    for (Index size = FIRST_BLOCK; size <= (series.n - 1) / 2 && !interrupt.is_set(); size *= 2) {
        write(row++, rescaled_range(series, size, squares, unsure));
    }
    for (Index span = 1; span <= series.n / 8 && !interrupt.is_set(); span *= 2) {
        write(row++, squared_increments(series, span, mean) / (double)(series.n - span));
    }
    write(UNSURE, sel(unsure, splat(1.0), splat(0.0)));
}

// prices: (n_series, n_prices), finite. trend: one of the enum. n_lags: 0 to 4. An item takes every n_items-th group of WIDTH
// series, and works in its own part of space, (n_items, n_prices + n_prices / 8, WIDTH). out: (rows, n_series).
ENTRY(reversion_tests)(Index n_series, Index n_prices, Index trend, Index n_lags, Index bandwidth, Index periods,
                       Index n_items, const double* prices, double* space, double* out, Threads threads) {
    EACH(item, n_items, threads) {
        const Index length = n_prices + n_prices / FIRST_BLOCK;
#if WIDTH == 1
        const Column values{space + item, n_items};
#else
        const Column values{space + item * length * WIDTH, WIDTH};
#endif
        const Column squares{values.first + n_prices * values.stride, values.stride};
        const Options options{(int)trend, n_lags, bandwidth, periods};
        for (Index group = item; group < items(n_series) && !interrupt_of(threads).is_set(); group += n_items) {
            const Index first = group * WIDTH;
            Index places[WIDTH];
            for (Index k = 0; k < WIDTH; ++k) places[k] = (first + k < n_series ? first + k : n_series - 1) * n_prices;
            const Series series = taken(prices, places, n_prices, trend == LINE, values);
            test(series, squares, options, interrupt_of(threads),
                 [&](Index row, V value) { store(out + row * n_series, first, n_series, value); });
        }
    };
}
