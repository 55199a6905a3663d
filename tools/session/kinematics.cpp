#include "tools/session/kinematics.h"

#include <algorithm>
#include "engine/math/elementary.h"
#include "engine/model/model_flags.h"
#include "engine/scene/scene.h"

namespace nuri::session {
using namespace nuri::shape;
using model::Model;
using scene::JointType;
namespace {

// Speed of a rigid body, or a force on it, about the world's origin, world axes.
struct Spatial { Vec w, v; };
Spatial add(const Spatial& a, const Spatial& b) { return {shape::add(a.w, b.w), shape::add(a.v, b.v)}; }
Spatial scale(const Spatial& a, double s) { return {shape::scale(a.w, s), shape::scale(a.v, s)}; }
Spatial cross_motion(const Spatial& a, const Spatial& b) { return {cross(a.w, b.w), shape::add(cross(a.w, b.v), cross(a.v, b.w))}; }
double dot(const Spatial& a, const Spatial& b) { return shape::dot(a.w, b.w) + shape::dot(a.v, b.v); }
Spatial about(const Vec& axis, const Vec& anchor) { return {axis, cross(anchor, axis)}; }

bool is_single(const Model& m, int joint) { return m.joint_type[joint] >= int(JointType::slide); }

// A body's pose from its parent's: kinematics.h of the kernels, body by body. `each_axis(joint, k, motion)` sees the motion of
// every dof, for its joint's k-th speed.
template <class F> Pose body_pose(const Model& m, const Posture& s, int body, const Pose& parent, F each_axis) {
  Pose x{shape::add(parent.position, rotate(parent.orientation, vec(&m.body_pos[3 * body]))), mul(parent.orientation, rot(&m.body_quat[4 * body]))};
  if (const int mocap = m.body_mocap[body]; mocap >= 0) x = {vec(&s.mocap_pos[3 * mocap]), unit(rot(&s.mocap_quat[4 * mocap]))};
  for (int j = m.body_joint_adr[body]; j < m.body_joint_adr[body] + m.body_joint_num[body]; ++j) {
    const double* q = &s.qpos[m.joint_qpos[j]];
    const Vec offset = vec(&m.joint_pos[3 * j]), local = vec(&m.joint_axis[3 * j]);
    const Vec anchor = shape::add(x.position, rotate(x.orientation, offset)), axis = rotate(x.orientation, local);
    switch (JointType(m.joint_type[j])) {
      case JointType::slide:
        x.position = shape::add(x.position, shape::scale(axis, q[0] - m.qpos0[m.joint_qpos[j]]));
        each_axis(j, 0, Spatial{{0, 0, 0}, axis});
        break;
      case JointType::hinge:
        x.orientation = mul(x.orientation, turn(local, q[0] - m.qpos0[m.joint_qpos[j]]));
        x.position = sub(anchor, rotate(x.orientation, offset));
        each_axis(j, 0, about(axis, anchor));
        break;
      case JointType::ball: case JointType::free: {
        const bool free = m.joint_type[j] == int(JointType::free);
        x.orientation = free ? unit(rot(q + 3)) : mul(x.orientation, unit(rot(q)));
        x.position = free ? vec(q) : sub(anchor, rotate(x.orientation, offset));
        const Mat r = matrix(x.orientation);
        for (int k = 0; k < 3 && !free; ++k) each_axis(j, k, about({r[k], r[3 + k], r[6 + k]}, anchor));
      }
    }
  }
  x.orientation = unit(x.orientation);
  return x;
}

Pose chain_end(const Chain& c, const Posture& posture, Pose x, std::vector<Spatial>* motions) {
  const Model& m = *c.model;
  size_t next = 0;
  for (const int b : c.bodies)
    x = body_pose(m, posture, b, x, [&](int joint, int, const Spatial& motion) {
      if (motions && next < c.joints.size() && c.joints[next] == joint) motions->push_back(motion), ++next;
    });
  return x;
}

}  // namespace

Rot turn(const Vec& axis, double angle, double length) {
  if (!(length > 1e-12)) return {1, 0, 0, 0};
  Wide<double, 1> s, c;
  sin_cos(Wide<double, 1>(0.5 * angle), s, c);
  return {c.v, s.v * axis[0] / length, s.v * axis[1] / length, s.v * axis[2] / length};
}

double arc_tangent(double y, double x) { return atan2(Wide<double, 1>(y), Wide<double, 1>(x)).v; }

Vec rotation_between(const Rot& from, const Rot& to) {
  Rot d = mul(to, conjugate(from));
  if (d[0] < 0) d = {-d[0], -d[1], -d[2], -d[3]};
  const Vec u{d[1], d[2], d[3]};
  const double s = std::sqrt(shape::dot(u, u));
  return shape::scale(u, s < 1e-12 ? 2.0 : 2 * arc_tangent(s, d[0]) / s);
}

Posture::Posture(const Model& m) : qpos(m.qpos0), qvel(size_t(m.dof_count)), mocap_pos(m.mocap_pos0), mocap_quat(m.mocap_quat0) {}

std::vector<int> joints_of(const Model& m, int site) {
  std::vector<int> out;
  for (int b = m.site_body[site]; b > 0; b = m.body_parent[b])
    for (int j = m.body_joint_adr[b] + m.body_joint_num[b]; j-- > m.body_joint_adr[b];)
      if (is_single(m, j)) out.push_back(j);
  std::reverse(out.begin(), out.end());
  return out;
}

Chain make_chain(const Model& m, int site, std::vector<int> joints) {
  Chain c;
  c.model = &m;
  c.site = site;
  c.joints = std::move(joints);

  // bodies from the world to the site; those that never move become the base
  for (int b = m.site_body[site]; b > 0; b = m.body_parent[b]) c.bodies.push_back(b);
  std::reverse(c.bodies.begin(), c.bodies.end());
  const Posture initial(m);
  while (!c.bodies.empty() && m.body_joint_num[c.bodies.front()] == 0 && m.body_mocap[c.bodies.front()] < 0) {
    c.base = body_pose(m, initial, c.bodies.front(), c.base, [](int, int, const Spatial&) {});
    c.bodies.erase(c.bodies.begin());
  }

  // what hangs from the first joint; a body's joints are read where its pose is needed
  std::vector<char> carried(size_t(m.body_count)), needed(size_t(m.body_count));
  for (const int b : c.bodies) needed[b] = 1;
  for (int b = 1; b < m.body_count && !c.joints.empty(); ++b) {
    carried[b] = b == m.joint_body[c.joints.front()] || carried[m.body_parent[b]];
    if (!carried[b]) continue;
    c.carried.push_back(b);
    needed[b] = 1;
  }
  for (int b = 1; b < m.body_count; ++b) {
    if (!needed[b]) continue;
    if (m.body_mocap[b] >= 0) c.mocap_read.push_back(m.body_mocap[b]);
    for (int j = m.body_joint_adr[b]; j < m.body_joint_adr[b] + m.body_joint_num[b]; ++j) {
      const int type = m.joint_type[j], positions = type == int(JointType::free) ? 7 : type == int(JointType::ball) ? 4 : 1;
      for (int k = 0; k < positions; ++k) c.qpos_read.push_back(m.joint_qpos[j] + k);
      for (int k = 0; k < std::min(positions, positions == 1 ? 1 : positions - 1); ++k) c.dof_read.push_back(m.joint_dof[j] + k);
    }
  }
  return c;
}

Pose site_pose(const Chain& c, const Posture& posture, double* jacobian) {
  const Model& m = *c.model;
  std::vector<Spatial> motions;
  motions.reserve(jacobian ? c.joints.size() : 0);
  const Pose body = chain_end(c, posture, c.base, jacobian ? &motions : nullptr);
  const Pose site{shape::add(body.position, rotate(body.orientation, vec(&m.site_pos[3 * c.site]))), unit(mul(body.orientation, rot(&m.site_quat[4 * c.site])))};
  for (size_t i = 0; i < motions.size(); ++i) {
    const Vec v = shape::add(motions[i].v, cross(motions[i].w, site.position));
    for (size_t k = 0; k < 3; ++k) jacobian[k * c.joints.size() + i] = v[k], jacobian[(3 + k) * c.joints.size() + i] = motions[i].w[k];
  }
  return site;
}

void holding_forces(const Chain& c, const Posture& posture, bool moving, double* out_forces) {
  const Model& m = *c.model;
  struct Body { Pose pose; Spatial velocity{}, acceleration{}, force{}; };
  const size_t n = c.carried.size();
  std::vector<Body> bodies(n);
  std::vector<Spatial> motions;
  const Vec gravity = m.flags & model::flag_gravity ? vec(m.gravity.data()) : Vec{0, 0, 0};
  auto index = [&](int body) { return size_t(std::lower_bound(c.carried.begin(), c.carried.end(), body) - c.carried.begin()); };

  // the pose of what the chain hangs from
  const int first = c.carried.front();
  Pose root = c.base;
  for (const int b : c.bodies) {
    if (b == first) break;
    root = body_pose(m, posture, b, root, [](int, int, const Spatial&) {});
  }

  // down: poses, velocities, forces that the motion takes at zero joint acceleration
  size_t next = 0;
  for (size_t i = 0; i < n; ++i) {
    const int b = c.carried[i];
    Body& x = bodies[i];
    const Body above = b == first ? Body{root} : bodies[index(m.body_parent[b])];
    x.velocity = above.velocity, x.acceleration = above.acceleration;
    x.pose = body_pose(m, posture, b, above.pose, [&](int joint, int k, const Spatial& motion) {
      if (next < c.joints.size() && c.joints[next] == joint) motions.push_back(motion), ++next;
      if (!moving) return;
      const Spatial speed = scale(motion, posture.qvel[m.joint_dof[joint] + k]);
      x.acceleration = add(x.acceleration, cross_motion(x.velocity, speed));
      x.velocity = add(x.velocity, speed);
    });
    const double mass = m.body_mass[b];
    const Vec com = shape::add(x.pose.position, rotate(x.pose.orientation, vec(&m.body_ipos[3 * b])));
    const Vec w = x.velocity.w, v = shape::add(x.velocity.v, cross(w, com));
    const Vec a = shape::add(shape::add(x.acceleration.v, cross(x.acceleration.w, com)), cross(w, v));
    const Vec pull = shape::scale(sub(a, shape::scale(gravity, 1 - m.body_gravcomp[b])), mass);
    Vec moment{0, 0, 0};
    if (moving) {                                // I w' + w x I w in principal axes
      const Mat r = matrix(mul(x.pose.orientation, rot(&m.body_iquat[4 * b])));
      const Vec local = transposed_mul(r, w), spin = transposed_mul(r, x.acceleration.w);
      Vec momentum, rate;
      for (size_t k = 0; k < 3; ++k) momentum[k] = m.body_inertia[3 * b + k] * local[k], rate[k] = m.body_inertia[3 * b + k] * spin[k];
      moment = mul(r, shape::add(rate, cross(local, momentum)));
    }
    x.force = {shape::add(moment, cross(com, pull)), pull};
  }

  // up: each joint holds what it carries, and stretches its own spring
  for (size_t i = n; i-- > 1;) {
    Body& above = bodies[index(m.body_parent[c.carried[i]])];
    above.force = add(above.force, bodies[i].force);
  }
  for (size_t i = 0; i < motions.size(); ++i) {
    const int j = c.joints[i], q = m.joint_qpos[j];
    out_forces[i] = dot(motions[i], bodies[index(m.joint_body[j])].force);
    if (!(m.flags & model::flag_spring)) continue;
    const double stretch = posture.qpos[q] - m.qpos_spring[q], *higher = &m.joint_stiffness_poly[2 * index(j)];
    out_forces[i] += stretch * (m.joint_stiffness[j] + higher[0] * stretch + higher[1] * stretch * stretch);
  }
}

}  // namespace nuri::session
