// Golden hashes of compiled models (tests/golden/models.txt: model, precision, steps, hash). It needs the step library alone, so that
// it runs where no scene can be read: on another processor, under its emulator, the same file must give the same bits.
// After a change that is meant to change results: NURI_UPDATE_GOLDEN=1 test_physics -tc='*golden*'.
#include "tests/physics/bit_lives.h"
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>
#include "physics/cpu/registry.h"

using namespace nuri;
using namespace nuri::bits_test;

TEST_CASE("compiled models have their golden bits at every width") {
  const std::string path = "tests/golden/models.txt";
  constexpr int environments = 17, steps = 100, control_period = 10;   // more than the widest pack holds
  const char* const asked = std::getenv("NURI_UPDATE_GOLDEN");
  const std::string first = "# world hashes after so many steps: model, precision, steps, hash (written by NURI_UPDATE_GOLDEN=1 test_physics -tc='*golden*')\n";
  std::string found = first, golden;
  for (const std::string name : {"hopper", "humanoid", "mixed"}) {
    const auto read = model::read_file("tests/gpu/models/" + name + ".model");
    REQUIRE_MESSAGE(read, name);
    const auto model = std::make_shared<const model::Model>(*read);
    for (const Precision precision : {Precision::f32, Precision::f64}) {
      std::string line;
      for (const int width : {1, 2, 4, 8, 16}) {
        if (!find_kernel(precision, width)) continue;
        const auto world = make_world(model, {.environments = environments, .backend = "cpu", .precision = precision, .threads = 2, .width = width});
        for (int e = 0; e < environments; ++e) scatter(*world, e, uint64_t(e));
        for (int step = 0; step < steps; step += control_period) {
          for (int e = 0; e < environments; ++e) drive(*world, e, uint64_t(e), uint64_t(step));
          world->step(control_period);
        }
        CHECK(world->faults() == 0);
        CHECK(world->statistics().contacts > 0);
        char text[160];
        std::snprintf(text, sizeof text, "%s %s %d %016llx\n", name.c_str(), precision == Precision::f32 ? "f32" : "f64", steps, static_cast<unsigned long long>(world->hash()));
        if (line.empty()) line = text;
        CHECK_MESSAGE(line == text, "width " << width);
      }
      found += line;
    }
  }
  if (asked && *asked == '1') {
    std::ofstream(path) << found;
    MESSAGE("written: " << path);
    return;
  }
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) golden += line + "\n";
  CHECK_MESSAGE(found == golden, path << " differs; if that is meant: NURI_UPDATE_GOLDEN=1 test_physics -tc='*golden*'");
}
