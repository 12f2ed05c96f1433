// The series of a group of lanes, one a lane, and the lines that are taken out of them.
#pragma once

#include "lane.h"

// A number of each lane at every t, in working space: side by side on a CPU, and on a GPU where neighbours' threads read
// them together.
struct Column {
    double* first;
    Index stride;
};

FN V at(const Column& column, Index t) { return get(column.first + t * column.stride); }
FN void set(const Column& column, Index t, V value) { put(column.first + t * column.stride, value); }

// A number of each lane that grows evenly with t.
struct Line {
    V start, slope;
};

FN V at(const Line& line, Index t) { return line.start + line.slope * (double)t; }

// n prices less the first of them, with their sums and the line that is taken out: of slope 0 for a constant.
struct Series {
    Column values;
    Index n;
    V origin, total, timed, largest;
    Line line;
};

FN V at(const Series& series, Index t) { return at(series.values, t); }
FN V step(const Series& series, Index t) { return at(series, t + 1) - at(series, t); }

// The sum of squares of 0, 1, ... n - 1 about their mean.
FN double spread_of(double n) { return n * (n * n - 1.0) / 12.0; }

// Takes the prices at each lane's place into working space, and fits the line to them.
FN Series taken(const double* prices, const Index* places, Index n, bool with_line, const Column& values) {
    Series series{values, n, get_at(prices, places), splat(0.0), splat(0.0), splat(0.0), {splat(0.0), splat(0.0)}};
    const double centre = 0.5 * (double)(n - 1);
    for (Index t = 0; t < n; ++t) {
        const V value = get_at(prices + t, places) - series.origin;
        set(values, t, value);
        series.total = series.total + value;
        series.timed = series.timed + value * ((double)t - centre);
        series.largest = max(magnitude(value), series.largest);
    }
    if (with_line) series.line.slope = series.timed / spread_of((double)n);
    series.line.start = series.total / (double)n - series.line.slope * centre;
    return series;
}

#define TURN 4

// The sum of term(t) for t from 0 to n - 1, in several sums, because an addition waits for the one before it.
template <typename Term>
FN V total(Index n, const Term& term) {
    V part[TURN] = {};
    Index t = 0;
    for (; t + TURN <= n; t += TURN) {
#pragma unroll
        for (Index k = 0; k < TURN; ++k) part[k] = part[k] + term(t + k);
    }
    for (; t < n; ++t) part[0] = part[0] + term(t);
    return (part[0] + part[1]) + (part[2] + part[3]);
}
