// Small scenes by hand, and what eyes see of them.
#pragma once
#include <doctest/doctest.h>
#include <cmath>
#include <cstring>
#include <memory>
#include <random>
#include "engine/core/hash.h"
#include "engine/shape/rigid.h"
#include "render/trace/eyes.h"
#include "tests/engine/model/scene_maker.h"

namespace nuri::trace::test {
using scene::GeomType;
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

inline Eyes opened(Result<Eyes> eyes) {
  if (!eyes) FAIL(to_string(eyes.errors()[0]));
  return std::move(*eyes);
}
inline std::shared_ptr<const model::Model> shared(model::Model m) { return std::make_shared<const model::Model>(std::move(m)); }

// One picture of one sensor in one environment.
struct Picture {
  Eyes eyes;
  Picture(std::shared_ptr<const model::Model> m, const Sensor& sensor, const Options& options = {}, int threads = 1) : eyes(opened(Eyes::make(m, 1, {sensor}, options))) {
    Pool pool(threads);
    eyes.render(pool, Poses(*m));
  }
  const Tensor& tensor(uint32_t bit) const {
    for (const Tensor& t : eyes.groups()[0].tensors) if (t.output == bit) return t;
    FAIL("output " << bit << " was not asked for");
    return eyes.groups()[0].tensors[0];
  }
  int width() const { return int(eyes.groups()[0].tensors[0].shape[3]); }
  int height() const { return int(eyes.groups()[0].tensors[0].shape[2]); }
  float number(uint32_t bit, int x, int y, int channel = 0) const {
    const Tensor& t = tensor(bit);
    const size_t channels = t.shape.size() == 5 ? 3 : 1;
    return static_cast<const float*>(t.data)[channels * size_t(y * width() + x) + size_t(channel)];
  }
  int whole(uint32_t bit, int x, int y) const { return static_cast<const int32_t*>(tensor(bit).data)[y * width() + x]; }
  int colour(int x, int y, int channel) const { return static_cast<const uint8_t*>(tensor(output::rgb).data)[3 * (y * width() + x) + channel]; }
  uint64_t hash() const {
    Hash h;
    for (const Tensor& t : eyes.groups()[0].tensors) h.add(std::span<const uint8_t>(static_cast<const uint8_t*>(t.data), t.bytes));
    return h.value();
  }
};

// A camera at `pos` that looks along -z of the world, or along `to`, upright.
inline Sensor camera(int width, int height, double fovy, uint32_t outputs, const Triple& pos = {}) {
  Sensor s;
  s.name = "eye";
  Lens lens;
  lens.width = width, lens.height = height, lens.fovy = fovy;
  s.optics = lens;
  s.outputs = outputs;
  s.pos = pos;
  return s;
}
inline std::array<double, 4> towards(const Triple& from, const Triple& to) {
  const Triple z = unit(from - to), x = unit(cross({0, 0, 1}, z)), y = cross(z, x);
  const double w = 0.5 * std::sqrt(std::max(1e-12, 1 + x[0] + y[1] + z[2]));
  return {w, (y[2] - z[1]) / (4 * w), (z[0] - x[2]) / (4 * w), (x[1] - y[0]) / (4 * w)};
}
// Unit directions of a sensor's pixels in the world, in double.
inline std::vector<Triple> rays_of(const Sensor& s) {
  const Directions d = std::holds_alternative<Lens>(s.optics) ? *directions(std::get<Lens>(s.optics)) : *directions(std::get<Scan>(s.optics));
  std::vector<Triple> out;
  for (const Triple& v : d.each) out.push_back(shape::rotate(shape::unit(s.quat), v));
  return out;
}

// A triangle mesh as geom 0 of the world's body.
inline model::Model mesh_model(const std::vector<float>& vertices, const std::vector<uint32_t>& corners) {
  model::SceneMaker maker;
  maker.geom(0, GeomType::box, {1, 1, 1});
  model::Model m = maker.model();
  m.geom_type[0] = 7;
  model::Look::Mesh mesh;
  mesh.position = vertices;
  mesh.corner = corners;
  mesh.normal.assign(vertices.size(), 0);
  for (size_t i = 2; i < mesh.normal.size(); i += 3) mesh.normal[i] = 1;
  m.look.meshes.push_back(mesh);
  m.look.parts[0].mesh = 0;
  return m;
}

}  // namespace nuri::trace::test
