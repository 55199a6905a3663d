// Numbers that follow from the master ones. Everything is plain double arithmetic in a fixed order, so that a model that
// is recompiled and an environment whose numbers are overridden come to the same bits.
#include <algorithm>
#include <array>
#include <cmath>

#include "engine/model/added_mass.h"
#include "engine/model/derive_actuators.h"
#include "engine/model/derive_history.h"
#include "engine/model/derive_initial.h"
#include "engine/model/derive_rows.h"
#include "engine/model/pairs.h"

namespace nuri::model {
using namespace nuri::shape;
namespace {

constexpr double smallest = 1e-15;                           // MuJoCo's mjMINVAL
constexpr double frame_tolerance = 1e-6, axis_tolerance = 1e-14;   // MuJoCo's tests for "same frame" and "along an axis"
constexpr int free_joint = 0, slide = 2;

// Radius of a geom's bounding sphere about its own centre; 0 for planes, which have none.
double bound_of(const Model& m, int g) {
  const int type = m.geom_type[g], shape = m.geom_shape[g];
  if (type == geom_mesh && shape >= 0) return m.mesh_radius[shape];
  if (type == geom_hfield && shape >= 0) {
    const double* s = &m.height_field_size[4 * shape];
    return std::sqrt(s[0] * s[0] + s[1] * s[1] + std::max(s[2], s[3]) * std::max(s[2], s[3]));
  }
  return bound_radius(type, &m.geom_size[3 * g]);
}

// Of the ellipsoid as which the medium meets a geom.
std::array<double, 3> semi_axes(const Model& m, int g) {
  const double* const s = &m.geom_size[3 * g];
  switch (m.geom_type[g]) {
    case geom_sphere: return {s[0], s[0], s[0]};
    case geom_capsule: return {s[0], s[0], s[0] + s[1]};
    case geom_cylinder: return {s[0], s[0], s[1]};
    default: return {s[0], s[1], s[2]};
  }
}

void bodies(Model& m) {
  std::copy(m.body_mass.begin(), m.body_mass.end(), m.body_subtree_mass.begin());
  for (int b = m.body_count - 1; b > 0; --b) m.body_subtree_mass[m.body_parent[b]] += m.body_subtree_mass[b];
  for (int b = 0; b < m.body_count; ++b) {
    const double* i = &m.body_inertia[3 * b];
    put(&m.body_inertia6[6 * b], rotate_diagonal(unit(rot(&m.body_iquat[4 * b])), vec(i)));
    // a box of sides l has the moment m (l1^2 + l2^2) / 12 about axis 0
    const double mass = m.body_mass[b];
    for (int k = 0; k < 3; ++k) {
      const double square = i[(k + 1) % 3] + i[(k + 2) % 3] - i[k];
      m.body_fluid_box[3 * b + k] = mass < smallest ? 0 : std::sqrt(std::max(smallest, square) / mass * 6);
    }
  }
  for (int t = 0; t < m.tree_count; ++t) m.tree_invmass[t] = 1 / std::max(smallest, m.body_subtree_mass[m.tree_body[m.tree_body_adr[t]]]);
  for (int g = 0; g < m.geom_count; ++g) m.geom_bound[g] = bound_of(m, g);
  for (int k = 0; k < m.fluid_geom_count; ++k) {
    const std::array<double, 3> axes = semi_axes(m, m.fluid_geom[k]);
    const AddedMass added = added_mass(axes);
    std::copy(axes.begin(), axes.end(), &m.fluid_axes[3 * k]);
    std::copy(added.mass.begin(), added.mass.end(), &m.fluid_added[6 * k]);
    std::copy(added.inertia.begin(), added.inertia.end(), &m.fluid_added[6 * k + 3]);
  }
}

// By how much a dof is multiplied to become a speed that sleep_tolerance can judge, as MuJoCo's dof_length: the distance from the body's
// centre of mass to a joint's anchor, its own or a child's, or to the far side of one of its geoms.
void lengths(Model& m) {
  constexpr double shortest = 1e-5;
  std::vector<double> length(size_t(m.body_count), shortest);
  auto reach = [&](int b, const Vec& point, double beyond) {
    const Vec away = sub(point, vec(&m.body_ipos[3 * b]));
    length[b] = std::max(length[b], std::sqrt(dot(away, away)) + beyond);
  };
  for (int j = 0; j < m.joint_count; ++j) {
    const int b = m.joint_body[j], parent = m.body_parent[b];
    const Vec anchor = vec(&m.joint_pos[3 * j]);
    reach(b, anchor, 0);
    reach(parent, add(vec(&m.body_pos[3 * b]), rotate(rot(&m.body_quat[4 * b]), anchor)), 0);
  }
  for (int g = 0; g < m.geom_count; ++g) reach(m.geom_body[g], vec(&m.geom_pos[3 * g]), m.geom_bound[g]);
  for (int i = 0; i < m.dof_count; ++i) {
    const int j = m.dof_joint[i], type = m.joint_type[j];
    const bool moves = type == slide || (type == free_joint && i - m.joint_dof[j] < 3);
    m.dof_length[i] = moves ? 1 : length[m.dof_body[i]];
  }
}

// A childless body that only slides along its own axes, hanging from the world or from a static body of the world.
// MuJoCo takes its inverse weight from the mass alone, whatever the number of slides or their armature; so do we.
bool slides_freely(const Model& m, int b) {
  if (m.body_dof_num[b] == 0 || m.child_adr[b] != m.child_adr[b + 1]) return false;
  const int parent = m.body_parent[b];
  if (parent != 0 && (m.body_parent[parent] != 0 || m.body_dof_num[parent] != 0)) return false;
  auto null = [](const double* v) { return std::abs(v[0]) < frame_tolerance && std::abs(v[1]) < frame_tolerance && std::abs(v[2]) < frame_tolerance; };
  if (!null(&m.body_ipos[3 * b]) || !null(&m.body_iquat[4 * b + 1])) return false;
  for (int j = m.body_joint_adr[b]; j < m.body_joint_adr[b] + m.body_joint_num[b]; ++j) {
    int components = 0;
    for (int k = 0; k < 3; ++k) components += std::abs(m.joint_axis[3 * j + k]) > axis_tolerance;
    if (m.joint_type[j] != slide || components != 1 || !null(&m.joint_pos[3 * j])) return false;
  }
  return true;
}

// Mean diagonal of J inv(M) J' at the centre of mass of every body, per joint, and along tendons.
void inverse_weights(Model& m, const Initial& s) {
  std::vector<double> y(m.dof_count, 0);
  for (int b = 0; b < m.body_count; ++b) {
    double* out = &m.body_invweight[2 * b];
    out[0] = out[1] = 0;
    if (m.body_tree[b] < 0) continue;
    if (slides_freely(m, b)) {
      out[0] = 1 / std::max(smallest, m.body_mass[b]);
      continue;
    }
    const std::vector<int> dofs = chain(m, b);
    const Vec arm = sub(s.com[b], s.reference[b]);
    for (int part = 0; part < 2; ++part) {
      double sum = 0;
      for (int axis = 0; axis < 3; ++axis) {
        for (int i : dofs) {
          const Motion& u = s.motion[i];
          y[i] = part == 1 ? u.w[axis] : u.v[axis] + cross(u.w, arm)[axis];
        }
        sum += inverse_product(m, s, dofs, y);
      }
      out[part] = sum / 3;
    }
  }

  std::vector<double> diagonal(m.dof_count);
  for (int i = 0; i < m.dof_count; ++i) {
    std::vector<int> dofs(m.ancestor.begin() + m.ancestor_adr[i], m.ancestor.begin() + m.ancestor_adr[i + 1]);
    dofs.push_back(i);
    y[i] = 1;
    diagonal[i] = inverse_product(m, s, dofs, y);
  }
  for (int j = 0; j < m.joint_count; ++j) {
    const int first = m.joint_dof[j], count = m.joint_type[j] == 0 ? 6 : m.joint_type[j] == 1 ? 3 : 1;
    if (slides_freely(m, m.joint_body[j])) {
      m.dof_invweight[first] = 1 / std::max(smallest, m.body_mass[m.joint_body[j]]);
    } else if (count == 1) {
      m.dof_invweight[first] = diagonal[first];
    } else {
      for (int i = first; i < first + count; i += 3) {
        const double mean = (diagonal[i] + diagonal[i + 1] + diagonal[i + 2]) / 3;
        m.dof_invweight[i] = m.dof_invweight[i + 1] = m.dof_invweight[i + 2] = mean;
      }
    }
  }

  std::vector<int> all(m.dof_count);
  for (int i = 0; i < m.dof_count; ++i) all[i] = i;
  for (int t = 0; t < m.tendon_count; ++t) {
    for (int k = m.term_adr[t]; k < m.term_adr[t + 1]; ++k) y[m.term_dof[k]] += s.tendon_arm[k];
    m.tendon_length0[t] = s.tendon_length[t];
    m.tendon_invweight[t] = inverse_product(m, s, all, y);
  }

  double trace = 0;
  for (int i = 0; i < m.dof_count; ++i) trace += s.mass[m.mass_adr[i + 1] - 1];
  m.mean_inertia[0] = m.dof_count ? trace / m.dof_count : 1;
}

// Where cameras are that keep their place and turn from qpos0.
void cameras(Model& m, const Initial& s) {
  for (int c = 0; c < m.camera_count; ++c) {
    const int b = m.camera_body[c];
    std::vector<bool> below(size_t(m.body_count));
    Vec sum{0, 0, 0};
    for (int i = b; i < m.body_count; ++i) {
      below[size_t(i)] = i == b || (i > b && below[size_t(m.body_parent[i])]);
      if (below[size_t(i)]) sum = add(sum, scale(s.com[i], m.body_mass[i]));
    }
    const double mass = m.body_subtree_mass[b];
    const Vec place = add(s.pos[b], rotate(s.quat[b], vec(&m.camera_pos[3 * c]))), com = mass > smallest ? Vec{sum[0] / mass, sum[1] / mass, sum[2] / mass} : s.com[b];
    put(&m.camera_start[10 * c], sub(place, s.pos[b]));
    put(&m.camera_start[10 * c + 3], sub(place, com));
    put(&m.camera_start[10 * c + 6], mul(s.quat[b], unit(rot(&m.camera_quat[4 * c]))));
  }
}
}  // namespace

void derive(Model& model) {
  bodies(model);
  const Initial initial = initial_state(model);
  inverse_weights(model, initial);
  derive_actuators(model, initial);
  cameras(model, initial);
  derive_pairs(model);
  derive_rows(model);
  lengths(model);
  derive_history(model);
}

}  // namespace nuri::model
