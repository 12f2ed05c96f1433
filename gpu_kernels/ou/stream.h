// The sums of a stream, updated price by price; running.py is the definition, in the same order of operations.
#pragma once

#include "lane.h"
#include "ou/verdict.h"

// The state of a stream: the rows of its sums, of which it is the only series; its last price; the weight of the past at
// each new pair.
enum { LAST = SUMS, FORGETTING, STATE };

FN void add(double* s, double price) {
    const double last = s[LAST];
    s[LAST] = price;
    if (price != price) return;
    s[N_SAMPLES] += 1.0;
    if (last != last) return;
    if (s[WEIGHT] == 0.0) s[ORIGIN] = last;
    const double lag = last - s[ORIGIN], step = price - last, keep = s[FORGETTING];
    s[WEIGHT] = keep * s[WEIGHT] + 1.0;
    s[WEIGHT_SQUARES] = keep * keep * s[WEIGHT_SQUARES] + 1.0;
    const double off_lag = lag - s[LAG_MEAN], off_step = step - s[STEP_MEAN];
    s[LAG_MEAN] += off_lag / s[WEIGHT];
    s[STEP_MEAN] += off_step / s[WEIGHT];
    const double new_step = step - s[STEP_MEAN];
    s[SXX] = keep * s[SXX] + off_lag * (lag - s[LAG_MEAN]);
    s[SXD] = keep * s[SXD] + off_lag * new_step;
    s[SDD] = keep * s[SDD] + off_step * new_step;
}

FN void extend(double* state, const double* prices, Index n_prices) {
    double s[STATE];
#pragma unroll
    for (Index k = 0; k < STATE; ++k) s[k] = state[k];
    for (Index t = 0; t < n_prices; ++t) add(s, prices[t]);
    const double left = s[SXX] > 0.0 ? s[SDD] - s[SXD] * (s[SXD] / s[SXX]) : 0.0;
    s[SSE] = left > 0.0 ? left : 0.0;
#pragma unroll
    for (Index k = 0; k < STATE; ++k) state[k] = s[k];
}
