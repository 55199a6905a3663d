// The CUDA kernels' interface for host code: plain data, device addresses, no kernel types.
//
// One launch steps every listed environment of every bucket: a group of threads loads an environment's state into scratch, runs all
// substeps there, stores once. Groups are resident and take environment after environment, so scratch is needed per resident group
// only. Scratch is shared memory if `slabs` is null, else a slab of global memory per group (small enough together to stay in L2).
//
// What a launch needs of a bucket (CudaJob) lies in device memory and changes rarely; what changes from launch to launch is the
// kernel's argument (CudaLaunch).
#pragma once
#include <stdint.h>
#include <cstddef>
#include <vector>
#include "physics/cpu/kernel.h"
#include "physics/kernel/scratch.h"
#include "physics/world.h"

struct CUstream_st;                    // *: a cudaStream_t, without the toolkit's headers

namespace nuri {

// Work done, added up over environments. Whole numbers, so that the order of adding cannot show.
struct CudaTotals {
  unsigned long long steps, contacts, rows, iterations, slots, listed_rows, rounds, evaluations, factorizations, near_pairs, redone;
};
inline constexpr int cuda_total_count = int(sizeof(CudaTotals) / sizeof(unsigned long long));

inline constexpr int most_overrides = 64;    // model fields that environments own at the same time
inline constexpr int most_jobs = 64;         // buckets of a world

// Room for ordinary steps; for any step of the model; for any step, and every array in a place of its own.
enum class CudaRoom : int { usual, all, apart, count };

struct CudaJob {
  const void* view;                    // see make_view
  ScratchLayout layout[int(CudaRoom::count)];
  const int* list;                     // of environments; used if the launch says so
  uint8_t* again;                      // per environment: ran out of room, not committed
  void* state[state_field_count];      // base of [environment][columns]; null: not stored
  int columns[state_field_count];
  uint64_t* step_count;
  uint32_t* fault;
  int32_t* contact_count;
  CudaTotals* totals;
  unsigned long long* cycles;          // per stage, or null
  RawOverride overrides[most_overrides];   // device addresses
  int override_count;
};

struct CudaLaunch {
  const CudaJob* jobs;                 // device memory
  int job_count;
  int first[most_jobs + 1];            // job b has environments first[b] to first[b + 1] of the launch's
  bool listed;                         // they are those of CudaJob::list; otherwise 0, 1, ..
  bool flagged_only;                   // only those whose `again` is set, and clears it: the second launch
  CudaRoom room;
  char* slabs;                         // slab of group g at slabs + g * stride; null: shared memory
  size_t stride;                       // bytes from a group's scratch to the next group's
  int substeps;
  bool integrate;                      // false: forward only
  Stage alone;                         // load .. store: this stage only, each environment in a slab of its own; Stage::count: all of them
  bool last;                           // it is of the run's last substep
  int group;                           // threads per environment: 8, 16, 32, or a whole block of 64, 128, 256
};

// How a kernel is launched. group: threads per environment; block: threads per block.
struct CudaShape {
  int group = 32, block = 128, blocks = 1;
  size_t shared_bytes = 0;             // per block
};

inline constexpr size_t cuda_board_bytes = 128;   // of shared memory, before the scratch, if a group is a block
inline constexpr int cuda_groups[] = {8, 16, 32, 64, 128, 256}, cuda_largest_block = 256;

// A model as the kernels see it, to be copied to the device. raw: device addresses, numbers in float.
std::vector<std::byte> make_view(const RawModel& raw);
// Scratch of one group: the layout; room for a model view of its own if environments own fields; what stages leave to each other if they
// are launched one by one.
size_t cuda_scratch_bytes(const ScratchLayout& layout, bool overrides, bool staged);
// Blocks of this shape that one processor holds at once; 0: none fits, or there are no kernels for this GPU.
int cuda_blocks_per_processor(const CudaShape& shape);

// Enqueues the step, or one stage of it.
void launch_step(const CudaLaunch& launch, const CudaShape& shape, CUstream_st* stream);
// What the stages of environment `index` of a bucket's slab have left: for the host that looks inside.
struct CudaSeen { PackCounts counts; double iterations; };
CudaSeen read_between(const std::byte* slab, const ScratchLayout& layout);

// rows[list[i]] = compact[i], or back (gather). 4-byte words, `columns` of them per row.
void launch_rows(const int* list, int count, int columns, void* rows, void* compact, bool gather, CUstream_st* stream);

struct CudaKernelCost { int registers, stack_bytes, shared_bytes, constant_bytes, most_threads; };
CudaKernelCost cuda_kernel_cost();

}  // namespace nuri
