// What the sums of one series say of it: parameters, intervals, the test and a finding. host.py and inference.py are the
// definition; here a lane takes a series, and the operations stand in the same order, so that findings are the same.
#pragma once

#include "lane.h"
#include "ou/unit_root.h"

// The rows of the sums, (n_series,) each: the fields of sums.Sums.
enum { N_SAMPLES, WEIGHT, WEIGHT_SQUARES, ORIGIN, LAG_MEAN, STEP_MEAN, SXX, SXD, SDD, SSE, ROUNDING, SUMS };

// The rows of the verdicts, (n_series,) each: the numbers of model.OuFit in their order, then the finding, and 1 where the
// asked correction was applied.
enum {
    THETA,
    MU,
    SIGMA,
    HALF_LIFE,
    SAMPLES,
    R_SQUARED,
    THETA_ERROR,
    MU_ERROR,
    SIGMA_ERROR,
    THETA_LOWER,
    THETA_UPPER,
    HALF_LIFE_LOWER,
    HALF_LIFE_UPPER,
    CORRECTED,
    STATISTIC,
    P_VALUE,
    LOG_LIKELIHOOD,
    B_MEDIAN,
    B_LOWER,
    B_UPPER,
    MU_LOWER,
    MU_UPPER,
    FINDING,
    APPLIED,
    VERDICT
};

// The findings of inference.py.
enum {
    FINE,
    TOO_FEW,
    FEW_NEIGHBOURS,
    FADED,
    FEW_TO_CORRECT,
    CONSTANT,
    CONSTANT_PAIRS,
    MOVES_ONCE,
    DETERMINISTIC,
    UNIT_ROOT,
    INSTANT,
    TOO_LARGE,
    CORRECTED_AWAY,
    FEW_PAIRS,
    FADED_PAIRS,
    FEW_EQUATIONS,
    EXACT_TEST,
    DEPENDENT_TEST,
    UNIT_ROOT_STANDS
};

// The corrections: the order of model.BIASES.
enum { NONE, TANG_CHEN, JACKKNIFE, MEDIAN_UNBIASED };

// The tolerances of sums.py.
static const double STILL = 1e-12, NO_NOISE = 1e-24, SLOPE_ROUNDING = 0x1p-49;
static const double LN_2 = 0.6931471805599453, TWO_PI = 6.283185307179586;
static const double QUANTILE = 1.96, LARGEST_STEP = 2.0;

// One series: its sums, and what follows from them before anything is judged.
struct Regression {
    double n_samples, weight, weight_squares, origin, lag_mean, step_mean, sxx, sxd, sdd, sse, rounding;
    double n_pairs, slope, syy, size, tolerance;  // size: of the prices; tolerance: how far rounding moves the slope
};

FN Regression regression(const double* sums, Index n_series) {
    Regression it;
    it.n_samples = sums[N_SAMPLES * n_series];
    it.weight = sums[WEIGHT * n_series];
    it.weight_squares = sums[WEIGHT_SQUARES * n_series];
    it.origin = sums[ORIGIN * n_series];
    it.lag_mean = sums[LAG_MEAN * n_series];
    it.step_mean = sums[STEP_MEAN * n_series];
    it.sxx = sums[SXX * n_series];
    it.sxd = sums[SXD * n_series];
    it.sdd = sums[SDD * n_series];
    it.sse = sums[SSE * n_series];
    it.rounding = sums[ROUNDING * n_series];
    it.n_pairs = it.weight * it.weight / it.weight_squares;
    it.slope = it.sxd / it.sxx;
    it.syy = it.sxx + 2.0 * it.sxd + it.sdd;
    it.size = fabs(it.origin) + fabs(it.lag_mean);
    it.tolerance = SLOPE_ROUNDING * (it.n_samples + it.size / sqrt(it.sxx / it.weight));
    return it;
}

FN bool bounded(double x) { return fabs(x) < INFINITE; }

FN bool fading(const Regression& it) { return it.weight_squares != it.weight; }

FN int kind(const Regression& it) {
    const double smallest = STILL * it.size, still = it.weight * (smallest * smallest);
    if (!(it.n_samples >= 4.0)) return TOO_FEW;
    if (!(it.n_pairs >= 3.0)) return fading(it) ? FADED : FEW_NEIGHBOURS;
    if (!bounded(it.sxx + it.sdd)) return TOO_LARGE;
    if (it.sxx <= still) {
        if (it.sdd > still) return MOVES_ONCE;
        return it.weight >= it.n_samples - 1.0 ? CONSTANT : CONSTANT_PAIRS;
    }
    if (it.sse <= NO_NOISE * it.syy + it.rounding * it.sdd) return DETERMINISTIC;
    if (it.slope >= -it.tolerance) return UNIT_ROOT;
    return it.slope <= it.tolerance - 1.0 ? INSTANT : FINE;
}

// MacKinnon's p-value of one series; dickey_fuller.py has the same surface.
FN double p_value(double t) {
    if (t > 2.74) return 1.0;
    if (t < -18.83) return 0.0;
    const double left = (0.038269 * t + 1.4412) * t + 2.1659;
    const double right = ((-0.010368 * t + -0.12745) * t + 0.93202) * t + 1.7339;
    return 0.5 * erfc(-(t <= -1.61 ? left : right) / 1.4142135623730951);
}

FN double half_life_of(double theta, double dt) { return LN_2 / (theta * dt); }

// A series that no process fits: what can be said of it.
FN void without_process(const Regression& it, double dt, int found, double* out) {
    const bool downward = it.slope < -it.tolerance, reverts = downward && it.slope > it.tolerance - 1.0;
    const bool brief = found <= FEW_TO_CORRECT;
    const bool constant = found == CONSTANT || found == CONSTANT_PAIRS || found == MOVES_ONCE;
    const bool nothing = brief || found == TOO_LARGE;
    const double mean = it.origin + it.lag_mean;
    double theta = 0.0;
    if (found == DETERMINISTIC && reverts) theta = -log1p(it.slope) / dt;
    const double half_life = brief || found == INSTANT ? 0.0 : half_life_of(theta, dt);
    out[THETA] = out[THETA_LOWER] = out[THETA_UPPER] = theta;
    out[MU] = nothing ? 0.0 : constant || !downward ? mean : mean + it.step_mean / -it.slope;
    out[SIGMA] = found == UNIT_ROOT || found == INSTANT ? sqrt(it.sse / it.weight / dt) : 0.0;
    out[HALF_LIFE] = out[HALF_LIFE_LOWER] = out[HALF_LIFE_UPPER] = half_life;
    out[CORRECTED] = out[APPLIED] = 0.0;
}

// The speed at a distance from the unit root.
FN double speed(double distance, double n_pairs, double dt) {
    return distance < n_pairs ? -log1p(-distance / n_pairs) / dt : INFINITE;
}

// What the asked correction makes of theta: NONE and TANG_CHEN say the same of where they apply.
FN double asked(Index bias, double theta, double corrected, double middle, const double* halves, bool* applies) {
    if (bias == NONE) return theta;
    if (bias == MEDIAN_UNBIASED) {
        *applies = true;
        return middle;
    }
    if (bias == TANG_CHEN) return corrected;
    *applies = bounded(halves[0]) && bounded(halves[1]);
    return *applies ? 2.0 * theta - 0.5 * (halves[0] + halves[1]) : theta;
}

// A series with a process. t: of the test with lags, else that of the regression is taken.
FN int with_process(const Regression& it, const Decays& far, double dt, Index bias, const double* t, const double* halves,
                    double* out) {
    const double decay = 1.0 + it.slope, log_decay = log1p(it.slope), theta = -log_decay / dt, k = theta * dt;
    const double variance = it.sse / it.weight, shrink = it.weight_squares / it.weight;
    const double residual = it.sse / (it.weight - 2.0 * shrink), decay_error = sqrt(residual / it.sxx * shrink);
    const double distance = it.step_mean / -it.slope, sigma = sqrt(2.0 * theta * variance / -expm1(-2.0 * k));
    bool applies = k <= LARGEST_STEP;
    const double grown = exp(k);
    const double corrected = applies ? theta - (2.5 + grown + 0.5 * (grown * grown)) / (it.n_pairs * dt) : theta;
    const double middle = speed(far.middle, it.n_pairs, dt);
    const double wanted = asked(bias, theta, corrected, middle, halves, &applies);
    out[MU] = it.origin + it.lag_mean + distance;
    out[SIGMA] = sigma;
    out[CORRECTED] = corrected;
    out[APPLIED] = applies ? 1.0 : 0.0;
    if (wanted <= 0.0) {
        out[THETA] = out[THETA_LOWER] = out[THETA_UPPER] = 0.0;
        out[HALF_LIFE] = out[HALF_LIFE_LOWER] = out[HALF_LIFE_UPPER] = INFINITE;
        return CORRECTED_AWAY;
    }
    const double g = 1.0 / (decay * log_decay) + 2.0 * decay / -(it.slope * (1.0 + decay)), ge = g * decay_error;
    const double reach = QUANTILE * decay_error, high = it.slope + reach, low = it.slope - reach;
    const double lower = high >= 0.0 ? 0.0 : -log1p(high) / dt, upper = low <= -1.0 ? INFINITE : -log1p(low) / dt;
    const double statistic = t ? *t : it.slope / decay_error;
    const bool tested = bounded(statistic);
    const double p = tested ? p_value(statistic) : 1.0;
    out[THETA] = wanted;
    out[HALF_LIFE] = half_life_of(wanted, dt);
    const double explained = decay * decay * it.sxx;  // Syy - SSE, without their cancellation
    out[R_SQUARED] = explained / (explained + it.sse);
    out[THETA_ERROR] = decay_error / (decay * dt);
    out[MU_ERROR] =
        sqrt(residual) / -it.slope * sqrt(1.0 / it.n_pairs + shrink * (distance * distance) / it.sxx);
    out[SIGMA_ERROR] = 0.5 * sigma * sqrt(2.0 / it.n_pairs + ge * ge);
    out[THETA_LOWER] = lower;
    out[THETA_UPPER] = upper;
    out[HALF_LIFE_LOWER] = half_life_of(upper, dt);
    out[HALF_LIFE_UPPER] = half_life_of(lower, dt);
    out[STATISTIC] = tested ? statistic : 0.0;
    out[P_VALUE] = p;
    out[LOG_LIKELIHOOD] = -0.5 * it.n_pairs * (log(TWO_PI * variance) + 1.0);
    if (it.n_pairs < 30.0) return fading(it) ? FADED_PAIRS : FEW_PAIRS;
    if (!tested) return statistic != statistic ? FEW_EQUATIONS : statistic > 0.0 ? EXACT_TEST : DEPENDENT_TEST;
    return p < 0.05 ? FINE : UNIT_ROOT_STANDS;
}

// What the exact distribution of the estimate says of a series that was regressed, from enough pairs where `placed`.
FN void place(const Regression& it, const Decays& far, double dt, Index bias, bool placed, int found, double* out) {
    out[MU_LOWER] = -INFINITE;
    out[MU_UPPER] = INFINITE;
    if (placed) {
        out[B_MEDIAN] = 1.0 - far.middle / it.n_pairs;
        out[B_LOWER] = 1.0 - far.fastest / it.n_pairs;
        out[B_UPPER] = 1.0 - far.slowest / it.n_pairs;
    }
    if (placed && found != UNIT_ROOT) {
        const double shrink = it.weight_squares / it.weight, residual = it.sse / (it.weight - 2.0 * shrink);
        const double mean = it.origin + it.lag_mean;
        const Span span = mean_span(it.slope, it.step_mean, residual / it.sxx * shrink, residual / it.n_pairs, far.reach);
        out[MU_LOWER] = mean + span.low;
        out[MU_UPPER] = mean + span.high;
    }
    if (bias != MEDIAN_UNBIASED) return;
    out[THETA_LOWER] = speed(far.slowest, it.n_pairs, dt);
    out[THETA_UPPER] = speed(far.fastest, it.n_pairs, dt);
    out[HALF_LIFE_LOWER] = half_life_of(out[THETA_UPPER], dt);
    out[HALF_LIFE_UPPER] = half_life_of(out[THETA_LOWER], dt);
}

// One series of n_series, whose rows begin at sums and go to out.
FN void judge(const double* sums, Index n_series, double dt, Index bias, const double* t, const double* halves, double* out) {
    const Regression it = regression(sums, n_series);
    double found[VERDICT];
    found[SAMPLES] = it.n_samples;
    found[R_SQUARED] = found[THETA_ERROR] = found[MU_ERROR] = found[SIGMA_ERROR] = 0.0;
    found[STATISTIC] = found[LOG_LIKELIHOOD] = 0.0;
    found[P_VALUE] = 1.0;
    int finding = kind(it);
    const bool placed = it.n_pairs >= FEWEST_PAIRS;
    bool regressed = finding == FINE || finding == UNIT_ROOT || finding == INSTANT;
    if (regressed && !placed && bias == MEDIAN_UNBIASED) {
        finding = FEW_TO_CORRECT;
        regressed = false;
    }
    const Decays far = regressed && placed ? decays(it.slope, it.n_pairs) : Decays{0.0, 0.0, it.n_pairs, 0.0};
    const int before = finding;
    if (finding == FINE) {
        finding = with_process(it, far, dt, bias, t, halves, found);
    } else {
        without_process(it, dt, finding, found);
    }
    found[B_MEDIAN] = found[B_LOWER] = found[B_UPPER] = 0.0;
    found[MU_LOWER] = found[MU_UPPER] = found[MU];
    if (regressed) place(it, far, dt, bias, placed, before, found);
    found[FINDING] = (double)finding;
#pragma unroll
    for (Index row = 0; row < VERDICT; ++row) out[row * n_series] = found[row];
}
