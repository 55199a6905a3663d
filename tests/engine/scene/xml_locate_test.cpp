// Findings that know a place only get the element's path, the inclusions and the line.
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include "engine/scene/mjcf.h"
#include "engine/scene/xml.h"
#include "engine/scene/yaml.h"

using namespace nuri;
using namespace nuri::scene;

namespace {
struct Folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / "nuri_xml_locate_test";
  Folder() {
    std::filesystem::create_directories(path);
    std::ofstream(path / "main.xml") << "<mujoco>\n  <worldbody>\n    <include file='arm.xml'/>\n  </worldbody>\n</mujoco>\n";
    std::ofstream(path / "arm.xml") << "<mujocoinclude>\n  <body name='arm'>\n    <geom name='hand' size='1'/>\n  </body>\n</mujocoinclude>\n";
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string file(const char* name) const { return (path / name).string(); }
};
Diagnostic at(const Place& place) { return {Severity::error, "late", "found late", {}, place, {}, {}}; }
}  // namespace

TEST_CASE("a finding of a later step is completed from the document it points into") {
  const Folder folder;
  Result<Scene> scene = read_mjcf(folder.file("main.xml"), {{}, {{"scene.yaml", 7, 3}}});
  REQUIRE(scene);
  std::vector<Diagnostic> findings{at(scene->geoms[0].place), at({folder.file("arm.xml"), 2, 9}), at({"elsewhere.xml", 3, 1})};
  xml::locate(findings, scene->documents);
  CHECK(to_string(findings[0]) == folder.file("arm.xml") + ":3:5: error: found late [late]\n  in mujoco/worldbody/body[arm]/geom[hand]\n  included from " + folder.file("main.xml") +
                                      ":3:5\n  included from scene.yaml:7:3\n  3 |     <geom name='hand' size='1'/>\n    |     ^~~~~");
  CHECK(findings[1].element.empty());              // no element begins there, but the line is known
  CHECK(findings[1].excerpt.line == "  <body name='arm'>");
  CHECK(findings[1].included_from.size() == 2);
  CHECK(findings[2].excerpt.line.empty());
}

TEST_CASE("errors of a scene file show its line, those of its models how it came to them") {
  const Folder folder;
  const auto bad = read_yaml_text("models:\n  - {file: main.xml, nmae: x}\n", "test.yaml", folder.path.string());
  REQUIRE_FALSE(bad);
  CHECK(bad.errors()[0].excerpt.line == "  - {file: main.xml, nmae: x}");
  CHECK(bad.errors()[0].excerpt.width > 0);
  std::ofstream(folder.path / "arm.xml") << "<mujocoinclude>\n  <body nmae='arm'/>\n</mujocoinclude>\n";
  const auto model = read_yaml_text("models:\n  - {file: main.xml}\n", "test.yaml", folder.path.string());
  REQUIRE_FALSE(model);
  REQUIRE(model.errors()[0].included_from.size() == 2);
  CHECK(model.errors()[0].included_from[1].file == "test.yaml");
  CHECK(model.errors()[0].included_from[1].line == 2);
}
