// The cases of `nuri verify`: what is known from outside about a scene - a closed form, a conserved quantity, a published figure - as a
// recipe, a measure and rows. A row is judged by a bound, by nearness to MuJoCo on the same scene, or only shown: contacts and the
// integrators follow MuJoCo's formulation, which misses some closed forms by itself, and a bound that says otherwise would be ours alone.
//
// A bound is the level that notes on the case ask for where that is met, otherwise at most about three times what was measured when the
// row was written; it stands beside the measured value in every report.
#pragma once
#include <limits>
#include "tools/verify/engine.h"

namespace nuri::verify {

constexpr double none = std::numeric_limits<double>::quiet_NaN();
constexpr double gravity = 9.81, pi = 3.14159265358979323846;

struct Published {
  const char* engine;
  double value;
};

struct Row {
  std::string id = {}, quantity = {}, unit = {};   // unit: of value, ideal and bounds; empty: a ratio or a number
  double ideal = none;                 // of the closed form; none: there is none
  double bound_double = none, bound_float = none;   // on |value - ideal|; none: shown
  bool at_least = false;               // the bounds are on the value itself, from below
  bool as_mujoco = false;              // in double the value must be MuJoCo's (nearness below)
  std::vector<Published> published = {};
};

struct Case {
  std::string id = {}, group = {}, about = {};
  bool extended = false;               // takes long: with --all only
  double cost = 1;                     // of a step, about, in microseconds: for the time left
  std::vector<Row> rows = {};
  std::function<std::vector<double>(Engine&)> measure = {};   // a value for each row; empty: something was not played
  std::string source = {};             // of the published figures
};

constexpr double near_mujoco = 1e-4, near_floor = 1e-9;   // of the larger of both values; and absolute, where both are rounding

// Every case, in the order in which they are reported.
const std::vector<Case>& cases();
std::vector<Case> motion_cases(), chain_cases(), contact_cases(), grasp_cases(), simbenchmark_cases();

// MuJoCo's value of a row, from tests/oracle/verify_mujoco.py; none: it has none.
double mujoco_figure(const std::string& row);
extern const char* const mujoco_version;

}  // namespace nuri::verify
