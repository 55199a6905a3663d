// The kinematic trees of a model as Bullet's multibodies, and the coordinates of one in those of the other.
//
// A body with several joints becomes a chain of links, all without mass but the last; a body without joints a link that is fixed to its
// parent's. Bullet keeps a link's frame at its centre of mass along its principal axes, Nuri a body's frame where the model says:
//
//   hinge, slide   q_bullet = qpos - qpos0                                       v_bullet = qvel
//   ball           q_bullet = R' qpos R,  R: axes of the link in the joint's     v_bullet = R' qvel
//   free           base pose = body frame moved to the centre of mass            w = Q qvel[3..5],  v = qvel[0..2] + w x Q c
//
// (Q: rotation of the body, c: centre of mass in its frame.) A row J over qvel becomes J T over Bullet's velocities, with qvel = T v; a
// generalised force f becomes T' f.
#pragma once
#include <btBulletDynamicsCommon.h>
#include <BulletDynamics/Featherstone/btMultiBody.h>
#include <memory>
#include <vector>
#include "physics/bullet/smooth.h"

namespace nuri::bullet {

struct Tree {
  std::unique_ptr<btMultiBody> body;
  int stands_on = 0;  // the static body whose frame the base is; -1: the base itself moves
};

class Trees {
 public:
  explicit Trees(const model::Model& model);

  int size() const { return int(trees_.size()); }
  btMultiBody& tree(int t) { return *trees_[size_t(t)].body; }
  int tree_of_body(int body) const { return body_[size_t(body)].tree; }  // -1: static
  int tree_of_dof(int dof) const { return joint_[size_t(model_.dof_joint[size_t(dof)])].tree; }
  int link_of_body(int body) const { return body_[size_t(body)].link; }  // -1: the base
  btTransform body_in_link(int body) const;                              // the body's frame in its link's
  btTransform body_pose(int body);                                       // of a moving one; forward() first

  void put_bases(const std::vector<double>& xpos, const std::vector<double>& xquat);  // where what they stand on is
  void load(const Numbers& state);
  void store(Numbers& out_state) const;
  void forward();  // link frames in the world

  // value times the derivative of qvel[dof] by the velocities of its tree: into a row of 6 + dofs numbers.
  void add_to_row(int dof, double value, std::vector<btScalar>& out_row) const;
  void apply(const std::vector<double>& force);  // generalised forces, N and N m per dof

 private:
  struct BodyPlace {
    int tree = -1, link = -1;
  };
  struct JointPlace {
    int tree = -1, link = -1;
    bool last = false;
  };  // last: its link carries the body
  const model::Model& model_;
  std::vector<Tree> trees_;
  std::vector<BodyPlace> body_;
  std::vector<JointPlace> joint_;
  btAlignedObjectArray<btQuaternion> world_to_local_;
  btAlignedObjectArray<btVector3> local_origin_;

  void add_body(int body);
  btQuaternion joint_axes(int joint) const;  // R of a ball
};

}  // namespace nuri::bullet
