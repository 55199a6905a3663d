#include "engine/launch/pool.h"
#include <sched.h>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace nuri {

int available_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) return CPU_COUNT(&set);
  const unsigned n = std::thread::hardware_concurrency();
  return n ? int(n) : 1;
}

// The caller works too, as thread 0; threads - 1 others sleep between runs.
struct Pool::Shared {
  std::mutex mutex;
  std::condition_variable wake, finished;
  const std::function<void(int, int)>* job = nullptr;
  int count = 0, busy = 0;
  uint64_t round = 0;
  bool stop = false;
  std::atomic<int> next{0};
  std::vector<std::thread> threads;

  void work(int thread) {
    for (int i; (i = next.fetch_add(1, std::memory_order_relaxed)) < count;) (*job)(i, thread);
  }
  void loop(int thread) {
    uint64_t seen = 0;
    std::unique_lock lock(mutex);
    for (;;) {
      wake.wait(lock, [&] { return stop || round != seen; });
      if (stop) return;
      seen = round;
      lock.unlock();
      work(thread);
      lock.lock();
      if (--busy == 0) finished.notify_one();
    }
  }
};

Pool::Pool(int threads) : shared_(std::make_unique<Shared>()) {
  const int n = threads > 0 ? threads : available_cpus();
  for (int t = 1; t < n; ++t) shared_->threads.emplace_back([s = shared_.get(), t] { s->loop(t); });
}

Pool::~Pool() {
  {
    std::lock_guard lock(shared_->mutex);
    shared_->stop = true;
  }
  shared_->wake.notify_all();
  for (std::thread& t : shared_->threads) t.join();
}

int Pool::threads() const { return int(shared_->threads.size()) + 1; }

void Pool::run(int count, const std::function<void(int, int)>& job) {
  Shared& s = *shared_;
  {
    std::lock_guard lock(s.mutex);
    s.job = &job;
    s.count = count;
    s.next.store(0, std::memory_order_relaxed);
    s.busy = int(s.threads.size());
    ++s.round;
  }
  s.wake.notify_all();
  s.work(0);
  std::unique_lock lock(s.mutex);
  s.finished.wait(lock, [&] { return s.busy == 0; });
}

#if defined(__x86_64__)
NumericMode::NumericMode() : saved_(_mm_getcsr()) { _mm_setcsr(0x1f80); }   // the power-on value: all masked, nearest, no FTZ, no DAZ
NumericMode::~NumericMode() { _mm_setcsr(unsigned(saved_)); }
#elif defined(__aarch64__)
NumericMode::NumericMode() {
  asm volatile("mrs %0, fpcr" : "=r"(saved_));
  asm volatile("msr fpcr, %0" ::"r"(0ul));
}
NumericMode::~NumericMode() { asm volatile("msr fpcr, %0" ::"r"(saved_)); }
#else
NumericMode::NumericMode() : saved_(0) {}
NumericMode::~NumericMode() {}
#endif

}  // namespace nuri
