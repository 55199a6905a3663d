// A pool of threads that works through numbered jobs. Which thread takes which job is not promised; jobs do not share results.
#pragma once
#include <functional>
#include <memory>

namespace nuri {

class Pool {
 public:
  explicit Pool(int threads);          // 0: one per CPU that this process may use
  ~Pool();
  int threads() const;
  // Calls job(index, thread) for every index in [0, count); returns when all are done. thread is in [0, threads()).
  void run(int count, const std::function<void(int index, int thread)>& job);

 private:
  struct Shared;
  std::unique_ptr<Shared> shared_;
};

// CPUs this process may run on.
int available_cpus();

// Rounding to nearest, no flush to zero, for the life of the object; other libraries change them. Restored afterwards.
class NumericMode {
 public:
  NumericMode();
  ~NumericMode();

 private:
  unsigned long saved_;
};

}  // namespace nuri
