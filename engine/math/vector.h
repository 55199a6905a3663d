// Vectors, quaternions, rotations and spatial vectors on any Real. Every fma is written out.
//
// Quaternions are w x y z, unit, and rotate from the body's frame to the world's. A Twist holds angular before linear
// (motion: w, v; force: torque, force), both in world axes about one common point; which point is said where it is used.
#pragma once
#include "engine/math/elementary.h"
#include "engine/math/wide.h"

NURI_KERNEL_BEGIN

template <class R> struct Vec3 { R x, y, z; };
template <class R> struct Quat { R w, x, y, z; };
template <class R> struct Mat3 { R m[9]; };                       // row major
template <class R> struct Twist { Vec3<R> w, v; };

template <class R> NURI_VALUE Vec3<R> operator+(Vec3<R> a, Vec3<R> b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
template <class R> NURI_VALUE Vec3<R> operator-(Vec3<R> a, Vec3<R> b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
template <class R> NURI_VALUE Vec3<R> operator-(Vec3<R> a) { return {-a.x, -a.y, -a.z}; }
template <class R> NURI_VALUE Vec3<R> operator*(Vec3<R> a, R s) { return {a.x * s, a.y * s, a.z * s}; }
template <class R> NURI_VALUE Vec3<R> mul_add(Vec3<R> a, R s, Vec3<R> b) { return {mul_add(a.x, s, b.x), mul_add(a.y, s, b.y), mul_add(a.z, s, b.z)}; }
template <class R> NURI_VALUE Vec3<R> sub_mul(Vec3<R> c, Vec3<R> a, R s) { return {sub_mul(c.x, a.x, s), sub_mul(c.y, a.y, s), sub_mul(c.z, a.z, s)}; }
template <class R> NURI_VALUE R dot(Vec3<R> a, Vec3<R> b) { return mul_add(a.z, b.z, mul_add(a.y, b.y, a.x * b.x)); }
template <class R> NURI_VALUE Vec3<R> cross(Vec3<R> a, Vec3<R> b) {
  return {sub_mul(a.y * b.z, a.z, b.y), sub_mul(a.z * b.x, a.x, b.z), sub_mul(a.x * b.y, a.y, b.x)};
}
template <class R> NURI_VALUE Vec3<R> cross_add(Vec3<R> a, Vec3<R> b, Vec3<R> c) {   // a x b + c
  return {sub_mul(mul_add(a.y, b.z, c.x), a.z, b.y), sub_mul(mul_add(a.z, b.x, c.y), a.x, b.z), sub_mul(mul_add(a.x, b.y, c.z), a.y, b.x)};
}
template <class M, class R> NURI_VALUE Vec3<R> where(M m, Vec3<R> a, Vec3<R> b) { return {where(m, a.x, b.x), where(m, a.y, b.y), where(m, a.z, b.z)}; }
template <class R> NURI_VALUE R norm(Vec3<R> a) { return sqrt(dot(a, a)); }
template <class R> NURI_VALUE Vec3<R> zero3() { return {R(0), R(0), R(0)}; }

// a / |a|, or `otherwise` where |a| is below 1e-15; out_norm is |a|
template <class R> NURI_VALUE Vec3<R> normalized(Vec3<R> a, Vec3<R> otherwise, R& out_norm) {
  out_norm = norm(a);
  const auto tiny = out_norm < R(1e-15f);
  return where(tiny, otherwise, a * (R(1) / where(tiny, R(1), out_norm)));
}

template <class R> NURI_VALUE Twist<R> zero6() { return {zero3<R>(), zero3<R>()}; }
template <class R> NURI_VALUE Twist<R> operator+(Twist<R> a, Twist<R> b) { return {a.w + b.w, a.v + b.v}; }
template <class R> NURI_VALUE Twist<R> operator-(Twist<R> a, Twist<R> b) { return {a.w - b.w, a.v - b.v}; }
template <class R> NURI_VALUE Twist<R> operator*(Twist<R> a, R s) { return {a.w * s, a.v * s}; }
template <class R> NURI_VALUE Twist<R> mul_add(Twist<R> a, R s, Twist<R> b) { return {mul_add(a.w, s, b.w), mul_add(a.v, s, b.v)}; }
template <class R> NURI_VALUE R dot(Twist<R> a, Twist<R> b) {
  return mul_add(a.v.z, b.v.z, mul_add(a.v.y, b.v.y, mul_add(a.v.x, b.v.x, dot(a.w, b.w))));
}
template <class R> NURI_VALUE Twist<R> cross_motion(Twist<R> a, Twist<R> b) { return {cross(a.w, b.w), cross_add(a.w, b.v, cross(a.v, b.w))}; }
template <class R> NURI_VALUE Twist<R> cross_force(Twist<R> a, Twist<R> f) { return {cross_add(a.w, f.w, cross(a.v, f.v)), cross(a.w, f.v)}; }

template <class R> NURI_VALUE Vec3<R> row(const Mat3<R>& a, int i) { return {a.m[3 * i], a.m[3 * i + 1], a.m[3 * i + 2]}; }
template <class R> NURI_VALUE Vec3<R> column(const Mat3<R>& a, int i) { return {a.m[i], a.m[3 + i], a.m[6 + i]}; }
template <class R> NURI_VALUE Vec3<R> operator*(const Mat3<R>& a, Vec3<R> v) {
  const R* m = a.m;
  return {mul_add(m[2], v.z, mul_add(m[1], v.y, m[0] * v.x)), mul_add(m[5], v.z, mul_add(m[4], v.y, m[3] * v.x)),
          mul_add(m[8], v.z, mul_add(m[7], v.y, m[6] * v.x))};
}
template <class R> NURI_VALUE Vec3<R> transposed_times(const Mat3<R>& a, Vec3<R> v) {   // a' v
  const R* m = a.m;
  return {mul_add(m[6], v.z, mul_add(m[3], v.y, m[0] * v.x)), mul_add(m[7], v.z, mul_add(m[4], v.y, m[1] * v.x)),
          mul_add(m[8], v.z, mul_add(m[5], v.y, m[2] * v.x))};
}

template <class R> NURI_VALUE Quat<R> operator*(Quat<R> a, Quat<R> b) {
  return {sub_mul(sub_mul(sub_mul(a.w * b.w, a.x, b.x), a.y, b.y), a.z, b.z),
          sub_mul(mul_add(a.y, b.z, mul_add(a.x, b.w, a.w * b.x)), a.z, b.y),
          sub_mul(mul_add(a.z, b.x, mul_add(a.y, b.w, a.w * b.y)), a.x, b.z),
          sub_mul(mul_add(a.x, b.y, mul_add(a.z, b.w, a.w * b.z)), a.y, b.x)};
}
template <class R> NURI_VALUE Quat<R> conjugate(Quat<R> q) { return {q.w, -q.x, -q.y, -q.z}; }
template <class M, class R> NURI_VALUE Quat<R> where(M m, Quat<R> a, Quat<R> b) { return {where(m, a.w, b.w), where(m, a.x, b.x), where(m, a.y, b.y), where(m, a.z, b.z)}; }
template <class R> NURI_VALUE Vec3<R> rotate(Quat<R> q, Vec3<R> v) {                  // v + 2 w (u x v) + 2 u x (u x v)
  const Vec3<R> u{q.x, q.y, q.z};
  Vec3<R> t = cross(u, v);
  t = t + t;
  return cross_add(u, t, mul_add(t, q.w, v));
}
template <class R> NURI_VALUE Quat<R> unit(Quat<R> q) {
  const R n = sqrt(mul_add(q.z, q.z, mul_add(q.y, q.y, mul_add(q.x, q.x, q.w * q.w))));
  const auto tiny = n < R(1e-15f);                                                       // a zero quaternion becomes the identity
  const R s = R(1) / where(tiny, R(1), n);
  return {where(tiny, R(1), q.w * s), q.x * s, q.y * s, q.z * s};
}
template <class R> NURI_VALUE Mat3<R> matrix(Quat<R> q) {
  const R two = R(2), xx = q.x * q.x, yy = q.y * q.y, zz = q.z * q.z, ww = q.w * q.w;
  const R xy = q.x * q.y, xz = q.x * q.z, yz = q.y * q.z, wx = q.w * q.x, wy = q.w * q.y, wz = q.w * q.z;
  return {{ww + xx - yy - zz, two * (xy - wz), two * (xz + wy), two * (xy + wz), ww - xx + yy - zz, two * (yz - wx),
           two * (xz - wy), two * (yz + wx), ww - xx - yy + zz}};
}
// The rotation by `angle` about unit `axis`.
template <class R> NURI_VALUE Quat<R> turn(Vec3<R> axis, R angle) {
  R s, c;
  sin_cos(angle * R(0.5f), s, c);
  return {c, axis.x * s, axis.y * s, axis.z * s};
}
// q after rotating with angular velocity w (body axes) for time h: q * exp(h w / 2).
template <class R> NURI_VALUE Quat<R> integrate(Quat<R> q, Vec3<R> w, R h) {
  R speed;
  const Vec3<R> axis = normalized(w, Vec3<R>{R(1), R(0), R(0)}, speed);
  return unit(q) * turn(axis, h * speed);
}
// Rotation vector (axis times angle in (-pi, pi]) of a unit quaternion.
template <class R> NURI_VALUE Vec3<R> rotation_vector(Quat<R> q) {
  R s;
  const Vec3<R> axis = normalized(Vec3<R>{q.x, q.y, q.z}, Vec3<R>{R(1), R(0), R(0)}, s);
  R angle = R(2) * atan2(s, q.w);
  angle = where(angle > R(3.14159265358979323846), angle - R(6.28318530717958647692), angle);
  return axis * angle;
}

// Numbers kept side by side in scratch, and the same for model numbers shared by all (F is anything indexable that gives R).
template <class R> NURI_VALUE Vec3<R> load3(const R* p, int i) { p += 3 * i; return {p[0], p[1], p[2]}; }
template <class R> NURI_VALUE void store3(R* p, int i, Vec3<R> v) { p += 3 * i; p[0] = v.x; p[1] = v.y; p[2] = v.z; }
template <class R> NURI_VALUE Quat<R> load4(const R* p, int i) { p += 4 * i; return {p[0], p[1], p[2], p[3]}; }
template <class R> NURI_VALUE void store4(R* p, int i, Quat<R> q) { p += 4 * i; p[0] = q.w; p[1] = q.x; p[2] = q.y; p[3] = q.z; }
template <class R> NURI_VALUE Twist<R> load6(const R* p, int i) { p += 6 * i; return {{p[0], p[1], p[2]}, {p[3], p[4], p[5]}}; }
template <class R> NURI_VALUE void store6(R* p, int i, Twist<R> t) { p += 6 * i; p[0] = t.w.x; p[1] = t.w.y; p[2] = t.w.z; p[3] = t.v.x; p[4] = t.v.y; p[5] = t.v.z; }
template <class R> NURI_VALUE Mat3<R> load9(const R* p, int i) { Mat3<R> r; p += 9 * i; NURI_UNROLL for (int k = 0; k < 9; ++k) r.m[k] = p[k]; return r; }
template <class R> NURI_VALUE void store9(R* p, int i, const Mat3<R>& a) { p += 9 * i; NURI_UNROLL for (int k = 0; k < 9; ++k) p[k] = a.m[k]; }

NURI_KERNEL_END
