// What nuri_gpu_test steps: every demonstration scene as compiled models, three people in one environment, two small models of much variety, and
// two that are only looked at.
// Several models are a mixed world: one launch for all of them.
#pragma once
#include <chrono>
#include <cstdio>
#include <map>
#include <string>
#include <vector>
#include "physics/world.h"

namespace nuri::gpu_test {

using ModelPtr = std::shared_ptr<const model::Model>;

struct Case {
  std::string name;
  std::vector<std::string> files;      // tests/gpu/models/NAME.model; what begins with large/ is made by make_models.sh
  std::vector<int> shares;             // of the environments, where there are several models
  int compared, steps;                 // environments and substeps of `bits`
  int measured;                        // environments of `bench`
  bool thorough;                       // `bits` tries every way to launch it, not only a few
};
const std::vector<Case>& cases();
Case find_case(const std::string& name);   // or files of models, joined by +

struct Settings {
  std::string mode, against = "cuda", out;   // against: cuda, or cpu: another CPU world in the place of the GPU's; out: a folder for tables
  bool spoil = false;                  // changes one bit of one environment: a comparison must find it
  int environments = 0, steps = 0, group = 0;   // 0: by case, by rule
  double warm_up = 2, control = 0, seconds = 450;   // s simulated; share of the control range; s that the mode may take
  int registers = 128;                 // plan: of a thread
  std::vector<Case> chosen;
  bool on_cpu() const { return against == "cpu"; }
};

struct Scene {
  const Case* of;
  std::vector<ModelPtr> models;
  std::unique_ptr<World> world(const WorldOptions& options) const;   // ends the program where a world is refused
};
// Null where a file is not there: said, and counted by the caller.
std::unique_ptr<Scene> load(const Case& of);

// A table: a line as it is known, and the same as tab-separated values in a file.
class Table {
 public:
  Table(const Settings& settings, const char* name, std::vector<std::string> columns);
  ~Table();
  void row(const std::vector<std::string>& values);

 private:
  std::vector<std::string> columns_;
  std::FILE* file_ = nullptr;
};
std::string text(const char* format, ...) __attribute__((format(printf, 1, 2)));
inline std::string hex(uint64_t x) { return text("%016llx", static_cast<unsigned long long>(x)); }

class Clock {
 public:
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

int bits(const Settings& settings);        // number of comparisons that failed
int pictures(const Settings& settings);    // likewise
int learn(const Settings& settings);       // likewise
int short_run(const Settings& settings);
int bench(const Settings& settings);
int latency(const Settings& settings);
int profile(const Settings& settings);
int plans(const Settings& settings);

}  // namespace nuri::gpu_test
