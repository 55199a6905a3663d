// Chains: energy under gravity (T10 of docs/verification.md), and energy and angular momentum of a planar chain that floats, one of the
// four systems of Erez, Tassa and Todorov, Simulation tools for model-based robotics, ICRA 2015.
#include <cmath>
#include "tools/verify/text.h"

namespace nuri::verify {
namespace {

std::string links(int count, const std::string& root, const std::string& first) {
  const auto link = [](const std::string& name, const std::string& pos, const std::string& joints) {
    return fmt::format("<body{} pos='{}'>{}<geom type='capsule' size='0.02' fromto='0 0 0 0.2 0 0'/>\n", name, pos, joints);
  };
  std::string out = link(" name='chain'", root, first);
  for (int i = 1; i < count; ++i) out += link("", "0.2 0 0", "<joint axis='0 1 0'/>");
  for (int i = 0; i < count; ++i) out += "</body>";
  return out;
}
constexpr const char* planar = "<joint type='slide' axis='1 0 0'/><joint type='slide' axis='0 0 1'/><joint axis='0 1 0'/>";
const std::string apart = geom_default("contype='0' conaffinity='0'");

std::string word(const char* integrator) { return integrator[0] == 'E' ? "euler" : "rk4"; }

Case hanging(int count, const char* integrator) {
  const std::string id = fmt::format("chain.{}.{}", count, word(integrator));
  return {.id = id, .group = "chain", .about = "Links of 0.2 m, let go level, 2 ms.",
          .rows = {{.id = id, .quantity = fmt::format("chain of {} links, change of energy in 1 s, {}", count, integrator), .unit = "J",
                    .ideal = 0,
                    .bound_double = count == 2 && *integrator == 'R' ? 1e-8 : none, .as_mujoco = true}},
          .measure = [=](Engine& engine) -> std::vector<double> {
            double first = none, last = none;
            const std::string scene = mjcf(fmt::format("timestep='0.002' integrator='{}'", integrator),
                                           links(count, "0 0 2", "<joint axis='0 1 0'/>"), apart + sensors("<e_potential/><e_kinetic/>"));
            if (!engine.play({.scene = scene, .steps = 501}, [&](const Moment& at) {
                  if (at.sensors.empty()) return;
                  last = at.sensors[0] + at.sensors[1];
                  if (at.step == 1) first = last;
                })) return {};
            return {last - first};
          }};
}

// Five links in a plane without gravity, contacts or damping, each joint at 1, -2, 3, -4 rad/s: nothing may change.
Case floating(const char* integrator, double h) {
  const std::string id = fmt::format("chain.floating.{}.{}", word(integrator), ms(h));
  const bool rk4 = *integrator == 'R';
  const std::string how = fmt::format("{} {:g} ms", integrator, h * 1e3);
  const double energy_bound = !rk4 ? none : h == 1e-3 ? 2e-11 : 5e-9;    // three times what was measured
  const double momentum_bound = !rk4 ? none : h == 1e-3 ? 1e-12 : 2e-10;
  return {.id = id, .group = "chain",
          .about = "Five links that float and swing in a plane, without gravity, contacts or damping (a system of Erez, Tassa and Todorov "
                   "2015).",
          .rows = {{.id = id + ".energy", .quantity = "floating chain, worst |E / E0 - 1| in 10 s, " + how, .ideal = 0,
                    .bound_double = energy_bound, .as_mujoco = true},
                   {.id = id + ".L", .quantity = "floating chain, worst |L / L0 - 1| in 10 s, " + how, .ideal = 0,
                    .bound_double = momentum_bound, .as_mujoco = true}},
          .measure = [=](Engine& engine) -> std::vector<double> {
            double E0 = none, L0 = none, energy = 0, momentum = 0;
            Job job{.scene = mjcf(fmt::format("timestep='{}' integrator='{}' gravity='0 0 0'", h, integrator),
                                  links(5, "0 0 0", planar), apart + sensors("<e_kinetic/><subtreeangmom body='chain'/>")),
                    .steps = std::lround(10 / h)};
            for (int i = 0; i < 4; ++i) job.changes.push_back({0, StateField::qvel, 3 + i, (i % 2 ? -1.0 : 1.0) * (i + 1)});
            if (!engine.play(job, [&](const Moment& at) {
                  if (at.sensors.empty()) return;
                  if (at.step == 1) E0 = at.sensors[0], L0 = at.sensors[2];
                  energy = std::fmax(energy, std::fabs(at.sensors[0] / E0 - 1));
                  momentum = std::fmax(momentum, std::fabs(at.sensors[2] / L0 - 1));
                })) return {};
            return {energy, momentum};
          }};
}

}  // namespace

std::vector<Case> chain_cases() {
  std::vector<Case> out;
  for (const char* integrator : {"RK4", "Euler"})
    for (const int count : {2, 5, 20}) out.push_back(hanging(count, integrator));
  for (const char* integrator : {"RK4", "Euler"})
    for (const double h : {0.001, 0.004}) out.push_back(floating(integrator, h));
  return out;
}

}  // namespace nuri::verify
