// MJCF of small scenes, for the cases.
#pragma once
#include <fmt/format.h>
#include <string>
#include "tools/verify/case.h"

namespace nuri::verify {

inline std::string mjcf(const std::string& option, const std::string& world, const std::string& more = "") {
  return fmt::format("<mujoco>\n<option {}/>\n{}\n<worldbody>\n{}\n</worldbody>\n</mujoco>\n", option, more, world);
}
inline std::string sensors(const std::string& list) { return "<sensor>" + list + "</sensor>"; }
inline std::string geom_default(const std::string& attributes) { return fmt::format("<default><geom {}/></default>", attributes); }
inline std::string free_body(double x, double y, double z, const std::string& geom, const std::string& name = "") {
  return fmt::format("<body{} pos='{} {} {}'><freejoint/><geom {}/></body>\n", name.empty() ? "" : " name='" + name + "'", x, y, z, geom);
}
inline double epsilon_double(double k) { return k * std::numeric_limits<double>::epsilon(); }
inline double epsilon_float(double k) { return k * double(std::numeric_limits<float>::epsilon()); }
// For convergence: errors at h and h/2.
inline double order(double coarse, double fine) { return std::log2(std::fabs(coarse / fine)); }
inline std::string ms(double h) { return fmt::format("{:g}ms", h * 1e3); }

}  // namespace nuri::verify
