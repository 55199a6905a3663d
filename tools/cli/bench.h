// nuri bench: what was asked for.
#pragma once
#include "tools/cli/cli.h"

namespace nuri::cli {

struct BenchAsked {
  Options options;
  std::vector<std::string> scenes;
  double warm_up = 2;                  // simulated seconds: until things lie and diverge
  int64_t steps = 200;                 // of each environment, per run
  int runs = 3;
  bool eyes = false;
  std::vector<int> eye_size;           // pixels; empty: 64 x 64 and 128 x 128
};

int bench_eyes(const BenchAsked& asked);

}  // namespace nuri::cli
