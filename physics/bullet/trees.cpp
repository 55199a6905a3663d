#include "physics/bullet/trees.h"
#include "engine/scene/scene.h"
#include "physics/bullet/convert.h"

namespace nuri::bullet {
namespace {

enum JointKind : int { kind_free, kind_ball, kind_slide, kind_hinge };

struct Place {
  btVector3 at{0, 0, 0};
  btQuaternion turn{0, 0, 0, 1};
};  // of a link's frame in its body's

}  // namespace

// A link's frame in its body's: centre of mass and principal axes.
static Place centre(const model::Model& m, int body) {
  return {vector(m.body_ipos.data() + 3 * body), quaternion(m.body_iquat.data() + 4 * body)};
}

Trees::Trees(const model::Model& m) : model_(m), trees_(size_t(m.tree_count)), body_(size_t(m.body_count)), joint_(size_t(m.joint_count)) {
  std::vector<int> links(trees_.size(), 0);
  for (int b = 1; b < m.body_count; ++b) {
    const int t = m.body_tree[size_t(b)];
    if (t < 0) continue;
    const int joints = m.body_joint_num[size_t(b)];
    const bool floats = joints == 1 && m.joint_type[size_t(m.body_joint_adr[size_t(b)])] == kind_free;
    if (!floats) links[size_t(t)] += std::max(1, joints);
  }
  for (int b = 1; b < m.body_count; ++b) {
    const int t = m.body_tree[size_t(b)];
    if (t < 0) continue;
    Tree& tree = trees_[size_t(t)];
    if (!tree.body) {
      const bool floats = m.joint_type[size_t(m.body_joint_adr[size_t(b)])] == kind_free;
      tree.stands_on = floats ? -1 : m.body_parent[size_t(b)];
      tree.body = std::make_unique<btMultiBody>(links[size_t(t)], floats ? m.body_mass[size_t(b)] : 0,
                                                floats ? vector(m.body_inertia.data() + 3 * b) : btVector3(0, 0, 0), !floats, false);
      tree.body->setLinearDamping(0);
      tree.body->setAngularDamping(0);
      tree.body->setMaxCoordinateVelocity(BT_LARGE_FLOAT);
      tree.body->setHasSelfCollision(true);
      links[size_t(t)] = 0;  // from here on: links that are set up
    }
    body_[size_t(b)].tree = t;
    const int joints = m.body_joint_num[size_t(b)];
    if (joints == 1 && m.joint_type[size_t(m.body_joint_adr[size_t(b)])] == kind_free) {
      body_[size_t(b)].link = -1;
      joint_[size_t(m.body_joint_adr[size_t(b)])] = {t, -1, true};
      continue;
    }
    body_[size_t(b)].link = links[size_t(t)] + std::max(1, joints) - 1;
    for (int k = 0; k < joints; ++k) joint_[size_t(m.body_joint_adr[size_t(b)] + k)] = {t, links[size_t(t)] + k, k + 1 == joints};
    links[size_t(t)] += std::max(1, joints);
    add_body(b);
  }
  for (Tree& tree : trees_) tree.body->finalizeMultiDof();
}

void Trees::add_body(int b) {
  const model::Model& m = model_;
  const int parent = m.body_parent[size_t(b)], joints = m.body_joint_num[size_t(b)], first = m.body_joint_adr[size_t(b)];
  btMultiBody& tree = *trees_[size_t(body_[size_t(b)].tree)].body;
  const bool on_static = body_[size_t(parent)].tree < 0;
  const Place above = on_static ? Place{} : centre(m, parent), own = centre(m, b);
  const btQuaternion turned = quaternion(m.body_quat.data() + 4 * b);
  const btVector3 offset = vector(m.body_pos.data() + 3 * b);
  const int at = body_[size_t(b)].link - std::max(1, joints) + 1;

  for (int k = 0; k < std::max(1, joints); ++k) {
    const bool last = k + 1 >= joints;
    const int link = at + k, before = k > 0 ? link - 1 : on_static ? -1 : body_[size_t(parent)].link;
    const btVector3 anchor = joints ? vector(m.joint_pos.data() + 3 * (first + k)) : btVector3(0, 0, 0);
    const btQuaternion axes = last ? own.turn : btQuaternion(0, 0, 0, 1);           // of this link in the body's frame
    const btQuaternion turn = k > 0 ? axes : above.turn.inverse() * turned * axes;  // and in the link's before
    const btVector3 pivot = k > 0 ? anchor - vector(m.joint_pos.data() + 3 * (first + k - 1))
                                  : quatRotate(above.turn.inverse(), offset + quatRotate(turned, anchor) - above.at);
    const btVector3 to_centre = last ? quatRotate(axes.inverse(), own.at - anchor) : btVector3(0, 0, 0);
    const btScalar mass = last ? m.body_mass[size_t(b)] : 0;
    const btVector3 inertia = last ? vector(m.body_inertia.data() + 3 * b) : btVector3(0, 0, 0);
    const btQuaternion to_this = turn.inverse();
    if (!joints) {
      tree.setupFixed(link, mass, inertia, before, to_this, pivot, to_centre, false);
      continue;
    }
    const btVector3 axis = quatRotate(axes.inverse(), vector(m.joint_axis.data() + 3 * (first + k)));
    switch (m.joint_type[size_t(first + k)]) {
      case kind_hinge: tree.setupRevolute(link, mass, inertia, before, to_this, axis, pivot, to_centre, false); break;
      case kind_slide: tree.setupPrismatic(link, mass, inertia, before, to_this, axis, pivot, to_centre, false); break;
      default: tree.setupSpherical(link, mass, inertia, before, to_this, pivot, to_centre, false);
    }
  }
}

btTransform Trees::body_in_link(int b) const {
  const Place own = centre(model_, b);
  return btTransform(own.turn, own.at).inverse();
}

btTransform Trees::body_pose(int b) {
  const BodyPlace& place = body_[size_t(b)];
  btMultiBody& body = tree(place.tree);
  const btTransform link = place.link < 0 ? body.getBaseWorldTransform() : body.getLink(place.link).m_cachedWorldTransform;
  return link * body_in_link(b);
}

btQuaternion Trees::joint_axes(int joint) const {
  return joint_[size_t(joint)].last ? centre(model_, model_.joint_body[size_t(joint)]).turn : btQuaternion(0, 0, 0, 1);
}

void Trees::put_bases(const std::vector<double>& xpos, const std::vector<double>& xquat) {
  for (Tree& tree : trees_)
    if (tree.stands_on >= 0) tree.body->setBaseWorldTransform(frame(xpos.data() + 3 * tree.stands_on, xquat.data() + 4 * tree.stands_on));
}

void Trees::load(const Numbers& s) {
  const model::Model& m = model_;
  for (int j = 0; j < m.joint_count; ++j) {
    const JointPlace& place = joint_[size_t(j)];
    btMultiBody& body = tree(place.tree);
    const double *q = s.qpos.data() + m.joint_qpos[size_t(j)], *v = s.qvel.data() + m.joint_dof[size_t(j)];
    switch (m.joint_type[size_t(j)]) {
      case kind_free: {
        const double* const rest = s.qpos_residual.data() + 3 * m.joint_free[size_t(j)];
        const Place own = centre(m, m.joint_body[size_t(j)]);
        const btQuaternion turn = quaternion(q + 3);
        const btVector3 arm = quatRotate(turn, own.at), spin = quatRotate(turn, vector(v + 3));
        body.setBaseWorldTransform(btTransform(turn * own.turn, vector(q) + vector(rest) + arm));
        body.setBaseOmega(spin);
        body.setBaseVel(vector(v) + spin.cross(arm));
        break;
      }
      case kind_ball: {
        const btQuaternion axes = joint_axes(j), turn = axes.inverse() * quaternion(q) * axes;
        const btVector3 spin = quatRotate(axes.inverse(), vector(v));
        const double turns[4] = {turn.x(), turn.y(), turn.z(), turn.w()}, spins[3] = {spin.x(), spin.y(), spin.z()};
        body.setJointPosMultiDof(place.link, turns);
        body.setJointVelMultiDof(place.link, spins);
        break;
      }
      default: body.setJointPos(place.link, q[0] - m.qpos0[size_t(m.joint_qpos[size_t(j)])]); body.setJointVel(place.link, v[0]);
    }
  }
  for (Tree& tree : trees_) tree.body->setPosUpdated(false);
}

void Trees::store(Numbers& s) const {
  const model::Model& m = model_;
  for (int j = 0; j < m.joint_count; ++j) {
    const JointPlace& place = joint_[size_t(j)];
    const btMultiBody& body = *trees_[size_t(place.tree)].body;
    double *const q = s.qpos.data() + m.joint_qpos[size_t(j)], *const v = s.qvel.data() + m.joint_dof[size_t(j)];
    switch (m.joint_type[size_t(j)]) {
      case kind_free: {
        const Place own = centre(m, m.joint_body[size_t(j)]);
        const btTransform pose = body.getBaseWorldTransform();
        const btQuaternion turn = (pose.getRotation() * own.turn.inverse()).normalized();
        const btVector3 arm = quatRotate(turn, own.at), spin = body.getBaseOmega();
        put(q, pose.getOrigin() - arm);
        put(q + 3, turn);
        put(v, body.getBaseVel() - spin.cross(arm));
        put(v + 3, quatRotate(turn.inverse(), spin));
        double* const rest = s.qpos_residual.data() + 3 * m.joint_free[size_t(j)];
        rest[0] = rest[1] = rest[2] = 0;
        break;
      }
      case kind_ball: {
        const btQuaternion axes = joint_axes(j);
        const btScalar *turns = body.getJointPosMultiDof(place.link), *spins = body.getJointVelMultiDof(place.link);
        put(q, (axes * btQuaternion(turns[0], turns[1], turns[2], turns[3]) * axes.inverse()).normalized());
        put(v, quatRotate(axes, btVector3(spins[0], spins[1], spins[2])));
        break;
      }
      default: q[0] = body.getJointPos(place.link) + m.qpos0[size_t(m.joint_qpos[size_t(j)])]; v[0] = body.getJointVel(place.link);
    }
  }
}

void Trees::forward() {
  for (Tree& tree : trees_) {
    world_to_local_.resize(tree.body->getNumLinks() + 1);
    local_origin_.resize(tree.body->getNumLinks() + 1);
    tree.body->forwardKinematics(world_to_local_, local_origin_);
  }
}

void Trees::add_to_row(int dof, double value, std::vector<btScalar>& row) const {
  const model::Model& m = model_;
  const int j = m.dof_joint[size_t(dof)], component = dof - m.joint_dof[size_t(j)];
  const JointPlace& place = joint_[size_t(j)];
  const btMultiBody& body = *trees_[size_t(place.tree)].body;
  auto add = [&](int at, const btVector3& v) {
    for (int k = 0; k < 3; ++k) row[size_t(at + k)] += value * v[k];
  };
  btVector3 unit(0, 0, 0);
  switch (m.joint_type[size_t(j)]) {
    case kind_free: {
      const Place own = centre(m, m.joint_body[size_t(j)]);
      const btQuaternion turn = body.getBaseWorldTransform().getRotation() * own.turn.inverse();
      unit[component % 3] = 1;
      if (component < 3) {  // of the origin: v - w x arm
        add(3, unit);
        add(0, unit.cross(quatRotate(turn, own.at)));
      } else {
        add(0, quatRotate(turn, unit));
      }
      break;
    }
    case kind_ball:
      unit[component] = 1;
      add(6 + body.getLink(place.link).m_dofOffset, quatRotate(joint_axes(j).inverse(), unit));
      break;
    default: row[size_t(6 + body.getLink(place.link).m_dofOffset)] += value;
  }
}

void Trees::apply(const std::vector<double>& force) {
  const model::Model& m = model_;
  for (int j = 0; j < m.joint_count; ++j) {
    const JointPlace& place = joint_[size_t(j)];
    btMultiBody& body = tree(place.tree);
    const double* const f = force.data() + m.joint_dof[size_t(j)];
    switch (m.joint_type[size_t(j)]) {
      case kind_free: {
        const Place own = centre(m, m.joint_body[size_t(j)]);
        const btQuaternion turn = body.getBaseWorldTransform().getRotation() * own.turn.inverse();
        body.addBaseForce(vector(f));
        body.addBaseTorque(quatRotate(turn, vector(f + 3)) + vector(f).cross(quatRotate(turn, own.at)));
        break;
      }
      case kind_ball: {
        const btVector3 torque = quatRotate(joint_axes(j).inverse(), vector(f));
        for (int k = 0; k < 3; ++k) body.addJointTorqueMultiDof(place.link, k, torque[k]);
        break;
      }
      default: body.addJointTorque(place.link, f[0]);
    }
  }
}

}  // namespace nuri::bullet
