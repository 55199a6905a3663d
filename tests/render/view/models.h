// Models to look at: MJCF text, and looks by hand, so that these tests need nothing of what reads colours from files.
#pragma once
#include <doctest/doctest.h>
#include <memory>
#include <string>
#include "render/view/frame.h"
#include "tools/session/load.h"

namespace nuri::view {

// All geoms grey and opaque, in group 0.
inline std::shared_ptr<model::Model> model_of(const std::string& body_of_mjcf) {
  auto loaded = session::load_mjcf_text("<mujoco>" + body_of_mjcf + "</mujoco>", "test");
  REQUIRE_MESSAGE(loaded, "the test's model compiles");
  auto out = std::make_shared<model::Model>(*loaded->models[0]);
  out->look = {};
  out->look.parts.resize(size_t(out->geom_count));
  return out;
}
inline Scenery scenery_of(const std::shared_ptr<model::Model>& m) { return Scenery::of({m}); }
inline int body_named(const model::Model& m, const std::string& name) {
  for (size_t b = 0; b < m.body_name.size(); ++b)
    if (m.body_name[b] == name) return int(b);
  FAIL("no body " << name);
  return 0;
}

// Where a vertex of an instance is: what a vertex shader does.
inline std::array<double, 3> placed(const Vertex& v, const Instance& i) {
  const double x = double(i.scale[0]) * double(v.position[0]), y = double(i.scale[1]) * double(v.position[1]);
  const double z = double(i.scale[2]) * double(v.position[2]) + double(v.cap) * double(i.stretch);
  std::array<double, 3> out;
  for (size_t k = 0; k < 3; ++k) {
    const float* row = &i.world[4 * k];
    out[k] = double(row[0]) * x + double(row[1]) * y + double(row[2]) * z + double(row[3]);
  }
  return out;
}

}  // namespace nuri::view
