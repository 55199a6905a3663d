// Files appear whole or not at all.
#include "engine/core/new_file.h"
#include <unistd.h>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <iterator>

using namespace nuri;
namespace fs = std::filesystem;

namespace {

struct Folder {
  fs::path path = fs::temp_directory_path() / ("nuri_new_file_" + std::to_string(getpid()));
  Folder() { fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
  std::string of(const char* name) const { return (path / name).string(); }
  int files() const { return int(std::distance(fs::directory_iterator(path), fs::directory_iterator())); }
};

std::string content(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("a new file takes its place when it is finished, and leaves nothing behind otherwise") {
  const Folder folder;
  const std::string path = folder.of("a.txt");
  REQUIRE(write_whole(path, "before"));
  {
    auto file = NewFile::create(path);
    REQUIRE(file);
    file->write("0000 after", 10);
    file->rewrite(0, "1234", 4);
    file->write(".", 1);
    CHECK(file->size() == 11);
    CHECK(content(path) == "before");
    CHECK(folder.files() == 2);
    NewFile moved = std::move(*file);
    REQUIRE(moved.finish());
    CHECK(content(path) == "1234 after.");
    CHECK(!moved.finish());                        // for the second time
  }
  {
    auto file = NewFile::create(path);
    REQUIRE(file);
    file->write("no", 2);
  }
  CHECK(content(path) == "1234 after.");
  CHECK(folder.files() == 1);
  CHECK(write_whole(path, ""));
  CHECK(content(path).empty());
}

TEST_CASE("where no file can be, the finding says why; what is no ordinary file is written to directly") {
  const Folder folder;
  REQUIRE(write_whole(folder.of("a.txt"), "a"));
  for (const std::string& path : {std::string(), folder.of("none/a.txt"), folder.of("a.txt/b.txt"), folder.path.string()}) {
    CAPTURE(path);
    const auto written = write_whole(path, "b");
    REQUIRE(!written);
    CHECK(written.errors()[0].code == "cannot-write");
    CHECK(!written.errors()[0].hint.empty());
    CHECK(written.errors()[0].place.file == path);
    CHECK(!can_create(path));
  }
  CHECK(folder.files() == 1);
  CHECK(write_whole("/dev/null", "b"));
  CHECK(fs::is_character_file("/dev/null"));
  if (!fs::exists("/dev/full")) return;
  const auto full = write_whole("/dev/full", "b");
  REQUIRE(!full);
  CHECK(full.errors()[0].hint.find("make room") != std::string::npos);
}
