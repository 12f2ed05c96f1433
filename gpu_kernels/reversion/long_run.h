// Phillips and Perron's Z_tau and KPSS, whose long-run variances take one pass with any number of lags.
//
// With Bartlett's weights, n (L + 1) times the long-run variance is the sum of the squared sums over L + 1 neighbours,
// where there are zeros before the first and behind the last number. A window's sum follows from that of the one before.
#pragma once

#include "reversion/regressions.h"

// Residuals of Phillips and Perron's regression: the step less `slope` times the value and less a line.
struct Residual {
    V slope;
    Line line;
};

FN V bare(const Series& series, const Residual& residual, Index t) {
    return step(series, t) - residual.slope * at(series, t);
}
FN V at(const Series& series, const Residual& residual, Index t) {
    return bare(series, residual, t) - at(residual.line, t);
}
FN V level(const Series& series, Index t) { return at(series, t) - at(series.line, t); }

struct Window {
    V sum, squares;
};
FN void move(Window& window, V by) {
    window.sum = window.sum + by;
    window.squares = window.squares + window.sum * window.sum;
}

// Sums over a series: squared partial sums of the levels, squared windows of levels and residuals, squared residuals.
struct Windows {
    Window partial, levels, residuals;
    V squares;
};

FN Windows windows(const Series& series, const Residual& residual, Index bandwidth) {
    const V zero = splat(0.0);
    const Index width = bandwidth + 1, last = series.n - 1;
    Windows found{{zero, zero}, {zero, zero}, {zero, zero}, zero};
    for (Index t = 0; t < width; ++t) {
        const V here = level(series, t), left = at(series, residual, t);
        move(found.partial, here);
        move(found.levels, here);
        move(found.residuals, left);
        found.squares = found.squares + left * left;
    }
    const V rise = series.line.slope * (double)width, drift = residual.line.slope * (double)width;
    for (Index t = width; t < last; ++t) {
        const V left = bare(series, residual, t), rest = left - at(residual.line, t);
        move(found.partial, level(series, t));
        move(found.levels, (at(series, t) - at(series, t - width)) - rise);
        move(found.residuals, (left - bare(series, residual, t - width)) - drift);
        found.squares = found.squares + rest * rest;
    }
    move(found.partial, level(series, last));
    move(found.levels, (at(series, last) - at(series, last - width)) - rise);
    for (Index t = last - width; t < last - 1; ++t) {
        move(found.levels, -level(series, t + 1));
        move(found.residuals, -at(series, residual, t));
    }
    return found;
}

struct LongRun {
    V phillips_perron, kpss;
};

// unlagged: as regress has it, of levels without the series' line. Sets `unsure` where the regression leaves next to nothing.
FN LongRun long_run(const Series& series, Moments<2> unlagged, int trend, Index bandwidth, M& unsure) {
    const double n = unlagged.n, centre_of_all = 0.5 * (n - 1.0), width = (double)(bandwidth + 1);
    const V level_mean = unlagged.sums[0] / n, step_mean = unlagged.sums[1] / n, zero = splat(0.0);
    const V level_rise = trend == LINE ? unlagged.timed[0] / spread_of(n) : zero;
    const V step_rise = trend == LINE ? unlagged.timed[1] / spread_of(n) : zero;
    if (trend == NOTHING) {
        shift(unlagged, {series.origin + series.line.start, zero});
    } else {
        centre(unlagged, trend);
    }
    const V sxx = unlagged.products[0][0], slope = unlagged.products[1][0] / sxx;
    unsure = unsure | no((sxx > SMALLEST_SQUARES) & (sxx < LARGEST_SQUARES));
    // What the residual lacks beside slope times the value, at t = 0 and from each t to the next.
    const V rise = step_rise - slope * (level_rise + series.line.slope);
    V start = slope * series.origin;
    if (trend != NOTHING) {
        start = series.line.slope + (step_mean - slope * level_mean) - slope * series.line.start -
                (step_rise - slope * level_rise) * centre_of_all;
    }
    const Windows found = windows(series, {slope, {start, rise}}, bandwidth);
    unsure = unsure | no(found.squares > NEARLY_DEPENDENT * unlagged.products[1][1]);
    const V variance = found.squares / (n - 1.0 - (double)trend), brief = found.squares / n;
    const V error = root(variance / sxx), lasting = found.residuals.squares / (n * width);
    const V t = root(brief / lasting) * slope / error;
    const V bent = 0.5 * (lasting - brief) / root(lasting) * n * error / root(variance);
    const double n_prices = (double)series.n;
    const V lasting_level = found.levels.squares / (n_prices * width);
    return {t - bent, found.partial.squares / (n_prices * n_prices) / lasting_level};
}
