// The CUDA backend: the environments of all buckets on one GPU, one launch of the fused kernel per step (and a second one, normally
// empty, for environments that ran out of room).
//
// State lives on the device. A world that is not resident copies it there and back with every call, so that every program works; who
// cares for speed (learners, benchmarks) makes a resident world, whose calls only put work into the stream.
#pragma once
#include "physics/cuda/cuda_bucket.h"
#include "physics/cuda/plan.h"

namespace nuri {

class CudaBackend final : public Backend {
 public:
  CudaBackend(std::vector<Members> members, const WorldOptions& options, const device::Info& gpu);
  ~CudaBackend() override;

  void run(std::span<const std::span<const int>> environments, int substeps, bool integrate) override;
  void upload(std::span<const std::span<const int>> environments) override;
  void download() override;
  void wait() override;
  void* stream() const override { return cudaStream_t(stream_); }

  std::string describe() const;
  std::string launch_report() const;   // group, block, scratch bytes, where, blocks per processor, registers; for both launches
  Probe probe(CudaBucket& bucket, int environment, const std::vector<ContactRecord>* injected);

 private:
  CudaBucket& bucket(size_t b) const { return static_cast<CudaBucket&>(*buckets[b]); }
  void plan();
  void prepare();
  void enqueue(std::span<const std::span<const int>> environments, bool all, int substeps, bool integrate);
  void enqueue_stages(CudaLaunch& launch, const Plan& plan);

  WorldOptions options_;
  device::Info gpu_;
  device::Stream stream_;
  Plan usual_, redo_, staged_;
  device::Memory jobs_, slabs_;
};

// Is GPU `device` there, and has this program kernels for it? `why` says what is missing.
bool cuda_usable(int device, std::string* why = nullptr);
// Bytes of GPU memory that such a world takes, scratch included.
Result<std::unique_ptr<Backend>> make_cuda_backend(std::vector<Members> members, const WorldOptions& options);

}  // namespace nuri
