#include "physics/bullet/rows.h"
#include <BulletDynamics/Featherstone/btMultiBodyLinkCollider.h>

namespace nuri::bullet {
namespace {

int island_of(const btMultiBody* body) { return body && body->getBaseCollider() ? body->getBaseCollider()->getIslandTag() : -1; }

// What an impulse of 1 does to a body, times `impulse`, is added to what the solver has changed so far.
void start_with(btMultiBody& body, btMultiBodyJacobianData& data, int unit_at, int delta_at, btScalar impulse) {
  const btScalar* const unit = &data.m_deltaVelocitiesUnitImpulse[unit_at];
  for (int i = 0; i < 6 + body.getNumDofs(); ++i) data.m_deltaVelocities[delta_at + i] += unit[i] * impulse;
  body.applyDeltaVeeMultiDof2(unit, impulse);
}

}  // namespace

Rows::Rows(btMultiBody* a, btMultiBody* b) : btMultiBodyConstraint(a, b, -1, -1, 0, false, MULTIBODY_CONSTRAINT_1DOF_JOINT_MOTOR) {}

Row& Rows::add() {
  if (used_ == rows_.size()) rows_.emplace_back();
  Row& row = rows_[used_++];
  row.jacobian_a.assign(size_t(6 + m_bodyA->getNumDofs()), 0);
  row.jacobian_b.assign(m_bodyB ? size_t(6 + m_bodyB->getNumDofs()) : 0, 0);
  row.target = row.softness = 0;
  row.low = -BT_LARGE_FLOAT;
  row.high = BT_LARGE_FLOAT;
  row.impulse = nullptr;
  m_numRows = int(used_);
  if (m_data.size() < m_numRows) m_data.resize(m_numRows);
  return row;
}

int Rows::getIslandIdA() const { return island_of(m_bodyA); }
int Rows::getIslandIdB() const { return island_of(m_bodyB); }

void Rows::createConstraintRows(btMultiBodyConstraintArray& out, btMultiBodyJacobianData& data, const btContactSolverInfo& info) {
  const btVector3 none(0, 0, 0);
  for (size_t i = 0; i < used_; ++i) {
    Row& row = rows_[i];
    btMultiBodySolverConstraint& c = out.expandNonInitializing();
    c.m_orgConstraint = this;
    c.m_orgDofIndex = int(i);
    c.m_solverBodyIdA = c.m_solverBodyIdB = data.m_fixedBodyId;
    c.m_frictionIndex = -1;
    c.m_originalContactPoint = nullptr;
    const btScalar speed = fillMultiBodyConstraint(c, data, row.jacobian_a.data(), m_bodyB ? row.jacobian_b.data() : nullptr, none, none,
                                                   none, none, 0, info, 0, 0);
    const btScalar warm = row.impulse ? *row.impulse : 0, inverse = c.m_jacDiagABInv > 0 ? 1 / c.m_jacDiagABInv : 0,
                   sum = inverse + row.softness;
    c.m_jacDiagABInv = sum > 0 ? 1 / sum : 0;
    c.m_cfm = row.softness * c.m_jacDiagABInv;
    c.m_rhs = (row.target - speed - row.softness * warm) * c.m_jacDiagABInv;
    c.m_lowerLimit = row.low <= -BT_LARGE_FLOAT ? row.low : row.low - warm;
    c.m_upperLimit = row.high >= BT_LARGE_FLOAT ? row.high : row.high - warm;
    if (warm == 0) continue;
    start_with(*m_bodyA, data, c.m_jacAindex, c.m_deltaVelAindex, warm);
    if (m_bodyB) start_with(*m_bodyB, data, c.m_jacBindex, c.m_deltaVelBindex, warm);
  }
}

void Rows::keep_impulses() {
  for (size_t i = 0; i < used_; ++i)
    if (double* const kept = rows_[i].impulse) *kept += getAppliedImpulse(int(i));
}

}  // namespace nuri::bullet
