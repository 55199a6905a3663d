// Rigid frames in plain double, for code that runs once per model: mass properties, initial poses, compile steps.
// Kernels use engine/math instead. Quaternions are w x y z; `x_AB` is frame B seen from frame A.
#pragma once
#include <array>
#include <cmath>

namespace nuri::shape {

using Vec = std::array<double, 3>;
using Rot = std::array<double, 4>;        // quaternion
using Mat = std::array<double, 9>;        // row major

inline Vec vec(const double* p) { return {p[0], p[1], p[2]}; }
inline Rot rot(const double* p) { return {p[0], p[1], p[2], p[3]}; }
template <size_t N> void put(double* p, const std::array<double, N>& a) { for (size_t k = 0; k < N; ++k) p[k] = a[k]; }

inline Vec add(const Vec& a, const Vec& b) { return {a[0] + b[0], a[1] + b[1], a[2] + b[2]}; }
inline Vec sub(const Vec& a, const Vec& b) { return {a[0] - b[0], a[1] - b[1], a[2] - b[2]}; }
inline Vec scale(const Vec& a, double s) { return {a[0] * s, a[1] * s, a[2] * s}; }
inline double dot(const Vec& a, const Vec& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }
inline Vec cross(const Vec& a, const Vec& b) { return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]}; }

inline Rot mul(const Rot& a, const Rot& b) {
  return {a[0] * b[0] - a[1] * b[1] - a[2] * b[2] - a[3] * b[3], a[0] * b[1] + a[1] * b[0] + a[2] * b[3] - a[3] * b[2],
          a[0] * b[2] - a[1] * b[3] + a[2] * b[0] + a[3] * b[1], a[0] * b[3] + a[1] * b[2] - a[2] * b[1] + a[3] * b[0]};
}
inline Rot conjugate(const Rot& q) { return {q[0], -q[1], -q[2], -q[3]}; }
// Unit quaternion; the identity if q is too short to have a direction. A unit q keeps its bits.
inline Rot unit(const Rot& q) {
  const double n = std::sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3]);
  if (!(n > 1e-15)) return {1, 0, 0, 0};
  if (std::abs(n - 1) <= 1e-15) return q;
  return {q[0] / n, q[1] / n, q[2] / n, q[3] / n};
}
inline Mat matrix(const Rot& q) {
  const double ww = q[0] * q[0], xx = q[1] * q[1], yy = q[2] * q[2], zz = q[3] * q[3];
  const double xy = q[1] * q[2], xz = q[1] * q[3], yz = q[2] * q[3], wx = q[0] * q[1], wy = q[0] * q[2], wz = q[0] * q[3];
  return {ww + xx - yy - zz, 2 * (xy - wz), 2 * (xz + wy), 2 * (xy + wz), ww - xx + yy - zz, 2 * (yz - wx), 2 * (xz - wy), 2 * (yz + wx), ww - xx - yy + zz};
}
inline Vec mul(const Mat& m, const Vec& v) {
  return {m[0] * v[0] + m[1] * v[1] + m[2] * v[2], m[3] * v[0] + m[4] * v[1] + m[5] * v[2], m[6] * v[0] + m[7] * v[1] + m[8] * v[2]};
}
inline Vec transposed_mul(const Mat& m, const Vec& v) {
  return {m[0] * v[0] + m[3] * v[1] + m[6] * v[2], m[1] * v[0] + m[4] * v[1] + m[7] * v[2], m[2] * v[0] + m[5] * v[1] + m[8] * v[2]};
}
inline Vec rotate(const Rot& q, const Vec& v) { return mul(matrix(q), v); }

// R diag(d) R' as xx yy zz xy xz yz.
inline std::array<double, 6> rotate_diagonal(const Rot& q, const Vec& d) {
  const Mat r = matrix(q);
  auto entry = [&](int i, int j) { return r[3 * i] * d[0] * r[3 * j] + r[3 * i + 1] * d[1] * r[3 * j + 1] + r[3 * i + 2] * d[2] * r[3 * j + 2]; };
  return {entry(0, 0), entry(1, 1), entry(2, 2), entry(0, 1), entry(0, 2), entry(1, 2)};
}

}  // namespace nuri::shape
