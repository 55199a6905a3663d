// Which thing a finding of the import report speaks of.
#include "tools/editor/workbench/thing.h"
#include "tests/tools/editor/little_scene.h"

using namespace nuri;
using namespace nuri::editor;

namespace {

Diagnostic finding(const std::string& element, const std::string& message, const std::string& file = "") {
  return {Severity::note, "code", message, {}, {file, file.empty() ? 0 : 3, 5}, element, {}, {}};
}

}  // namespace

TEST_CASE("thing: a finding names its thing by the element's path or in quotation marks, and its file tells which model's") {
  const auto folder = test::little_folder("thing");
  test::write(folder / "two.yaml",
              "models:\n  - {file: cart.xml, name: one}\n  - {file: box.xml, name: two}\n"
              "  - {file: cart.xml, name: three, position: [0, 3, 0]}\n");
  Workbench bench(test::options());
  test::open(bench, (folder / "two.yaml").string());
  const model::Model& m = bench.session().model();
  const auto placements = bench.placements();
  const auto named = [&](const Diagnostic& d) {
    const auto thing = thing_of(m, placements, d);
    return thing ? std::string(word(thing->kind)) + " " + name_of(m, *thing) : "none";
  };
  const std::string cart = (folder / "cart.xml").string(), box = (folder / "box.xml").string();
  CHECK(named(finding("mujoco/worldbody/body[cart]/joint[rail]", "x", cart)) == "joint one/rail");
  CHECK(named(finding("mujoco/worldbody/body[cart]/geom", "x", cart)) == "body one/cart");
  CHECK(named(finding("mujoco/worldbody/body[cart]/geom[cart]", "x", cart)) == "geom one/cart");
  CHECK(named(finding("mujoco/actuator/motor[push]", "x", cart)) == "actuator one/push");
  CHECK(named(finding("mujoco/sensor/jointpos[where]", "x", cart)) == "sensor one/where");
  CHECK(named(finding("", "bodies 'pole' and 'cart' do not collide", cart)) == "body one/pole");
  CHECK(named(finding("", "link 'free' is fixed", box)) == "joint two/free");   // no body of that name: what has it
  CHECK(named(finding("", "geom 'box' has a new size", box)) == "geom two/box");
  CHECK(named(finding("", "mesh 'three/pole': dropped 3 faces")) == "body three/pole");
  CHECK(named(finding("mujoco/asset/mesh[wheel]", "nothing in 'quotes' that is known", cart)) == "none");
  CHECK(named(finding("mujoco/worldbody/body[box]", "x", cart)) == "none");   // that file's model has no box
  for (const char* odd : {"", "]", "[", "a]b[", "]]]", "body[]", "'", "''", "' '", "and 'x' '"}) {
    CAPTURE(odd);
    CHECK(named(finding(odd, odd, cart)) == "none");
  }
}

TEST_CASE("thing: findings of a real import are found") {
  Workbench bench(test::options(1));
  test::open(bench, "assets/robots/quadruped/urdf/quadruped.urdf");
  const model::Model& m = bench.session().model();
  int merged = 0;
  for (const Diagnostic& d : bench.session().loaded().report) {
    if (d.code != "merged-link" && d.code != "base") continue;
    CAPTURE(to_string(d));
    const auto thing = thing_of(m, bench.placements(), d);
    REQUIRE(thing);
    const std::string name = name_of(m, *thing);
    CHECK(d.message.find('\'' + name + '\'') != std::string::npos);
    if (d.code == "base") CHECK((thing->kind == Kind::body && name == "trunk"));
    if (d.code == "base") continue;
    CHECK(thing->kind == Kind::site);
    ++merged;
  }
  CHECK(merged == 4);
}

TEST_CASE("thing: places are text that editors take") {
  CHECK(place_text({"a/robot.xml", 12, 3}) == "a/robot.xml:12:3");
  CHECK(place_text({"a/robot.xml", 12, 0}) == "a/robot.xml:12");
  CHECK(place_text({"a/robot.xml", 0, 3}) == "a/robot.xml");
  CHECK(place_text({}) == "");
}
