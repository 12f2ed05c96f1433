// The rows of out, each (n_series, n_pairs). SUM and SQUARES are of the returns, in unit mode times the initial capital.
// RUINED is 1 for a ruined lane, and 2 for one that must be run again by the dense kernel.
#pragma once

enum { EQUITY, REALIZED, UNREALIZED, FEES, DRAWDOWN, SUM, SQUARES, TRADES, WINS, POSITION, RUINED, ROWS };
