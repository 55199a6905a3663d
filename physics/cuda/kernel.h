// The fused kernel's interface for host code: plain data, device addresses, no kernel types.
//
// One launch steps every listed environment: a group of threads loads its state into scratch, runs all substeps there, stores once.
// Groups are resident and take environment after environment, so scratch is needed per resident group only. Scratch is shared memory
// if `slabs` is null, else a slab of global memory per group (small enough together to stay in L2).
#pragma once
#include <stdint.h>
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

inline constexpr int most_overrides = 32;    // model fields that environments own at the same time

struct CudaJob {
  ScratchLayout layout;
  char* slabs;                         // slab of group g at slabs + g * stride; null: shared memory
  uint32_t stride;                     // bytes from a group's scratch to the next group's
  const int* environments;             // `count` indices; null: 0, 1, ..
  int count;
  bool flagged_only;                   // only those whose `again` is set, and clears it: the second launch
  uint8_t* again;                      // per environment: ran out of room, not committed
  void* state[state_field_count];      // base of [environment][columns]; null: not stored
  int columns[state_field_count];
  uint64_t* step_count;
  uint32_t* fault;
  int32_t* contact_count;
  int substeps;
  bool integrate;                      // false: forward only
  CudaTotals* totals;
  unsigned long long* cycles;          // per stage, or null
  RawOverride overrides[most_overrides];   // device addresses
  int override_count;
};

// How a kernel is launched. group: threads per environment; block: threads per block.
struct CudaShape {
  int group = 32, block = 128, blocks = 1;
  size_t shared_bytes = 0;             // per block
};

inline constexpr int cuda_groups[] = {8, 16, 32}, cuda_largest_block = 256;

// Scratch of one group: the layout, and room for a model view of its own if environments own fields.
size_t cuda_scratch_bytes(const ScratchLayout& layout, bool overrides);
// Blocks of this shape that one processor holds at once; 0: none fits, or there are no kernels for this GPU.
int cuda_blocks_per_processor(const CudaShape& shape);
// Enqueues the step. `model`: device addresses, numbers in float.
void launch_step(const RawModel& model, const CudaJob& job, const CudaShape& shape, CUstream_st* stream);

struct CudaKernelCost { int registers, stack_bytes, shared_bytes, constant_bytes, most_threads; };
CudaKernelCost cuda_kernel_cost();

}  // namespace nuri
