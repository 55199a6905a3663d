// The model at qpos0: poses, mass matrix and its factor. derive() and compile() need it; kernels compute their own.
//
//   M = L' D L, L unit lower triangular along kinematic chains, D diagonal (Featherstone, Rigid Body Dynamics Algorithms, 6.5)
// Rows lie as mass_adr says: the ancestors of a dof ascending, then the diagonal. All sums have one fixed order.
#pragma once
#include <vector>
#include "engine/model/model.h"
#include "engine/shape/rigid.h"

namespace nuri::model {

struct Motion { shape::Vec w, v; };            // angular, linear velocity per unit of a dof's speed, world axes

struct Initial {
  std::vector<shape::Vec> pos, com;            // body frames, centres of mass; m, world
  std::vector<shape::Rot> quat;
  std::vector<shape::Vec> reference;           // point that motions refer to: centre of mass of the tree, by body
  std::vector<Motion> motion;                  // by dof, about the reference of its body
  std::vector<double> tendon_length, tendon_arm;   // m; by term, d(length)/d(position)
  std::vector<double> mass, factor;            // M; L below the diagonal and D on it
};

Initial initial_state(const Model& model);
Initial poses_at(const Model& model, const std::vector<double>& positions);   // poses and motions only

// Length of a tendon at `positions`, whose poses are `at`; writes the moment arms of its terms. Kernels: physics/kernel/tendons.h.
double tendon_length(const Model& model, const Initial& at, const std::vector<double>& positions, int tendon, std::vector<double>& out_arm);

// y' inv(M) y for y that is zero except at `dofs`, which ascend and hold every ancestor of their members; y is cleared.
double inverse_product(const Model& model, const Initial& initial, const std::vector<int>& dofs, std::vector<double>& y);

// x = inv(M) x
void solve(const Model& model, const Initial& initial, std::vector<double>& x);

// Dofs that move a body, ascending.
std::vector<int> chain(const Model& model, int body);

}  // namespace nuri::model
