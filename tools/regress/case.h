// One case: a script in one combination of its matrix, from loading to what came out.
#pragma once
#include <functional>
#include <optional>
#include "tools/regress/golden.h"
#include "tools/regress/result.h"
#include "tools/regress/script.h"
#include "tools/session/load.h"

namespace nuri::regress {

// One of a matrix.
struct Combination {
  std::string precision = "float", backend = "cpu";
  int environments = 1, width = 0, threads = 0;  // 0: by rule
  uint64_t seed = 0;
  std::string key() const;                       // what decides the bits: "float 8 seed=7"
};

struct Case {
  const Script* script = nullptr;
  const Guard* guard = nullptr;                  // a mutation: it must fail
  Combination combination;
  std::string name;                              // "boxes[double,8,seed=7]", "boxes/guard gravity 1.3"
};

// Those of a script, in the order of its matrix; `settings`: the scene's, for what the script does not say. With `mutate`, one for each
// guard instead, in the first combination.
std::vector<Case> cases_of(const Script& script, const scene::Settings& settings, bool mutate);

struct CaseOptions {
  int threads = 1;                               // where the matrix says nothing
  bool update = false;                           // goldens are what comes out
  std::function<bool()> stop = {};               // asked now and then; true: it is an error, "interrupted"
};

struct NewPicture { std::string what; shape::Pixels image; };

struct Ran {
  CaseResult result;
  std::optional<Trace> trace;                    // what the golden becomes, if it is updated
  std::vector<NewPicture> pictures;              // likewise
};

// The scene of a script, with what the script says of its settings.
Result<session::Loaded> load_scene(const Script& script);
Ran run_case(const Case& of, const session::Loaded& scene, const Golden& golden, const CaseOptions& options);

}  // namespace nuri::regress
