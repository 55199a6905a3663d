// The CUDA backend: every environment on the device, one launch of the fused kernel per step (and a second one, normally empty,
// for environments that ran out of room).
//
// State lives on the device at addresses that never change. World's rows are a host mirror: World::step copies the state to the device,
// steps, and copies it back, so that every program works, at the price of two copies per call. Who cares for speed (learners,
// benchmarks) uses `step_resident` and moves only what it needs.
#pragma once
#include "physics/world.h"

namespace nuri {

struct CudaOptions {
  int group = 0;                       // threads per environment: 8, 16, 32; 0: by rule
  int block = 128;                     // threads per block
  bool slabs = false;                  // scratch in global memory even where shared memory would do
  int contacts = 0;                    // contact slots an environment has room for before it is stepped again; 0: by rule
};

class CudaWorld : public World {
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
  using World::World;
};

// Is there a device that this program has kernels for? `why` says what is missing.
bool cuda_usable(std::string* why = nullptr);
Result<std::unique_ptr<CudaWorld>> make_cuda_world(std::shared_ptr<const model::Model> model, const WorldOptions& options, const CudaOptions& cuda = {});

}  // namespace nuri
