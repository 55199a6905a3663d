// The CPU backend: packs of environments over a pool of threads.
#pragma once
#include <cstdlib>
#include "engine/launch/pool.h"
#include "physics/bucket.h"

namespace nuri {

// The threads of a World, and where each steps its packs: one piece of memory for the packs of all buckets, so that it stays in
// the thread's L2.
class CpuWorkers {
 public:
  explicit CpuWorkers(int threads) : pool_(threads), memory_(size_t(pool_.threads())) {}
  Pool& pool() { return pool_; }
  int threads() const { return pool_.threads(); }
  // At least so many bytes for a thread, which alone may ask.
  char* fit(int thread, size_t bytes) { return memory_[thread].fit(bytes); }

  struct Memory {
    char* data = nullptr;
    size_t bytes = 0;
    Memory() = default;
    Memory(const Memory&) = delete;
    ~Memory() { std::free(data); }
    char* fit(size_t need);
  };

 private:
  Pool pool_;
  std::vector<Memory> memory_;
};

Result<std::unique_ptr<Bucket>> make_cpu_bucket(std::shared_ptr<const model::Model> model, const WorldOptions& options, std::vector<uint64_t> ids, CpuWorkers& workers);

}  // namespace nuri
