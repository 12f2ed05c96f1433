// Chunks of bars that long_series.cu cuts series into, and what is held when one begins.
#pragma once
#include "lane.h"

// A lane is a pair in a chunk of a series, pairs adjacent. No chunk is empty.
struct Shape {
    Index n_series, n_bars, n_chunks, n_pairs;
};

FN Index lanes(const Shape& shape) { return shape.n_series * shape.n_chunks * shape.n_pairs; }
FN Index begin(const Shape& shape, Index chunk) { return chunk * shape.n_bars / shape.n_chunks; }

// What a chunk says of its end. SIDE: the side held, MISSING where no score decided. BAR: the entry's bar. CARRY: where no
// score decided, 1 if a long position would outlast the chunk, 2 if a short one, 3 if both; otherwise 1 if a position of
// the same side from before is the one held.
enum { END_SIDE, END_BAR, END_CARRY, ENDS };

// Says how a chunk's end depends on its beginning, from its last score back.
FN void end(Index lane, const Shape& shape, const double* scores, const double* entry, const double* leave, double* ends) {
    const Index size = lanes(shape), pair = lane % shape.n_pairs, number = lane / shape.n_pairs % shape.n_chunks;
    const double* score = scores + lane / (shape.n_pairs * shape.n_chunks) * shape.n_bars;
    const double enters = entry[pair], leaves = leave[pair];
    const Index first = begin(shape, number);
    Index t = begin(shape, number + 1) - 1;
    bool long_lasts = true, short_lasts = true;
    while (t >= first && !(score[t] <= -enters || score[t] >= enters)) {
        if (score[t] >= -leaves) long_lasts = false;
        if (score[t] <= leaves) short_lasts = false;
        --t;
    }
    double side = MISSING, bar = 0.0, carry = (long_lasts ? 1.0 : 0.0) + (short_lasts ? 2.0 : 0.0);
    if (t >= first) {
        side = score[t] < 0.0 ? 1.0 : -1.0;
        if (!(side > 0.0 ? long_lasts : short_lasts)) {
            side = carry = 0.0;
        } else {
            for (; t >= first && !(side * score[t] >= -leaves); --t) {
                if (side * score[t] <= -enters) bar = (double)t;
            }
            carry = t < first ? 1.0 : 0.0;
        }
    }
    ends[END_SIDE * size + lane] = side;
    ends[END_BAR * size + lane] = bar;
    ends[END_CARRY * size + lane] = carry;
}

// What the chunks before a lane's hand over: the side held, and the bar of its entry.
struct Held {
    double side;
    Index bar;
};
FN Held held_before(const Shape& shape, Index lane, const double* ends) {
    const Index size = lanes(shape), number = lane / shape.n_pairs % shape.n_chunks;
    Held held{0.0, 0};
    for (Index earlier = lane - number * shape.n_pairs; earlier < lane; earlier += shape.n_pairs) {
        const double side = ends[END_SIDE * size + earlier], carry = ends[END_CARRY * size + earlier];
        if (side != side) {
            const bool lasts = held.side > 0.0 ? carry == 1.0 || carry == 3.0 : carry >= 2.0;
            if (!lasts) held.side = 0.0;
        } else {
            if (side != held.side || carry == 0.0) held.bar = (Index)ends[END_BAR * size + earlier];
            held.side = side;
        }
    }
    return held;
}
