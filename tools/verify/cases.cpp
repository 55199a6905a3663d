#include <map>
#include "tools/verify/case.h"

namespace nuri::verify {

const std::vector<Case>& cases() {
  static const std::vector<Case> all = [] {
    std::vector<Case> list;
    for (auto group : {motion_cases, chain_cases, contact_cases, grasp_cases, simbenchmark_cases})
      for (Case& c : group()) list.push_back(std::move(c));
    return list;
  }();
  return all;
}

// A line per row, written by tests/oracle/verify_mujoco.py: NURI_FIGURE(id, value), and NURI_MUJOCO(version) once.
double mujoco_figure(const std::string& row) {
  static const std::map<std::string, double> figures = {
#define NURI_MUJOCO(version)
#define NURI_FIGURE(id, value) {id, value},
#include "tools/verify/mujoco_figures.inl"
#undef NURI_MUJOCO
#undef NURI_FIGURE
  };
  const auto found = figures.find(row);
  return found == figures.end() ? none : found->second;
}

const char* const mujoco_version =
#define NURI_MUJOCO(version) version
#define NURI_FIGURE(id, value)
#include "tools/verify/mujoco_figures.inl"
#undef NURI_MUJOCO
#undef NURI_FIGURE
    ;

}  // namespace nuri::verify
