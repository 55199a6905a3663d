// A 64-bit hash of values, for goldens, divergence reports and state comparisons; no defence against an attacker.
//
// It is a hash of meaning, not of memory: values enter as the little-endian bytes of their type whatever the machine, every NaN
// is one NaN (its sign and payload differ between processors), and -0 is +0. Eight bytes at a time: exclusive or, odd
// multiplication, shift; each step is a bijection of the state for given bytes, so no two states merge. The end mixes
// in the length and finishes with SplitMix64's finaliser. Streaming: add(a), add(b) equals add(a followed by b).
// Rejected: FNV-1a (one byte per multiplication, weak high bits), a library hash (its bits change with its version).
#pragma once
#include <bit>
#include <cstddef>
#include <span>
#include <string_view>
#include <type_traits>
#include "engine/core/random.h"

NURI_KERNEL_BEGIN

class Hash {
 public:
  constexpr Hash() = default;
  constexpr explicit Hash(uint64_t seed) : state_(mix(seed + start)) {}

  // One number: integer, enumeration, truth, float or double.
  template <class T>
    requires(std::is_arithmetic_v<T> || std::is_enum_v<T>)
  constexpr Hash& add(T value) {
    put(word(value), sizeof(T));
    return *this;
  }
  // Many, one after the other; their number is not added.
  template <class T, size_t N> constexpr Hash& add(std::span<T, N> values) {
    for (const T& value : values) add(value);
    return *this;
  }
  // A text and its length, so that "ab", "c" and "a", "bc" differ.
  constexpr Hash& add(std::string_view text) {
    for (char c : text) add(c);
    return add(uint64_t(text.size()));
  }
  // The hash of everything added so far; adding may go on.
  constexpr uint64_t value() const { return mix(step(state_, pending_) ^ (length_ * multiplier)); }

 private:
  static constexpr uint64_t start = 0x9E3779B97F4A7C15u;          // 2^64 / golden ratio
  static constexpr uint64_t multiplier = 0xD6E8FEB86659FD93u;     // odd, bits well spread

  static constexpr uint64_t step(uint64_t state, uint64_t bytes) {
    state = (state ^ bytes) * multiplier;
    return state ^ (state >> 32);
  }
  template <class T> static constexpr uint64_t word(T value) {
    if constexpr (std::is_same_v<T, float>) {
      return value != value ? 0x7FC00000u : std::bit_cast<uint32_t>(value == 0 ? 0.0f : value);
    } else if constexpr (std::is_same_v<T, double>) {
      return value != value ? 0x7FF8000000000000u : std::bit_cast<uint64_t>(value == 0 ? 0.0 : value);
    } else if constexpr (std::is_enum_v<T>) {
      return word(std::underlying_type_t<T>(value));
    } else {
      static_assert(std::is_integral_v<T> && sizeof(T) <= 8, "long double has no portable bytes");
      constexpr uint64_t mask = ~uint64_t(0) >> (64 - 8 * sizeof(T));
      return uint64_t(value) & mask;
    }
  }
  // Appends the low `size` bytes of `bytes`, lowest first.
  constexpr void put(uint64_t bytes, unsigned size) {
    unsigned filled = unsigned(length_ % 8);
    pending_ |= bytes << (8 * filled);
    if (filled + size >= 8) {
      state_ = step(state_, pending_);
      pending_ = filled == 0 ? 0 : bytes >> (8 * (8 - filled));
    }
    length_ += size;
  }

  uint64_t state_ = start;
  uint64_t pending_ = 0;      // the bytes since the last step, lowest first
  uint64_t length_ = 0;       // bytes
};

// The hash of two hashes, in this order: a world's is that of its environments, combined in order of their ids.
constexpr uint64_t combine(uint64_t first, uint64_t second) { return Hash().add(first).add(second).value(); }

NURI_KERNEL_END
