#include "tools/editor/workbench/scene_text.h"

#include <doctest/doctest.h>
#include <cmath>
#include "engine/scene/yaml.h"

using namespace nuri;
using namespace nuri::editor;

namespace {

std::string with_number(const std::string& text, const FixedNumber& number) {
  const auto out = scene_text::with_number(text, number);
  return out ? *out : "refused";
}
std::string placed(const std::string& text, const std::string& name, std::array<double, 3> position, std::array<double, 4> rotation = {1, 0, 0, 0}) {
  const auto out = scene_text::with_placement(text, name, position, rotation);
  return out ? *out : "refused";
}

}  // namespace

TEST_CASE("scene text: a number goes to the end of 'vary', in the style of what is there") {
  const FixedNumber friction{"geom_friction", "a/floor", 0, 0.6};
  CHECK(with_number("models: [{file: a.xml}]\n", friction) == "models: [{file: a.xml}]\n\nvary:\n  - {field: geom_friction, names: a/floor, component: 0, set: 0.6}\n");
  CHECK(with_number("models: [{file: a.xml}]", friction) == "models: [{file: a.xml}]\n\nvary:\n  - {field: geom_friction, names: a/floor, component: 0, set: 0.6}");
  CHECK(with_number("vary:\r\n- {field: mass, scale: 2} # x\r\n# y\r\nname: n\r\n", friction) ==
        "vary:\r\n- {field: mass, scale: 2} # x\r\n- {field: geom_friction, names: a/floor, component: 0, set: 0.6}\r\n# y\r\nname: n\r\n");
  CHECK(with_number("vary: [ ] # none\nname: n\n", friction) == "vary: [{field: geom_friction, names: a/floor, component: 0, set: 0.6} ] # none\nname: n\n");
  CHECK(with_number("vary: [{field: mass, scale: 2},\n]\n", friction) == "vary: [{field: mass, scale: 2}, {field: geom_friction, names: a/floor, component: 0, set: 0.6},\n]\n");
  CHECK(with_number("{name: n}\n", {"gravity", "*", 2, -1}) == "{name: n, vary: [{field: gravity, names: \"*\", component: 2, set: -1}]}\n");
  CHECK(with_number("# nothing\n", friction) == "refused");
}

TEST_CASE("scene text: a number that is fixed already is changed where it stands, unless a later entry changes it again") {
  const std::string text = "vary:\n  - field: body_mass   # why\n    names: box\n    set: 2  # kg\n  - {field: geom_margin, set: 0}\n";
  CHECK(with_number(text, {"body_mass", "box", -1, 2.5}) == "vary:\n  - field: body_mass   # why\n    names: box\n    set: 2.5  # kg\n  - {field: geom_margin, set: 0}\n");
  CHECK(with_number(text, {"body_mass", "lid", -1, 2.5}) == text + "  - {field: body_mass, names: lid, set: 2.5}\n");
  CHECK(with_number(text + "  - {field: mass, scale: [1, 2]}\n", {"body_mass", "box", -1, 1e-7}) == text + "  - {field: mass, scale: [1, 2]}\n  - {field: body_mass, names: box, set: 1e-07}\n");
}

TEST_CASE("scene text: models are placed, and what stands beside stays") {
  const std::string text = "models:\n  - file: a.xml # first\n    name: a\n  - {file: b.xml, name: b,\n     position: [1,2 , 3], euler: [0, 0, 90]}  # second\n  - {file: 'c.xml'}\nground: true\n";
  CHECK(placed(text, "a", {0.5, 0, 0}) == "models:\n  - file: a.xml # first\n    name: a\n    position: [0.5, 0, 0]\n  - {file: b.xml, name: b,\n     position: [1,2 , 3], euler: [0, 0, 90]}  # second\n  - {file: 'c.xml'}\nground: true\n");
  const double half = std::sqrt(0.5);
  CHECK(placed(text, "b", {1, 2, 4}, {half, 0, 0, half}).find("position: [1,2 , 4], euler: [0, 0, 90]}") == std::string::npos);   // 90 degrees rounded: written anew
  const Placement b = scene_text::placements(text)[1];
  CHECK(b.rotation[0] == doctest::Approx(half).epsilon(1e-15));
  CHECK(placed(text, "b", {1, 2, 4}, b.rotation).find("position: [1,2 , 4], euler: [0, 0, 90]}  # second") != std::string::npos);
  CHECK(placed(text, "b", {1, 2, 3}, {0, 1, 0, 0}).find("position: [1,2 , 3], orientation: [0, 1, 0, 0]}  # second") != std::string::npos);
  CHECK(placed(text, "c.xml", {0, 0, 1}).find("  - {file: 'c.xml', position: [0, 0, 1]}\nground") != std::string::npos);
  CHECK(placed(text, "d", {0, 0, 1}) == "refused");
  CHECK(placed(text, "a", {0, 0, 0}) == text);
  CHECK(placed("models:\n- file: a.xml\n  position:\n  - 1\n  - 2 # two\n  - 3\n", "a.xml", {1, -2, 3}) == "models:\n- file: a.xml\n  position:\n  - 1\n  - -2 # two\n  - 3\n");
}

TEST_CASE("scene text: which meshes collide as convex parts") {
  auto with = [](const std::string& text, const std::string& name, const std::vector<std::string>& meshes) {
    const auto out = scene_text::with_parts(text, name, meshes);
    return out ? *out : "refused";
  };
  const std::string text = "models:\n  - file: a.xml # first\n    name: a\n  - {file: b.xml, name: b,\n     decompose: {meshes: \"c*\", parts: 8}}  # second\n"
                           "  - decompose: # why\n      meshes:\n        - one\n        - two # 2\n      excess: 0.1\n    file: c.xml\nground: true\n";
  CHECK(scene_text::parts(text, "a").empty());
  CHECK(scene_text::parts(text, "b") == std::vector<std::string>{"c*"});
  CHECK(scene_text::parts(text, "c.xml") == std::vector<std::string>{"one", "two"});
  CHECK(scene_text::parts("models: [", "a").empty());
  auto after = [&](const std::string& part, const std::string& by) {
    std::string out = text;
    REQUIRE(out.find(part) != std::string::npos);
    return out.replace(out.find(part), part.size(), by);
  };
  CHECK(with(text, "a", {}) == text);
  CHECK(with(text, "a", {"cup", "a b"}) == after("    name: a\n", "    name: a\n    decompose: {meshes: [cup, \"a b\"]}\n"));
  CHECK(with(text, "b", {"cup", "can"}) == after("meshes: \"c*\"", "meshes: [cup, can]"));
  CHECK(with(text, "b", {}) == after(",\n     decompose: {meshes: \"c*\", parts: 8}", ""));
  CHECK(with(text, "c.xml", {"two"}) == after("meshes:\n        - one\n        - two # 2", "meshes: two # 2"));
  CHECK(with(text, "c.xml", {}) == after("decompose: # why\n      meshes:\n        - one\n        - two # 2\n      excess: 0.1\n    ", ""));
  CHECK(with(text, "d", {"cup"}) == "refused");
  // the line of the key goes, comments beside it too, others stay
  CHECK(with("models:\n- file: a.xml # 1\n  decompose: {meshes: m} # 2\n  name: a # 3\n", "a", {}) == "models:\n- file: a.xml # 1\n  name: a # 3\n");
  CHECK(with("models:\n- file: a.xml\n  decompose: {meshes: m}\n", "a.xml", {}) == "models:\n- file: a.xml\n");
  CHECK(with("models: [{decompose: {meshes: m}, file: a.xml}]\n", "a.xml", {}) == "models: [{file: a.xml}]\n");
  CHECK(with("models: [{file: a.xml, decompose: &x {meshes: m}}]\n", "a.xml", {}) == "refused");
}

TEST_CASE("scene text: a scene goes to another folder") {
  const auto out = scene_text::moved("models:\n  - {file: a.xml, decompose: {meshes: m, file: p.obj}}\n  - {file: ../x/b.xml} # b\n  - {file: /abs/c.xml}\nvariants: [{model: \"d e.xml\"}]\n", "/s/one", "/s/two/deep");
  REQUIRE(out);
  CHECK(*out == "models:\n  - {file: ../../one/a.xml, decompose: {meshes: m, file: ../../one/p.obj}}\n  - {file: ../../x/b.xml} # b\n  - {file: /abs/c.xml}\nvariants: [{model: \"../../one/d e.xml\"}]\n");
}

TEST_CASE("scene text: numbers and words read back as what they are") {
  for (const double x : {0.1, 1.0 / 3, 1e-300, -0.0, 123456789.0, 6.02e23}) CHECK(std::stod(scene_text::number(x)) == x);
  CHECK(scene_text::quoted("a/b_1.x-y") == "a/b_1.x-y");
  CHECK(scene_text::quoted("*") == "\"*\"");
  CHECK(scene_text::quoted("box#2") == "\"box#2\"");
  CHECK(scene_text::quoted("null") == "\"null\"");
  CHECK(scene_text::quoted("1") == "\"1\"");
  CHECK(scene_text::quoted("a\"b\\") == "\"a\\\"b\\\\\"");
}
