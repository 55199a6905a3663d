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
  // Element i[w] * stride + k of each environment w; i[w] < 0 reads element k.
  template <class I> NURI_VALUE R gather(const I& i, int stride, int k) const {
    R r;
    for (int w = 0; w < ScalarOf<R>::width; ++w) {
      const int at = (i[w] < 0 ? 0 : i[w]) * stride + k;
      r.set(w, own != nullptr ? own[at][w] : shared[at]);
    }
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
