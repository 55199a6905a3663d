#include "tools/editor/workbench/hand.h"

#include <algorithm>
#include <cmath>
#include "engine/scene/scene.h"
#include "tools/session/kinematics.h"

namespace nuri::editor {
namespace {
using scene::JointType;
using session::Rot;
using session::Vec;

Vec vec_of(const World& world, StateField field, int environment, int at) {
  return {world.get(field, environment, at), world.get(field, environment, at + 1), world.get(field, environment, at + 2)};
}
Rot rot_of(const World& world, StateField field, int environment, int at) {
  return shape::unit({world.get(field, environment, at), world.get(field, environment, at + 1), world.get(field, environment, at + 2),
                      world.get(field, environment, at + 3)});
}

}  // namespace

// v = sum over the joints above: axis x (p - anchor) speed for what turns, axis * speed for what slides. Joints of one body are gone
// through from the last to the first, each undone before the next, so that every axis is where it was when that joint moved.
std::array<double, 3> point_velocity(const World& world, int e, int body, const std::array<double, 3>& point) {
  const model::Model& m = world.model(e);
  Vec v{0, 0, 0};
  for (int b = body; b > 0; b = m.body_parent[b]) {
    Vec x = vec_of(world, StateField::xpos, e, 3 * b);
    Rot turned = rot_of(world, StateField::xquat, e, 4 * b);
    for (int j = m.body_joint_adr[b] + m.body_joint_num[b] - 1; j >= m.body_joint_adr[b]; --j) {
      const int dof = m.joint_dof[j], q = m.joint_qpos[j];
      const Vec offset{m.joint_pos[3 * j], m.joint_pos[3 * j + 1], m.joint_pos[3 * j + 2]},
          local{m.joint_axis[3 * j], m.joint_axis[3 * j + 1], m.joint_axis[3 * j + 2]};
      const JointType type = JointType(m.joint_type[j]);
      if (type == JointType::free) {
        const Vec spin = shape::rotate(turned, vec_of(world, StateField::qvel, e, dof + 3));
        v = shape::add(v, shape::add(vec_of(world, StateField::qvel, e, dof), shape::cross(spin, shape::sub(point, x))));
        continue;
      }
      const Vec anchor = shape::add(x, shape::rotate(turned, offset)), axis = shape::rotate(turned, local);
      const double position = world.get(StateField::qpos, e, q), speed = world.get(StateField::qvel, e, dof);
      if (type == JointType::slide) {
        v = shape::add(v, shape::scale(axis, speed));
        x = shape::sub(x, shape::scale(axis, position - m.qpos0[q]));
        continue;
      }
      const Vec spin = type == JointType::hinge ? shape::scale(axis, speed)
          : shape::rotate(turned, vec_of(world, StateField::qvel, e, dof));
      v = shape::add(v, shape::cross(spin, shape::sub(point, anchor)));
      const Rot by = type == JointType::hinge ? session::turn(local, position - m.qpos0[q]) : rot_of(world, StateField::qpos, e, q);
      turned = shape::mul(turned, shape::conjugate(by));
      x = shape::sub(anchor, shape::rotate(turned, offset));
    }
  }
  return v;
}

void Hand::apply(World& world, const std::optional<Hold>& hold, double control_seconds) {
  if (written_ && (!hold || hold->environment != written_->environment || hold->body != written_->body)) {
    for (int k = 0; k < 6; ++k) world.set(StateField::xfrc_applied, written_->environment, 6 * written_->body + k, written_->before[k]);
    written_.reset();
  }
  force_ = 0;
  if (!hold) return;
  const int e = hold->environment, b = hold->body;
  const model::Model& m = world.model(e);
  if (!written_) {
    written_ = Written{e, b, {}};
    for (int k = 0; k < 6; ++k) written_->before[k] = world.get(StateField::xfrc_applied, e, 6 * b + k);
  }

  // where the point and the centre of mass are
  const Vec x = vec_of(world, StateField::xpos, e, 3 * b);
  const Rot turned = rot_of(world, StateField::xquat, e, 4 * b);
  Vec inside;
  for (int k = 0; k < 3; ++k) inside[k] = world.overridden("body_ipos", e, 3 * b + k).value_or(m.body_ipos[3 * b + k]);
  const Vec point = shape::add(x, shape::rotate(turned, hold->point)), centre = shape::add(x, shape::rotate(turned, inside));

  // the spring and its damper
  const double frequency = std::min(hand::frequency, hand::most_turn / control_seconds), mass = m.body_subtree_mass[b];
  const Vec v = point_velocity(world, e, b, point);
  Vec force;
  for (int k = 0; k < 3; ++k) force[k] = mass * (frequency * frequency * (hold->to[k] - point[k]) - 2 * frequency * v[k]);
  const Vec torque = shape::cross(shape::sub(point, centre), force);
  for (int k = 0; k < 3; ++k) {
    world.set(StateField::xfrc_applied, e, 6 * b + k, written_->before[k] + force[k]);
    world.set(StateField::xfrc_applied, e, 6 * b + 3 + k, written_->before[3 + k] + torque[k]);
  }
  force_ = std::sqrt(shape::dot(force, force));
}

}  // namespace nuri::editor
