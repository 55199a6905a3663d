// Rows of constraints that are not contacts, in Bullet's own form: one btMultiBodyConstraint holds all rows over one multibody, or over
// two.
//
// A row over Bullet's coordinates v asks for  J v+ + c l = t  with the impulse l between two bounds:
//
//   equality        c = 0,            t = -share error / h,                    l free
//   limit           c = 0,            t = -distance / h (share of it beyond),  l >= 0:  it is met, not broken and repaired
//   dry friction    c = 0,            t = 0,                                   |l| <= h loss
//   rotor, damper   c = 1 / (A + h b), t = A v / (A + h b),                    l free
//
// The last one is what Bullet lacks, a rotor of inertia A (armature; of one dof) and a damper b, both implicit: l = -A (v+ - v) - h b v+.
// Bullet starts its rows from zero; these start from the last step's impulse, or rotors far heavier than their links would need many
// rounds.
#pragma once
#include <btBulletDynamicsCommon.h>
#include <BulletDynamics/Featherstone/btMultiBodyConstraint.h>
#include <vector>

namespace nuri::bullet {

struct Row {
  std::vector<btScalar> jacobian_a, jacobian_b;  // over the velocities of A and B: 6 of the base, then the joints'
  btScalar target = 0, softness = 0;             // t, c
  btScalar low = 0, high = 0;                    // N s, N m s
  double* impulse = nullptr;                     // where l is kept from step to step
};

class Rows final : public btMultiBodyConstraint {
 public:
  Rows(btMultiBody* a, btMultiBody* b);  // b: null for rows over one
  void begin() { used_ = 0, m_numRows = 0; }
  Row& add();            // with Jacobians of zeros
  void keep_impulses();  // after the step

  void finalizeMultiDof() override {}
  int getIslandIdA() const override;
  int getIslandIdB() const override;
  void createConstraintRows(btMultiBodyConstraintArray& rows, btMultiBodyJacobianData& data, const btContactSolverInfo& info) override;
  void debugDraw(btIDebugDraw*) override {}

 private:
  std::vector<Row> rows_;
  size_t used_ = 0;
};

}  // namespace nuri::bullet
