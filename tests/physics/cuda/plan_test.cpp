// How worlds are put onto a GPU, for GPUs that are only described: an occupancy by registers and shared memory stands for the driver's.
#include "physics/cuda/plan.h"
#include <doctest/doctest.h>
#include "physics/scratch_layout.h"
#include "tests/physics/bit_models.h"

using namespace nuri;
using namespace nuri::bits_test;

namespace {

const device::Info h100{"H100", 9, 0, 132, size_t(80) << 30, size_t(50) << 20, 227 << 10, 228 << 10};
const device::Info a100{"A100", 8, 0, 108, size_t(40) << 30, size_t(40) << 20, 163 << 10, 164 << 10};

// 128 registers per thread, 65,536 per processor; 1 KiB of shared memory is the driver's in every block.
Occupancy occupancy_of(const device::Info& gpu) {
  return [gpu](const CudaShape& shape) {
    const int by_registers = 65536 / (128 * shape.block), by_memory = shape.shared_bytes ? int(gpu.shared_per_processor / (shape.shared_bytes + 1024)) : 32;
    return shape.shared_bytes > gpu.shared_per_block ? 0 : std::min({by_registers, by_memory, 32});
  };
}

std::shared_ptr<const model::Model> model_named(const std::string& name) {
  for (const NamedModel& m : models())
    if (m.name == name) return compiled(m);
  FAIL("no model " << name);
  return nullptr;
}

Demand demand_of(const model::Model& m, int environments) {
  Demand d;
  d.environments = environments;
  d.stride = lay_out(m, usual_room(m, 0), sizeof(float), sizeof(int)).bytes;
  d.work = [&m](int group) { return group_work(m, group); };
  return d;
}

// What holds for every plan.
void sound(const Plan& p, const Demand& d, const device::Info& gpu) {
  CHECK(p.shape.block % 32 == 0);
  CHECK(p.shape.block <= cuda_largest_block);
  CHECK(p.shape.block % p.shape.group == 0);
  if (p.shape.group > 32) CHECK(p.shape.block == p.shape.group);   // then a group is a whole block
  CHECK(p.shape.blocks >= 1);
  CHECK(p.shape.blocks <= p.per_processor * gpu.processors);
  CHECK((p.shape.blocks - 1) * (p.shape.block / p.shape.group) < d.environments);   // no block without an environment
  CHECK(p.shape.shared_bytes <= gpu.shared_per_block);
  const size_t board = p.shape.group > 32 ? cuda_board_bytes : 0;
  CHECK(p.shape.shared_bytes == board + (p.slabs ? 0 : p.stride * size_t(p.shape.block / p.shape.group)));
}

}  // namespace

TEST_CASE("every model gets a sound plan on every GPU, at every size of batch") {
  for (const NamedModel& named : models()) {
    CAPTURE(named.name);
    const auto m = compiled(named);
    for (const device::Info* gpu : {&h100, &a100})
      for (int environments : {1, 7, 256, 8192, 1000000}) {
        CAPTURE(environments);
        const Demand d = demand_of(*m, environments);
        const auto p = plan_usual(d, *gpu, occupancy_of(*gpu));
        REQUIRE(p);
        sound(*p, d, *gpu);
      }
  }
}

TEST_CASE("few environments get many threads each, many get few") {
  const auto m = model_named("figure");
  const auto one = plan_usual(demand_of(*m, 1), h100, occupancy_of(h100)), many = plan_usual(demand_of(*m, 100000), h100, occupancy_of(h100));
  REQUIRE(one);
  REQUIRE(many);
  CHECK(one->shape.group >= many->shape.group);
  CHECK(one->shape.group >= 32);
  CHECK(one->shape.blocks == 1);
}

TEST_CASE("wishes are kept: group, block, global memory") {
  const auto m = model_named("figure");
  Demand d = demand_of(*m, 1000);
  d.group = 16;
  d.block = 96;
  auto p = plan_usual(d, h100, occupancy_of(h100));
  REQUIRE(p);
  sound(*p, d, h100);
  CHECK(p->shape.group == 16);
  CHECK(p->shape.block <= 96);
  d.slabs = true;
  p = plan_usual(d, h100, occupancy_of(h100));
  REQUIRE(p);
  sound(*p, d, h100);
  CHECK(p->slabs);
}

TEST_CASE("scratch that fits no block goes to global memory, as many slabs as L2 keeps but one block per processor at least") {
  Demand d;
  d.environments = 100000;
  d.group = 32;
  d.stride = 300 << 10;
  auto p = plan_usual(d, h100, occupancy_of(h100));
  REQUIRE(p);
  sound(*p, d, h100);
  CHECK(p->slabs);
  CHECK(p->per_processor == 1);
  d.stride = 1000;
  d.slabs = true;
  p = plan_usual(d, h100, occupancy_of(h100));
  REQUIRE(p);
  CHECK(p->per_processor == 4);                                    // registers: 65536 / (128 * 128)
  CHECK(p->slab_bytes() <= h100.l2);
}

TEST_CASE("the second launch stays within its bytes, and is never without a block") {
  Demand d;
  d.environments = 100000;
  d.group = 8;
  d.stride = 10 << 20;
  const size_t most = size_t(1) << 30;
  auto p = plan_redo(d, h100, occupancy_of(h100), most);
  REQUIRE(p);
  CHECK(p->slabs);
  CHECK(p->slab_bytes() <= most);
  CHECK(p->shape.blocks > 1);
  d.stride = size_t(4) << 30;
  p = plan_redo(d, h100, occupancy_of(h100), most);
  REQUIRE(p);
  CHECK(p->shape.blocks == 1);
}

TEST_CASE("no kernel for the GPU: no plan") {
  Demand d;
  d.stride = 1000;
  CHECK(!plan_usual(d, h100, [](const CudaShape&) { return 0; }));
  CHECK(!plan_redo(d, h100, [](const CudaShape&) { return 0; }, 1));
}

TEST_CASE("a launch per stage: every environment has a slab") {
  Demand d;
  d.environments = 1001;
  d.stride = 4096;
  const Plan p = plan_staged(d);
  CHECK(p.shape.blocks * (p.shape.block / p.shape.group) >= 1001);
  CHECK(p.slab_bytes() >= 1001 * size_t(4096));
}
