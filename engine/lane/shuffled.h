// ShuffledLane: PackLane whose items come in another pseudo-random order each time. For tests: a kernel that keeps the lane
// contract gives PackLane's bits; items of one each() that feed each other do not. Finds races without a GPU.
#pragma once
#include <numeric>
#include <utility>
#include <vector>
#include "engine/core/random.h"
#include "engine/lane/lane.h"

NURI_KERNEL_BEGIN

template <class T, int W> struct ShuffledLane {
  using Scalar = T;
  using Real = Wide<T, W>;
  using Truth = Mask<T, W>;
  using Int = Ints<W>;
  static constexpr int width = W;

  // Where lanes that are made from now on start: the order of visit k is a function of (seed, k).
  static inline uint64_t first_seed = 1;
  uint64_t seed = first_seed;
  mutable uint64_t visit = 0;
  Stopwatch* watch = nullptr;

  // Fisher and Yates.
  std::vector<int> order(int n) const {
    std::vector<int> out(n > 0 ? n : 0);
    std::iota(out.begin(), out.end(), 0);
    const uint64_t key = mix(seed ^ mix(++visit));
    for (int i = n - 1; i > 0; --i) std::swap(out[i], out[mix(key + uint64_t(i)) % uint64_t(i + 1)]);
    return out;
  }

  template <class F> void each(int n, F f) const { for (int i : order(n)) f(i); }
  template <class F> void once(F f) const { f(); }
  void sync() const {}
  void mark(int stage) const { if (watch) watch->mark(stage); }

  // Partials in any order, the items of each ascending.
  template <int N, class K, class F> void sums(int n, K key, Real (&out)[N], F f) const {
    Real part[sum_partials][N];
    for (auto& p : part) for (Real& x : p) x = Real(T(0));
    for (int p : order(sum_partials))
      for (int i = 0; i < n; ++i) if ((key(i) & (sum_partials - 1)) == p) f(i, part[p]);
    for (int o = sum_partials / 2; o > 0; o >>= 1)
      for (int p = 0; p < o; ++p) for (int k = 0; k < N; ++k) part[p][k] = part[p][k] + part[p + o][k];
    for (int k = 0; k < N; ++k) out[k] = part[0][k];
  }

  template <int N, class F> void sweep(int first, int n, Real (&out)[N], F f) const {
    sums(n, ByItem{}, out, [&](int i, Real* acc) { f.template operator()<Real>(first + i, acc); });
  }

  // The questions in any order, the list ascending.
  template <class F> int list(int n, int* out, int cap, F keep) const {
    const std::vector<Truth> kept = ask(n, keep);
    return PackLane<T, W>{}.list(n, out, cap, [&](int i) { return kept[i]; });
  }
  template <class O, class K> int place(int n, int cap, O owner, K keep, Int* out_source, int* out_owner, int* out_rank) const {
    const std::vector<Truth> kept = ask(n, keep);
    return PackLane<T, W>{}.place(n, cap, owner, [&](int i) { return kept[i]; }, out_source, out_owner, out_rank);
  }

 private:
  template <class F> std::vector<Truth> ask(int n, F keep) const {
    std::vector<Truth> kept(n > 0 ? n : 0, Truth::from_bits(0));
    for (int i : order(n)) kept[i] = keep(i);
    return kept;
  }
};

NURI_KERNEL_END
