// The grasp metric of Erez, Tassa and Todorov (ICRA 2015): the largest time step at which a hand still holds a capsule. Their hand of 35
// joints is not public; here four fingers of three joints and a thumb, held by springs and dampers alone, close around a capsule from
// above, under a palm that does not move, so that only the grasp carries it.
#include <algorithm>
#include <cmath>
#include "tools/verify/text.h"

namespace nuri::verify {
namespace {

constexpr double closing = 1, holding = 10, slip = 0.01;           // s until the capsule is let go, s of the run, m that it may fall
constexpr double weight = 0.3 * gravity;                           // N
constexpr double steps_ms[] = {0.25, 0.5, 1, 2, 4, 8, 16, 32};

std::string digit(double x, double y, bool thumb) {
  const char* const axis = thumb ? "0 -1 0" : "0 1 0";
  const double side = thumb ? -1 : 1, lengths[] = {0.045, 0.035, 0.03}, angles[] = {1.9, 1.5, 1.2};
  std::string out, end;
  double at_x = x, at_y = y, at_z = -0.005;
  for (int i = 0; i < 3; ++i) {
    out += fmt::format("<body pos='{} {} {}'><joint axis='{}' springref='{}'/><geom type='capsule' size='0.008' fromto='0 0 0 {} 0 0'/>\n",
                       at_x, at_y, at_z, axis, angles[i] * 180 / pi, side * lengths[i]);
    end += "</body>";
    at_x = side * lengths[i], at_y = at_z = 0;
  }
  return out + end + "\n";
}

// Fingers touch the capsule only.
std::string hand(double h) {
  std::string digits;
  for (const double y : {-0.045, -0.015, 0.015, 0.045}) digits += digit(0.035, y, false);
  digits += digit(-0.035, 0, true);
  return mjcf(fmt::format("timestep='{}' cone='elliptic'", h),
              "<body pos='0 0 1'><geom type='box' size='0.04 0.055 0.01' mass='0.5'/>\n" + digits + "</body>\n" +
                  free_body(0, 0, 0.955, "type='capsule' size='0.03 0.04' euler='90 0 0' mass='0.3' contype='1'", "capsule"),
              "<default><joint stiffness='1' damping='0.05' armature='1e-5'/><geom friction='1' density='1500' contype='0'/></default>");
}
constexpr int capsule = 17, height = 15 + 2;                       // body; item of qpos

// How far the capsule goes from where it was let go, up or down; infinite if the hand flies apart.
double drop(Engine& engine, double h) {
  const int64_t release = std::lround(closing / h);
  double start = none, most = 0;
  constexpr int lift = 6 * capsule + 2;                            // item of xfrc_applied
  const Job job{.scene = hand(h), .changes = {{0, StateField::xfrc_applied, lift, weight}, {release, StateField::xfrc_applied, lift, 0}},
                .steps = std::lround(holding / h), .every = std::max<int64_t>(1, std::lround(0.025 / h))};
  const bool played = engine.play(job, [&](const Moment& at) {
    if (at.step < release) return;
    if (std::isnan(start)) start = at.qpos[height];
    most = std::fmax(most, std::fabs(at.qpos[height] - start));
  });
  return played ? most : INFINITY;
}

Case grasp() {
  return {.id = "grasp", .group = "grasp",
          .about = "Four fingers and a thumb on springs hold a capsule of 0.3 kg for 9 s: the largest of the steps 0.25, 0.5 .. 32 ms at "
                   "which, and at all smaller ones, it moves less than 1 cm.", .cost = 12,
          .rows = {{.id = "grasp.step", .quantity = "largest step at which a hand holds a capsule", .unit = "ms", .bound_double = 8,
                    .bound_float = 8, .at_least = true, .as_mujoco = true,
                    .published = {{"MuJoCo", 16}, {"PhysX", 2}, {"ODE", 0.25}, {"Bullet", 0.03}}},
                   {.id = "grasp.drop", .quantity = "hand and capsule, how far it sinks, 2 ms", .unit = "m", .ideal = 0,
                    .bound_double = slip, .bound_float = slip, .as_mujoco = true}},
          .measure = [](Engine& engine) -> std::vector<double> {
            double largest = 0, at_2ms = none;
            bool still = true;
            for (const double step : steps_ms) {
              const double moved = drop(engine, step * 1e-3);
              still &= moved < slip;
              if (still) largest = step;
              if (step == 2) at_2ms = moved;
            }
            return {largest, at_2ms};
          },
          .source = "Erez, Tassa and Todorov 2015, a hand of 35 joints; values by way of a review"};
}

}  // namespace

std::vector<Case> grasp_cases() { return {grasp()}; }

}  // namespace nuri::verify
