// Random numbers that depend on nothing but what they are for: seed, environment, stream, step and the number of the draw.
//
// A generator with a state would have to be stored, restored and drawn from in one order on every machine. Philox-4x32-10 is a
// function from a counter to four words, so a draw is found again from its name alone: in a replay, on another shard, on a GPU.
// Only 32-bit products, exclusive or and additions: the same bits everywhere.
//
//   key     = seed xor mix(stream, high word of the step)           64 bits
//   counter = { draw / 2, low word of the step, id low, id high }  128 bits; a block of four words holds two draws
//
// For one seed no two different (environment, stream, step, draw) share a block: mix is a bijection of its 64 bits. `stream`
// names a purpose (initial state, sensor noise, ...), `environment` is the environment's 64-bit id, `step` its step count.
// Normal numbers need a logarithm and stand in engine/math/elementary_normal.h.
//
// Source: J. Salmon, M. Moraes, R. Dror, D. Shaw, Parallel random numbers: as easy as 1, 2, 3, SC 2011.
#pragma once
#include <stdint.h>
#include "engine/core/macros.h"

NURI_KERNEL_BEGIN

struct Philox {
  uint32_t v[4];
};

// Ten rounds of Philox-4x32.
NURI_BOTH constexpr Philox philox(Philox counter, uint32_t key_low, uint32_t key_high) {
  Philox c = counter;
  for (int round = 0; round < 10; ++round) {
    uint64_t a = uint64_t(0xD2511F53u) * c.v[0], b = uint64_t(0xCD9E8D57u) * c.v[2];
    c = {{uint32_t(b >> 32) ^ c.v[1] ^ key_low, uint32_t(b), uint32_t(a >> 32) ^ c.v[3] ^ key_high, uint32_t(a)}};
    key_low += 0x9E3779B9u;       // Weyl sequence: golden ratio, sqrt(3) - 1
    key_high += 0xBB67AE85u;
  }
  return c;
}

// A bijection of 64-bit words in which every bit of the argument moves about half of the result's (the finaliser of SplitMix64:
// G. Steele, D. Lea, C. Flood, Fast splittable pseudorandom number generators, OOPSLA 2014).
NURI_BOTH constexpr uint64_t mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

// The four words that hold draws 2 block and 2 block + 1.
NURI_BOTH constexpr Philox random_block(uint64_t seed, uint64_t environment, uint32_t stream, uint64_t step, uint32_t block) {
  uint64_t key = seed ^ mix((step >> 32 << 32) | stream);
  return philox({{block, uint32_t(step), uint32_t(environment), uint32_t(environment >> 32)}}, uint32_t(key), uint32_t(key >> 32));
}

// 64 random bits.
NURI_BOTH constexpr uint64_t random_bits(uint64_t seed, uint64_t environment, uint32_t stream, uint64_t step, uint32_t draw) {
  Philox b = random_block(seed, environment, stream, step, draw / 2);
  return draw % 2 == 0 ? b.v[0] | uint64_t(b.v[1]) << 32 : b.v[2] | uint64_t(b.v[3]) << 32;
}

// A multiple of 2^-53 in [0, 1): a 53-bit integer, exactly converted and exactly scaled.
NURI_BOTH constexpr double unit_interval(uint64_t random) { return double(random >> 11) * 0x1p-53; }

NURI_BOTH constexpr double uniform(uint64_t seed, uint64_t environment, uint32_t stream, uint64_t step, uint32_t draw) {
  return unit_interval(random_bits(seed, environment, stream, step, draw));
}

// A whole number in [0, count), by the high word of a product: each comes up within 2^-32 of equally often.
NURI_BOTH constexpr uint32_t uniform_integer(uint64_t seed, uint64_t environment, uint32_t stream, uint64_t step, uint32_t draw, uint32_t count) {
  return uint32_t((random_bits(seed, environment, stream, step, draw) >> 32) * count >> 32);
}

NURI_KERNEL_END
