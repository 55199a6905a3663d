// GroupLane: the lane of a GPU. A group of 8, 16 or 32 threads of one warp, or a whole block of 64, 128 or 256, shares one environment;
// a Real is one number.
//
// The same contract and the same bits as PackLane (lane.h). What differs is who does the work: items go round the threads of the
// group, and what one thread needs from another travels by ballots and shuffles. Groups of one warp run apart from each other,
// so every warp operation names the group's own threads in its mask, and every operation of the lane is reached by the whole
// group: that is what "control flow depends on uniform values only" buys.
//
// A block is for environments that keep several warps busy (heaps). Its warps tell each other sums and counts on a board in shared memory, which
// has two sides. Each use turns it, writes the new side, meets once and reads. One meeting is enough: who writes a side again has passed the
// meeting of the use between, and nobody came to that one who had not read this side.
//
// Chosen: eight threads at most add up a sum, because a sum has eight partials on every machine; of a block those of the first warp. Three
// ballots tell each of them which items of a chunk are its own, so the items are visited side by side; letting each thread skip over the
// others' items would run them one after another. Loops are not unrolled: nvcc makes four copies of every item's code otherwise, and the step
// outgrows the instruction caches. The size of a group is a number, not a template parameter: one kernel instead of six (each takes the
// compiler half a minute and has a megabyte of code), at the price of a register.
#pragma once
#include "engine/lane/lane.h"

#if defined(__CUDACC__) || defined(NURI_EMULATED_WARP)   // a test gives a CPU the few words of CUDA that this uses
NURI_KERNEL_BEGIN

struct GroupLane {
  using Scalar = float;
  using Real = Wide<float, 1>;
  using Truth = Mask<float, 1>;
  using Int = Ints<1>;
  static constexpr int width = 1;

  // Shared memory of a block that is one group.
  static constexpr int most_warps = 8, most_sums = 8;
  struct Board {
    float sum[2][most_sums];
    int kept[2][most_warps];               // by warp
  };

  int group, thread;                       // threads of the group (8, 16, 32; 64, 128, 256: the block); this one, 0 .. group - 1
  int warp;                                // threads of the group in one warp
  unsigned mask, shift;                    // they, in this thread's warp; the first of them
  Board* board;                            // for groups of more than one warp only
  mutable int side = 0;                    // of the board, used last
  unsigned long long* cycles = nullptr;    // per stage, for all groups together; null: not asked
  mutable long long last = 0;

  NURI_VALUE explicit GroupLane(int threads, Board* shared = nullptr) : group(threads), board(shared) {
    thread = int(threadIdx.x) & (group - 1);
    warp = group < 32 ? group : 32;
    shift = unsigned(threadIdx.x & 31) & ~unsigned(warp - 1);
    mask = (0xffffffffu >> (32 - warp)) << shift;
  }

  template <class F> NURI_VALUE void each(int n, F f) const { NURI_KEEP_LOOP for (int i = thread; i < n; i += group) f(i); }
  template <class F> NURI_VALUE void once(F f) const { if (thread == 0) f(); }
  NURI_VALUE void sync() const {
    if (group > 32) __syncthreads();
    else __syncwarp(mask);
  }
  NURI_VALUE void mark(int stage) const {
    if (!cycles || thread) return;
    const long long now = clock64();
    atomicAdd(cycles + stage, static_cast<unsigned long long>(now - last));   // integers: any order gives the same sum
    last = now;
  }

  template <int N, class K, class F> NURI_VALUE void sums(int n, K key, Real (&out)[N], F f) const {
    static_assert(N <= most_sums);
    NURI_UNROLL for (int k = 0; k < N; ++k) out[k] = Real(0.0f);
    if (thread < 32) {
      NURI_KEEP_LOOP for (int base = 0; base < n; base += warp) {
        const bool here = base + thread < n;
        const int partial = here ? key(base + thread) : 0;
        const unsigned low = ballot(partial & 1), middle = ballot(partial & 2), high = ballot(partial & 4);
        if (thread >= sum_partials) continue;
        unsigned mine = (thread & 1 ? low : ~low) & (thread & 2 ? middle : ~middle) & (thread & 4 ? high : ~high);
        const int many = n - base < warp ? n - base : warp;
        mine &= 0xffffffffu >> (32 - many);
        NURI_KEEP_LOOP for (; mine; mine &= mine - 1) f(base + __ffs(int(mine)) - 1, out);
      }
      __syncwarp(mask);
      NURI_UNROLL for (int k = 0; k < N; ++k) {
        float v = out[k].v;
        NURI_UNROLL for (int o = sum_partials / 2; o > 0; o >>= 1) v = v + __shfl_xor_sync(mask, v, o);
        out[k] = __shfl_sync(mask, v, 0, warp);
      }
    }
    if (group <= 32) return;
    float* const told = board->sum[side ^= 1];
    if (thread == 0) NURI_UNROLL for (int k = 0; k < N; ++k) told[k] = out[k].v;
    __syncthreads();
    NURI_UNROLL for (int k = 0; k < N; ++k) out[k] = told[k];
  }

  template <int N, class F> NURI_VALUE void sweep(int first, int n, Real (&out)[N], F f) const {
    sums(n, ByItem{}, out, [&](int i, Real* acc) { f.template operator()<Real>(first + i, acc); });
  }

  template <class F> NURI_VALUE int list(int n, int* out, int cap, F keep) const {
    return keep_in_order(n, [&](int i) { return any(keep(i)); }, [&](int at, int i) { if (at < cap) out[at] = i; });
  }

  // One environment: the kept items in order. Owners ascend, so an item's rank is how many slots of its owner come before.
  template <class O, class K> NURI_VALUE int place(int n, int cap, O owner, K keep, Int* out_source, int* out_owner, int* out_rank) const {
    const int count = keep_in_order(n, [&](int i) { return any(keep(i)); }, [&](int at, int i) {
      if (at >= cap) return;
      out_source[at].set(0, i);
      out_owner[at] = owner(i);
    });
    sync();
    each(count < cap ? count : cap, [&](int slot) {
      int rank = 0;
      while (rank < slot && out_owner[slot - rank - 1] == out_owner[slot]) ++rank;
      out_rank[slot] = rank;
    });
    return count;
  }

 private:
  // Which threads of the group in this warp say yes; bit 0 is the first of them.
  NURI_VALUE unsigned ballot(bool yes) const { return (__ballot_sync(mask, yes) & mask) >> shift; }
  template <class F, class W> NURI_VALUE int keep_in_order(int n, F keep, W write) const {
    int count = 0;
    NURI_KEEP_LOOP for (int base = 0; base < n; base += group) {
      const int i = base + thread;
      const bool kept = i < n && keep(i);
      const unsigned all = ballot(kept);
      Kept warps{0, __popc(all)};
      if (group > 32) warps = kept_by_warps(warps.all);
      if (kept) write(count + warps.before + __popc(all & ((1u << (thread & 31)) - 1)), i);
      count += warps.all;
    }
    return count;
  }
  // Of a block whose warp of this thread keeps `many` items: how many the warps before it keep, and how many all keep.
  struct Kept { int before, all; };
  NURI_STAGE Kept kept_by_warps(int many) const {
    int* const told = board->kept[side ^= 1];
    const int mine = thread >> 5;
    if ((thread & 31) == 0) told[mine] = many;
    __syncthreads();
    Kept out{0, 0};
    NURI_KEEP_LOOP for (int w = 0; w < group >> 5; ++w) {
      out.before += w < mine ? told[w] : 0;
      out.all += told[w];
    }
    return out;
  }
};

NURI_KERNEL_END
#endif
