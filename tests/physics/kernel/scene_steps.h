// A scene of scenes/, as every program starts it, by a World and by lanes beside it.
#pragma once
#include "tests/physics/kernel/compare.h"
#include "tools/session/session.h"

namespace nuri::bits_test {

// How long: control steps by the World alone, until things touch; then `rounds`, each of a control step or of one substep.
struct SceneEffort {
  int warm_up, rounds;
  bool single = false;
  bool touches = true;                           // whether anything does: contacts are what lanes differ in most
};

// make(world, heap): the lanes. Returns the contacts at the end.
template <class Make> int compare_scene(session::Loaded scene, uint64_t first_id, int environments, Precision precision, const SceneEffort& effort, Make make) {
  const int period = scene.settings.substeps, substeps = effort.single ? 1 : period;
  auto made = session::Session::create(std::move(scene), {.environments = environments, .backend = "cpu", .precision = precision, .threads = 1, .first_id = first_id});
  if (!made) FAIL(to_string(made.errors().front()));
  session::Session& session = **made;
  World& world = session.world();
  session.step(effort.warm_up * period);
  const Lanes lanes = make(world, world.model().heap != 0);
  const auto control = [&](int) { session.apply_controls(); };
  CHECK(first_difference(world, lanes, effort.rounds, substeps, control, [&] { session.step(substeps); }) == "");
  CHECK(world.faults() == 0);
  return world.contacts(0);
}

// Every lane, on every kind of environment that the scene has. Groups step numbers that environments own as well; the other lanes step a scene
// whose environments share all.
inline void compare_scene(const std::string& path, std::initializer_list<int> groups, const SceneEffort& effort) {
  CAPTURE(path);
  auto loaded = session::load(path);
  if (!loaded) FAIL(to_string(loaded.errors().front()));
  const int variants = int(loaded->models.size());
  session::Loaded alike = *loaded;
  alike.settings.fields.clear();
  int contacts = 0;
  for (int v = 0; v < variants; ++v) {
    const model::Model& model = *loaded->models[v];
    CAPTURE(model.name);
    const int environments = variants > 1 || model.heap ? 1 : 4;   // of variants, one whose id is of this kind
    uint64_t id = 0;
    while (session::variant_of(0, id, loaded->shares) != v) ++id;
    contacts += compare_scene(*loaded, id, environments, Precision::f32, effort, [&](World& world, bool) {
      Lanes lanes;
      for (int threads : groups) lanes.push_back(grouped(world, threads));
      return lanes;
    });
    contacts += compare_scene(alike, id, environments, Precision::f32, effort, [](World& world, bool heap) {
      Lanes lanes;
      for (bool shared : {true, false}) lanes.push_back(shuffled_f32(world, heap, shared));
      return lanes;
    });
    contacts += compare_scene(alike, id, 1, Precision::f64, effort, [](World& world, bool) {
      Lanes lanes;
      lanes.push_back(checked(world));
      return lanes;
    });
  }
  CHECK_MESSAGE((contacts > 0) == effort.touches, "nothing touches (a longer warm-up is needed), or something does where nothing should");
}

}  // namespace nuri::bits_test
