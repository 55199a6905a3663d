// The CUDA kernels of rays, for host code: plain data and device addresses.
//
// A block of threads is a team (team.h): it takes a block of 64 rays after the other, makes the list of props that these can meet together, and
// traces a ray per thread. Lists lie in shared memory if they fit, else in a slab of global memory per resident block.
#pragma once
#include <cstddef>
#include "render/trace/view.h"

struct CUstream_st;                              // *: a cudaStream_t, without the toolkit's headers

namespace nuri::trace {

struct CudaRoom {
  char* slabs;                                   // null: shared memory
  size_t stride;                                 // bytes from a team's lists to the next one's
  int teams;                                     // resident blocks of threads
};

// Bytes of a team's lists.
size_t cuda_list_bytes(int props);
// Teams that the current GPU holds at once; 0: this program has no kernels for it.
int cuda_teams(size_t shared_bytes, int processors);

// Enqueue: where things are; pictures.
void launch_place(const Launch& launch, CUstream_st* stream);   // and their clusters
void launch_trace(const Launch& launch, const CudaRoom& room, CUstream_st* stream);

struct CudaTraceCost { int registers, stack_bytes; };
CudaTraceCost cuda_trace_cost();

}  // namespace nuri::trace
