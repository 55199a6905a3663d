// Wide<T, W>: one number per environment of a pack. W environments side by side in SIMD registers, or one (W = 1).
//
// Every operation is element-wise and correctly rounded by IEEE 754, so the number an environment gets does not depend
// on W, on its neighbours, or on the machine. What is written is what is computed: fma only where `mul_add` or
// `sub_mul` stands (the build forbids the compiler to make others), min and max are `a < b ? a : b`.
//
// About twenty operations are all a simulator needs; no general SIMD library is used. Wider than a register means two
// halves. `Mask<T, W>` is one truth per environment; never branch on it except through `any`.
#pragma once
#include <stdint.h>
#include "engine/core/macros.h"
#if defined(__x86_64__) && !defined(__CUDACC__)
#include <immintrin.h>
#elif defined(__aarch64__) && !defined(__CUDACC__)
#include <arm_neon.h>
#endif
#if defined(__CUDACC__)
#include <math.h>
#endif

NURI_KERNEL_BEGIN

#if defined(__AVX512F__) && !defined(__CUDACC__)
inline constexpr int register_bytes = 64;
#elif defined(__AVX2__) && !defined(__CUDACC__)
inline constexpr int register_bytes = 32;
#else
inline constexpr int register_bytes = 16;
#endif

enum class Kind { scalar, native, halves };
template <class T, int W> inline constexpr Kind kind_of = W == 1 ? Kind::scalar : int(sizeof(T)) * W <= register_bytes ? Kind::native : Kind::halves;

template <class T, int W, Kind = kind_of<T, W>> struct Wide;
template <class T, int W, Kind = kind_of<T, W>> struct Mask;

// One environment: a number.
template <class T> struct Mask<T, 1, Kind::scalar> {
  bool v;
  NURI_VALUE friend Mask operator&(Mask a, Mask b) { return {a.v && b.v}; }
  NURI_VALUE friend Mask operator|(Mask a, Mask b) { return {a.v || b.v}; }
  NURI_VALUE Mask operator!() const { return {!v}; }
  NURI_VALUE friend bool any(Mask a) { return a.v; }
  NURI_VALUE bool operator[](int) const { return v; }
  NURI_VALUE static Mask from_bits(unsigned bits) { return {(bits & 1) != 0}; }
  NURI_VALUE unsigned bits() const { return v ? 1u : 0u; }
};
template <class T> struct Wide<T, 1, Kind::scalar> {
  T v;
  Wide() = default;
  NURI_VALUE Wide(T x) : v(x) {}
  NURI_VALUE friend Wide operator+(Wide a, Wide b) { return a.v + b.v; }
  NURI_VALUE friend Wide operator-(Wide a, Wide b) { return a.v - b.v; }
  NURI_VALUE friend Wide operator*(Wide a, Wide b) { return a.v * b.v; }
  NURI_VALUE friend Wide operator/(Wide a, Wide b) { return a.v / b.v; }
  NURI_VALUE friend Mask<T, 1> operator<(Wide a, Wide b) { return {a.v < b.v}; }
  NURI_VALUE friend Mask<T, 1> operator<=(Wide a, Wide b) { return {a.v <= b.v}; }
  NURI_VALUE friend Wide mul_add(Wide a, Wide b, Wide c) { return fused(a.v, b.v, c.v); }
  NURI_VALUE friend Wide sub_mul(Wide c, Wide a, Wide b) { return fused(-a.v, b.v, c.v); }
  NURI_VALUE friend Wide min(Wide a, Wide b) { return a.v < b.v ? a.v : b.v; }
  NURI_VALUE friend Wide max(Wide a, Wide b) { return b.v < a.v ? a.v : b.v; }
  NURI_VALUE friend Wide where(Mask<T, 1> m, Wide a, Wide b) { return m.v ? a.v : b.v; }
  NURI_VALUE friend Wide sqrt(Wide a) { return root(a.v); }
  NURI_VALUE T operator[](int) const { return v; }
  NURI_VALUE void set(int, T x) { v = x; }

 private:
#if defined(__CUDACC__)
  NURI_VALUE static float fused(float a, float b, float c) { return __fmaf_rn(a, b, c); }
  NURI_VALUE static double fused(double a, double b, double c) { return __fma_rn(a, b, c); }
  NURI_VALUE static float root(float a) { return __fsqrt_rn(a); }
  NURI_VALUE static double root(double a) { return __dsqrt_rn(a); }
#else
  NURI_VALUE static float fused(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
  NURI_VALUE static double fused(double a, double b, double c) { return __builtin_fma(a, b, c); }
  NURI_VALUE static float root(float a) { return __builtin_sqrtf(a); }
  NURI_VALUE static double root(double a) { return __builtin_sqrt(a); }
#endif
};

#if defined(__x86_64__) && defined(__AVX2__) && !defined(__CUDACC__)
#include "engine/math/wide_x86.inl"
#elif defined(__aarch64__) && !defined(__CUDACC__)
#include "engine/math/wide_neon.inl"
#endif

// Wider than a register: two halves.
template <class T, int W> struct Mask<T, W, Kind::halves> {
  Mask<T, W / 2> lo, hi;
  NURI_VALUE friend Mask operator&(Mask a, Mask b) { return {a.lo & b.lo, a.hi & b.hi}; }
  NURI_VALUE friend Mask operator|(Mask a, Mask b) { return {a.lo | b.lo, a.hi | b.hi}; }
  NURI_VALUE Mask operator!() const { return {!lo, !hi}; }
  NURI_VALUE friend bool any(Mask a) { return any(a.lo) || any(a.hi); }
  NURI_VALUE bool operator[](int i) const { return i < W / 2 ? lo[i] : hi[i - W / 2]; }
  NURI_VALUE static Mask from_bits(unsigned bits) { return {Mask<T, W / 2>::from_bits(bits), Mask<T, W / 2>::from_bits(bits >> (W / 2))}; }
  NURI_VALUE unsigned bits() const { return lo.bits() | hi.bits() << (W / 2); }
};
template <class T, int W> struct Wide<T, W, Kind::halves> {
  Wide<T, W / 2> lo, hi;
  Wide() = default;
  NURI_VALUE Wide(Wide<T, W / 2> l, Wide<T, W / 2> h) : lo(l), hi(h) {}
  NURI_VALUE Wide(T x) : lo(x), hi(x) {}
  NURI_VALUE friend Wide operator+(Wide a, Wide b) { return {a.lo + b.lo, a.hi + b.hi}; }
  NURI_VALUE friend Wide operator-(Wide a, Wide b) { return {a.lo - b.lo, a.hi - b.hi}; }
  NURI_VALUE friend Wide operator*(Wide a, Wide b) { return {a.lo * b.lo, a.hi * b.hi}; }
  NURI_VALUE friend Wide operator/(Wide a, Wide b) { return {a.lo / b.lo, a.hi / b.hi}; }
  NURI_VALUE friend Mask<T, W> operator<(Wide a, Wide b) { return {a.lo < b.lo, a.hi < b.hi}; }
  NURI_VALUE friend Mask<T, W> operator<=(Wide a, Wide b) { return {a.lo <= b.lo, a.hi <= b.hi}; }
  NURI_VALUE friend Wide mul_add(Wide a, Wide b, Wide c) { return {mul_add(a.lo, b.lo, c.lo), mul_add(a.hi, b.hi, c.hi)}; }
  NURI_VALUE friend Wide sub_mul(Wide c, Wide a, Wide b) { return {sub_mul(c.lo, a.lo, b.lo), sub_mul(c.hi, a.hi, b.hi)}; }
  NURI_VALUE friend Wide min(Wide a, Wide b) { return {min(a.lo, b.lo), min(a.hi, b.hi)}; }
  NURI_VALUE friend Wide max(Wide a, Wide b) { return {max(a.lo, b.lo), max(a.hi, b.hi)}; }
  NURI_VALUE friend Wide where(Mask<T, W> m, Wide a, Wide b) { return {where(m.lo, a.lo, b.lo), where(m.hi, a.hi, b.hi)}; }
  NURI_VALUE friend Wide sqrt(Wide a) { return {sqrt(a.lo), sqrt(a.hi)}; }
  NURI_VALUE T operator[](int i) const { return reinterpret_cast<const T*>(this)[i]; }
  NURI_VALUE void set(int i, T x) { reinterpret_cast<T*>(this)[i] = x; }
};

// What follows from the above.
template <class T, int W, Kind K> NURI_VALUE auto operator>(Wide<T, W, K> a, Wide<T, W, K> b) { return b < a; }
template <class T, int W, Kind K> NURI_VALUE auto operator>=(Wide<T, W, K> a, Wide<T, W, K> b) { return b <= a; }
template <class T, int W, Kind K> NURI_VALUE Wide<T, W, K> operator-(Wide<T, W, K> a) { return Wide<T, W, K>(T(0)) - a; }   // -0 never appears: 0 - 0 = +0
template <class T, int W, Kind K> NURI_VALUE Wide<T, W, K>& operator+=(Wide<T, W, K>& a, Wide<T, W, K> b) { return a = a + b; }
template <class T, int W, Kind K> NURI_VALUE Wide<T, W, K>& operator-=(Wide<T, W, K>& a, Wide<T, W, K> b) { return a = a - b; }
template <class T, int W, Kind K> NURI_VALUE Wide<T, W, K>& operator*=(Wide<T, W, K>& a, Wide<T, W, K> b) { return a = a * b; }
template <class T, int W, Kind K> NURI_VALUE Wide<T, W, K> abs(Wide<T, W, K> a) { return max(a, -a); }

// One small integer per environment: ranks, slots, model indices that differ between environments.
template <int W> struct Ints {
  int v[W];
  NURI_VALUE int operator[](int w) const { return v[w]; }
  NURI_VALUE void set(int w, int x) { v[w] = x; }
};

NURI_KERNEL_END
