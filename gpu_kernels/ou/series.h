// One series of prices as the sums of ou.cu and the test of dickey_fuller.h read it.
#pragma once

#include "lane.h"

FN M known(V v) { return v == v; }
FN V counted(M m) { return sel(m, splat(1.0), splat(0.0)); }

// The first price of the first `length` neighbours without a gap, 0 where there are none. A price that is in no sum cannot
// be the origin: if it is far from the others, it costs them their digits.
FN double first_of_whole(const double* price, Index n, Index length) {
    for (Index t = 0, together = 0; t < n; ++t) {
        together = price[t] == price[t] ? together + 1 : 0;
        if (together == length) return price[t + 1 - length];
    }
    return 0.0;
}

// One series. If it is known to have no gap, whole turns need no masks.
struct Series {
    const double* price;
    Index n;
    double origin;
    bool gapless;
};
