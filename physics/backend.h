// Backend: the machine that a World's environments live on. It holds the buckets and steps all of them together: as packs over the
// threads of a pool (physics/cpu), or in one launch (physics/cuda).
#pragma once
#include "physics/bucket.h"

namespace nuri {

// Who is in a bucket.
struct Members {
  std::shared_ptr<const model::Model> model;
  std::vector<uint64_t> ids;
};

class Backend {
 public:
  virtual ~Backend() = default;

  std::vector<std::unique_ptr<Bucket>> buckets;

  // Steps environments[b] of buckets[b]: `substeps` times, or (integrate = false) only computes what follows from the state. The buckets' rows
  // hold the results when it returns, unless the world is resident.
  virtual void run(std::span<const std::span<const int>> environments, int substeps, bool integrate) = 0;

  // Resident worlds (WorldOptions::resident): the rows of these environments go to the device; all results come back. Both are in the order of
  // the work; download waits for it. On a CPU rows are where they are stepped.
  virtual void upload(std::span<const std::span<const int>> /*environments*/) {}
  virtual void download() {}
  virtual void wait() {}
  virtual void* stream() const { return nullptr; }              // cudaStream_t of all work
};

}  // namespace nuri
