#include "tools/session/inverse_kinematics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include "engine/core/random.h"

namespace nuri::session {
namespace {

using Columns = std::array<double, 6 * inverse_limits::joints>;
using Joints = std::array<double, inverse_limits::joints>;

// A = J J' + ridge over the free joints; its factor.
void factor_task(const Columns& jacobian, const std::array<bool, inverse_limits::joints>& fixed, int n, double ridge, double* out) {
  for (int r = 0; r < 6; ++r)
    for (int c = 0; c <= r; ++c) {
      double sum = r == c ? ridge : 0;
      for (int i = 0; i < n; ++i)
        if (!fixed[i]) sum += jacobian[r * n + i] * jacobian[c * n + i];
      out[6 * r + c] = sum;
    }
  factor6(out);
}

}  // namespace

bool factor6(double* a) {
  bool good = true;
  for (int i = 0; i < 6; ++i)
    for (int j = 0; j <= i; ++j) {
      double sum = a[6 * i + j];
      for (int k = 0; k < j; ++k) sum -= a[6 * i + k] * a[6 * j + k];
      if (i != j) {
        a[6 * i + j] = sum / a[6 * j + j];
      } else {
        good = good && sum > 0;
        a[6 * i + i] = std::sqrt(std::max(sum, 1e-300));
      }
    }
  return good;
}

void solve6(const double* l, double* x) {
  for (int i = 0; i < 6; ++i) {
    for (int k = 0; k < i; ++k) x[i] -= l[6 * i + k] * x[k];
    x[i] /= l[6 * i + i];
  }
  for (int i = 6; i-- > 0;) {
    for (int k = i + 1; k < 6; ++k) x[i] -= l[6 * k + i] * x[k];
    x[i] /= l[6 * i + i];
  }
}

InverseResult solve_inverse(const Chain& c, const Pose& target, std::span<const double> rest, const InverseOptions& options, Posture& posture) {
  using namespace inverse_limits;
  const model::Model& m = *c.model;
  const int n = c.size();
  InverseResult result;
  Columns jacobian;
  double* const q = posture.qpos.data();
  for (int iteration = 0;; ++iteration) {
    // the error that is left, weighed
    const Pose now = site_pose(c, posture, jacobian.data());
    const Vec away = shape::sub(target.position, now.position), turned = rotation_between(now.orientation, target.orientation);
    result = {std::sqrt(shape::dot(away, away)), std::sqrt(shape::dot(turned, turned)), iteration};
    const bool pulls = iteration == 0 && options.rest_pull > 0;
    if (iteration == options.iterations || (!pulls && result.position_error < position && result.angle_error < angle)) return result;
    double e[6] = {away[0], away[1], away[2], lever * turned[0], lever * turned[1], lever * turned[2]}, squared = 0;
    for (const double x : e) squared += x * x;
    for (int k = 3 * n; k < 6 * n; ++k) jacobian[k] *= lever;

    // steps, again without the joints that would leave their range, as long as there are any
    std::array<bool, joints> fixed{};
    Joints step{};
    for (int round = 0; round <= n; ++round) {
      double factor[36], x[6];
      factor_task(jacobian, fixed, n, options.damping * options.damping + 0.5 * squared, factor);
      std::copy_n(e, 6, x);
      for (int i = 0; i < n; ++i)
        if (fixed[i]) for (int r = 0; r < 6; ++r) x[r] -= jacobian[r * n + i] * step[i];
      solve6(factor, x);
      for (int i = 0; i < n; ++i) {
        if (fixed[i]) continue;
        step[i] = 0;
        for (int r = 0; r < 6; ++r) step[i] += jacobian[r * n + i] * x[r];
      }
      if (pulls) {                               // (1 - J' inv(J J') J) pull
        Joints pull{};
        double trace = 0, y[6] = {};
        for (int i = 0; i < n; ++i) {
          if (fixed[i]) continue;
          pull[i] = options.rest_pull * (rest[i] - q[m.joint_qpos[c.joints[i]]]);
          for (int r = 0; r < 6; ++r) y[r] += jacobian[r * n + i] * pull[i], trace += jacobian[r * n + i] * jacobian[r * n + i];
        }
        factor_task(jacobian, fixed, n, 1e-12 * trace + 1e-30, factor);
        solve6(factor, y);
        for (int i = 0; i < n; ++i) {
          if (fixed[i]) continue;
          for (int r = 0; r < 6; ++r) pull[i] -= jacobian[r * n + i] * y[r];
          step[i] += pull[i];
        }
      }
      bool again = false;
      for (int i = 0; i < n; ++i) {
        const int j = c.joints[i];
        if (fixed[i] || !m.joint_limited[j]) continue;
        const double at = q[m.joint_qpos[j]], low = m.joint_range[2 * j], high = m.joint_range[2 * j + 1], inside = std::clamp(at + step[i], low, high);
        if (inside == at + step[i]) continue;
        step[i] = inside - at;
        fixed[i] = again = true;
      }
      if (!again) break;
    }
    double largest = 0;
    for (int i = 0; i < n; ++i) largest = std::max(largest, std::abs(step[i]));
    const double share = largest > options.largest_step ? options.largest_step / largest : 1;
    for (int i = 0; i < n; ++i) q[m.joint_qpos[c.joints[i]]] += share * step[i];
  }
}

InverseResult search_inverse(const Chain& c, const Pose& target, int starts, double position, double angle, Posture& posture) {
  const model::Model& m = *c.model;
  const std::vector<double> rest(c.joints.size());
  std::vector<double> best_posture;
  InverseResult best;
  for (int start = 0; start <= starts; ++start) {
    for (int i = 0; start > 0 && i < c.size(); ++i) {
      const int j = c.joints[i];
      const double low = m.joint_limited[j] ? m.joint_range[2 * j] : -3, high = m.joint_limited[j] ? m.joint_range[2 * j + 1] : 3;
      posture.qpos[m.joint_qpos[j]] = low + (high - low) * uniform(0, 0, 0, uint64_t(start), uint32_t(i));
    }
    const InverseResult result = solve_inverse(c, target, rest, {.iterations = 100}, posture);
    const auto size = [](const InverseResult& r) { return r.position_error + inverse_limits::lever * r.angle_error; };
    if (start == 0 || size(result) < size(best)) best = result, best_posture = posture.qpos;
    if (best.position_error <= position && best.angle_error <= angle) break;
  }
  posture.qpos = best_posture;
  return best;
}

}  // namespace nuri::session
