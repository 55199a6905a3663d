// The launches of physics/cuda/kernel.h and tools/session/cuda_learn.h: the CPU's kernel of width one, and the texts of the items.
#include "physics/cuda/kernel.h"
#include <cstdlib>
#include <cstring>
#include "physics/cpu/cpu_bucket.h"
#include "physics/cpu/registry.h"
#include "tests/emulated_cuda/emulated.h"
#include "tools/session/cuda_learn.h"

namespace nuri {
namespace {

constexpr size_t own_room = 1 << 16;             // bytes of a kernel's view of the numbers that an environment owns
constexpr int blocks_per_processor = 2;

// What the second launch is for: an environment whose step runs out of room, without that changing anything.
void step_one(const CudaLaunch& launch, const CudaJob& job, int environment) {
  static Arena arena;
  const CpuKernel* const kernel = find_kernel(Precision::f32, 1);
  const ScratchLayout& layout = job.layout[int(launch.room)];
  PackCounters counters{};
  PackJob pack{};
  pack.model = static_cast<const RawModel*>(job.view);
  pack.overrides = job.overrides, pack.override_count = job.override_count;
  pack.layout = &layout;
  pack.arena = arena.fit(layout.bytes + own_room);
  pack.environments = &environment, pack.live = 1;
  pack.state = job.state, pack.columns = job.columns;
  pack.step_count = job.step_count, pack.fault = job.fault, pack.contact_count = job.contact_count;
  pack.substeps = launch.substeps, pack.integrate = launch.integrate;
  pack.counters = &counters;
  const bool done = kernel->step(pack);
  if (!done && launch.flagged_only) std::abort();          // the hard bound was too little
  job.again[environment] = !done;
  job.totals->steps += counters.steps;
  job.totals->redone += !done;
}

}  // namespace

std::vector<std::byte> make_view(const RawModel& raw) {
  std::vector<std::byte> bytes(sizeof raw);
  std::memcpy(bytes.data(), &raw, sizeof raw);
  return bytes;
}

size_t cuda_scratch_bytes(const ScratchLayout& layout, bool, bool) { return (layout.bytes + 15) / 16 * 16; }
int cuda_blocks_per_processor(const CudaShape&) { return blocks_per_processor; }
CudaSeen read_between(const std::byte*, const ScratchLayout&) { std::abort(); }   // stages one by one are not emulated
CudaKernelCost cuda_kernel_cost() { return {}; }

void launch_step(const CudaLaunch& launch, const CudaShape&, CUstream_st*) {
  if (launch.alone != Stage::count) std::abort();
  emulated::launch([launch] {
    for (int b = 0; b < launch.job_count; ++b) {
      const CudaJob& job = launch.jobs[b];
      for (int i = 0; i < launch.first[b + 1] - launch.first[b]; ++i) {
        const int environment = launch.listed ? job.list[i] : i;
        if (!launch.flagged_only || job.again[environment]) step_one(launch, job, environment);
      }
    }
  });
}

void launch_rows(const int* list, int count, int columns, void* rows, void* compact, bool gather, CUstream_st*) {
  emulated::launch([=] {
    const size_t bytes = size_t(columns) * sizeof(uint32_t);
    for (int i = 0; i < count; ++i) {
      char *const row = static_cast<char*>(rows) + size_t(list[i]) * bytes, *const packed = static_cast<char*>(compact) + size_t(i) * bytes;
      gather ? std::memcpy(packed, row, bytes) : std::memcpy(row, packed, bytes);
    }
  });
}

namespace session {
namespace {

template <class Item> void each_item(int rows, int columns, const Item& item) {
  for (int e = 0; e < rows; ++e)
    for (int c = 0; c < columns; ++c) item(e, c);
}

}  // namespace

void launch_observe(const PortJob<float>& job, CUstream_st*) {
  emulated::launch([job] { each_item(job.environments, job.inputs, [&](int e, int c) { port_observe(job, e, c); }); });
}
void launch_act(const PortJob<float>& job, CUstream_st*) {
  emulated::launch([job] { each_item(job.environments, job.outputs, [&](int e, int c) { port_act(job, e, c); }); });
}
void launch_clear(const int* list, int count, int columns, float* rows, CUstream_st*) {
  emulated::launch([=] { each_item(count, columns, [&](int i, int c) { rows[size_t(list[i]) * columns + c] = 0; }); });
}
void launch_uniform(const DrawJob& job, const DrawRange& range, CUstream_st*) {
  emulated::launch([=] {
    each_item(job.environments, job.columns, [&](int e, int c) {
      draw_item(job, e, c, [&](uint64_t seed, uint64_t id, uint32_t stream, uint64_t step, uint32_t k) { return uniform_draw(range, seed, id, stream, step, k); });
    });
  });
}
void launch_normal(const DrawJob& job, CUstream_st*) {
  emulated::launch([=] {
    each_item(job.environments, job.columns, [&](int e, int c) {
      draw_item(job, e, c, [](uint64_t seed, uint64_t id, uint32_t stream, uint64_t step, uint32_t k) { return normal_draw(seed, id, stream, step, k); });
    });
  });
}

}  // namespace session
}  // namespace nuri
