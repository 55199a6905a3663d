// The CUDA backend: every environment on the device, one launch of the fused kernel per step (and a second one, normally empty,
// for environments that ran out of room).
//
// State lives on the device at addresses that never change. A bucket's rows are a host mirror: a World's step copies the state to the device,
// steps, and copies it back, so that every program works, at the price of two copies per call. Who cares for speed (learners,
// benchmarks) uses `step_resident` and moves only what it needs.
#pragma once
#include "physics/bucket.h"

namespace nuri {

class CudaBucket : public Bucket {
 public:
  // Steps what is on the device; nothing is copied. Returns at once: the work is in the stream.
  virtual void step_resident(int substeps) = 0;
  virtual void upload(StateField field) = 0;
  virtual void download(StateField field) = 0;
  virtual void download_all() = 0;                               // state, outputs, counters, statistics; waits for the stream
  virtual void* device_data(StateField field) = 0;               // [environment][columns], float32
  virtual void* stream() = 0;                                    // cudaStream_t of all work
  virtual std::string launch_report() const = 0;                 // group, block, scratch bytes, where, blocks per processor, registers

 protected:
  using Bucket::Bucket;
};

// Is there a device that this program has kernels for? `why` says what is missing.
bool cuda_usable(std::string* why = nullptr);
Result<std::unique_ptr<CudaBucket>> make_cuda_bucket(std::shared_ptr<const model::Model> model, const WorldOptions& options, std::vector<uint64_t> ids);

}  // namespace nuri
