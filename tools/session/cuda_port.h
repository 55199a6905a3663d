// A port of a resident world: its tables lie in the GPU's memory at addresses that stay, observe() and act() are launches on the world's stream, and
// nothing is copied but the lists of begin(). Compiled, not tested on a GPU.
#pragma once
#include <span>
#include <vector>
#include "engine/device/memory.h"
#include "physics/world.h"
#include "tools/session/cuda_learn.h"

namespace nuri::session {

class CudaPort {
 public:
  struct Plan {
    std::vector<PortColumn> columns;
    std::vector<PortMove> moves;
  };
  // One plan for each bucket of the world, which is resident and outlives the port. Throws device::Error.
  CudaPort(World& world, std::span<const Plan> plans, int commands);

  void observe();
  void act();
  void begin(std::span<const int> environments);           // their last action is 0
  void begin();                                            // of all

  // As Port has them.
  float* observation() const { return observation_.as<float>(); }
  float* action() const { return action_.as<float>(); }
  float* command() const { return command_.as<float>(); }
  float* last() const { return last_.as<float>(); }

 private:
  CUstream_st* stream() const;                             // of the world, on whose device what follows happens

  World& world_;
  int outputs_;
  device::Memory observation_, action_, command_, last_, list_;
  std::vector<device::Memory> parts_;
  std::vector<PortJob<float>> jobs_;                       // of each bucket
};

}  // namespace nuri::session
