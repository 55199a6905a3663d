// Normally distributed numbers, the same bits on every machine: Box and Muller's transform of two uniform draws, with our own
// logarithm, sine and cosine. Draws 2k and 2k + 1 are the two numbers that one Philox block gives.
//
//   r = sqrt(-2 log(1 - u0)),  draw 2k = r cos(2 pi u1),  draw 2k + 1 = r sin(2 pi u1)
//
// |r| <= 8.6: 1 - u0 is at least 2^-53. Chosen over the ziggurat: no table, no rejection, no loop.
// Source: G. Box, M. Muller, A note on the generation of random normal deviates, Ann. Math. Statist. 29, 1958.
#pragma once
#include "engine/core/random.h"
#include "engine/math/elementary.h"

NURI_KERNEL_BEGIN

// Mean 0, variance 1.
NURI_VALUE double normal(uint64_t seed, uint64_t environment, uint32_t stream, uint64_t step, uint32_t draw) {
  using R = Wide<double, 1>;
  uint32_t even = draw & ~1u;
  R u0(uniform(seed, environment, stream, step, even)), u1(uniform(seed, environment, stream, step, even + 1));
  R radius = sqrt(R(-2.0) * log(R(1.0) - u0)), sine, cosine;
  sin_cos(R(6.283185307179586) * u1, sine, cosine);
  return (radius * (draw == even ? cosine : sine)).v;
}

NURI_KERNEL_END
