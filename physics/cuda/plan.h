// How a world is put onto a GPU: threads per environment, threads per block, where scratch lies, how many blocks. Plain arithmetic over
// what the models and the GPU are, so that it is tested without one. None of it shows in the bits.
#pragma once
#include <functional>
#include <optional>
#include <span>
#include "engine/device/info.h"
#include "physics/cuda/kernel.h"

namespace nuri {

struct Plan {
  CudaShape shape;
  size_t stride = 0;                   // bytes of scratch per group
  bool slabs = false;                  // scratch in global memory
  int per_processor = 0;               // blocks that one processor holds at once
  size_t slab_bytes() const { return slabs ? stride * size_t(shape.blocks) * size_t(shape.block / shape.group) : 0; }
};

// What a world asks of a GPU.
struct Demand {
  int environments = 1;
  size_t stride = 0;                   // bytes of scratch per group, of the bucket that needs most
  int group = 0, block = 0;            // asked for by the user; 0: by rule
  bool slabs = false;
  std::function<double(int group)> work = [](int) { return 1.0; };   // passes of a group over a substep's items, see group_work
};

// Blocks of this shape that one processor holds at once.
using Occupancy = std::function<int(const CudaShape&)>;

// Passes that a group of so many threads makes over the items of one substep: loops shorter than the group leave threads idle, and what one
// thread does alone costs the same in every group. A guide for choosing, not a time.
double group_work(const model::Model& model, int group);

// Room for ordinary contact situations. Less than on a CPU: shared memory decides how many environments a processor holds, and the second
// launch repairs the rest. contacts: slots asked for by the user, 0: by rule.
Room usual_room(const model::Model& model, int contacts);

// Null: the program has no kernel for this GPU.
std::optional<Plan> plan_usual(const Demand& demand, const device::Info& gpu, const Occupancy& occupancy);
// For the few environments that ran out of room: slabs, within so many bytes.
std::optional<Plan> plan_redo(const Demand& demand, const device::Info& gpu, const Occupancy& occupancy, size_t most_bytes);
// A launch per stage: a slab for every environment.
Plan plan_staged(const Demand& demand);

}  // namespace nuri
