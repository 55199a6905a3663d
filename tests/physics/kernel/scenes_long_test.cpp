// Every scene by every lane: items in random order, accesses watched, groups and blocks of a GPU.
#include <algorithm>
#include <filesystem>
#include "tests/physics/kernel/scene_steps.h"

using namespace nuri;
using namespace nuri::bits_test;

namespace {

std::vector<std::string> scenes() {
  std::vector<std::string> out;
  for (const auto& file : std::filesystem::directory_iterator("scenes"))
    if (file.path().extension() == ".yaml") out.push_back(file.path().generic_string());
  std::sort(out.begin(), out.end());
  return out;
}
// The two heaps: a step of theirs takes the watching lane seconds.
bool heavy(const std::string& path) { return path.ends_with("bin_pile.yaml") || path.ends_with("tumbler.yaml"); }
// A pole on a rail, and arms that reach through the air.
bool free(const std::string& path) {
  return path.ends_with("cartpole.yaml") || path.ends_with("reach.yaml") || path.ends_with("reach_camera.yaml");
}

}  // namespace

TEST_CASE("every scene steps by other lanes as by the World's kernels") {
  const char* const only = std::getenv("NURI_ONLY_SCENE");         // a path
  REQUIRE(scenes().size() >= 8);
  for (const std::string& path : scenes()) {
    if (only && path != only) continue;
    if (heavy(path)) compare_scene(path, {8, 16, 32, 256}, {.warm_up = 60, .rounds = 2, .single = true});
    else compare_scene(path, {8, 16, 32}, {.warm_up = 40, .rounds = 6, .touches = !free(path)});
  }
}
