// Nuri's numbers as Bullet's and back. Quaternions are w x y z here, x y z w there.
#pragma once
#include <btBulletDynamicsCommon.h>
#include "engine/shape/rigid.h"

namespace nuri::bullet {

static_assert(sizeof(btScalar) == 8, "the float64 build of Bullet is meant: BT_USE_DOUBLE_PRECISION");

inline btVector3 vector(const double* p) { return {p[0], p[1], p[2]}; }
inline btVector3 vector(const shape::Vec& v) { return {v[0], v[1], v[2]}; }
inline btQuaternion quaternion(const double* p) {
  const shape::Rot q = shape::unit(shape::rot(p));
  return {q[1], q[2], q[3], q[0]};
}
inline void put(double* to, const btVector3& v) { to[0] = v.x(), to[1] = v.y(), to[2] = v.z(); }
// The sign that is nearer to what stands there: a quaternion and its negative are one rotation, and readers expect no jumps.
inline void put(double* to, const btQuaternion& q) {
  const double sign = to[0] * q.w() + to[1] * q.x() + to[2] * q.y() + to[3] * q.z() < 0 ? -1 : 1;
  to[0] = sign * q.w(), to[1] = sign * q.x(), to[2] = sign * q.y(), to[3] = sign * q.z();
}
inline btTransform frame(const double* pos, const double* quat) { return btTransform(quaternion(quat), vector(pos)); }

}  // namespace nuri::bullet
