// Who sleeps. A tree that has been at rest for a while, and with it all that it touches, is not solved any more and stands still until
// something moves or touches it; sleep.h says when. Models without flag_sleep take none of this; those with it are heaps, whose
// environments are stepped alone, so that a branch is no divergence.
#pragma once
#include "engine/model/model_flags.h"
#include "physics/kernel/pack.h"

NURI_KERNEL_BEGIN

template <class L> NURI_FN bool may_sleep(const Pack<L>& p) {
  if constexpr (L::width == 1) return p.model.on(model::flag_sleep);
  else return false;
}
// tree: -1 for what is static; with may_sleep() only
template <class L> NURI_FN bool asleep(const Pack<L>& p, int tree) { return tree >= 0 && p.scratch.tree_asleep()[tree][0] >= 0; }
template <class L> NURI_FN bool dof_asleep(const Pack<L>& p, int dof) { return asleep(p, p.model.body_tree[p.model.dof_body[dof]]); }
// Asleep, or static where nobody moves it.
template <class L> NURI_FN bool at_rest(const Pack<L>& p, int body) {
  const int tree = p.model.body_tree[body];
  return tree < 0 ? p.model.body_mocap[p.model.body_root[body]] < 0 : asleep(p, tree);
}

NURI_KERNEL_END
