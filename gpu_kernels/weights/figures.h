// What the kernel says of a problem, in the order of driver.Solved.
#pragma once

enum { ANSWER, RESIDUAL, VARIANCE, GROSS, ROUNDS, FIGURES };

// The answers: an optimum; S is not finite, not symmetric or not positive definite; the rounds do not end.
static const double SOLVED = 0.0, UNSOUND = 1.0, UNENDED = 2.0;
