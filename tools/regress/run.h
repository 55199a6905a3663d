// Many scripts: which cases there are, run side by side, goldens renewed if that was asked for.
#pragma once
#include <functional>
#include <string>
#include <vector>
#include "tools/regress/case.h"

namespace nuri::regress {

struct Wish {
  std::vector<std::string> paths = {};           // scripts, or folders whose *.yaml are scripts (not those of folders below)
  std::string text = {};                         // part of the names of cases; empty: all
  std::vector<std::string> tags = {};            // one of them; empty: all
  std::vector<std::pair<std::string, std::string>> only = {};   // of the matrix: precision double, seed 7
  int jobs = 0;                                  // cases at once; 0: as many as there are CPUs
  bool mutate = false, update = false, list = false;       // list: the cases, not run
  std::string reason = {}, version = {};         // of an update
  std::function<bool()> stop = {};
  std::function<void(const CaseResult&, int done, int all)> tell = {};   // when a case ends, one at a time
};

// Scripts that cannot be read, and scenes, are cases of outcome `error`: the others are run. Results are in the order of the paths and
// matrices, whatever ends first. An error: a path that is not there, or nothing fits.
Result<Results> run(const Wish& wish);

}  // namespace nuri::regress
