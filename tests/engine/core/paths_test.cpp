// Which files a scene may name. Each case is built in a folder of its own under the system's temporary folder.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <sys/stat.h>
#include <unistd.h>

#include "engine/core/paths.h"

using namespace nuri;
namespace fs = std::filesystem;

namespace {
constexpr std::size_t plenty = 1000;

struct Folder {
  std::string path;
  Folder() {
    std::string name = (fs::temp_directory_path() / "nuri_paths_XXXXXX").string();
    path = fs::canonical(mkdtemp(name.data())).string();
    fs::create_directories(path + "/scene/mesh");
    fs::create_directories(path + "/scene_too");
    write("/scene/mesh/a.stl", "abc");
    write("/secret", "s");
    write("/scene_too/b.stl", "b");
  }
  ~Folder() { fs::remove_all(path); }
  void write(const std::string& name, const std::string& text) const { std::ofstream(path + name, std::ios::binary) << text; }
  std::string scene() const { return path + "/scene"; }
  Result<std::string> resolve(const std::string& name, std::size_t most = plenty) const { return resolve_file(name, scene(), {scene()}, most); }
};

std::string code(const Result<std::string>& result) { return result ? "" : result.errors().at(0).code; }
}  // namespace

TEST_CASE("files in the folder are found under their canonical name") {
  const Folder f;
  for (const char* name : {"mesh/a.stl", "./mesh/../mesh//a.stl", "mesh/./a.stl"}) {
    CAPTURE(name);
    const auto found = f.resolve(name);
    REQUIRE(found);
    CHECK(*found == f.scene() + "/mesh/a.stl");
    CHECK(*read_file(*found, plenty) == "abc");
  }
  CHECK(f.resolve(f.scene() + "/mesh/a.stl"));
  CHECK(resolve_file("../scene_too/b.stl", f.scene(), {f.scene(), f.path + "/scene_too/"}, plenty));   // a second root
  CHECK(resolve_file("mesh/a.stl", f.scene(), {"/"}, plenty));
  CHECK(folder_of(f.scene() + "/mesh/../mesh/a.stl") == f.scene() + "/mesh");
  CHECK(folder_of(f.scene() + "/none") == "");
}

TEST_CASE("nothing outside the folders") {
  const Folder f;
  for (const char* name : {"../secret", "mesh/../../secret", "/etc/passwd", "../scene_too/b.stl", "/proc/self/mem", "/dev/zero"}) {
    CAPTURE(name);
    CHECK(code(f.resolve(name)) == "outside-folder");
  }
  fs::create_symlink("../../secret", f.scene() + "/mesh/out.stl");
  fs::create_symlink("..", f.scene() + "/up");
  fs::create_symlink("a.stl", f.scene() + "/mesh/in.stl");
  CHECK(code(f.resolve("mesh/out.stl")) == "outside-folder");
  CHECK(code(f.resolve("up/secret")) == "outside-folder");
  CHECK(*f.resolve("mesh/in.stl") == f.scene() + "/mesh/a.stl");
  CHECK(code(resolve_file("mesh/a.stl", f.scene(), {}, plenty)) == "outside-folder");
  CHECK(code(resolve_file("mesh/a.stl", f.scene(), {""}, plenty)) == "outside-folder");
}

TEST_CASE("names that are no file names") {
  const Folder f;
  for (const std::string& name : {std::string(), std::string(5000, 'a'), std::string("mesh/a.stl\0.obj", 15), std::string("mesh\\a.stl"), std::string("\\\\server\\share"),
                                  std::string("C:/a.stl"), std::string("C:"), std::string("http://host/a.stl"), std::string("file:///etc/passwd")}) {
    CAPTURE(name);
    CHECK(code(f.resolve(name)) == "bad-file-name");
  }
}

TEST_CASE("only regular files of the allowed size") {
  const Folder f;
  REQUIRE(mkfifo((f.scene() + "/pipe").c_str(), 0600) == 0);
  fs::create_symlink("loop", f.scene() + "/loop");
  for (const char* name : {"pipe", "mesh", "loop", "none.stl", "mesh/a.stl/b"}) {
    CAPTURE(name);
    CHECK(code(f.resolve(name)) == "cannot-read");
  }
  CHECK(code(f.resolve("mesh/a.stl", 2)) == "file-too-large");
  CHECK(f.resolve("mesh/a.stl", 3));
  CHECK(code(resolve_file("/dev/zero", f.scene(), {"/"}, plenty)) == "cannot-read");
}

TEST_CASE("reading trusts only the opened file") {
  const Folder f;
  const std::string path = *f.resolve("mesh/a.stl");
  CHECK(code(read_file(path, 2)) == "file-too-large");
  // what resolve_file has seen is gone, or something else is there now
  fs::remove(path);
  CHECK(code(read_file(path, plenty)) == "cannot-read");
  fs::create_symlink(f.path + "/secret", path);
  CHECK(code(read_file(path, plenty)) == "cannot-read");
  fs::remove(path);
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  CHECK(code(read_file(path, plenty)) == "cannot-read");   // and returns
  fs::remove_all(f.scene() + "/mesh");
  fs::create_directories(f.path + "/elsewhere");
  f.write("/elsewhere/a.stl", "no");
  fs::create_symlink("../elsewhere", f.scene() + "/mesh");
  CHECK(code(read_file(path, plenty)) == "cannot-read");
  CHECK(code(read_file("/proc/self/status", plenty)) == "cannot-read");
  CHECK(code(read_file(f.scene(), plenty)) == "cannot-read");
  CHECK(code(read_file("", plenty)) == "cannot-read");
  f.write("/scene/empty", "");
  CHECK(*read_file(f.scene() + "/empty", plenty) == "");
}
