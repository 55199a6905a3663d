// Teams: who traces a block of rays. On a CPU a thread does it alone, a packet after the other. On a GPU the threads of a block of threads do: each
// finds some of the props that the block of rays can meet, and then traces rays of its own, one at a time (Wide<float, 1>).
//
//   rank(), size()     this thread's number, and how many there are
//   sync()             what was written before is seen after; reached by all or by none
//   restart()          the list is empty: nobody reads the last one any more
//   next()             a place in the list that nobody else gets, in no promised order
//   counted()          after sync(): how many places were given
#pragma once
#include "engine/core/macros.h"
#include "render/trace/view.h"

NURI_KERNEL_BEGIN
namespace tracing {

struct Alone {
  static constexpr bool alone = true;
  static constexpr int list_room = 1;            // entries of its lists per prop
  mutable int count = 0;
  NURI_VALUE int rank() const { return 0; }
  NURI_VALUE int size() const { return 1; }
  NURI_VALUE void sync() const {}
  NURI_VALUE void restart() const { count = 0; }
  NURI_VALUE int next() const { return count++; }
  NURI_VALUE int counted() const { return count; }
};

#if defined(__CUDACC__)
struct BlockTeam {
  static constexpr bool alone = false;
  static constexpr int list_room = 2;
  int* count;                                    // in shared memory
  NURI_VALUE int rank() const { return int(threadIdx.x); }
  NURI_VALUE int size() const { return int(blockDim.x); }
  NURI_VALUE void sync() const { __syncthreads(); }
  NURI_VALUE void restart() const {
    __syncthreads();
    if (threadIdx.x == 0) *count = 0;
    __syncthreads();
  }
  NURI_VALUE int next() const { return atomicAdd(count, 1); }
  NURI_VALUE int counted() const { return *count; }
};
#endif

}  // namespace tracing
NURI_KERNEL_END
