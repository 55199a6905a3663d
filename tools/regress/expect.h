// What a script expects, as numbers that must lie within a range, looked at while a case runs.
//
// Every kind of expectation is one small function that names its numbers (a Quantity) and says how one of them is measured. All else is
// done once, here: when it is looked at, which environment counts, how far the worst one stays from its bound. A script's number is a
// double whatever the precision of the world.
#pragma once
#include <functional>
#include <memory>
#include <vector>
#include "tools/regress/look.h"
#include "tools/regress/result.h"
#include "tools/regress/script.h"

namespace nuri::regress {

// One number of each environment, or of each of several things in it, all of which must lie within the range.
struct Quantity {
  std::string name, unit;
  Range range;
  std::vector<std::vector<int>> items;           // of each bucket: bodies, joints, ..; none: its environments do not count
  std::function<double(Look&, int environment, int item)> measure;   // NaN: it cannot be told, which fails
  std::function<std::string(const model::Model&, int item)> item_name = {};
  std::function<void(Look&)> see = {};           // at every control step
  std::string lacking = {};                      // what a value of NaN means, in words
  bool probed = false;                           // costs a probe: looked at only where it is judged, and not at every control step
};

// What an expectation means for this session; findings go to `errors`. World-wide expectations, hashes and pictures have none.
std::vector<Quantity> quantities(const Expectation& expectation, session::Session& session, std::vector<Diagnostic>& errors);

// One quantity through a case.
class Watch {
 public:
  // `last`: control steps of the case. `left_out`: environments that do not count (drills).
  Watch(const Expectation& expectation, Quantity quantity, session::Session& session, int64_t last,
        const std::function<bool(int environment)>& left_out);
  void look(Look& look, int64_t control_step);   // once for every control step, from 0 to the last
  Check finish() const;
  const Expectation& expectation() const { return expectation_; }

 private:
  struct Found { double margin, value, time; int item; };
  Found measure(Look& look, int environment) const;
  bool judged(int64_t control_step) const;

  const Expectation& expectation_;
  Quantity quantity_;
  session::Session& session_;
  double period_;
  int64_t last_, from_, to_, every_, plot_every_;
  std::vector<int> counted_;                     // environments
  std::vector<Found> found_;                     // of each of them: the worst, or of `by` the best
  std::vector<std::vector<Sample>> samples_;     // of the first of them
};

// Those of all environments together: faults, goal, timeline, iterations. At the end of a case.
bool is_world_wide(ExpectationType type);
void check_world_wide(const Expectation& expectation, session::Session& session, std::vector<Diagnostic>& errors);  // names, before it runs
Check judge_world_wide(const Expectation& expectation, session::Session& session);

// In the parts below, for one kind each.
struct Finder {
  const Expectation& expectation;
  session::Session& session;
  std::vector<Diagnostic>& errors;
  // Of each bucket the numbers of those `names` that `patterns` fit. `what` is for messages: "no sensor fits 'tipp'".
  using List = std::function<std::vector<std::string>(const model::Model&)>;
  std::vector<std::vector<int>> find(const Names& patterns, const char* what, const List& names) const;
  std::vector<std::vector<int>> everyone() const;   // one thing in every environment
  void error(std::string code, std::string message, std::string hint = {}) const;
};
std::vector<Quantity> expect_body(const Finder& finder);
std::vector<Quantity> expect_joint(const Finder& finder);
std::vector<Quantity> expect_sensor(const Finder& finder);
std::vector<Quantity> expect_settled(const Finder& finder);
std::vector<Quantity> expect_contact(const Finder& finder);
std::vector<Quantity> expect_penetration(const Finder& finder);
std::vector<Quantity> expect_energy(const Finder& finder);
std::vector<Quantity> expect_steps(const Finder& finder);

std::string show(double number);                 // "0.005", "1.2e+07"
std::string show(const Range& range, const std::string& unit);   // "between 0.195 and 0.205 m", "above 10 N"
std::string first_name(const Names& names);      // for names of checks: "*/crate"

}  // namespace nuri::regress
