// The lane contract: how one kernel text runs on different machines. Kernels know nothing else of the machine.
//
//   Real, Mask, Ints          one number / truth / small integer per environment of the pack
//   lane.each(n, f)           visits items 0..n-1 in no promised order, possibly at once. f(i) reads what was finished
//                             before the last sync() and writes only item i's own slots
//   lane.once(f)              f() by one thread
//   lane.sync()               what was written before is seen after; never inside each()
//   lane.sums<N>(n,key,out,f) N sums in one sweep: f(i, acc) adds item i to acc[0..N-1]. Item i joins partial key(i) mod 8 in
//                             ascending order, the partials meet in a fixed tree. key(i) is the item's static id or its own
//                             rank in its environment, never its place in a shared list, or packing would show in the bits.
//                             ByItem: item i joins partial i mod 8
//   lane.sweep<N>(first,n,out,f)  the same for items that lie together, by their rank: f.operator()<V>(i, acc) reads what belongs to item i
//                             by at<V>(array, i). A pack of one environment may read eight items at once, each a partial
//   lane.list(n,out,cap,keep) ordered list of the items that any environment keeps; returns how many there are (only the
//                             first cap are written)
//   lane.place(...)           slots by owner and own rank; see below
//   sums, list and place have read everything they need when they return: what they read may be overwritten at once
//
// Outside each(), control flow depends on uniform values only. Never branch on a Real; `if (any(mask))` may skip work.
//
// PackLane (this file): one CPU thread, W environments side by side. ShuffledLane, CheckedLane: the same for tests (races,
// unwritten reads). GroupLane: CUDA. Rejected: lanes over items (bodies, contacts) of one environment on the CPU: trees are
// narrow and ragged, environments are many and alike.
#pragma once
#include <type_traits>
#include "engine/math/wide.h"

NURI_KERNEL_BEGIN

inline constexpr int sum_partials = 8;   // enough for a group of 8 threads; 32 cost 7 % on a CPU

struct ByItem { NURI_VALUE int operator()(int i) const { return i; } };

// What belongs to item i, and, if V is wide, to those behind it; one number for all of them.
template <class V, class R> NURI_VALUE V at(const R* values, int i) {
  if constexpr (std::is_same_v<V, R>) {
    return values[i];
  } else {
    V v;
    __builtin_memcpy(&v, values + i, sizeof v);
    return v;
  }
}
template <class V, class R> NURI_VALUE V spread(R x) {
  if constexpr (std::is_same_v<V, R>) return x;
  else return V(x.v);
}

// Cycles per stage, if somebody asks.
struct Stopwatch {
  uint64_t last = 0, cycles[32] = {};
  static uint64_t now() {
#if defined(__x86_64__) && !defined(__CUDACC__)
    return __builtin_ia32_rdtsc();
#elif defined(__aarch64__) && !defined(__CUDACC__)
    uint64_t t;
    asm volatile("mrs %0, cntvct_el0" : "=r"(t));
    return t;
#else
    return 0;
#endif
  }
  void start() { last = now(); }
  void mark(int stage) {
    const uint64_t t = now();
    cycles[stage] += t - last;
    last = t;
  }
};

#if !defined(__CUDACC__)
template <class T, int W> struct PackLane {
  using Scalar = T;
  using Real = Wide<T, W>;
  using Truth = Mask<T, W>;
  using Int = Ints<W>;
  static constexpr int width = W;
  Stopwatch* watch = nullptr;

  template <class F> NURI_VALUE void each(int n, F f) const { for (int i = 0; i < n; ++i) f(i); }
  template <class F> NURI_VALUE void once(F f) const { f(); }
  NURI_VALUE void sync() const {}
  NURI_VALUE void mark(int stage) const { if (__builtin_expect(watch != nullptr, 0)) watch->mark(stage); }

  template <int N, class K, class F> NURI_VALUE void sums(int n, K key, Real (&out)[N], F f) const {
    Real part[sum_partials][N];
    NURI_UNROLL for (int p = 0; p < sum_partials; ++p) NURI_UNROLL for (int k = 0; k < N; ++k) part[p][k] = Real(T(0));
    if constexpr (std::is_same_v<K, ByItem>) {                     // partials known beforehand stay in registers
      for (int i = 0; i < n; i += sum_partials) NURI_UNROLL for (int p = 0; p < sum_partials; ++p) if (i + p < n) f(i + p, part[p]);
    } else {
      for (int i = 0; i < n; ++i) f(i, part[key(i) & (sum_partials - 1)]);
    }
    meet(part, out);
  }
  template <int N> static NURI_VALUE void meet(Real (&part)[sum_partials][N], Real (&out)[N]) {
    NURI_UNROLL for (int o = sum_partials / 2; o > 0; o >>= 1)
      NURI_UNROLL for (int p = 0; p < o; ++p) NURI_UNROLL for (int k = 0; k < N; ++k) part[p][k] = part[p][k] + part[p + o][k];
    NURI_UNROLL for (int k = 0; k < N; ++k) out[k] = part[0][k];
  }

  template <int N, class F> NURI_VALUE void sweep(int first, int n, Real (&out)[N], F f) const {
    if constexpr (W == 1 && std::is_floating_point_v<T>) {
      using V = Wide<T, sum_partials>;
      V eight[N];
      NURI_UNROLL for (int k = 0; k < N; ++k) eight[k] = V(T(0));
      int i = 0;
      for (; i + sum_partials <= n; i += sum_partials) f.template operator()<V>(first + i, eight);
      Real part[sum_partials][N];
      NURI_UNROLL for (int p = 0; p < sum_partials; ++p) NURI_UNROLL for (int k = 0; k < N; ++k) part[p][k] = Real(eight[k][p]);
      NURI_UNROLL for (int p = 0; p < sum_partials; ++p) if (i + p < n) f.template operator()<Real>(first + i + p, part[p]);
      meet(part, out);
    } else {
      sums(n, ByItem{}, out, [&](int i, Real* acc) { f.template operator()<Real>(first + i, acc); });
    }
  }

  template <class F> NURI_VALUE int list(int n, int* out, int cap, F keep) const {
    int count = 0;
    for (int i = 0; i < n; ++i)
      if (any(keep(i))) {
        if (count < cap) out[count] = i;
        ++count;
      }
    return count;
  }

  // Items 0..n-1 belong to owners in ascending order; an environment keeps some of them. The k-th item that an environment
  // keeps of an owner gets that owner's k-th slot: an owner needs as many slots as the most that one environment keeps, far
  // fewer than all items together, and the owner stays the same for the whole pack. out_source[slot] is the item per environment
  // (-1: none), out_owner[slot] the owner, out_rank[slot] the k. Returns the number of slots (only the first cap are written).
  template <class O, class K> NURI_VALUE int place(int n, int cap, O owner, K keep, Int* out_source, int* out_owner, int* out_rank) const {
    int start = 0, end = 0, current = -1;
    int have[W] = {};
    for (int i = 0; i < n; ++i) {
      const int o = owner(i);
      if (o != current) {
        current = o;
        start = end;
        for (int w = 0; w < W; ++w) have[w] = 0;
      }
      for (unsigned bits = keep(i).bits(); bits; bits &= bits - 1) {
        const int w = __builtin_ctz(bits), slot = start + have[w]++;
        if (slot >= cap) { end = slot >= end ? slot + 1 : end; continue; }
        if (slot >= end) {
          for (int v = 0; v < W; ++v) out_source[slot].set(v, -1);
          out_owner[slot] = o;
          out_rank[slot] = slot - start;
          end = slot + 1;
        }
        out_source[slot].set(w, i);
      }
    }
    return end;
  }
};
#endif

NURI_KERNEL_END
