// What excursions.cu keeps of the entry and exit levels of one chunk of a grid.
#pragma once
#include "lane.h"

enum { LEVELS = 128, EXITS = 8, PAD = 8 };  // of one chunk; room for vectors that reach over its ends

// One number a level.
struct Row {
    double at[PAD + LEVELS + PAD];
};

// What the levels have gathered. equity: of closed trades; unit, the realized pnl alone. open: the unrealized pnl, in
// the units of Trade. tally and wins are differences from one level to the next. redo: 1 for the dense kernel's lanes.
struct Books {
    Row equity, peak, worst, sum, squares, fees, open, tally, wins, redo;
};

// The levels first[k]..first[k + 1]-1 enter at bar[k].
struct Records {
    Index bar[LEVELS], first[LEVELS + 1], count;
};

// Entry and exit levels ascend; each exit level goes with each entry level. marks_short: as in settle.h, the prices where
// nothing is paid for borrowing.
struct Chunk {
    const double *prices, *marks_short, *inverses, *scores;
    Index n_bars, n_levels, n_exits;
    double entry[LEVELS + 1], leave[EXITS], cost;
};

// The books of neighbouring exit levels.
struct ExitBooks {
    Books *begin, *end;
};

FN V row(const Row& row, Index level) { return get(row.at + PAD + level); }
FN void set_row(Row& row, Index level, V values) { put(row.at + PAD + level, values); }
