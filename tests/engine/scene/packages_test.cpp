// Where package:// leads, and where it does not.
#include "engine/scene/packages.h"
#include <doctest/doctest.h>
#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace nuri;
using namespace nuri::scene;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t most = 1 << 20;

struct Folder {
  fs::path path = fs::canonical(fs::temp_directory_path()) / ("nuri_packages_test_" + std::to_string(reinterpret_cast<std::uintptr_t>(this)));
  Folder() { fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
  void write(const std::string& name, const std::string& text = "x") const {
    fs::create_directories((path / name).parent_path());
    std::ofstream(path / name) << text;
  }
  std::string operator/(const std::string& name) const { return (path / name).string(); }
};

struct Variable {
  const char* name;
  std::string before;
  bool was_set;
  Variable(const char* n, const std::string& value) : name(n), before(std::getenv(n) ? std::getenv(n) : ""), was_set(std::getenv(n)) { setenv(n, value.c_str(), 1); }
  ~Variable() { was_set ? setenv(name, before.c_str(), 1) : unsetenv(name); }
};

std::string found(Packages& packages, const std::string& name) {
  const Result<std::string> path = packages.file(name, most);
  return path ? *path : "[" + path.errors()[0].code + "]";
}

}  // namespace

TEST_CASE("packages: the order in which places are looked at") {
  Folder f;
  f.write("ws/robot/urdf/robot.urdf");
  f.write("ws/robot/mesh.stl");
  f.write("given/mesh.stl");
  f.write("ros/robot/mesh.stl");
  f.write("ament/share/robot/mesh.stl");
  f.write("gz/robot/mesh.stl");
  f.write("gz/only/mesh.stl");
  PackagePaths paths;
  Variable no_ros("ROS_PACKAGE_PATH", ""), no_ament("AMENT_PREFIX_PATH", "");
  Variable gz("GZ_SIM_RESOURCE_PATH", f / "gz");
  {
    Packages p(paths, f / "ws/robot/urdf");
    CHECK(found(p, "package://robot/mesh.stl") == f / "ws/robot/mesh.stl");          // a parent folder of that name
    CHECK(found(p, "model://only/mesh.stl") == f / "gz/only/mesh.stl");
  }
  Variable ament("AMENT_PREFIX_PATH", f / "ament");
  { Packages p(paths, f / "ws/robot/urdf"); CHECK(found(p, "package://robot/mesh.stl") == f / "ament/share/robot/mesh.stl"); }
  Variable ros("ROS_PACKAGE_PATH", "relative::" + (f / "nowhere") + ":" + (f / "ros"));
  { Packages p(paths, f / "ws/robot/urdf"); CHECK(found(p, "package://robot/mesh.stl") == f / "ros/robot/mesh.stl"); }
  paths.environment = false;
  { Packages p(paths, f / "ws/robot/urdf"); CHECK(found(p, "package://robot/mesh.stl") == f / "ws/robot/mesh.stl"); }
  paths.packages["robot"] = f / "given";
  { Packages p(paths, f / "ws/robot/urdf"); CHECK(found(p, "package://robot/mesh.stl") == f / "given/mesh.stl"); }
}

TEST_CASE("packages: package.xml says what a folder is") {
  Folder f;
  f.write("ws/arm-1.2/package.xml", "<package><!-- <name>wrong</name> --><name> arm </name></package>");
  f.write("ws/arm-1.2/urdf/arm.urdf");
  f.write("ws/arm-1.2/meshes/a.stl");
  f.write("ws/hand/package.xml", "<package><name>hand</name></package>");
  f.write("ws/hand/h.stl");
  f.write("ws/foot/f.stl");
  Packages p({}, f / "ws/arm-1.2/urdf");
  CHECK(found(p, "package://arm/meshes/a.stl") == f / "ws/arm-1.2/meshes/a.stl");
  CHECK(found(p, "package://hand/h.stl") == f / "ws/hand/h.stl");                    // beside it, with a package.xml of that name
  CHECK(found(p, "package://foot/f.stl") == "[unknown-package]");                    // beside it, but it does not say so
  CHECK(found(p, "package://wrong/meshes/a.stl") == "[unknown-package]");
  CHECK(found(p, "../meshes/a.stl") == f / "ws/arm-1.2/meshes/a.stl");               // the package that holds the description
  CHECK(found(p, "../../hand/h.stl") == "[outside-folder]");                         // by its path it is not reached
}

TEST_CASE("packages: nothing outside allowed folders is found") {
  Folder f;
  f.write("outside/secret.stl");
  f.write("in/robot.urdf");
  f.write("in/meshes/a.stl");
  fs::create_symlink(f / "outside", f / "in/link");
  Packages p({}, f / "in");
  CHECK(found(p, "meshes/a.stl") == f / "in/meshes/a.stl");
  CHECK(found(p, "file://" + (f / "in/meshes/a.stl")) == f / "in/meshes/a.stl");
  CHECK(found(p, "package://meshes/a.stl") == f / "in/meshes/a.stl");                // a folder beside the description
  CHECK(found(p, "../outside/secret.stl") == "[outside-folder]");
  CHECK(found(p, f / "outside/secret.stl") == "[outside-folder]");
  CHECK(found(p, "link/secret.stl") == "[outside-folder]");
  CHECK(found(p, "package://link/secret.stl") == "[unknown-package]");
  CHECK(found(p, "package://meshes/../../outside/secret.stl") == "[outside-folder]");
  CHECK(found(p, "package://meshes//etc/passwd") == "[cannot-read]");
  CHECK(found(p, "package://../outside/secret.stl") == "[bad-file-name]");
  CHECK(found(p, "package://") == "[bad-file-name]");
  CHECK(found(p, "https://example.org/a.stl") == "[bad-file-name]");
  CHECK(found(p, "") == "[bad-file-name]");
  CHECK(found(p, std::string("meshes/a.stl\0x", 14)) == "[bad-file-name]");
  PackagePaths paths;
  paths.roots = {f / "outside"};
  Packages wider(paths, f / "in");
  CHECK(found(wider, "../outside/secret.stl") == f / "outside/secret.stl");
  CHECK(found(wider, "secret.stl") == f / "outside/secret.stl");
}

TEST_CASE("packages: a folder that only has the name is no package where it could be anything") {
  Folder f;
  f.write("user/a/b/robot.urdf");
  f.write("user/key.stl");
  f.write("deep/1/2/3/4/5/robot.urdf");
  f.write("deep/key.stl");
  Variable home("HOME", f / "user");
  Packages p({}, f / "user/a/b");
  CHECK(found(p, "package://user/key.stl") == "[unknown-package]");                  // the home folder
  Packages far({}, f / "deep/1/2/3/4/5");
  CHECK(found(far, "package://deep/key.stl") == "[unknown-package]");                // more than four levels up
}

TEST_CASE("packages: what is not found says where it was looked for") {
  Folder f;
  f.write("in/robot.urdf");
  PackagePaths paths;
  paths.environment = false;
  Packages p(paths, f / "in");
  const Diagnostic missing = p.file("meshes/a.stl", most).errors()[0];
  CHECK(missing.code == "cannot-read");
  CHECK(missing.hint.find(f / "in") != std::string::npos);
  const Diagnostic unknown = p.file("package://arm/a.stl", most).errors()[0];
  CHECK(unknown.code == "unknown-package");
  CHECK(unknown.hint.find(f / "in/arm") != std::string::npos);
  CHECK(unknown.hint.find("arm=FOLDER") != std::string::npos);
}
