// The environments of one model on a GPU: the model's numbers, the state [environment][item] in float32 at addresses that never change, and
// a mirror of it on the host (the bucket's rows). The backend launches.
#pragma once
#include <array>
#include "engine/device/memory.h"
#include "physics/backend.h"
#include "physics/cuda/kernel.h"

namespace nuri {

// A model's numbers on the device, as floats.
class DeviceModel {
 public:
  DeviceModel(const model::Model& model, cudaStream_t stream);
  const void* view() const { return view_.as(); }
  static size_t bytes(const model::Model& model);

 private:
  std::vector<device::Memory> parts_;
  device::Memory view_;
};

class CudaBackend;
class World;

class CudaBucket final : public Bucket {
 public:
  CudaBucket(Members members, const WorldOptions& options, CudaBackend& backend, const device::Stream& stream);

  std::string describe() const override;
  Probe probe(int environment, const std::vector<ContactRecord>* injected) override;
  void clear_statistics() override;
  void* device_data(StateField field) override { return state_[int(field)].as(); }
  void upload(StateField field) override;
  void download(StateField field) override;
  uint64_t* device_steps() const { return step_counts_.as<uint64_t>(); }
  uint32_t* device_faults() const { return faults_.as<uint32_t>(); }
  int32_t* device_contacts() const { return contact_counts_.as<int32_t>(); }

  // What moves for a run of a world that is not resident, and for a resident world's calls; in the order of the stream, none of them waits.
  void upload_inputs();
  void upload_rows(std::span<const int> environments);           // inputs and counters
  void download_results(std::span<const int> environments);      // into the host's rows of these environments alone
  void download_all();                                           // results, counters and totals
  void take_totals();                                            // after waiting: the downloaded totals become statistics

  void set_list(std::span<const int> environments);
  bool prepare();                                                // brings overrides onto the device; true if they were not there before
  void add_times(const std::array<float, stage_count>& milliseconds);   // of stages that ran one by one, as nanoseconds in the place of cycles
  // For a look inside: its own model and state in a world of one environment; what that world's stages left in their slab.
  CudaBackend& backend() const { return backend_; }
  std::shared_ptr<const model::Model> shared_model() const { return model_; }
  void copy_environment(int environment, World& to) const;
  Probe read_slab(std::span<const std::byte> slab) const;
  CudaJob job(const ScratchLayout (&layouts)[int(CudaRoom::count)]) const;
  bool owns_fields() const { return !own_fields_.empty(); }

  // Device memory of a bucket, without scratch.
  static size_t bytes(const model::Model& model, size_t environments, bool detail);

 private:
  void move_rows(void* host, const device::Memory& device, int words, std::span<const int> environments, bool gather);
  void move_counters(std::span<const int> environments, bool gather);

  CudaBackend& backend_;
  const device::Stream& stream_;
  DeviceModel numbers_;
  std::array<device::Memory, state_field_count> state_;
  device::Memory step_counts_, faults_, contact_counts_, again_, list_, totals_, cycles_, compact_;
  std::vector<device::Memory> own_;
  std::vector<std::byte> staging_;
  CudaTotals downloaded_{};
  std::array<unsigned long long, stage_count> downloaded_cycles_{};
};

}  // namespace nuri
