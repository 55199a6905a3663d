// The bits of a Wide: sign, exponent and fraction, for the elementary functions.
//
// Six operations on the IEEE 754 pattern of each number: and, or, xor, and-not, shifts by a constant. Registers are reached
// through the compilers' vector extension, so one text serves SSE, AVX2, AVX-512 and NEON without an intrinsic; wider than a
// register means two halves, as in wide.h. Integers are never converted to numbers or back: the functions add a power of two
// that puts an integer into the low bits of a fraction instead.
#pragma once
#include "engine/math/wide.h"

NURI_KERNEL_BEGIN

template <class T> struct Format;
template <> struct Format<float> {
  using Word = uint32_t;
  static constexpr int bits = 32, fraction_bits = 23, bias = 127;
  static constexpr float smallest_normal = 0x1p-126f, largest = 0x1.fffffep127f;
};
template <> struct Format<double> {
  using Word = uint64_t;
  static constexpr int bits = 64, fraction_bits = 52, bias = 1023;
  static constexpr double smallest_normal = 0x1p-1022, largest = 0x1.fffffffffffffp1023;
};

namespace bits {

// Pattern<T, W, K>::type holds the words of a register; load and store change the type, not the bits.
template <class T, int W, Kind K> struct Pattern;
template <class T> struct Pattern<T, 1, Kind::scalar> {
  using Word = typename Format<T>::Word;
  using type = Word;
#if defined(__CUDACC__)
  NURI_VALUE static type load(Wide<float, 1> x) { return __float_as_uint(x.v); }
  NURI_VALUE static type load(Wide<double, 1> x) { return type(__double_as_longlong(x.v)); }
  NURI_VALUE static void store(uint32_t x, Wide<float, 1>& out) { out = __uint_as_float(x); }
  NURI_VALUE static void store(uint64_t x, Wide<double, 1>& out) { out = __longlong_as_double((long long)(x)); }
#else
  NURI_VALUE static type load(Wide<T, 1> x) { return __builtin_bit_cast(type, x.v); }
  NURI_VALUE static void store(type x, Wide<T, 1>& out) { out.v = __builtin_bit_cast(T, x); }
#endif
};
#if !defined(__CUDACC__)
template <class T, int W> struct Pattern<T, W, Kind::native> {
  using Word = typename Format<T>::Word;
  typedef Word type __attribute__((vector_size(W * sizeof(T))));
  NURI_VALUE static type load(Wide<T, W> x) { return (type)(x.v); }
  NURI_VALUE static void store(type x, Wide<T, W>& out) { out.v = (decltype(out.v))(x); }
};
#endif

#define NURI_BITS_OF_ONE(name, expression)                                                                   \
  template <int N = 0, class T, int W, Kind K> NURI_VALUE Wide<T, W, K> name(Wide<T, W, K> x) {              \
    if constexpr (K == Kind::halves) {                                                                       \
      return {name<N>(x.lo), name<N>(x.hi)};                                                                 \
    } else {                                                                                                 \
      using P = Pattern<T, W, K>;                                                                            \
      auto a = P::load(x);                                                                                   \
      Wide<T, W, K> r;                                                                                       \
      P::store(expression, r);                                                                               \
      return r;                                                                                              \
    }                                                                                                        \
  }
#define NURI_BITS_OF_TWO(name, expression)                                                                   \
  template <class T, int W, Kind K> NURI_VALUE Wide<T, W, K> name(Wide<T, W, K> x, Wide<T, W, K> y) {        \
    if constexpr (K == Kind::halves) {                                                                       \
      return {name(x.lo, y.lo), name(x.hi, y.hi)};                                                           \
    } else {                                                                                                 \
      using P = Pattern<T, W, K>;                                                                            \
      auto a = P::load(x), b = P::load(y);                                                                   \
      Wide<T, W, K> r;                                                                                       \
      P::store(expression, r);                                                                               \
      return r;                                                                                              \
    }                                                                                                        \
  }

NURI_BITS_OF_ONE(shift_left, a << N)
NURI_BITS_OF_ONE(shift_right, a >> N)
NURI_BITS_OF_TWO(both, a & b)
NURI_BITS_OF_TWO(either, a | b)
NURI_BITS_OF_TWO(differ, a ^ b)
NURI_BITS_OF_TWO(without, a & ~b)

#undef NURI_BITS_OF_ONE
#undef NURI_BITS_OF_TWO

}  // namespace bits

// The sign bit alone, and x with it flipped where s has it set.
template <class T, int W, Kind K> NURI_VALUE Wide<T, W, K> sign_bit(Wide<T, W, K> x) { return bits::both(x, Wide<T, W, K>(T(-0.0))); }
template <class T, int W, Kind K> NURI_VALUE Wide<T, W, K> flip_sign(Wide<T, W, K> x, Wide<T, W, K> s) { return bits::differ(x, sign_bit(s)); }
template <class T, int W, Kind K> NURI_VALUE Wide<T, W, K> magnitude(Wide<T, W, K> x) { return bits::without(x, Wide<T, W, K>(T(-0.0))); }

// True where the sign bit is set, -0 included.
template <class T, int W, Kind K> NURI_VALUE auto negative(Wide<T, W, K> x) {
  return bits::either(sign_bit(x), Wide<T, W, K>(T(1))) < Wide<T, W, K>(T(0));
}

// 2^n for a whole number n whose power is a normal number: n + bias lands in the low bits of the sum, and moves up.
template <class T, int W, Kind K> NURI_VALUE Wide<T, W, K> power_of_two(Wide<T, W, K> n) {
  using F = Format<T>;
  constexpr T magic = T(sizeof(T) == 4 ? 0x1.8p23 : 0x1.8p52);
  return bits::shift_left<F::fraction_bits>(n + Wide<T, W, K>(magic + T(F::bias)));
}

// x = 2^out_exponent m with m in [sqrt(1/2), sqrt(2)), for finite x > 0, denormal ones included.
template <class T, int W, Kind K> NURI_VALUE Wide<T, W, K> split(Wide<T, W, K> x, Wide<T, W, K>& out_exponent) {
  using F = Format<T>;
  using R = Wide<T, W, K>;
  constexpr T whole = T(sizeof(T) == 4 ? 0x1p23 : 0x1p52);
  auto tiny = x < R(F::smallest_normal);
  x = where(tiny, x * R(whole), x);
  R biased = bits::either(bits::shift_right<F::fraction_bits>(x), R(whole)) - R(whole);
  R m = bits::either(bits::both(x, bits::without(R(T(2) - T(1) / whole), R(T(1)))), R(T(1)));
  auto upper = m > R(T(1.41421356237309504880));
  out_exponent = biased - where(tiny, R(T(F::bias + F::fraction_bits)), R(T(F::bias))) + where(upper, R(T(1)), R(T(0)));
  return where(upper, m * R(T(0.5)), m);
}

NURI_KERNEL_END
