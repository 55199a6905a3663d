#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <chrono>
#include <cstdlib>
#include <random>
#include <set>
#include <thread>
#include "tests/skip.h"
#include "tests/tools/record/scenes.h"
#include "tools/record/journal.h"

using namespace nuri;
using namespace nuri::test;
using record::hdf5::Handle;

extern char** environ;

namespace {

// Everything below an object, as text: names, attributes, shapes and raw contents.
std::string dump(hid_t at, const std::string& name) {
  std::string out = name + "{";
  const Handle object(H5Oopen(at, name.c_str(), H5P_DEFAULT));
  REQUIRE_MESSAGE(bool(object), name);
  auto attribute = [](hid_t on, const char* key, const H5A_info_t*, void* to) -> herr_t {
    const Handle a(H5Aopen(on, key, H5P_DEFAULT)), type(H5Aget_type(a));
    std::string value(H5Tget_size(type), '\0');
    if (H5Tis_variable_str(type) > 0) {
      char* words = nullptr;
      if (H5Aread(a, type, &words) < 0) return -1;
      value = words;
      H5free_memory(words);
    } else if (H5Aread(a, type, value.data()) < 0) {
      return -1;
    }
    *static_cast<std::string*>(to) += std::string(key) + "=" + value + ";";
    return 0;
  };
  REQUIRE(H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, nullptr, attribute, &out) >= 0);
  if (H5Iget_type(object) == H5I_DATASET) {
    const Handle space(H5Dget_space(object)), type(H5Dget_type(object));
    std::string bytes(H5Tget_size(type) * size_t(H5Sget_simple_extent_npoints(space)), '\0');
    REQUIRE_MESSAGE(H5Dread(object, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data()) >= 0, name);
    return out + bytes + "}";
  }
  std::vector<std::string> names;
  auto link = [](hid_t, const char* key, const H5L_info_t*, void* to) -> herr_t {
    static_cast<std::vector<std::string>*>(to)->push_back(key);
    return 0;
  };
  REQUIRE(H5Literate(object, H5_INDEX_NAME, H5_ITER_INC, nullptr, link, &names) >= 0);
  for (const std::string& key : names) out += dump(object, key);
  return out + "}";
}

std::vector<std::string> children(hid_t file, const char* path) {
  std::vector<std::string> names;
  const Handle group(H5Gopen2(file, path, H5P_DEFAULT));
  REQUIRE(bool(group));
  auto link = [](hid_t, const char* key, const H5L_info_t*, void* to) -> herr_t {
    static_cast<std::vector<std::string>*>(to)->push_back(key);
    return 0;
  };
  REQUIRE(H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, nullptr, link, &names) >= 0);
  return names;
}

pid_t start(const char* program, const std::string& file) {
  const std::vector<std::string> words = {program, "run", "scenes/cartpole.yaml", "--envs", "16", "--seconds", "0.3", "--episodes", "120", "--threads", "1", "--record", file, "--quiet"};
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t silent;
  posix_spawn_file_actions_init(&silent);
  posix_spawn_file_actions_addopen(&silent, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child = -1;
  REQUIRE(posix_spawn(&child, program, &silent, nullptr, arguments.data(), environ) == 0);
  posix_spawn_file_actions_destroy(&silent);
  return child;
}

}  // namespace

TEST_CASE("recording: a program that is killed at any moment leaves whole episodes, those of a run that is not") {
  const char* const program = std::getenv("NURI_PROGRAM");
  if (!program) NURI_SKIP("NURI_PROGRAM does not name the program");
  const Folder folder;
  const auto begin = std::chrono::steady_clock::now();
  int status = 0;
  waitpid(start(program, folder / "whole.h5"), &status, 0);
  REQUIRE(status == 0);
  const auto length = std::chrono::steady_clock::now() - begin;

  const auto held = record::hdf5::lock();
  const Handle whole(H5Fopen((folder / "whole.h5").c_str(), H5F_ACC_RDONLY, H5P_DEFAULT));
  REQUIRE(bool(whole));
  REQUIRE(children(whole, "/data").size() == 16 * 120);
  std::mt19937 random(7);
  size_t most = 0;
  std::set<size_t> different;
  for (int kill = 0; kill < 12; ++kill) {
    CAPTURE(kill);
    const std::string path = folder / ("killed_" + std::to_string(kill) + ".h5");
    const pid_t child = start(program, path);
    std::this_thread::sleep_for(length * (0.1 + 0.8 * double(random() % 1000) / 1000));
    ::kill(child, SIGKILL);
    waitpid(child, &status, 0);
    if (!std::filesystem::exists(path)) continue;                // it had not begun
    REQUIRE(record::recover(path));
    const Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT));
    REQUIRE(bool(file));
    const std::vector<std::string> names = children(file, "/data");
    const Handle is(H5Gopen2(file, "/data", H5P_DEFAULT)), should(H5Gopen2(whole, "/data", H5P_DEFAULT));
    size_t wrong = 0;
    for (const std::string& name : names) wrong += dump(is, name) != dump(should, name);
    CHECK(wrong == 0);
    for (size_t k = 0; k < names.size(); ++k) CHECK(H5Lexists(is, ("demo_" + std::to_string(k)).c_str(), H5P_DEFAULT) > 0);
    for (const std::string& name : children(file, "/unfinished")) CHECK(!dump(file, "/unfinished/" + name).empty());
    CHECK(!dump(file, "/nuri/models").empty());
    most = std::max(most, names.size());
    different.insert(names.size());
  }
  CHECK(most > 0);
  CHECK(different.size() > 3);
}
