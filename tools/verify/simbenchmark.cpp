// The scenes of SimBenchmark (D. Kang, J. Hwangbo, 2018), rebuilt from its description, with its metrics; friction by elliptic cones,
// solver tolerance 1e-10. Published are its results at 1 ms, of the engines of that time.
//
// Restitution 1 is here a contact without damping whose stiffness suits the step, k = 0.2 / h^2 (MuJoCo has no other); energy that is
// stored in contacts counts as lost. Friction 0 is condim 1. Its quadruped, ANYmal, is not Nuri's to give away: assets/robots/quadruped
// stands in for it, a robot of 12 kg with twelve joints, so published figures of those two scenes are of another robot.
#include <array>
#include <cmath>
#include <pugixml.hpp>
#include <sstream>
#include "engine/core/random.h"
#include "tools/verify/text.h"

namespace nuri::verify {
namespace {

constexpr const char* source = "SimBenchmark, results at 1 ms";
constexpr const char* source_anymal = "SimBenchmark, results at 1 ms, with ANYmal";

std::string world(double h, const std::string& geoms, const std::string& bodies, const char* integrator = "Euler") {
  return mjcf(fmt::format("timestep='{}' cone='elliptic' integrator='{}' tolerance='1e-10'", h, integrator),
              "<geom type='plane' size='200 200 5' friction='0.4'/>\n" + bodies, geom_default(geoms));
}
std::string of(const char* integrator) { return integrator[0] == 'E' ? "euler" : integrator[0] == 'R' ? "rk4" : integrator; }
std::vector<Published> at_1ms(double h, std::vector<Published> list) { return h == 1e-3 ? std::move(list) : std::vector<Published>{}; }

// Chaos keeps these rows from being held against MuJoCo's: at 1 ms they may not grow by half of what was measured.
double guard(double h, double bound) { return h == 1e-3 ? bound : none; }

// ---- rolling: a box pushed under 25 balls ----------------------------------------------------------------------------

// Mean over steps of |v_box - a1 t u|^2 + |v_ball - a2 t u|^2.
Case rolling(const std::string& name, double ux, double uy, double h, const char* integrator) {
  const std::string id = fmt::format("rolling.{}.{}.{}", name, of(integrator), ms(h));
  const bool diagonal = ux != 0, rk4 = *integrator == 'R';
  const char* const way = diagonal ? "at 60 degrees" : "along y";
  std::vector<Published> published;
  if (rk4) published = {{"MuJoCo", 2.7e-3}};
  else if (diagonal) published = {{"Bullet", 5.7e-9}, {"RaiSim", 4.1e-7}, {"MuJoCo", 6.9e-3}, {"ODE", 3.145}, {"DART", 3.145}};
  else published = {{"Bullet", 5.7e-9}, {"RaiSim", 4.1e-7}, {"MuJoCo", 6.9e-3}};
  return {.id = id, .group = "simbenchmark",
          .about = "A box of 10 kg pushed with 150 N slides under 25 balls that roll on it, 4 s; mean over steps of |v_box - a1 t u|^2 + "
                   "|v_ball - a2 t u|^2. Not to move scores 3.146.",
          .extended = h != 1e-3 || rk4, .cost = rk4 ? 250.0 : 65.0,
          .rows = {{.id = id, .quantity = fmt::format("rolling {}, error of speeds, {} {:g} ms", way, integrator, h * 1e3), .unit = "m^2/s^2",
                    .ideal = 0, .as_mujoco = true, .published = at_1ms(h, published)}},
          .measure = [=](Engine& engine) -> std::vector<double> {
            const double force = 150, slip = 0.4 * 35 * gravity, pull = 0.1 * (force - slip) / (2.5 + 3.5);   // N; pull on one ball
            const double box = (force - slip - 25 * pull) / 10, ball = pull;                                    // m/s^2
            std::string bodies = free_body(0, 0, 0.49998, "type='box' size='10 10 0.5' mass='10' friction='0.4'");
            for (int i = 0; i < 5; ++i)
              for (int j = 0; j < 5; ++j) bodies += free_body(2 * i - 4, 2 * j - 4, 1.49994, "type='sphere' size='0.5' mass='1' friction='0.8'");
            const std::array<double, 3> u{ux, uy, 0};
            double sum = 0;
            const Job job{.scene = world(h, "", bodies, integrator),
                          .changes = {{0, StateField::xfrc_applied, 6, force * ux}, {0, StateField::xfrc_applied, 7, force * uy}},
                          .steps = std::lround(4 / h)};
            if (!engine.play(job, [&](const Moment& at) {
                  for (size_t k = 0; at.step > 0 && k < 3; ++k) {
                    const double first = at.qvel[k] - box * at.time * u[k], second = at.qvel[6 + k] - ball * at.time * u[k];
                    sum += first * first + second * second;
                  }
                })) return {};
            return {sum / double(job.steps)};
          }};
}

// ---- balls: bouncing, and 6 x 6 x 6 of them --------------------------------------------------------------------------

constexpr double mass = 10, radius = 0.1;
std::string elastic(double h) { return fmt::format("condim='1' solimp='.9 .9 .01' solref='{} 0'", -0.2 / (h * h)); }
std::string ball(double x, double y, double z) { return free_body(x, y, z, "type='sphere' size='0.1' mass='10'"); }

double energy(const Moment& at) {                                  // J; balls do not spin
  double sum = 0;
  for (size_t b = 0; 7 * b < at.qpos.size(); ++b) {
    sum += gravity * at.qpos[7 * b + 2];
    for (size_t k = 0; k < 3; ++k) sum += at.qvel[6 * b + k] * at.qvel[6 * b + k] / 2;
  }
  return mass * sum;
}

// Mean over what is seen of a measure, the start left out.
template <class Measure> std::vector<double> mean(Engine& engine, const Job& job, const Measure& measure) {
  double sum = 0;
  int64_t count = 0;
  if (!engine.play(job, [&](const Moment& at) {
        const double value = measure(at);
        if (at.step > 0) sum += value, ++count;
      })) return {};
  return {sum / double(count)};
}
std::vector<double> mean_energy_error(Engine& engine, const Job& job) {
  double start = 0;
  return mean(engine, job, [&](const Moment& at) {
    const double E = energy(at);
    if (at.step == 0) start = E;
    return (E - start) * (E - start);
  });
}

Case bouncing(double h) {
  const std::string id = "bouncing." + ms(h);
  return {.id = id, .group = "simbenchmark", .about = "49 balls of 10 kg fall 5 m and bounce without loss, 20 s.", .extended = h != 1e-3,
          .cost = 25,
          .rows = {{.id = id, .quantity = fmt::format("bouncing, mean (E - E0)^2, {:g} ms", h * 1e3), .unit = "J^2", .ideal = 0,
                    .bound_double = guard(h, 1.2e6), .bound_float = guard(h, 1.2e6),
                    .published = at_1ms(h, {{"ODE", 185}, {"DART", 7.2e4}, {"Bullet", 7.5e4}})}},
          .measure = [h](Engine& engine) {
            std::string balls;
            for (int i = 0; i < 7; ++i)
              for (int j = 0; j < 7; ++j) balls += ball(2 * i, 2 * j, 5);
            const int64_t every = std::max(1l, std::lround(1e-3 / h));
            return mean_energy_error(engine, {.scene = world(h, elastic(h), balls), .steps = std::lround(20 / h), .every = every});
          }};
}

// 216 balls with gaps of 1 cm, each moved by up to 1 mm.
std::string pile(double height) {
  std::string balls;
  uint32_t draw = 0;
  const auto jitter = [&] { return 1e-3 * uniform(42, 0, 0, 0, draw++); };
  for (int i = 0; i < 6; ++i)
    for (int j = 0; j < 6; ++j)
      for (int k = 0; k < 6; ++k) {
        const double x = 0.21 * i + jitter(), y = 0.21 * j + jitter(), z = 0.21 * k + height + jitter();
        balls += ball(x, y, z);
      }
  return balls;
}

double squared_depths(const Moment& at) {                          // m^2, among balls and into the ground
  const size_t n = at.qpos.size() / 7;
  double sum = 0;
  for (size_t a = 0; a < n; ++a) {
    const double* const p = &at.qpos[7 * a];
    sum += std::pow(std::fmax(0, radius - p[2]), 2);
    for (size_t b = a + 1; b < n; ++b) {
      const double* const q = &at.qpos[7 * b];
      const double x = p[0] - q[0], y = p[1] - q[1], z = p[2] - q[2], square = x * x + y * y + z * z;
      if (square < 4 * radius * radius) sum += std::pow(2 * radius - std::sqrt(square), 2);
    }
  }
  return sum;
}

Case dropped(double h) {
  const std::string id = "666." + ms(h);
  return {.id = id, .group = "simbenchmark", .about = "6 x 6 x 6 balls of 10 kg fall without bounce or friction, 10 s.",
          .extended = h != 1e-3, .cost = 400,
          .rows = {{.id = id, .quantity = fmt::format("666, mean sum of squared depths, {:g} ms", h * 1e3), .unit = "m^2", .ideal = 0,
                    .bound_double = guard(h, 6e-4), .bound_float = guard(h, 6e-4),
                    .published = at_1ms(h, {{"RaiSim", 1.35e-4}, {"ODE", 1.55e-4}, {"MuJoCo", 0.095}, {"Bullet", 0.38}})}},
          .measure = [h](Engine& engine) {
            const std::string scene = world(h, "condim='1' solimp='.9 .9 .01'", pile(0.101));
            return mean(engine, {.scene = scene, .steps = std::lround(10 / h), .every = 10}, squared_depths);
          }};
}

Case thrown(double h) {
  const std::string id = "elastic666." + ms(h);
  return {.id = id, .group = "simbenchmark", .about = "The same 216 balls from 1 m higher, without loss.", .extended = h != 1e-3,
          .cost = 400,
          .rows = {{.id = id, .quantity = fmt::format("elastic 666, mean (E - E0)^2, {:g} ms", h * 1e3), .unit = "J^2", .ideal = 0,
                    .bound_double = guard(h, 3.5e5), .bound_float = guard(h, 3.5e5),
                    .published = at_1ms(h, {{"RaiSim", 8.4}, {"ODE", 112}, {"Bullet", 4.1e4}, {"DART", 3.5e5}})}},
          .measure = [h](Engine& engine) {
            return mean_energy_error(engine, {.scene = world(h, elastic(h), pile(1.101)), .steps = std::lround(10 / h), .every = 10});
          }};
}

// ---- a quadruped ------------------------------------------------------------------------------------------------------

constexpr const char* asset =
#include "verify_quadruped.inl"
    ;

// The asset without its looks, servos and sensors, 2 m up; `more` comes into the world, `sense` after it.
struct Robot { std::string text; double mass = 0; };
Robot quadruped(const std::string& option, const std::string& more, const std::string& sense, double damping) {
  pugi::xml_document document;
  document.load_string(asset);
  pugi::xml_node root = document.child("mujoco");
  for (const char* part : {"compiler", "option", "asset", "actuator", "sensor", "keyframe"}) root.remove_child(part);
  pugi::xml_node defaults = root.child("default");
  defaults.child("joint").attribute("damping") = damping;
  defaults.remove_child(defaults.find_child_by_attribute("default", "class", "visual"));
  for (const auto& seen : root.select_nodes("//geom[@class='visual'] | //camera")) seen.node().parent().remove_child(seen.node());
  pugi::xml_node trunk = root.child("worldbody").find_child_by_attribute("body", "name", "trunk");
  trunk.attribute("pos") = "0 0 2";
  Robot robot;
  for (const auto& node : root.select_nodes("//inertial/@mass")) robot.mass += node.attribute().as_double();
  root.prepend_child("compiler").append_attribute("angle") = "radian";
  root.child("compiler").append_attribute("autolimits") = "true";
  root.append_buffer(option.data(), option.size());
  root.child("worldbody").append_buffer(more.data(), more.size());
  root.append_buffer(sense.data(), sense.size());
  std::ostringstream out;
  document.save(out, " ", pugi::format_default | pugi::format_no_declaration);
  robot.text = out.str();
  return robot;
}
constexpr int robot_dofs = 18, trunk = 1;                          // body 1; joints' positions are items 7 .. 18

// 10 kg at 5 m/s from 5 m behind: momentum of both together, mean |p - p0|^2.
Case momentum(const char* integrator) {
  const std::string id = "quadruped.momentum." + of(integrator);
  const bool rk4 = *integrator == 'R';
  std::vector<Published> published;
  if (rk4) published = {{"MuJoCo", 3e-13}};
  if (*integrator == 'E') published = {{"ODE", 4.6e-26}, {"Bullet", 2.7e-4}, {"MuJoCo", 1.1e-3}, {"DART", 169}};
  return {.id = id, .group = "simbenchmark",
          .about = "A ball of 10 kg at 5 m/s hits a floating quadruped (assets/robots/quadruped, not ANYmal), 10 s at 1 ms.", .cost = 12,
          .rows = {{.id = id, .quantity = fmt::format("quadruped and ball, mean |p - p0|^2, {}", integrator), .unit = "N^2 s^2",
                    .ideal = 0, .bound_double = rk4 ? 1e-8 : none, .as_mujoco = true,
                    .published = published}},
          .measure = [=](Engine& engine) -> std::vector<double> {
            constexpr double p0 = 50;                              // kg m/s
            const std::string option = "<option timestep='0.001' gravity='0 0 0' integrator='{}' cone='elliptic' tolerance='1e-10'/>";
            const Robot robot = quadruped(fmt::format(fmt::runtime(option), integrator),
                                          free_body(-5, 0, 2, "type='sphere' size='0.2' mass='10' contype='1' conaffinity='1'", "ball"),
                                          sensors("<subtreelinvel body='trunk'/><subtreelinvel body='ball'/>"), 0.1);
            double sum = 0;
            int64_t count = 0;
            if (!engine.play({.scene = robot.text, .changes = {{0, StateField::qvel, robot_dofs, 5}}, .steps = 10000}, [&](const Moment& at) {
                  for (size_t k = 0; k < 3 && at.sensors.size() == 6; ++k)
                    sum += std::pow(robot.mass * at.sensors[k] + 10 * at.sensors[3 + k] - (k == 0 ? p0 : 0), 2);
                  ++count;
                })) return {};
            return {sum / double(count - 1)};
          },
          .source = source_anymal};
}

// Twice its weight lifts the trunk for 1 s, then it flies for 2 s: mean (E - E0)^2 of the flight, E0 as the force ends.
Case flight(const char* integrator) {
  const std::string id = "quadruped.energy." + of(integrator);
  std::vector<Published> published;
  if (*integrator == 'R') published = {{"MuJoCo", 1.6e-17}};
  if (*integrator == 'E') published = {{"RaiSim", 0.0118}, {"MuJoCo", 3.48}, {"Bullet", 3.65}, {"ODE", 3.89}, {"DART", 237}};
  return {.id = id, .group = "simbenchmark",
          .about = "The quadruped (assets/robots/quadruped, not ANYmal) lifted at its trunk by twice its weight for 1 s, then free for 2 "
                   "s; no contacts, limits, damping; 1 ms.", .cost = 8,
          .rows = {{.id = id, .quantity = fmt::format("quadruped in flight, mean (E - E0)^2, {}", integrator), .unit = "J^2", .ideal = 0,
                    .bound_double = *integrator == 'R' ? 1e-15 : none, .as_mujoco = true, .published = published}},
          .measure = [=](Engine& engine) -> std::vector<double> {
            const std::string option = "<option timestep='0.001' integrator='{}'><flag contact='disable' limit='disable'/></option>";
            const Robot robot = quadruped(fmt::format(fmt::runtime(option), integrator), "", sensors("<e_potential/><e_kinetic/>"), 0);
            constexpr int64_t release = 1000, steps = 3001;
            Job job{.scene = robot.text, .steps = steps};
            for (int leg = 0; leg < 4; ++leg) {
              job.changes.push_back({0, StateField::qpos, 7 + 3 * leg + 1, 0.75});   // thigh, knee: bent
              job.changes.push_back({0, StateField::qpos, 7 + 3 * leg + 2, -1.5});
            }
            job.changes.push_back({0, StateField::xfrc_applied, 6 * trunk + 2, 2 * robot.mass * gravity});
            job.changes.push_back({release, StateField::xfrc_applied, 6 * trunk + 2, 0});
            double start = none, sum = 0;
            if (!engine.play(job, [&](const Moment& at) {          // sensors are of the step before
                  if (at.step <= release) return;
                  const double E = at.sensors[0] + at.sensors[1];
                  if (at.step == release + 1) start = E;
                  sum += (E - start) * (E - start);
                })) return {};
            return {sum / double(steps - release - 1)};
          },
          .source = source_anymal};
}

}  // namespace

std::vector<Case> simbenchmark_cases() {
  std::vector<Case> out;
  const double steps[] = {4e-3, 1e-3, 4e-4};                       // s
  for (const auto& [name, ux, uy] : {std::tuple("y", 0.0, 1.0), std::tuple("diagonal", 0.5, std::sqrt(0.75))}) {
    for (const double h : steps) out.push_back(rolling(name, ux, uy, h, "Euler"));
    out.push_back(rolling(name, ux, uy, 1e-3, "RK4"));
  }
  for (const double h : steps) out.push_back(bouncing(h));
  for (const double h : steps) out.push_back(dropped(h));
  for (const double h : steps) out.push_back(thrown(h));
  for (const char* integrator : {"Euler", "implicitfast", "RK4"}) out.push_back(momentum(integrator));
  for (const char* integrator : {"Euler", "implicitfast", "RK4"}) out.push_back(flight(integrator));
  for (Case& c : out)
    if (c.source.empty()) c.source = source;
  return out;
}

}  // namespace nuri::verify
