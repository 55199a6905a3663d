// What kernels see of a Model: flat pointers. A number is shared by all environments of the pack, or, where somebody
// overrides it (randomisation), each environment has its own.
#pragma once
#include "engine/math/vector.h"

NURI_KERNEL_BEGIN

template <class R> struct ScalarOf;
template <class T, int W, Kind K> struct ScalarOf<Wide<T, W, K>> { using type = T; static constexpr int width = W; };

template <class R> struct Field {
  using T = typename ScalarOf<R>::type;
  const T* shared;
  const R* own;
  NURI_VALUE R operator[](int i) const { return __builtin_expect(own != nullptr, 0) ? own[i] : R(shared[i]); }
};

// Which element of an array each environment reads. Few of a pack differ, so each element that somebody reads is read once, by all.
template <class R> struct Pick {
  static constexpr int width = ScalarOf<R>::width;
  using Truth = decltype(R() < R());

  int count = 0, at[width];                // the elements
  unsigned who[width], anyone = 0;         // bits of the environments that read each

  // i[w] < 0: w reads none, and finds what others read.
  template <class I> NURI_VALUE explicit Pick(const I& i) {
    for (int w = 0; w < width; ++w) {
      if (i[w] < 0 || (anyone >> w & 1u)) continue;
      unsigned same = 0;
      NURI_UNROLL for (int v = 0; v < width; ++v) same |= (i[v] == i[w] ? 1u : 0u) << v;
      at[count] = i[w];
      who[count++] = same;
      anyone |= same;
    }
    if (count) return;
    at[count] = 0;
    who[count++] = 0;
  }
  NURI_VALUE Truth here() const { return Truth::from_bits(anyone); }
  template <class I> NURI_VALUE I each() const {
    I i;
    for (int w = 0; w < width; ++w) i.set(w, -1);
    for (int j = 0; j < count; ++j)
      for (int w = 0; w < width; ++w) if (who[j] >> w & 1u) i.set(w, at[j]);
    return i;
  }
  // Number k of each environment's element, which has `stride` of them. f: a Field or an array of R.
  template <class F> NURI_VALUE R of(const F& f, int stride, int k) const {
    R r = f[at[0] * stride + k];
    for (int j = 1; j < count; ++j) r = where(Truth::from_bits(who[j]), f[at[j] * stride + k], r);
    return r;
  }
};

template <class R> struct ModelView {
#define NURI_COUNT(name, doc) int name;
#define NURI_INDEX(name, count, doc) const int* name;
#define NURI_REAL(name, count, unit, doc) Field<R> name;
#define NURI_DERIVED(name, count, unit, doc) Field<R> name;
#include "engine/model/model_fields.inl"
  NURI_VALUE bool on(int flag) const { return (flags & flag) != 0; }
};

template <class R> NURI_VALUE Vec3<R> load3(const Field<R>& f, int i) { return {f[3 * i], f[3 * i + 1], f[3 * i + 2]}; }
template <class R> NURI_VALUE Quat<R> load4(const Field<R>& f, int i) { return {f[4 * i], f[4 * i + 1], f[4 * i + 2], f[4 * i + 3]}; }

NURI_KERNEL_END
