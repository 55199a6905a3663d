// Pack: the environments that a kernel works on, and all that a stage may touch.
#pragma once
#include "engine/lane/lane.h"
#include "engine/model/view.h"
#include "physics/kernel/scratch.h"

NURI_KERNEL_BEGIN

template <class L> struct Pack {
  using T = typename L::Scalar;
  using Real = typename L::Real;
  using Truth = typename L::Truth;
  using Int = typename L::Int;

  const L& lane;
  const ModelView<Real>& model;
  const Scratch<L> scratch;

  // How much of what this substep has; uniform over the pack.
  int near_count = 0;        // candidate pairs that passed the bounding tests
  int hit_count = 0;         // hits those pairs can give
  int live_count = 0;        // hits that touch in some environment
  int slot_count = 0, world_slots = 0;   // contact slots; those that touch the static world come first
  int listed_count = 0;      // catalog rows that some environment needs
  int equality_rows = 0, friction_rows = 0, single_rows = 0;   // listed rows [0, e) two-sided, [e, e+f) dry friction; rows up to single_rows have no cone
  int row_count = 0;         // all rows, slots included
  int coupled = 0;           // rows that couple branches of the tree in this round of the solver
  bool filled = false;       // the Hessian has entries outside the tree pattern
  bool ordered = false;      // its dofs go by the environment's own order of elimination (heaps)
  bool pushed = true;        // some environment may have forces applied to bodies
  bool no_room = false;      // out of Room: the substep must not commit
  int factorizations = 0, evaluations = 0, rounds = 0;   // work done by the pack
  Real iterations = Real(T(0));

  static NURI_VALUE Real zero() { return Real(T(0)); }
  static NURI_VALUE Real one() { return Real(T(1)); }
  static NURI_VALUE Real half() { return Real(T(0.5)); }
  static NURI_VALUE Real real(double x) { return Real(T(x)); }
  static NURI_VALUE Truth yes() { return Real(T(0)) <= Real(T(0)); }
  static NURI_VALUE Truth no() { return Real(T(0)) < Real(T(0)); }
  // Below this a length is taken for zero: MuJoCo's mjMINVAL.
  static NURI_VALUE Real tiny() { return Real(T(1e-15)); }
  static constexpr bool in_float = sizeof(T) == 4;
};

NURI_VALUE int triangle(int i) { return i * (i + 1) / 2; }
constexpr int triangle_size(int n) { return n * (n + 1) / 2; }

NURI_KERNEL_END
