// Places and directions for tests and benches of eyes.
#pragma once
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include "engine/shape/rigid.h"
#include "render/trace/eyes.h"

namespace nuri::trace::test {
using Triple = std::array<double, 3>;

inline Triple operator-(const Triple& a, const Triple& b) { return {a[0] - b[0], a[1] - b[1], a[2] - b[2]}; }
inline double dot(const Triple& a, const Triple& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }
inline Triple cross(const Triple& a, const Triple& b) { return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]}; }
inline Triple along(const Triple& o, const Triple& d, double t) { return {o[0] + t * d[0], o[1] + t * d[1], o[2] + t * d[2]}; }
inline Triple unit(const Triple& a) { const double n = std::sqrt(dot(a, a)); return {a[0] / n, a[1] / n, a[2] / n}; }

// Bodies of a model where their frames say, without joints.
struct Poses {
  std::vector<float> position, rotation;
  explicit Poses(const model::Model& m, int environments = 1) {
    std::vector<shape::Vec> p(size_t(m.body_count));
    std::vector<shape::Rot> r(size_t(m.body_count), shape::Rot{1, 0, 0, 0});
    for (size_t b = 1; b < size_t(m.body_count); ++b) {
      const size_t a = size_t(m.body_parent[b]);
      p[b] = shape::add(p[a], shape::rotate(r[a], shape::vec(&m.body_pos[3 * b])));
      r[b] = shape::mul(r[a], shape::rot(&m.body_quat[4 * b]));
    }
    for (int e = 0; e < environments; ++e)
      for (size_t b = 0; b < size_t(m.body_count); ++b) {
        for (double x : p[b]) position.push_back(float(x));
        for (double x : r[b]) rotation.push_back(float(x));
      }
  }
  operator trace::Poses() const { return {position, rotation}; }
};

// The turn of a camera at `from` that looks at `to`, upright.
inline std::array<double, 4> towards(const Triple& from, const Triple& to) {
  const Triple z = unit(from - to), x = unit(cross({0, 0, 1}, z)), y = cross(z, x);
  const double w = 0.5 * std::sqrt(std::max(1e-12, 1 + x[0] + y[1] + z[2]));
  return {w, (y[2] - z[1]) / (4 * w), (z[0] - x[2]) / (4 * w), (x[1] - y[0]) / (4 * w)};
}

inline Eyes opened(Result<Eyes> eyes) {
  if (eyes) return std::move(*eyes);
  std::fprintf(stderr, "%s\n", to_string(eyes.errors()[0]).c_str());
  std::abort();
}

}  // namespace nuri::trace::test
