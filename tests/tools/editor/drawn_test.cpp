// Pictures of the workbench's scene are drawn with the numbers that the focused environment is simulated with.
#include <cmath>
#include "tests/tools/editor/little_scene.h"

using namespace nuri;
using namespace nuri::editor;

namespace {

// The one instance of a geom of the focused environment.
view::Instance instance(const Workbench& bench, int geom) {
  const view::Frame frame = view::make_frame(bench.scenery(), bench.poses(), bench.show, {});
  for (const view::Instance& one : frame.instances)
    if (one.id == uint32_t(geom) + 1 && int(one.environment) == bench.focus) return one;
  FAIL("geom " << geom << " is not drawn");
  return {};
}

}  // namespace

TEST_CASE("drawn: a size that is changed is drawn at once, goes with undo and redo, and is there when the scene is opened again") {
  const auto folder = test::little_folder("drawn");
  Workbench bench(test::options());
  test::open(bench, (folder / "little.yaml").string());
  const model::Model& m = bench.session().model();
  const int box = test::index_of(m.geom_name, "box/box"), cart = test::index_of(m.geom_name, "cart/cart");
  const auto size = [](const Workbench& of, int geom, int axis) { return double(instance(of, geom).scale[axis]); };
  CHECK(size(bench, box, 2) == doctest::Approx(0.1));
  const float at = instance(bench, cart).world[11];
  const uint64_t generation = bench.generation();
  bench.set_field({"geom_size", 3 * box + 2}, 0.25);
  CHECK(size(bench, box, 2) == doctest::Approx(0.25));
  CHECK(size(bench, box, 0) == doctest::Approx(0.1));
  CHECK(size(bench, cart, 2) == doctest::Approx(0.05));
  bench.set_field({"geom_size", 3 * box + 2}, 0.3);
  bench.set_field({"geom_pos", 3 * cart + 2}, 0.125);
  CHECK(size(bench, box, 2) == doctest::Approx(0.3));
  CHECK(instance(bench, cart).world[11] == doctest::Approx(at + 0.125f));
  CHECK(bench.generation() == generation);       // shapes and pictures on a GPU stay
  REQUIRE(bench.save((folder / "larger.yaml").string()));
  Workbench other(test::options());
  test::open(other, (folder / "larger.yaml").string());
  CHECK(size(other, box, 2) == doctest::Approx(0.3));
  REQUIRE(bench.undo());
  REQUIRE(bench.undo());
  CHECK(size(bench, box, 2) == doctest::Approx(0.1));
  CHECK(instance(bench, cart).world[11] == at);
  REQUIRE(bench.redo());
  CHECK(size(bench, box, 2) == doctest::Approx(0.3));
  CHECK(bench.session().model().geom_size[3 * box + 2] == 0.1);   // the model itself is nobody's to change
}

TEST_CASE("drawn: what differs between environments is drawn as the focused one has it") {
  const auto folder = test::little_folder("drawn_vary");
  std::string text = test::scene_text;
  text.replace(text.find("  - {field: mass"), 0, "  - {field: geom_size, names: box/box, scale: [0.5, 2]}\n");
  test::write(folder / "little.yaml", text);
  Workbench bench(test::options());
  test::open(bench, (folder / "little.yaml").string());
  const int box = test::index_of(bench.session().model().geom_name, "box/box");
  std::array<double, 3> seen{};
  for (const int e : {2, 0, 1}) {
    bench.focus = e;
    const auto own = bench.session().world().overridden("geom_size", e, 3 * box);
    REQUIRE(own);
    seen[size_t(e)] = double(instance(bench, box).scale[0]);
    CHECK(seen[size_t(e)] == doctest::Approx(*own));
  }
  CHECK(std::abs(seen[0] - seen[1]) > 1e-3);
}
