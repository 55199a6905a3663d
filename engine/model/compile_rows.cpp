// The row catalog: every constraint row that is not a contact's, in the order of RowKind. An equality that is inactive
// keeps its rows (being active is state); a kind that is switched off has none.
#include <algorithm>

#include "engine/model/compile_parts.h"
#include "engine/model/derive_initial.h"

namespace nuri::model {
namespace {
using namespace scene;

std::vector<int> united(std::vector<int> a, const std::vector<int>& b) {
  a.insert(a.end(), b.begin(), b.end());
  std::sort(a.begin(), a.end());
  a.erase(std::unique(a.begin(), a.end()), a.end());
  return a;
}

std::vector<int> tendon_dofs(const Model& m, int t) {
  return united({}, std::vector<int>(m.term_dof.begin() + m.term_adr[t], m.term_dof.begin() + m.term_adr[t + 1]));
}

void add(Model& m, RowKind kind, int source, int component, const std::vector<int>& dofs) {
  if (dofs.empty()) return;                                    // nothing moves: no row, as in MuJoCo
  m.row_kind.push_back(kind);
  m.row_source.push_back(source);
  m.row_component.push_back(component);
  m.row_dof.insert(m.row_dof.end(), dofs.begin(), dofs.end());
  m.row_dof_adr.push_back(int(m.row_dof.size()));
}

void equalities(Model& m) {
  for (EqualityType type : {EqualityType::connect, EqualityType::weld, EqualityType::joint, EqualityType::tendon}) {
    for (int e = 0; e < m.equality_count; ++e) {
      if (m.equality_type[e] != int(type)) continue;
      const int one = m.equality_object1[e], two = m.equality_object2[e];
      switch (type) {
        case EqualityType::connect: for (int k = 0; k < 3; ++k) add(m, row_connect, e, k, united(chain(m, one), chain(m, two))); break;
        case EqualityType::weld: for (int k = 0; k < 6; ++k) add(m, row_weld, e, k, united(chain(m, one), chain(m, two))); break;
        case EqualityType::joint: add(m, row_joint_equality, e, 0, united({m.joint_dof[one]}, two >= 0 ? std::vector<int>{m.joint_dof[two]} : std::vector<int>{})); break;
        case EqualityType::tendon: add(m, row_tendon_equality, e, 0, united(tendon_dofs(m, one), two >= 0 ? tendon_dofs(m, two) : std::vector<int>{})); break;
      }
    }
  }
}

// One row while only one of two limits can act, its sign chosen as the simulation runs (component -1). Limits so close that
// both can act at once have a row each: 0 lower, 1 upper.
void limit(Model& m, RowKind kind, int source, const double* range, double margin, const std::vector<int>& dofs) {
  if (range[1] - range[0] >= 2 * margin) return add(m, kind, source, -1, dofs);
  add(m, kind, source, 0, dofs);
  add(m, kind, source, 1, dofs);
}

void limits(Model& m) {
  for (int j = 0; j < m.joint_count; ++j) {
    if (m.joint_limited[j] && m.joint_type[j] >= int(JointType::slide)) limit(m, row_joint_limit, j, &m.joint_range[2 * j], m.joint_margin[j], {m.joint_dof[j]});
  }
  for (int j = 0; j < m.joint_count; ++j) {
    const int d = m.joint_dof[j];
    if (m.joint_limited[j] && m.joint_type[j] == int(JointType::ball)) add(m, row_ball_limit, j, 0, {d, d + 1, d + 2});
  }
  for (int t = 0; t < m.tendon_count; ++t) {
    if (m.tendon_limited[t]) limit(m, row_tendon_limit, t, &m.tendon_range[2 * t], m.tendon_margin[t], tendon_dofs(m, t));
  }
}
}  // namespace

void compile_rows(Compilation& c) {
  Model& m = c.model;
  m.row_dof_adr = {0};
  const bool on = m.flags & flag_constraint;
  if (on && (m.flags & flag_equality)) equalities(m);
  if (on && (m.flags & flag_frictionloss)) {
    for (int i = 0; i < m.dof_count; ++i) if (m.dof_frictionloss[i] > 0) add(m, row_dof_friction, i, 0, {i});
    for (int t = 0; t < m.tendon_count; ++t) if (m.tendon_frictionloss[t] > 0) add(m, row_tendon_friction, t, 0, tendon_dofs(m, t));
  }
  if (on && (m.flags & flag_limit)) limits(m);
  m.row_count = int(m.row_kind.size());
  m.row_dof_count = int(m.row_dof.size());
  for (int32_t& key : m.owner_key) key += m.row_count;         // contacts' sum keys follow the catalog's
}

}  // namespace nuri::model
