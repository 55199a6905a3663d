// Small scenes by hand, and what eyes see of them.
#pragma once
#include <doctest/doctest.h>
#include "engine/core/hash.h"
#include "tests/engine/model/scene_maker.h"
#include "tests/render/trace/poses.h"

namespace nuri::trace::test {
using scene::GeomType;

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
