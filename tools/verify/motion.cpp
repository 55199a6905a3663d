// Motion without contact: free fall, projectile, pendulum, spinning bodies. The discrete solution of the integrator is judged to rounding,
// the continuous one to the integrator's order.
#include <array>
#include <cmath>
#include "tools/verify/text.h"

namespace nuri::verify {
namespace {

// ---- free fall and projectile ----------------------------------------------------------------------------------------

// Semi-implicit Euler under constant acceleration: v_n = v_0 - g h n, z_n = z_0 + v_0 h n - g h^2 n (n + 1) / 2.
struct Flight { double discrete = 0, aside = 0, late = 0; };

Flight fly(Engine& engine, double vx, double vz, bool& played) {
  constexpr double h = 0.002, z0 = 10;
  Flight out;
  const Job job{.scene = mjcf("timestep='0.002'", free_body(0, 0, z0, "type='sphere' size='0.1' mass='1'")),
                .changes = {{0, StateField::qvel, 0, vx}, {0, StateField::qvel, 2, vz}}, .steps = 500};
  played = engine.play(job, [&](const Moment& at) {
    const double n = double(at.step), v = vz - gravity * h * n, z = z0 + vz * h * n - gravity * h * h * n * (n + 1) / 2;
    const double speed = std::fabs(vz) + gravity * at.time + 1e-300;           // scale of v: it passes through zero
    for (const double error : {(at.qvel[2] - v) / speed, (at.qpos[2] - z) / z0,
                               (at.qpos[0] - vx * at.time) / z0}) out.discrete = std::fmax(out.discrete, std::fabs(error));
    for (const double x : {at.qpos[1], at.qvel[1], at.qpos[4], at.qpos[5], at.qpos[6]}) out.aside = std::fmax(out.aside, std::fabs(x));
    out.late = z0 + vz * at.time - gravity * at.time * at.time / 2 - at.qpos[2];
  });
  return out;
}

Case fall() {
  return {.id = "fall", .group = "motion", .about = "A ball of 1 kg falls for 1 s, steps of 2 ms, Euler.",
          .rows = {{.id = "fall.discrete", .quantity = "falling ball, error against the integrator's own solution", .ideal = 0,
                    .bound_double = epsilon_double(40), .bound_float = epsilon_float(40)},
                   {.id = "fall.continuous", .quantity = "falling ball, lag behind the exact solution / (g h t / 2)", .ideal = 1,
                    .bound_double = 0.01, .bound_float = 0.01}},
          .measure = [](Engine& engine) -> std::vector<double> {
            bool played;
            const Flight f = fly(engine, 0, 0, played);
            if (!played) return {};
            return {f.discrete, f.late / (gravity * 0.002 * 1 / 2)};
          }};
}

Case projectile() {
  return {.id = "projectile", .group = "motion", .about = "The same ball thrown at 5 m/s forward and 10 m/s upward.",
          .rows = {{.id = "projectile.discrete", .quantity = "thrown ball, error against the integrator's own solution", .ideal = 0,
                    .bound_double = epsilon_double(40), .bound_float = epsilon_float(40)},
                   // MuJoCo's is exactly 0: v x m v by fused products leaves a rounding, which turns the ball a little
                   {.id = "projectile.aside", .quantity = "thrown ball, drift sideways and turn", .unit = "m, m/s, rad/2", .ideal = 0,
                    .bound_double = epsilon_double(6), .bound_float = epsilon_float(6)}},
          .measure = [](Engine& engine) -> std::vector<double> {
            bool played;
            const Flight f = fly(engine, 5, 10, played);
            if (!played) return {};
            return {f.discrete, f.aside};
          }};
}

// ---- pendulum --------------------------------------------------------------------------------------------------------

// A point mass of 1 kg on a massless rod of 1 m.
std::string pendulum(double h, const char* integrator) {
  return mjcf(fmt::format("timestep='{}' integrator='{}'", h, integrator),
              "<body><joint type='hinge' axis='0 1 0'/><inertial pos='0 0 -1' mass='1' diaginertia='1e-12 1e-12 1e-12'/></body>");
}

// T = 2 pi sqrt(L / g) / agm(1, cos(angle / 2))
double exact_period(double angle) {
  double a = 1, b = std::cos(angle / 2);
  for (int i = 0; i < 8; ++i) {
    const double mean = (a + b) / 2;
    b = std::sqrt(a * b);
    a = mean;
  }
  return 2 * pi / std::sqrt(gravity) / a;
}

// Mean over six periods of the time between falling zero crossings, relative to the exact one, minus 1; between steps the angle is all but
// straight, as it has no acceleration there.
bool period_error(Engine& engine, double h, double angle, double& out) {
  constexpr int periods = 6;
  const double exact = exact_period(angle);
  double before = angle, first = none, last = none;
  int seen = -1;
  const Job job{.scene = pendulum(h, "Euler"), .changes = {{0, StateField::qpos, 0, angle}},
                .steps = int64_t(std::ceil((periods + 0.5) * exact / h))};
  const bool played = engine.play(job, [&](const Moment& at) {
    const double now = at.qpos[0];
    if (before > 0 && now <= 0 && seen < periods) {
      last = at.time - h * now / (now - before);
      if (++seen == 0) first = last;
    }
    before = now;
  });
  out = seen == periods ? (last - first) / periods / exact - 1 : none;
  return played;
}

Case period(double angle) {
  const std::string id = fmt::format("pendulum.period.{}rad", angle);
  return {.id = id, .group = "motion",
          .about = "A point of 1 kg on a rod of 1 m, let go at 0.05, 1, 2 rad; exact are 2.0063802, 2.1391376, 2.6658709 s, by the "
                   "arithmetic-geometric mean.",
          .rows = {{.id = id + ".10ms", .quantity = fmt::format("pendulum, relative error of the period at {} rad, 10 ms", angle),
                    .ideal = 0, .bound_double = 6e-5, .bound_float = 6e-5},
                   {.id = id + ".2ms", .quantity = fmt::format("pendulum, relative error of the period at {} rad, 2 ms", angle),
                    .ideal = 0, .bound_double = 2.5e-6, .bound_float = 2.5e-6},
                   {.id = id + ".order", .quantity = "pendulum, order of that error", .ideal = 2, .bound_double = 0.1}},
          .measure = [angle](Engine& engine) -> std::vector<double> {
            double e10, e5, e25, e2;
            bool played = period_error(engine, 0.01, angle, e10);
            played &= period_error(engine, 0.005, angle, e5);
            played &= period_error(engine, 0.0025, angle, e25);
            played &= period_error(engine, 0.002, angle, e2);
            if (!played) return {};
            return {e10, e2, order(e5, e25)};
          }};
}

// max |E - E0| / (m g L) over 10 s from 1 rad
bool energy_error(Engine& engine, double h, const char* integrator, double& out) {
  out = 0;
  const Job job{.scene = pendulum(h, integrator), .changes = {{0, StateField::qpos, 0, 1}}, .steps = std::lround(10 / h)};
  return engine.play(job, [&](const Moment& at) {
    const double energy = at.qvel[0] * at.qvel[0] / 2 - gravity * std::cos(at.qpos[0]);
    out = std::fmax(out, std::fabs(energy + gravity * std::cos(1.0)) / gravity);
  });
}

Case pendulum_energy() {
  return {.id = "pendulum.energy", .group = "motion", .about = "Energy of the pendulum over 10 s from 1 rad, of m g L.",
          .rows = {{.id = "pendulum.energy.euler.2ms", .quantity = "pendulum, worst energy error of m g L, Euler 2 ms", .ideal = 0,
                    .bound_double = 1.5e-3, .bound_float = 1.5e-3},
                   {.id = "pendulum.energy.euler.1ms", .quantity = "pendulum, worst energy error of m g L, Euler 1 ms", .ideal = 0,
                    .bound_double = 7.5e-4, .bound_float = 7.5e-4},
                   {.id = "pendulum.energy.euler.order", .quantity = "pendulum, order of that error", .ideal = 1, .bound_double = 0.1,
                    .bound_float = 0.1},
                   {.id = "pendulum.energy.rk4.2ms", .quantity = "pendulum, worst energy error of m g L, RK4 2 ms", .ideal = 0,
                    .bound_double = 8e-12, .bound_float = epsilon_float(30)}},
          .measure = [](Engine& engine) -> std::vector<double> {
            double e2, e1, e05, rk4;
            bool played = energy_error(engine, 0.002, "Euler", e2);
            played &= energy_error(engine, 0.001, "Euler", e1);
            played &= energy_error(engine, 0.0005, "Euler", e05);
            played &= energy_error(engine, 0.002, "RK4", rk4);
            if (!played) return {};
            return {e2, e1, order(e1, e05), rk4};
          }};
}

Case pendulum_drift() {
  return {.id = "pendulum.drift", .group = "motion",
          .about = "Euler's energy swings about a mean that does not move: means of both halves of 1000 s, 2 ms, from 1 "
                   "rad.", .extended = true,
          .rows = {{.id = "pendulum.drift", .quantity = "pendulum, drift of the mean energy of m g L in 1000 s", .ideal = 0,
                    .bound_double = 1e-5, .bound_float = 1e-5}},
          .measure = [](Engine& engine) -> std::vector<double> {
            constexpr int half = 250000;
            double mean[2] = {};
            const Job job{.scene = pendulum(0.002, "Euler"), .changes = {{0, StateField::qpos, 0, 1}}, .steps = 2 * half};
            if (!engine.play(job, [&](const Moment& at) {
                  if (at.step > 0) mean[(at.step - 1) / half] += (at.qvel[0] * at.qvel[0] / 2 / gravity - std::cos(at.qpos[0])) / half;
                })) return {};
            return {mean[1] - mean[0]};
          }};
}

// ---- spinning bodies -------------------------------------------------------------------------------------------------

constexpr std::array<double, 3> spin{1, 2, 3};                   // rad/s, body axes
std::vector<Change> spinning() { return {{0, StateField::qvel, 3, spin[0]}, {0, StateField::qvel, 4, spin[1]},
                                         {0, StateField::qvel, 5, spin[2]}}; }
std::string word(const char* integrator) { return integrator[0] == 'E' ? "euler" : integrator[0] == 'R' ? "rk4" : integrator; }

Case box(const char* integrator) {
  const std::string id = "spin.box." + word(integrator);
  return {.id = id, .group = "motion", .about = "A free box of 0.2 x 0.4 x 0.6 m, 1 kg, spun at (1, 2, 3) rad/s.",
          .rows = {{.id = id + ".energy", .quantity = fmt::format("spinning box, E / E0 after 5 s, {} 10 ms", integrator), .ideal = 1,
                    .as_mujoco = true},
                   {.id = id + ".L", .quantity = fmt::format("spinning box, |L - L0| / |L0| after 5 s, {} 10 ms", integrator), .ideal = 0,
                    .as_mujoco = true}},
          .measure = [integrator](Engine& engine) -> std::vector<double> {
            std::array<double, 4> first{}, last{};                 // E, L
            const Job job{.scene = mjcf(fmt::format("timestep='0.01' integrator='{}' gravity='0 0 0'", integrator),
                                        free_body(0, 0, 0, "type='box' size='0.1 0.2 0.3' mass='1'", "box"),
                                        sensors("<e_kinetic/><subtreeangmom body='box'/>")), .changes = spinning(), .steps = 501};
            if (!engine.play(job, [&](const Moment& at) {
                  for (size_t i = 0; i < at.sensors.size() && i < 4; ++i) (at.step == 1 ? first : last)[i] = at.sensors[i];
                })) return {};
            const auto length = [](double x, double y, double z) { return std::sqrt(x * x + y * y + z * z); };
            return {last[0] / first[0], length(last[1] - first[1], last[2] - first[2], last[3] - first[3]) / length(first[1], first[2],
                first[3])};
          }};
}

using Quaternion = std::array<double, 4>;
Quaternion operator*(const Quaternion& a, const Quaternion& b) {
  return {a[0] * b[0] - a[1] * b[1] - a[2] * b[2] - a[3] * b[3], a[0] * b[1] + a[1] * b[0] + a[2] * b[3] - a[3] * b[2],
          a[0] * b[2] - a[1] * b[3] + a[2] * b[0] + a[3] * b[1], a[0] * b[3] + a[1] * b[2] - a[2] * b[1] + a[3] * b[0]};
}
Quaternion turn(double x, double y, double z) {
  const double angle = std::sqrt(x * x + y * y + z * z), s = angle > 0 ? std::sin(angle / 2) / angle : 0;
  return {std::cos(angle / 2), s * x, s * y, s * z};
}

// Inertia (a, a, c): q(t) = turn(L t / a) turn(z (1 - c / a) w_z t), L in world axes, z in the body's.
Case top(const char* integrator, double h) {
  const std::string id = "spin.top." + word(integrator) + "." + ms(h);
  return {.id = id, .group = "motion",
          .about = "A symmetric top, 0.1, 0.1, 0.05 kg m^2, spun at (1, 2, 3) rad/s: its exact rotation is the turn about L after the turn "
                   "about its own axis.",
          .rows = {{.id = id, .quantity = fmt::format("spinning top, error after 5 s, {} {:g} ms", integrator, h * 1e3), .unit = "rad",
                    .ideal = 0, .as_mujoco = true}},
          .measure = [integrator, h](Engine& engine) -> std::vector<double> {
            constexpr double a = 0.1, c = 0.05, seconds = 5;
            Quaternion end{};
            const int64_t steps = std::lround(seconds / h);
            const std::string body = "<body><freejoint/><inertial pos='0 0 0' mass='1' diaginertia='0.1 0.1 0.05'/>"
                                     "<geom type='sphere' size='0.1' contype='0' conaffinity='0'/></body>";
            if (!engine.play({.scene = mjcf(fmt::format("timestep='{}' integrator='{}' gravity='0 0 0'", h, integrator), body),
                              .changes = spinning(), .steps = steps, .every = steps},
                             [&](const Moment& at) { std::copy_n(at.qpos.begin() + 3, 4, end.begin()); })) return {};
            Quaternion exact = turn(spin[0] * seconds, spin[1] * seconds, c / a * spin[2] * seconds) * turn(0, 0,
                (1 - c / a) * spin[2] * seconds);
            for (int k = 1; k < 4; ++k) exact[size_t(k)] *= -1;
            const Quaternion error = exact * end;
            return {2 * std::atan2(std::sqrt(error[1] * error[1] + error[2] * error[2] + error[3] * error[3]), std::fabs(error[0]))};
          }};
}

}  // namespace

std::vector<Case> motion_cases() {
  std::vector<Case> out{fall(), projectile()};
  for (const double angle : {0.05, 1.0, 2.0}) out.push_back(period(angle));
  out.push_back(pendulum_energy());
  out.push_back(pendulum_drift());
  for (const char* integrator : {"Euler", "implicitfast", "RK4"}) out.push_back(box(integrator));
  for (const double h : {0.002, 0.001})
    for (const char* integrator : {"Euler", "implicitfast", "RK4"}) out.push_back(top(integrator, h));
  return out;
}

}  // namespace nuri::verify
