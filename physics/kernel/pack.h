// Pack: the environments that a kernel works on, and all that a stage may touch.
#pragma once
#include "engine/lane/lane.h"
#include "engine/model/view.h"
#include "physics/kernel/pair_sweep.h"
#include "physics/kernel/scratch.h"

NURI_KERNEL_BEGIN

template <class L> struct Pack : PackCounts {
  using T = typename L::Scalar;
  using Real = typename L::Real;
  using Truth = typename L::Truth;
  using Int = typename L::Int;

  const L& lane;
  const ModelView<Real>& model;
  const Scratch<L> scratch;

  Real iterations = Real(T(0));   // of the solver, per environment
  const PairSweep* sweep = nullptr;   // where near pairs of a heap are found by one

  NURI_VALUE Pack(const L& l, const ModelView<Real>& m, const Scratch<L>& s) : lane(l), model(m), scratch(s) {}

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

// Is `dof` in the chain that moves `body`? Its sign in a relative Jacobian is then +1, else 0.
template <class L> NURI_FN bool moves(const Pack<L>& p, int dof, int body) {
  const int last = p.model.body_last_dof[body];
  if (last < 0) return false;
  if (last == dof) return true;
  const int word = dof >> 5;
  return (unsigned(p.model.dof_bits[2 * p.model.bit_words * last + word]) >> (dof & 31) & 1u) != 0;
}

NURI_VALUE int triangle(int i) { return i * (i + 1) / 2; }
constexpr int triangle_size(int n) { return n * (n + 1) / 2; }

NURI_KERNEL_END
