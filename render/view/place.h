// Rigid and scaled places in float, as instances carry them. What is not known (NaN) becomes a place without extent: it is drawn as nothing,
// and everything after it needs no test.
#pragma once
#include <cmath>
#include "engine/shape/rigid.h"
#include "render/view/frame.h"

namespace nuri::view {
namespace rigid = nuri::shape;                     // beside view::shape

struct Place { float m[12]; };                     // rows of [R | t]

inline Vec3f turned(const Place& p, const Vec3f& v) {
  Vec3f out;
  for (size_t i = 0; i < 3; ++i) out[i] = p.m[4 * i] * v[0] + p.m[4 * i + 1] * v[1] + p.m[4 * i + 2] * v[2];
  return out;
}
inline Vec3f at(const Place& p, const Vec3f& v) {
  const Vec3f r = turned(p, v);
  return {r[0] + p.m[3], r[1] + p.m[7], r[2] + p.m[11]};
}
inline Vec3f origin(const Place& p) { return {p.m[3], p.m[7], p.m[11]}; }
inline Vec3f column(const Place& p, int k) { return {p.m[k], p.m[4 + k], p.m[8 + k]}; }
inline Place operator*(const Place& a, const Place& b) {
  Place out;
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 4; ++j)
      out.m[4 * i + j] = a.m[4 * i] * b.m[j] + a.m[4 * i + 1] * b.m[4 + j] + a.m[4 * i + 2] * b.m[8 + j] + (j == 3 ? a.m[4 * i + 3] : 0);
  return out;
}

inline Place place(const rigid::Vec& t, const rigid::Rot& q) {
  const rigid::Mat r = rigid::matrix(rigid::unit(q));
  Place out;
  for (size_t i = 0; i < 3; ++i) {
    for (size_t j = 0; j < 3; ++j) out.m[4 * i + j] = float(r[3 * i + j]);
    out.m[4 * i + 3] = float(t[i]);
  }
  return out;
}
inline Place place(const double* t, const double* q) { return place(rigid::vec(t), rigid::rot(q)); }
constexpr Place here{{1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0}}, nowhere{};
inline bool known(const Place& p) { return p.m[0] != 0 || p.m[1] != 0 || p.m[2] != 0; }

// Of body b, the environment's offset included; nowhere if it is not known.
inline Place body_place(const Poses& poses, size_t b) {
  if (poses.position.size() < 3 * b + 3 || poses.rotation.size() < 4 * b + 4) return nowhere;
  const float *t = &poses.position[3 * b], *q = &poses.rotation[4 * b];
  float sum = 0;
  for (int k = 0; k < 3; ++k) sum += std::abs(t[k]) + std::abs(poses.offset[k]);
  for (int k = 0; k < 4; ++k) sum += std::abs(q[k]);
  if (!(sum < 1e30f)) return nowhere;
  return place({double(t[0]) + poses.offset[0], double(t[1]) + poses.offset[1], double(t[2]) + poses.offset[2]}, {q[0], q[1], q[2], q[3]});
}
// Of all bodies of a model, as many as it has.
std::vector<Place> body_places(const model::Model& model, const Poses& poses);

// m, of a body and all that hangs from it; the body's own place if nothing of it has mass. `bodies` are its model's.
Vec3f centre_of_mass(const model::Model& model, const std::vector<Place>& bodies, int body);

// The place at `position` whose z axis is along `axis`; of whatever length, even 0.
Place along(const Vec3f& position, const Vec3f& axis);

inline Vec3f operator+(const Vec3f& a, const Vec3f& b) { return {a[0] + b[0], a[1] + b[1], a[2] + b[2]}; }
inline Vec3f operator-(const Vec3f& a, const Vec3f& b) { return {a[0] - b[0], a[1] - b[1], a[2] - b[2]}; }
inline Vec3f operator*(float s, const Vec3f& a) { return {s * a[0], s * a[1], s * a[2]}; }
inline float dot(const Vec3f& a, const Vec3f& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }
inline Vec3f cross(const Vec3f& a, const Vec3f& b) { return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]}; }
inline float length(const Vec3f& a) { return std::sqrt(dot(a, a)); }
inline Vec3f unit(const Vec3f& a, const Vec3f& otherwise) { const float l = length(a); return l > 1e-12f && l < 1e30f ? (1 / l) * a : otherwise; }
inline bool finite(const Vec3f& a) { return std::abs(a[0]) + std::abs(a[1]) + std::abs(a[2]) < 1e30f; }
inline Vec3f narrow(const rigid::Vec& a) { return {float(a[0]), float(a[1]), float(a[2])}; }
inline Vec3f narrow(const double* a) { return {float(a[0]), float(a[1]), float(a[2])}; }

}  // namespace nuri::view
