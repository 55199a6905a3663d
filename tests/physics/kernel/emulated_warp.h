// A block of CUDA threads on a CPU, and the few words of CUDA that GroupLane uses. So the very text of the CUDA lane and of the group's step
// runs, and is compared bit by bit, without a GPU.
//
// The block's threads take turns on one CPU thread, in an order that changes from meeting to meeting: what needs a sync and has none gives
// other bits in some order. Meetings (ballots, shuffles, syncs) go by the masks that the text names: threads that wait at different places, a thread
// that is not in its own mask, a shuffle from outside of the mask end the run with a word about it. Under a sanitizer every thread is one of the
// system's instead, for the thread sanitizer to name the places.
// Rejected: threads of the system always: what takes a group of 32 a minute so takes a second in turns.
//
// Ballots and shuffles order memory here; on a GPU they do not. A sync that is missing next to one is the checked lane's to find.
#pragma once
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#if defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define NURI_EMULATED_AT_ONCE 1
#endif
#endif
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define NURI_EMULATED_AT_ONCE 1
#endif
#if defined(NURI_EMULATED_AT_ONCE)
#include <condition_variable>
#include <mutex>
#else
#include <setjmp.h>
#include <ucontext.h>
#endif

namespace nuri::emulated {

struct Index { unsigned x; };

// Where threads wait for each other: those of a mask, or the block.
struct Meeting {
  unsigned mask = 0;                   // that the ones who wait have named
  int arrived = 0;
  unsigned times = 0;
#if defined(NURI_EMULATED_AT_ONCE)
  std::condition_variable changed;
#endif
};

class Block {
 public:
  Block(int threads, std::function<void()> f) : size_(threads), f_(std::move(f)), threads_(size_t(threads)), warps_(size_t(threads + 31)) {
    for (auto& side : board_) side.resize(size_t(threads + 31));
  }
  // f() by every thread. Throws what went wrong.
  void run();

  void meet_all() { meet(all_, 0xffffffffu, size_); }
  // Tells `mine` and hears what thread `from` of the warp told; both in the mask.
  void meet_warp(unsigned mask) {
    if (!(mask >> (x() & 31) & 1)) fail("a thread is not in the mask that it names");
    meet(warps_[(x() & ~31u) + unsigned(__builtin_ctz(mask))], mask, __builtin_popcount(mask));
  }
  uint32_t* tell(unsigned mask, uint32_t mine) {       // what the threads of the warp told
    uint32_t* const board = board_[me().side ^= 1].data();
    board[x()] = mine;
    meet_warp(mask);                                   // once: see the two sides of GroupLane's board
    return board + (x() & ~31u);
  }
  uint32_t exchange(unsigned mask, uint32_t mine, unsigned from) {
    if (!(mask >> from & 1)) fail("a thread asks one outside of its mask");
    return tell(mask, mine)[from];
  }

 private:
  struct Thread {
    int side = 0;
    bool begun = false, ended = false;
#if !defined(NURI_EMULATED_AT_ONCE)
    ucontext_t context;
    jmp_buf place;
#endif
  };
  static unsigned x();
  Thread& me() { return threads_[x()]; }
  void meet(Meeting& at, unsigned mask, int expected);
  [[noreturn]] void fail(const char* what);

  int size_;
  std::function<void()> f_;
  std::vector<Thread> threads_;
  std::vector<Meeting> warps_;         // by the first thread of a mask
  Meeting all_;
  std::vector<uint32_t> board_[2];
#if defined(NURI_EMULATED_AT_ONCE)
  std::mutex mutex_;
#else
  void yield(bool progress);
  static void enter();
  static constexpr size_t stack_bytes = 512 * 1024;
  static inline std::vector<std::unique_ptr<char[]>> stacks_;   // of all blocks, one after the other
  static inline uint64_t order_ = 1;
  jmp_buf home_;
  unsigned turn_ = 0, first_ = 0, stride_ = 1;
  int idle_ = 0, running_ = 0;
  std::string failure_;
#endif
};

inline thread_local Block* block;

}  // namespace nuri::emulated

inline thread_local nuri::emulated::Index threadIdx;

inline unsigned nuri::emulated::Block::x() { return threadIdx.x; }

#if defined(NURI_EMULATED_AT_ONCE)
inline void nuri::emulated::Block::fail(const char* what) {
  std::fprintf(stderr, "emulated block: %s\n", what);
  std::abort();
}
inline void nuri::emulated::Block::meet(Meeting& at, unsigned mask, int expected) {
  std::unique_lock lock(mutex_);
  if (at.arrived && at.mask != mask) fail("threads that wait for each other name different masks");
  at.mask = mask;
  const unsigned now = at.times;
  if (++at.arrived == expected) {
    at.arrived = 0;
    ++at.times;
    at.changed.notify_all();
  } else at.changed.wait(lock, [&] { return at.times != now; });
}
inline void nuri::emulated::Block::run() {
  std::vector<std::thread> threads;
  for (int t = 0; t < size_; ++t)
    threads.emplace_back([this, t] {
      block = this;
      threadIdx.x = unsigned(t);
      f_();
    });
  for (std::thread& t : threads) t.join();
}
#else
inline void nuri::emulated::Block::fail(const char* what) {
  failure_ = what;
  _longjmp(home_, 1);
}
inline void nuri::emulated::Block::meet(Meeting& at, unsigned mask, int expected) {
  if (at.arrived && at.mask != mask) fail("threads that wait for each other name different masks");
  at.mask = mask;
  const unsigned now = at.times;
  if (++at.arrived == expected) {
    at.arrived = 0;
    ++at.times;
    idle_ = 0;
    return;
  }
  yield(true);
  while (at.times == now) yield(false);
}
// On to the next thread that has not ended. A sweep visits all in an order of its own: first + k stride mod size, stride odd, size a power of two.
inline __attribute__((noinline)) void nuri::emulated::Block::yield(bool progress) {
  idle_ = progress ? 0 : idle_ + 1;
  if (!running_) _longjmp(home_, 1);
  if (idle_ > 2 * size_) fail("threads wait for each other at different places");
  unsigned next;
  do {
    if (turn_++ % unsigned(size_) == 0) {
      order_ = order_ * 6364136223846793005u + 1442695040888963407u;
      first_ = unsigned(order_ >> 33);
      stride_ = unsigned(order_ >> 45) | 1u;
    }
    next = (first_ + turn_ * stride_) % unsigned(size_);
  } while (threads_[next].ended);
  if (next == threadIdx.x && threads_[next].begun) return;
  Thread& mine = me();
  if (mine.begun && _setjmp(mine.place)) return;
  threadIdx.x = next;
  Thread& other = threads_[next];
  if (other.begun) _longjmp(other.place, 1);
  other.begun = true;
  setcontext(&other.context);
}
inline void nuri::emulated::Block::enter() {
  block->f_();
  block->me().ended = true;
  --block->running_;
  block->yield(true);
  std::abort();                        // nobody comes back to one who has ended
}
inline void nuri::emulated::Block::run() {
  block = this;
  while (stacks_.size() < size_t(size_)) stacks_.emplace_back(new char[stack_bytes]);
  for (int t = 0; t < size_; ++t) {
    ucontext_t& context = threads_[size_t(t)].context;
    getcontext(&context);
    context.uc_stack.ss_sp = stacks_[size_t(t)].get();
    context.uc_stack.ss_size = stack_bytes;
    context.uc_link = nullptr;
    makecontext(&context, &Block::enter, 0);
  }
  running_ = size_;
  threadIdx.x = 0;
  if (!_setjmp(home_)) yield(true);
  if (!failure_.empty()) throw std::runtime_error(failure_);
}
#endif

namespace nuri::emulated {

// f() by every thread of a block.
template <class F> void run(int threads, F f) { Block(threads, f).run(); }

}  // namespace nuri::emulated

inline void __syncwarp(unsigned mask) { nuri::emulated::block->meet_warp(mask); }
inline void __syncthreads() { nuri::emulated::block->meet_all(); }
inline unsigned __ballot_sync(unsigned mask, int yes) {
  const uint32_t* const told = nuri::emulated::block->tell(mask, yes != 0);
  unsigned all = 0;
  for (unsigned t = 0; t < 32; ++t) if (mask >> t & 1) all |= told[t] << t;
  return all;
}
inline float __shfl_xor_sync(unsigned mask, float v, int o) {
  return __builtin_bit_cast(float, nuri::emulated::block->exchange(mask, __builtin_bit_cast(uint32_t, v), (threadIdx.x & 31) ^ unsigned(o)));
}
inline float __shfl_sync(unsigned mask, float v, int from, int width) {
  return __builtin_bit_cast(float, nuri::emulated::block->exchange(mask, __builtin_bit_cast(uint32_t, v), (threadIdx.x & 31 & ~unsigned(width - 1)) + unsigned(from)));
}
inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline long long clock64() { return 0; }
inline void atomicAdd(unsigned long long* to, unsigned long long x) { __atomic_fetch_add(to, x, __ATOMIC_RELAXED); }

#define NURI_EMULATED_WARP
#include "engine/lane/group.h"
