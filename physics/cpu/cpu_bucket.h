// The environments of one model on the CPU, in packs of as many as a vector register holds.
#pragma once
#include <cstdlib>
#include <mutex>
#include "physics/backend.h"
#include "physics/cpu/kernel.h"
#include "physics/pair_sweep.h"

namespace nuri {

// Memory that a thread steps its packs in: one for the packs of all buckets, so that it stays in the thread's L2.
struct Arena {
  char* data = nullptr;
  size_t bytes = 0;
  Arena() = default;
  Arena(const Arena&) = delete;
  ~Arena() { std::free(data); }
  char* fit(size_t need);                                          // at least so many bytes
};

// Numbers of a model in one precision, and the pointers to them.
struct ModelNumbers {
  RawModel raw;
  std::vector<std::vector<std::byte>> converted;
  ModelNumbers(const model::Model& model, bool single);
};

class CpuBucket final : public Bucket {
 public:
  CpuBucket(Members members, const WorldOptions& options, const CpuKernel& kernel, std::vector<Arena>& arenas);
  std::string describe() const override;
  Probe probe(int environment, const std::vector<ContactRecord>* injected) override;

  // One run of the backend: how many jobs, and each of them. A job belongs to no thread, `thread` says whose arena it may use.
  int begin(std::span<const int> environments, int substeps, bool integrate);
  void job(int index, int thread);

 private:
  ScratchLayout make_layout(const Room& room) const;
  size_t own_bytes() const;
  PackJob make_job(const ScratchLayout& layout, char* memory, const int* environments, int live);
  void prepare();
  void sort_alike(int substeps);

  const CpuKernel& kernel_;
  ModelNumbers numbers_;
  PairTable pairs_;
  PairSweep sweep_;
  std::vector<Arena>& arenas_;
  std::vector<ScratchLayout> layouts_;                             // per thread: grows where its packs need more
  Room bound_;
  std::vector<int> order_, sorted_, unsorted_;
  std::vector<uint64_t> signature_;
  int64_t steps_to_sort_ = 1;                                      // the first call says what touches what
  std::vector<RawOverride> raw_overrides_;
  void* state_[state_field_count] = {};

  // the run that jobs belong to
  const int* list_ = nullptr;
  int count_ = 0, substeps_ = 0;
  bool integrate_ = false;
  std::mutex merging_;
};

// Runs the kernel's probe; what it finds.
Probe probe_with(const CpuKernel& kernel, ProbeJob job);

}  // namespace nuri
