// Files that must be refused, each with its code and line: tests/bad/mjcf/expected.txt. What is too big to keep, or cannot be
// kept as a file, is made here. (Run in the project's folder, as all tests are.)
#include "engine/scene/mjcf.h"
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <locale>
#include <set>
#include <sstream>

using namespace nuri;
using namespace nuri::scene;

namespace {

namespace fs = std::filesystem;
const fs::path bad = "tests/bad/mjcf";

std::string first(const Result<Scene>& scene) {
  if (scene) return "good";
  const Diagnostic& d = scene.errors()[0];
  return d.code + ":" + std::to_string(d.place.line);
}
std::string first(const std::string& text) { return first(read_mjcf_text(text, "test.xml")); }

std::string times(int count, const std::string& text) {
  std::string all;
  all.reserve(text.size() * static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) all += text;
  return all;
}

struct Folder {
  fs::path path = fs::canonical(fs::temp_directory_path()) / ("nuri_mjcf_bad_" + std::to_string(reinterpret_cast<std::uintptr_t>(this)));
  Folder() { fs::create_directories(path / "scenes"); }
  ~Folder() { fs::remove_all(path); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path / name, std::ios::binary) << text;
    return (path / name).string();
  }
};

struct Comma : std::numpunct<char> { char do_decimal_point() const override { return ','; } };

}  // namespace

TEST_CASE("mjcf: every bad file is refused with its code and line") {
  std::ifstream table(bad / "expected.txt");
  REQUIRE(table);
  std::set<std::string> listed{"expected.txt"};
  for (std::string line; std::getline(table, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    std::string file, found;
    words >> file >> found;
    CAPTURE(file);
    listed.insert(file);
    Result<Scene> scene = read_mjcf((bad / file).string());
    CHECK(first(scene) == found);
    if (scene) continue;
    for (const Diagnostic& d : scene.errors()) {
      CHECK_FALSE(d.place.file.empty());
      CHECK(to_string(d).size() < 20'000);
    }
  }
  for (const auto& entry : fs::directory_iterator(bad))
    if (entry.is_regular_file()) CHECK_MESSAGE(listed.contains(entry.path().filename().string()), entry.path().string() << " is not in the table");
}

TEST_CASE("mjcf: large bad input") {
  CHECK(first("<mujoco><worldbody>" + times(100'000, "<body>")) == "bad-xml:1");
  CHECK(first("<mujoco><worldbody>" + times(100'000, "<body>") + times(100'000, "</body>") + "</worldbody></mujoco>") == "nested-too-deep:1");
  CHECK(first("<mujoco><default>" + times(100'000, "<default class='a'>") + times(100'000, "</default>") + "</default></mujoco>") == "nested-too-deep:1");
  std::string attributes = "<mujoco ";
  for (int i = 0; i < 1'000'000; ++i) attributes += "a" + std::to_string(i) + "='' ";
  CHECK(first(attributes + "/>") == "too-many-attributes:1");
  CHECK(first("<mujoco model='" + std::string(std::size_t{100} << 20, 'x') + "'/>") == "file-too-large:0");
  CHECK(first("<mujoco>\n<worldbody><geom size='" + times(1'000'000, "1 ") + "'/></worldbody></mujoco>") == "wrong-count:2");
  CHECK(first("<mujoco>\n<worldbody><geom size='1' name='" + std::string(1'000'000, 'n') + "' clas='2'/></worldbody></mujoco>") == "unknown-attribute:2");
  CHECK(first("<mujoco>" + times(1'000'001, "<a/>") + "</mujoco>") == "too-many-elements:1");
  std::string classes;
  for (int i = 0; i < 20'000; ++i) classes += "<default class='" + std::to_string(i) + "'/>";
  CHECK(first("<mujoco>\n<default>" + classes + "</default></mujoco>") == "too-many-classes:2");

  // findings are many and deep: the way to each is bounded, and texts between elements are counted
  std::string deep, end = times(200, "</body>") + "</worldbody></mujoco>";
  for (int i = 0; i < 200; ++i) deep += "<body name='" + std::string(50, 'n') + std::to_string(i) + "'>";
  const Result<Scene> wrong = read_mjcf_text("<mujoco><worldbody>" + deep + times(100'000, "<gexm/>") + end, "test.xml");
  REQUIRE(!wrong);
  CHECK(wrong.errors()[0].element.size() < 1200);
  CHECK(wrong.errors()[0].element.ends_with("/gexm"));
  const Result<Scene> talkative = read_mjcf_text("<mujoco><worldbody>" + deep + times(100'000, "x<!-- -->") + end, "test.xml");
  REQUIRE(talkative);
  const auto& report = talkative->report;
  CHECK(std::count_if(report.begin(), report.end(), [](const Diagnostic& d) { return d.code == "stray-text"; }) == 100);
  CHECK(std::any_of(report.begin(), report.end(), [](const Diagnostic& d) { return d.code == "more-stray-text" && d.message.starts_with("99900 more"); }));
}

TEST_CASE("mjcf: a scene cut off at any byte is refused") {
  const std::string text = "<?xml version='1.0'?><!-- \xC3\xA9 --><mujoco model='m'><compiler angle='radian'/><default><geom size='1'/><default class='c'/></default><asset><mesh name='k' vertex='0 0 0 1 0 0 0 1 0 0 0 1'/></asset>"
                           "<worldbody><replicate count='2' sep='-' offset='1 0 0'><body name='a' pos='1 2 3'><joint name='j'/><geom type='mesh' mesh='k'/></body></replicate><attach body='a-0' prefix='b'/></worldbody>"
                           "<actuator><motor joint='j'/></actuator><sensor><contact body1='a' data='found force'/></sensor></mujoco>";
  REQUIRE(first(text) == "good");
  for (std::size_t length = 0; length < text.size(); ++length) {
    CAPTURE(length);
    CHECK(first(text.substr(0, length)) != "good");
  }
  // and with any byte turned into another: whatever is said, it must be said
  for (std::size_t at = 0; at < text.size(); ++at)
    for (char c : {'\0', '"', '<', '&', '9', '\xFF'}) {
      std::string changed = text;
      changed[at] = c;
      Result<Scene> scene = read_mjcf_text(changed, "test.xml");
      if (!scene) CHECK_FALSE(scene.errors().empty());
    }
}

TEST_CASE("mjcf: files that are not files") {
  Folder folder;
  folder.write("secret.stl", "solid");
  fs::create_symlink(folder.path / "secret.stl", folder.path / "scenes/link.stl");
  fs::create_symlink("loop.stl", folder.path / "scenes/loop.stl");
  REQUIRE(mkfifo((folder.path / "scenes/pipe.stl").c_str(), 0600) == 0);
  REQUIRE(mkfifo((folder.path / "scenes/pipe.xml").c_str(), 0600) == 0);
  auto mesh = [&](const std::string& file) { return first(read_mjcf(folder.write("scenes/main.xml", "<mujoco>\n<asset>\n<mesh name='m' file='" + file + "'/></asset></mujoco>"))); };
  CHECK(mesh("link.stl") == "outside-folder:3");
  CHECK(mesh("loop.stl") == "cannot-read:3");
  CHECK(mesh("pipe.stl") == "cannot-read:3");
  CHECK(mesh((folder.path / "secret.stl").string()) == "outside-folder:3");
  folder.write("scenes/mesh.stl", "solid");
  CHECK(mesh("mesh.stl") == "good");
  CHECK(mesh((folder.path / "scenes/mesh.stl").string()) == "good");
  CHECK(first(read_mjcf((folder.path / "scenes/pipe.xml").string())) == "cannot-read:0");
  CHECK(first(read_mjcf(folder.write("scenes/main.xml", "<mujoco>\n<include file='pipe.xml'/></mujoco>"))) == "cannot-read:2");
  for (const char* file : {"/dev/zero", "/proc/self/mem", "/", "", "none.xml"}) CHECK(first(read_mjcf(file)) == "cannot-read:0");
  CHECK(first(read_mjcf(std::string("a\0b.xml", 7))) == "cannot-read:0");
  CHECK(first(read_mjcf(std::string(100'000, 'a'))) == "cannot-read:0");
}

TEST_CASE("mjcf: numbers do not depend on the locale") {
  const std::locale before = std::locale::global(std::locale(std::locale::classic(), new Comma));
  Result<Scene> scene = read_mjcf_text("<mujoco><worldbody><replicate count='2' offset='0.5 0 0'><geom size='1.25'/></replicate></worldbody></mujoco>", "test.xml");
  std::locale::global(before);
  REQUIRE(scene);
  CHECK(scene->geoms[0].size[0] == 1.25);
  CHECK(scene->geoms[1].pos[0] == 0.5);
}
