// What came out of regression scripts: the one thing that those who run cases, those who write reports and those who read exit codes share.
// Everything here is plain data with its units written beside it, so that a report needs neither a world nor a script.
//
// A case is one combination of a script's matrix; a check is one expectation in it, or one thing that the case demanded of itself (that
// its golden exists, that a guard makes it fail). Only `seconds_wall` differs between two runs of the same thing.
#pragma once
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>
#include "engine/core/result.h"
#include "engine/shape/image.h"

namespace nuri::regress {

inline constexpr double none = std::numeric_limits<double>::quiet_NaN();   // a number that there is not
inline bool given(double number) { return !std::isnan(number); }

struct Sample {
  double time;                         // s, simulated
  double value;
};

// A quantity over time, of the environment that came out worst, thinned to what a plot shows. `low` and `high`: what it has to lie between,
// from `from` to `to`; NaN: no such bound.
struct Series {
  std::string name, unit;
  std::vector<Sample> samples;
  double low = none, high = none;
  double from = none, to = none;       // s
};

// A picture that tells something about a check: "expected", "actual", "difference". 3 channels of 8 bits; shape::encode_png writes it.
struct NamedImage {
  std::string name;
  shape::Pixels image;
};

// One expectation and how it came out. `value` is that of the worst environment, `margin` how far it stays on the good side of `bound`
// (negative: by how much it failed), all in `unit`; NaN where there is no such number (a hash).
struct Check {
  std::string name;                    // the script's, or made of what is expected: "left_1/crate position z"
  std::string what;                    // in words, with the bound: "at 4 s, within 0.005 m of 0.2 m"
  bool passed = false;
  double value = none, bound = none, margin = none;
  std::string unit;
  double time = none;                  // s, of the value
  uint64_t environment = 0;            // id of the one that came out worst
  std::string detail;                  // what a failure needs to be understood; several lines are possible
  Place place;                         // in the script
  std::vector<Series> series;
  std::vector<NamedImage> images;
};

struct CaseResult {
  enum Outcome { passed, failed, error, skipped };   // error: it could not be run; skipped: this machine has not what it asks for
  std::string name;                    // "boxes[double,8,seed=7]"; "boxes/guard gravity 1.3" of a mutation
  std::string script;                  // path, as it was given
  Place place;                         // of the script, or of the guard in it
  std::vector<std::string> tags;
  Outcome outcome = error;
  std::string reason;                  // one line: why it failed, is an error or was skipped; empty if it passed
  std::vector<Check> checks;
  double seconds_wall = 0, seconds_simulated = 0;   // simulated: of one environment
  uint64_t steps = 0;                  // substeps of all environments
  std::string backend;                 // "cpu, AVX2, 8 environments per pack, 2 threads"
  std::string state_hash;              // 16 hex digits, of all environments at the end; empty if it did not get so far
  std::vector<Diagnostic> findings;    // what loading said, and what is wrong where the outcome is `error`
};
const char* word(CaseResult::Outcome outcome);       // "passed", "failed", "error", "skipped"

struct Results {
  std::vector<CaseResult> cases;       // in the order of the scripts and of their matrices, however many ran at once
  double seconds_wall = 0;
  int count(CaseResult::Outcome outcome) const;
  int passed() const { return count(CaseResult::passed); }
  int failed() const { return count(CaseResult::failed); }
  int errors() const { return count(CaseResult::error); }
  int skipped() const { return count(CaseResult::skipped); }
  bool good() const { return failed() == 0 && errors() == 0; }
};

// The reports; each is a whole file. What differs from run to run is left out where `times` is false.
std::string to_json(const Results& results, bool times = true);
std::string to_junit(const Results& results);
std::string to_html(const Results& results);

}  // namespace nuri::regress
