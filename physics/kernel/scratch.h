// Scratch: where one pack lives while it is stepped. A CPU thread reuses one arena for pack after pack, so it stays in its L2;
// on CUDA it is shared memory. The layout is computed on the host from the model and the Room, once; kernels see one
// base address and offsets.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "engine/core/macros.h"
#include "engine/model/state_role.h"

namespace nuri {

enum class Stage : int {
#define NURI_STAGE_NAME(name) name,
#include "physics/stage.inl"
#undef NURI_STAGE_NAME
  count
};
inline constexpr int stage_count = int(Stage::count);
inline constexpr const char* stage_names[] = {
#define NURI_STAGE_NAME(name) #name,
#include "physics/stage.inl"
#undef NURI_STAGE_NAME
};

// Room for what differs from step to step. Running out is never silent: the substep does not commit, and the pack is
// stepped again with more (see World).
struct Room {
  int pairs = 0;   // candidate pairs that are near
  int hits = 0;    // hits of those pairs
  int slots = 0;   // contact slots
  int rows = 0;    // constraint rows
  int own = 0;     // numbers of contact Jacobians between moving bodies
  int columns = 0; // columns of the Hessian's pattern, per tree (heaps)
  int coupled = 0; // rows of contacts between moving bodies (models solved along the tree)
  int dual = 0;    // numbers of the dual problem (PGS, noslip, diagexact)
  int rk4 = 0;     // 1: Runge-Kutta keeps its stages

  bool operator==(const Room&) const = default;
};

// How much of what a substep has; uniform over the pack.
struct PackCounts {
  int near_count = 0;        // candidate pairs that passed the bounding tests
  int hit_count = 0;         // hits those pairs can give
  int live_count = 0;        // hits that touch in some environment
  int slot_count = 0, world_slots = 0;   // contact slots; those that touch the static world come first
  int listed_count = 0;      // catalog rows that some environment needs
  int equality_rows = 0, friction_rows = 0, single_rows = 0;   // listed rows [0, e) two-sided, [e, e+f) dry friction; rows up to single_rows have no cone
  int row_count = 0;         // all rows, slots included
  int coupled = 0;           // rows that couple branches of the tree in this round of the solver
  bool filled = false;       // the Hessian has entries outside the tree pattern
  int islands = 0;           // heaps: sets of trees that rows tie to each other
  bool pushed = true;        // some environment may have forces applied to bodies
  float late = 0;            // where the evaluation lies behind the start of the step, in steps (stages of Runge-Kutta)
  bool no_room = false;      // out of Room: the substep must not commit
  int factorizations = 0, evaluations = 0, rounds = 0;   // work done by the pack
};

// Where each field lies, in bytes from the base of the arena.
struct ScratchLayout {
#define NURI_REALS(name, count, first, last) uint32_t name;
#define NURI_NUMBERS(name, count, first, last) uint32_t name;
#define NURI_RANKS(name, count, first, last) uint32_t name;
#include "physics/kernel/scratch_fields.inl"
  uint32_t bytes;
  Room room;
};

inline namespace NURI_ISA {

template <class L> struct Scratch {
  using Real = typename L::Real;
  using Int = typename L::Int;
  char* base;
  const ScratchLayout* at;
#define NURI_REALS(name, count, first, last) NURI_VALUE Real* name() const { return reinterpret_cast<Real*>(base + at->name); }
#define NURI_NUMBERS(name, count, first, last) NURI_VALUE int* name() const { return reinterpret_cast<int*>(base + at->name); }
#define NURI_RANKS(name, count, first, last) NURI_VALUE Int* name() const { return reinterpret_cast<Int*>(base + at->name); }
#include "physics/kernel/scratch_fields.inl"
};

}  // namespace NURI_ISA
}  // namespace nuri
