#include "engine/model/derive_initial.h"
#include "engine/model/model_flags.h"

#include <algorithm>

namespace nuri::model {
using namespace nuri::shape;
namespace {

constexpr double smallest = 1e-15;             // kg; MuJoCo's mjMINVAL
enum { joint_free, joint_ball, joint_slide, joint_hinge };

// Spatial inertia about a reference point: moments xx yy zz xy xz yz there, mass times offset, mass.
struct Spatial {
  double inertia[6] = {0, 0, 0, 0, 0, 0}, first[3] = {0, 0, 0}, mass = 0;
};

void accumulate(Spatial& a, const Spatial& b) {
  for (int k = 0; k < 6; ++k) a.inertia[k] += b.inertia[k];
  for (int k = 0; k < 3; ++k) a.first[k] += b.first[k];
  a.mass += b.mass;
}

// momentum of a motion: (I w + c x v, m v - c x w) with c = mass times offset
Motion momentum(const Spatial& s, const Motion& u) {
  const double* i = s.inertia;
  const Vec c{s.first[0], s.first[1], s.first[2]};
  const Vec iw{i[0] * u.w[0] + i[3] * u.w[1] + i[4] * u.w[2], i[3] * u.w[0] + i[1] * u.w[1] + i[5] * u.w[2], i[4] * u.w[0] + i[5] * u.w[1] + i[2] * u.w[2]};
  return {add(iw, cross(c, u.v)), sub(scale(u.v, s.mass), cross(c, u.w))};
}

// Poses at positions q. At qpos0 hinges and slides are at zero by definition: nothing is turned, nothing moved.
void poses(const Model& m, const std::vector<double>& positions, Initial& s) {
  const size_t n = m.body_count;
  s.pos.assign(n, {0, 0, 0});
  s.com.assign(n, {0, 0, 0});
  s.quat.assign(n, {1, 0, 0, 0});
  for (size_t b = 1; b < n; ++b) {
    const int parent = m.body_parent[b];
    s.pos[b] = add(s.pos[parent], rotate(s.quat[parent], vec(&m.body_pos[3 * b])));
    s.quat[b] = mul(s.quat[parent], unit(rot(&m.body_quat[4 * b])));
    for (int j = m.body_joint_adr[b]; j < m.body_joint_adr[b] + m.body_joint_num[b]; ++j) {
      const double *q = &positions[m.joint_qpos[j]], moved = *q - m.qpos0[m.joint_qpos[j]];
      const Vec anchor = vec(&m.joint_pos[3 * j]), axis = vec(&m.joint_axis[3 * j]);
      if (m.joint_type[j] == joint_free) {
        s.pos[b] = vec(q);
        s.quat[b] = unit(rot(q + 3));
      } else if (m.joint_type[j] == joint_slide) {
        if (moved != 0) s.pos[b] = add(s.pos[b], scale(rotate(s.quat[b], axis), moved));
      } else if (m.joint_type[j] == joint_ball || moved != 0) {
        const Vec before = rotate(s.quat[b], anchor), half = scale(axis, std::sin(moved / 2));
        s.quat[b] = mul(s.quat[b], m.joint_type[j] == joint_ball ? unit(rot(q)) : Rot{std::cos(moved / 2), half[0], half[1], half[2]});
        s.pos[b] = add(s.pos[b], sub(before, rotate(s.quat[b], anchor)));
      }
    }
    s.quat[b] = unit(s.quat[b]);
    s.com[b] = add(s.pos[b], rotate(s.quat[b], vec(&m.body_ipos[3 * b])));
  }
}

void motions(const Model& m, Initial& s) {
  // the reference of a tree is its centre of mass; static bodies have none and use the origin
  s.reference.assign(m.body_count, {0, 0, 0});
  for (int t = 0; t < m.tree_count; ++t) {
    double mass = 0;
    Vec sum{0, 0, 0};
    for (int k = m.tree_body_adr[t]; k < m.tree_body_adr[t + 1]; ++k) {
      const int b = m.tree_body[k];
      mass += m.body_mass[b];
      sum = add(sum, scale(s.com[b], m.body_mass[b]));
    }
    const Vec com = mass > smallest ? Vec{sum[0] / mass, sum[1] / mass, sum[2] / mass} : s.pos[m.tree_body[m.tree_body_adr[t]]];
    for (int k = m.tree_body_adr[t]; k < m.tree_body_adr[t + 1]; ++k) s.reference[m.tree_body[k]] = com;
  }
  s.motion.assign(m.dof_count, {});
  for (int j = 0; j < m.joint_count; ++j) {
    const int b = m.joint_body[j];
    const Mat r = matrix(s.quat[b]);
    const Vec arm = sub(s.reference[b], add(s.pos[b], mul(r, vec(&m.joint_pos[3 * j])))), axis = mul(r, vec(&m.joint_axis[3 * j]));
    auto turn = [&](const Vec& a) { return Motion{a, cross(a, arm)}; };
    Motion* out = &s.motion[m.joint_dof[j]];
    switch (m.joint_type[j]) {
      case joint_free: for (int k = 0; k < 3; ++k) { *out = {}; out++->v[k] = 1; } [[fallthrough]];
      case joint_ball: for (int k = 0; k < 3; ++k) *out++ = turn({r[k], r[3 + k], r[6 + k]}); break;
      case joint_slide: *out = {{0, 0, 0}, axis}; break;
      default: *out = turn(axis);
    }
  }
}

// armature arm arm', where M has entries: dofs of which one is above the other. MuJoCo: mj_tendonArmature.
void tendon_armature(const Model& m, Initial& s) {
  for (int t = 0; t < m.tendon_count; ++t) {
    const auto arm_of = [&](int dof) {
      double sum = 0;
      for (int k = m.term_adr[t]; k < m.term_adr[t + 1]; ++k) if (m.term_dof[k] == dof) sum += s.tendon_arm[k];
      return sum;
    };
    for (int k = m.term_adr[t]; k < m.term_adr[t + 1]; ++k) {
      const int i = m.term_dof[k];
      double* row = &s.mass[m.mass_adr[i]];
      for (int a = m.ancestor_adr[i]; a < m.ancestor_adr[i + 1]; ++a) *row++ += m.tendon_armature[t] * s.tendon_arm[k] * arm_of(m.ancestor[a]);
      *row += m.tendon_armature[t] * s.tendon_arm[k] * arm_of(i);
    }
  }
}

// Composite rigid bodies: M(i, j) = motion_j . composite(body of i) motion_i for ancestors j of i.
void mass_matrix(const Model& m, Initial& s) {
  std::vector<Spatial> composite(m.body_count);
  for (int b = 1; b < m.body_count; ++b) {
    if (m.body_tree[b] < 0) continue;
    Spatial& c = composite[b];
    const double mass = m.body_mass[b];
    const Vec d = sub(s.com[b], s.reference[b]);
    const auto own = rotate_diagonal(mul(s.quat[b], unit(rot(&m.body_iquat[4 * b]))), vec(&m.body_inertia[3 * b]));
    const double off[6] = {mass * (d[1] * d[1] + d[2] * d[2]), mass * (d[0] * d[0] + d[2] * d[2]), mass * (d[0] * d[0] + d[1] * d[1]),
                           -mass * d[0] * d[1], -mass * d[0] * d[2], -mass * d[1] * d[2]};
    for (int k = 0; k < 6; ++k) c.inertia[k] = own[k] + off[k];
    for (int k = 0; k < 3; ++k) c.first[k] = mass * d[k];
    c.mass = mass;
  }
  for (int b = m.body_count - 1; b > 0; --b) {
    const int parent = m.body_parent[b];
    if (m.body_tree[b] >= 0 && m.body_tree[parent] == m.body_tree[b]) accumulate(composite[parent], composite[b]);
  }
  s.mass.assign(m.mass_count, 0);
  for (int i = 0; i < m.dof_count; ++i) {
    const Motion p = momentum(composite[m.dof_body[i]], s.motion[i]);
    double* row = &s.mass[m.mass_adr[i]];
    for (int k = m.ancestor_adr[i]; k < m.ancestor_adr[i + 1]; ++k) {
      const Motion& u = s.motion[m.ancestor[k]];
      *row++ = dot(u.w, p.w) + dot(u.v, p.v);
    }
    *row = dot(s.motion[i].w, p.w) + dot(s.motion[i].v, p.v) + m.dof_armature[i];
  }
  if (m.flags & flag_tendon_armature) tendon_armature(m, s);
}

// Along a chain the ancestors of an ancestor are a prefix of the row, so row i of M is a prefix of row k.
void factorize(const Model& m, Initial& s) {
  s.factor = s.mass;
  for (int k = m.dof_count - 1; k >= 0; --k) {
    double* row = &s.factor[m.mass_adr[k]];
    const int n = m.ancestor_adr[k + 1] - m.ancestor_adr[k];
    for (int r = n - 1; r >= 0; --r) {
      double* above = &s.factor[m.mass_adr[m.ancestor[m.ancestor_adr[k] + r]]];
      const double a = row[r] / row[n];
      for (int c = 0; c <= r; ++c) above[c] -= a * row[c];
      row[r] = a;
    }
  }
}
}  // namespace

Initial poses_at(const Model& m, const std::vector<double>& positions) {
  Initial s;
  poses(m, positions, s);
  motions(m, s);
  return s;
}

Initial initial_state(const Model& m) {
  Initial s = poses_at(m, m.qpos0);
  s.tendon_length.resize(m.tendon_count);
  s.tendon_arm.resize(m.term_count);
  for (int t = 0; t < m.tendon_count; ++t) s.tendon_length[t] = tendon_length(m, s, m.qpos0, t, s.tendon_arm);
  mass_matrix(m, s);
  factorize(m, s);
  return s;
}

double inverse_product(const Model& m, const Initial& s, const std::vector<int>& dofs, std::vector<double>& y) {
  // inv(M) = inv(L) inv(D) inv(L'): with z = inv(L') y the product is z' inv(D) z
  double sum = 0;
  for (size_t at = dofs.size(); at-- > 0;) {
    const int i = dofs[at];
    const double z = y[i], *row = &s.factor[m.mass_adr[i]];
    y[i] = 0;
    if (z == 0) continue;
    for (int k = m.ancestor_adr[i]; k < m.ancestor_adr[i + 1]; ++k) y[m.ancestor[k]] -= *row++ * z;
    sum += z * z / *row;
  }
  return sum;
}

void solve(const Model& m, const Initial& s, std::vector<double>& x) {
  for (int i = m.dof_count - 1; i >= 0; --i)                 // inv(L')
    for (int k = m.ancestor_adr[i], e = m.mass_adr[i]; k < m.ancestor_adr[i + 1]; ++k, ++e) x[m.ancestor[k]] -= s.factor[e] * x[i];
  for (int i = 0; i < m.dof_count; ++i) x[i] /= s.factor[m.mass_adr[i + 1] - 1];
  for (int i = 0; i < m.dof_count; ++i)                      // inv(L)
    for (int k = m.ancestor_adr[i], e = m.mass_adr[i]; k < m.ancestor_adr[i + 1]; ++k, ++e) x[i] -= s.factor[e] * x[m.ancestor[k]];
}

std::vector<int> chain(const Model& m, int body) {
  std::vector<int> out;
  for (int i = m.body_last_dof[body]; i >= 0; i = m.dof_parent[i]) out.push_back(i);
  std::reverse(out.begin(), out.end());
  return out;
}

}  // namespace nuri::model
