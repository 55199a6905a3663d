// A group of a warp on a CPU: a thread for each of its threads, and the few words of CUDA that GroupLane uses. So the very text of the CUDA
// lane and of the group's step runs, and is compared bit by bit, without a GPU: a kernel that lets threads take different ways hangs, one
// without a needed sync gives other bits now and then, and the thread sanitizer names the place.
//
// Ballots and shuffles are barriers here; on a GPU they order no memory. A sync that is missing next to one is the checked lane's to find.
#pragma once
#include <barrier>
#include <cstdint>
#include <thread>
#include <vector>

namespace nuri::emulated {

struct Group {
  int size;
  unsigned first;                      // its first thread in the warp
  std::barrier<> barrier;
  uint32_t board[32] = {};             // what threads tell each other
  Group(int threads, unsigned first_thread) : size(threads), first(first_thread), barrier(threads) {}
  void sync() { barrier.arrive_and_wait(); }
};
inline thread_local Group* group;
struct Index { unsigned x; };

// f() by every thread of the group
template <class F> void run(Group& g, F f);

inline uint32_t exchange(uint32_t mine, unsigned from);

}  // namespace nuri::emulated

inline thread_local nuri::emulated::Index threadIdx;

template <class F> void nuri::emulated::run(Group& g, F f) {
  std::vector<std::thread> threads;
  for (int t = 0; t < g.size; ++t)
    threads.emplace_back([&, t] {
      group = &g;
      threadIdx.x = g.first + unsigned(t);
      f();
    });
  for (std::thread& t : threads) t.join();
}
inline uint32_t nuri::emulated::exchange(uint32_t mine, unsigned from) {
  group->board[threadIdx.x] = mine;
  group->sync();
  const uint32_t theirs = group->board[from];
  group->sync();
  return theirs;
}

inline void __syncwarp(unsigned) { nuri::emulated::group->sync(); }
inline unsigned __ballot_sync(unsigned mask, int yes) {
  nuri::emulated::Group& g = *nuri::emulated::group;
  g.board[threadIdx.x] = yes != 0;
  g.sync();
  unsigned all = 0;
  for (unsigned t = 0; t < 32; ++t) if (mask >> t & 1) all |= g.board[t] << t;
  g.sync();
  return all;
}
inline float __shfl_xor_sync(unsigned, float v, int o) { return __builtin_bit_cast(float, nuri::emulated::exchange(__builtin_bit_cast(uint32_t, v), threadIdx.x ^ unsigned(o))); }
inline float __shfl_sync(unsigned, float v, int from, int width) {
  return __builtin_bit_cast(float, nuri::emulated::exchange(__builtin_bit_cast(uint32_t, v), (threadIdx.x & ~unsigned(width - 1)) + unsigned(from)));
}
inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline long long clock64() { return 0; }
inline void atomicAdd(unsigned long long* to, unsigned long long x) { __atomic_fetch_add(to, x, __ATOMIC_RELAXED); }

#define NURI_EMULATED_WARP
#include "engine/lane/group.h"
