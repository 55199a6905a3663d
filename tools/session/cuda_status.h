// What a learner asks of every environment of a resident world, where it is stepped: counters, episodes, and the draws that go by them. Compiled,
// not tested on a GPU.
//
// Counters of a world of one model are those that its steps write; of several, copies that refresh() makes. Seeds and episodes change with resets
// alone: whoever resets puts the rows of those environments.
#pragma once
#include <span>
#include <vector>
#include "engine/device/memory.h"
#include "physics/world.h"
#include "tools/session/draw_text.h"

namespace nuri::session {

class CudaStatus {
 public:
  struct Episode {
    uint64_t seed, number;                       // of the environment's episode 0; of the present one
    uint64_t draws, began;                       // seed of the present episode's draws; at which substep it began
  };
  // The world is resident and outlives this. Every environment's row must be put before it counts. Throws device::Error.
  explicit CudaStatus(World& world);

  void put(std::span<const int> environments, std::span<const Episode> rows);
  void refresh();

  uint32_t* fault() const { return fault_; }
  int32_t* contacts() const { return contacts_; }
  uint64_t* steps() const { return steps_; }
  uint64_t* seeds() const { return words(0); }
  uint64_t* episodes() const { return words(1); }

  // Fills [environment][columns], in device memory. `substep`: of the session, now.
  void uniform(float* out, int columns, uint32_t stream, float low, float high, uint64_t substep);
  void normal(float* out, int columns, uint32_t stream, uint64_t substep);

 private:
  CUstream_st* stream() const;
  DrawJob job(float* out, int columns, uint32_t stream, uint64_t substep) const;
  uint64_t* words(size_t k) const { return episodes_.as<uint64_t>() + k * size_t(world_.environments()); }

  World& world_;
  device::Memory episodes_;                      // [seed, number, draws, began][environment]
  device::Memory moved_;                         // rows and list of put()
  std::vector<std::byte> staging_;
  device::Memory counters_;                      // of several models
  std::vector<device::Memory> members_;          // of each bucket: which of the world's environments
  uint32_t* fault_ = nullptr;
  int32_t* contacts_ = nullptr;
  uint64_t* steps_ = nullptr;
};

}  // namespace nuri::session
