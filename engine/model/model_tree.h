// Tables that follow from who hangs on whom by which joint. Compiling fills them in; reading a file fills them in again
// and compares.
#pragma once
#include "engine/model/model.h"

namespace nuri::model {

// Positions and dofs of a joint by scene::JointType.
inline constexpr int joint_positions[4] = {7, 4, 1, 1}, joint_dofs[4] = {6, 3, 1, 1};

// From body_count, body_parent (parents first), body_mocap, joint_count, joint_type and joint_body (ascending): every other index field
// of bodies and dofs, and the counts they need.
void link_tree(Model& model);

// Whether Newton's equations are solved along the tree (physics/kernel/articulated.h) or by factoring their matrix: a robot of one
// tree, every catalog row of one dof, and fewer multiplications that way. From the tree, the solver and the row catalog.
bool shorter_along_tree(const Model& model);

// Whether it is a heap: many trees that contacts, tendons or equalities can couple, and Newton's equations by a matrix. What
// touches what then differs from environment to environment, so each is stepped alone, its dofs in an order of its own
// (physics/kernel/tree_order.h). So are models whose trees fall asleep: who sleeps differs too. From the trees, the solver, the owners of contacts and the row catalog.
bool is_heap(const Model& model);

}  // namespace nuri::model
