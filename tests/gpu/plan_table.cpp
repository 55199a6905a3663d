// What would be launched on GPUs that are not here: the planner's own rules, with an occupancy worked out from what a processor of these
// generations has (CUDA programming guide, tables of compute capabilities 8.0 and 9.0). As Markdown.
#include <algorithm>
#include "physics/cuda/plan.h"
#include "physics/scratch_layout.h"
#include "tests/gpu/cases.h"

namespace nuri::gpu_test {
namespace {

constexpr size_t KiB = 1024, MiB = KiB * KiB, GiB = KiB * MiB;
constexpr int registers_per_processor = 65536, warps_per_processor = 64, blocks_per_processor = 32;
constexpr int register_unit = 256, warp_unit = 4;                  // what registers of a warp are rounded up to; warps that get registers are taken by fours
constexpr size_t reserved_shared = KiB, shared_unit = 128;         // of a block: for the system; granularity

std::vector<device::Info> gpus() {
  const auto gpu = [](const char* name, int major, int processors, size_t memory, size_t l2, size_t block, size_t processor) {
    device::Info i;
    i.name = name;
    i.major = major;
    i.processors = processors;
    i.memory = memory;
    i.l2 = l2;
    i.shared_per_block = block;
    i.shared_per_processor = processor;
    return i;
  };
  return {gpu("A100 (sm_80)", 8, 108, 80 * GiB, 40 * MiB, 163 * KiB, 164 * KiB), gpu("H100 (sm_90)", 9, 132, 80 * GiB, 50 * MiB, 227 * KiB, 228 * KiB)};
}

int occupancy(const device::Info& gpu, int registers, const CudaShape& shape) {
  const int warps = (shape.block + 31) / 32, of_warp = (registers * 32 + register_unit - 1) / register_unit * register_unit;
  int blocks = std::min(blocks_per_processor, warps_per_processor / warps);
  blocks = std::min(blocks, registers_per_processor / of_warp / warp_unit * warp_unit / warps);
  if (shape.shared_bytes > gpu.shared_per_block) return 0;
  const size_t shared = (shape.shared_bytes + reserved_shared + shared_unit - 1) / shared_unit * shared_unit;
  return std::min(blocks, int(gpu.shared_per_processor / shared));
}

size_t scratch(const Scene& scene, bool all) {
  size_t most = 0;
  for (const ModelPtr& m : scene.models) {
    const ScratchLayout layout = lay_out(*m, all ? hard_bound(*m) : usual_room(*m, 0), sizeof(float), sizeof(int));
    most = std::max(most, cuda_scratch_bytes(layout, false, false));
  }
  return most;
}

std::string kib(size_t bytes) { return bytes >= 10 * MiB ? text("%.1f MiB", double(bytes) / double(MiB)) : text("%.1f KiB", double(bytes) / double(KiB)); }

}  // namespace

int plans(const Settings& settings) {
  std::printf("| case | dofs | environments | scratch of one, usual | hard bound | GPU | group, block | scratch in | environments per processor | at once, of all | what limits | redo: slabs |\n");
  std::printf("|---|---|---|---|---|---|---|---|---|---|---|---|\n");
  for (const Case& c : settings.chosen) {
    const auto scene = load(c);
    if (!scene) continue;
    Demand demand;
    demand.environments = settings.environments ? settings.environments : c.measured;
    demand.group = settings.group;
    demand.work = [&](int group) {
      double work = 0;
      for (const ModelPtr& m : scene->models) work = std::max(work, group_work(*m, group));
      return work;
    };
    int dofs = 0;
    for (const ModelPtr& m : scene->models) dofs = std::max(dofs, m->dof_count);
    const size_t usual_bytes = scratch(*scene, false), all_bytes = scratch(*scene, true);
    bool first = true;
    for (const device::Info& gpu : gpus()) {
      const Occupancy fit = [&](const CudaShape& shape) { return occupancy(gpu, settings.registers, shape); };
      demand.stride = usual_bytes;
      const auto usual = plan_usual(demand, gpu, fit);
      if (!usual) continue;
      Demand again = demand;
      again.group = usual->shape.group;
      again.stride = all_bytes;
      const auto redo = plan_redo(again, gpu, fit, gpu.memory / 8);
      const int groups = usual->shape.block / usual->shape.group, per_processor = usual->per_processor * groups, at_once = std::min(demand.environments, usual->shape.blocks * groups);
      CudaShape free = usual->shape;
      free.shared_bytes = 0;
      const int by_registers = fit(free) * groups;
      const char* limit = usual->shape.blocks < usual->per_processor * gpu.processors ? "environments" : per_processor >= by_registers ? "registers" : usual->slabs ? "L2" : "shared memory";  // of what a processor holds at once
      std::printf("| %s | %s | %s | %s | %s | %s | %d, %d | %s | %d | %d | %s | %d of %s |\n", first ? c.name.c_str() : "", first ? std::to_string(dofs).c_str() : "", first ? std::to_string(demand.environments).c_str() : "",
                  first ? kib(usual_bytes).c_str() : "", first ? kib(all_bytes).c_str() : "", gpu.name.c_str(), usual->shape.group, usual->shape.block, usual->slabs ? usual->slab_bytes() <= gpu.l2 ? "L2" : "memory, past L2" : "shared memory", per_processor, at_once, limit,
                  redo ? redo->shape.blocks * redo->shape.block / redo->shape.group : 0, kib(redo ? redo->stride : 0).c_str());
      first = false;
    }
  }
  return 0;
}

}  // namespace nuri::gpu_test
