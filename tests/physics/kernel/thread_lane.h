// ThreadLane: the CUDA lane's way of working, on a CPU. The threads of a team share one environment, item by item, as the threads of a
// warp do; what GroupLane does by ballots and shuffles goes over a board here. So the group's step runs, and is compared bit by bit, without
// a GPU; a kernel that lets threads take different ways hangs, one without a needed sync gives other bits now and then, and the thread
// sanitizer names the place.
#pragma once
#include <barrier>
#include <thread>
#include <vector>
#include "engine/lane/lane.h"

NURI_KERNEL_BEGIN

struct Team {
  int size;
  std::barrier<> barrier;
  std::vector<float> board;            // what threads tell each other
  explicit Team(int threads) : size(threads), barrier(threads), board(4096) {}
};

struct ThreadLane {
  using Scalar = float;
  using Real = Wide<float, 1>;
  using Truth = Mask<float, 1>;
  using Int = Ints<1>;
  static constexpr int width = 1;

  Team* team;
  int thread;

  template <class F> void each(int n, F f) const { for (int i = thread; i < n; i += team->size) f(i); }
  template <class F> void once(F f) const { if (thread == 0) f(); }
  void sync() const { team->barrier.arrive_and_wait(); }
  void mark(int) const {}

  template <int N, class K, class F> void sums(int n, K key, Real (&out)[N], F f) const {
    Real part[sum_partials][N];
    for (auto& row : part) for (Real& x : row) x = Real(0);
    for (int i = 0; i < n; ++i)
      if (const int p = key(i) & (sum_partials - 1); p % team->size == thread) f(i, part[p]);
    for (int p = thread; p < sum_partials; p += team->size)
      for (int k = 0; k < N; ++k) team->board[p * N + k] = part[p][k].v;
    sync();
    for (int k = 0; k < N; ++k) {
      auto at = [&](int p) { return team->board[p * N + k]; };
      out[k] = Real(((at(0) + at(4)) + (at(2) + at(6))) + ((at(1) + at(5)) + (at(3) + at(7))));
    }
    sync();
  }

  template <class F> int list(int n, int* out, int cap, F keep) const {
    return keep_in_order(n, keep, [&](int at, int i) { if (at < cap) out[at] = i; });
  }
  template <class O, class K> int place(int n, int cap, O owner, K keep, Int* out_source, int* out_owner, int* out_rank) const {
    const int count = keep_in_order(n, keep, [&](int at, int i) {
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
  template <class F, class W> int keep_in_order(int n, F keep, W write) const {
    if (thread == 0 && team->board.size() < size_t(n)) team->board.resize(size_t(n));
    sync();
    each(n, [&](int i) { team->board[i] = any(keep(i)) ? 1.0f : 0.0f; });
    sync();
    int count = 0;
    for (int i = 0; i < n; ++i)
      if (team->board[i] != 0) {
        if (i % team->size == thread) write(count, i);
        ++count;
      }
    sync();
    return count;
  }
};

NURI_KERNEL_END
