// Contact and friction: slopes, stopping, the cone's shape, rebounds, towers (T18 to T22 and T24 of docs/verification.md).
#include <algorithm>
#include <array>
#include <cmath>
#include "tools/verify/text.h"

namespace nuri::verify {
namespace {

constexpr const char* plane = "<geom type='plane' size='5 5 1'/>\n";

// A flat box of 1 kg on a plane; gravity may be tilted by `degrees` towards x instead of the plane.
std::string flat_box(double mu, const char* cone, double degrees = 0) {
  const double angle = degrees * pi / 180;
  return mjcf(fmt::format("timestep='0.002' cone='{}' gravity='{} 0 {}'", cone, gravity * std::sin(angle), -gravity * std::cos(angle)),
              plane + free_body(0, 0, 0.025, "type='box' size='0.1 0.1 0.025' mass='1'"), geom_default(fmt::format("friction='{}'", mu)));
}

// How far the box goes along x and y.
struct Way { double x = 0, y = 0; };
bool way(Engine& engine, Job job, Way& out) {
  job.settle = 500, job.every = job.steps;
  double from[2] = {};
  return engine.play(job, [&](const Moment& at) {
    if (at.step == 0) from[0] = at.qpos[0], from[1] = at.qpos[1];
    out = {at.qpos[0] - from[0], at.qpos[1] - from[1]};
  });
}

// ---- friction's threshold: a slope just below and above atan mu ------------------------------------------------------

Case slope(double mu) {
  const std::string id = fmt::format("slope.mu{}", mu);
  const double limit = std::atan(mu) * 180 / pi;
  const auto slide = [=](double above) {                           // closed form of the way in 1 s
    const double angle = (limit + above) * pi / 180;
    return gravity * (std::sin(angle) - mu * std::cos(angle)) / 2;
  };
  return {.id = id, .group = "contact",
          .about = "A box of 1 kg on a slope, elliptic cone, 2 ms: below atan mu it stays, above it slides. Soft contacts creep.",
          .rows = {{.id = id + ".below", .quantity = fmt::format("slope, slip in 10 s, 0.5 degrees below atan mu, mu {}", mu),
                    .unit = "m", .ideal = 0, .as_mujoco = true},
                   {.id = id + ".above", .quantity = fmt::format("slope, way in 1 s, 10 degrees above atan mu, mu {}", mu), .unit = "m",
                    .ideal = slide(10), .bound_double = 0.01 * slide(10), .bound_float = 0.01 * slide(10), .as_mujoco = true}},
          .measure = [=](Engine& engine) -> std::vector<double> {
            Way below, above;
            bool played = way(engine, {.scene = flat_box(mu, "elliptic", limit - 0.5), .steps = 5000}, below);
            played &= way(engine, {.scene = flat_box(mu, "elliptic", limit + 10), .steps = 500}, above);
            if (!played) return {};
            return {below.x, above.x};
          }};
}

// ---- stopping distance -----------------------------------------------------------------------------------------------

Case stop(double mu) {
  const std::string id = fmt::format("stop.mu{}", mu);
  // MuJoCo's soft contacts stop short by 0.19, 0.35, 0.62 %
  const double exact = 4 / (2 * mu * gravity), level = (mu < 0.7 ? 0.005 : 0.0065) * exact;
  return {.id = id, .group = "contact", .about = "A box of 1 kg slides at 2 m/s until friction stops it, elliptic cone, 2 ms.",
          .rows = {{.id = id, .quantity = fmt::format("stopping distance v0^2 / (2 mu g), mu {}", mu), .unit = "m", .ideal = exact,
                    .bound_double = level, .bound_float = level, .as_mujoco = true}},
          .measure = [=](Engine& engine) -> std::vector<double> {
            Way out;
            if (!way(engine, {.scene = flat_box(mu, "elliptic"), .changes = {{0, StateField::qvel, 0, 2}}, .steps = 1500}, out)) return {};
            return {out.x};
          }};
}

// ---- isotropy of the cone --------------------------------------------------------------------------------------------

// Worst angle over 0, 15 .. 90 degrees between a horizontal force of 1.05 mu m g and the box's way in 0.5 s, degrees.
Case isotropy() {
  constexpr double mu = 0.5;
  return {.id = "cone", .group = "contact",
          .about = "A box of 1 kg pushed at 1.05 mu m g in seven directions, mu 0.5, goes where it is pushed.",
          .rows = {{.id = "cone.elliptic", .quantity = "pushed box, worst angle to the push, elliptic cone", .unit = "degrees",
                    .ideal = 0, .bound_double = 0.26, .bound_float = 0.26, .as_mujoco = true},
                   {.id = "cone.pyramidal", .quantity = "pushed box, worst angle to the push, pyramidal cone", .unit = "degrees",
                    .ideal = 0, .as_mujoco = true}},
          .measure = [](Engine& engine) -> std::vector<double> {
            std::vector<double> worst;
            bool played = true;
            for (const char* cone : {"elliptic", "pyramidal"}) {
              worst.push_back(0);
              for (int degrees = 0; degrees <= 90; degrees += 15) {
                const double angle = degrees * pi / 180, force = 1.05 * mu * gravity;
                Way out;
                played &= way(engine, {.scene = flat_box(mu, cone),
                                       .changes = {{0, StateField::xfrc_applied, 6, force * std::cos(angle)},
                                                   {0, StateField::xfrc_applied, 7, force * std::sin(angle)}}, .steps = 250}, out);
                const bool moved = out.x * out.x + out.y * out.y > 1e-8;
                const double off = moved ? std::fabs(std::remainder(std::atan2(out.y, out.x) - angle, 2 * pi)) : pi;
                worst.back() = std::fmax(worst.back(), off * 180 / pi);
              }
            }
            return played ? worst : std::vector<double>{};
          }};
}

// ---- restitution -----------------------------------------------------------------------------------------------------

// Stiffness k and damping b = 2 zeta sqrt(k), zeta = -ln e / sqrt(pi^2 + ln^2 e): restitution e of a linear contact.
Case rebound(double e) {
  const std::string id = fmt::format("rebound.e{}", e);
  return {.id = id, .group = "contact",
          .about = "A ball of 1 kg falls 1 m on a contact whose spring and damper would make this restitution if they were linear, 1 ms; "
                   "MuJoCo's are not.",
          .rows = {{.id = id + ".height", .quantity = fmt::format("dropped ball, height of the rebound, e = {}", e), .unit = "m",
                    .ideal = e * e, .as_mujoco = true},
                   {.id = id + ".depth", .quantity = fmt::format("dropped ball, depth of the impact, e = {}", e), .unit = "m", .ideal = 0,
                    .as_mujoco = true}},
          .measure = [e](Engine& engine) -> std::vector<double> {
            const double k = 2e5, zeta = e > 0 ? -std::log(e) / std::hypot(pi, std::log(e)) : 1;
            const std::string contact = fmt::format("solref='{} {}' solimp='0.99 0.99 0.001'", -k, -2 * zeta * std::sqrt(k));
            double height = 0, depth = 0;
            bool fell = false, rose = false;
            const std::string ball = free_body(0, 0, 1.1, "type='sphere' size='0.1' mass='1'");
            if (!engine.play({.scene = mjcf("timestep='0.001'", plane + ball, geom_default(contact)), .steps = 1000}, [&](const Moment& at) {
                  fell |= at.qvel[2] < -1;
                  rose |= fell && at.qvel[2] > 0;
                  if (rose) height = std::fmax(height, at.qpos[2] - 0.1);
                  depth = std::fmax(depth, 0.1 - at.qpos[2]);
                })) return {};
            return {height, depth};
          }};
}

// ---- towers ----------------------------------------------------------------------------------------------------------

constexpr int cubes = 10;
constexpr double edge = 0.2;                                       // m

// Ten cubes of 8 kg, the topmost `ratio` times as heavy, for 10 s. A sensor in the plane feels what the floor carries.
struct Tower { double depth = 0, drift = 0, speed = 0, weight = 0, top = 0; };
bool stand(Engine& engine, double ratio, Tower& out) {
  std::string bodies = std::string(plane) + "<site name='floor' type='box' size='5 5 0.05'/>\n";
  for (int i = 0; i < cubes; ++i) {
    const double mass = i == cubes - 1 ? 8 * ratio : 8;
    bodies += free_body(0, 0, edge / 2 + edge * i, fmt::format("type='box' size='0.1 0.1 0.1' mass='{}'", mass));
  }
  const Job job{.scene = mjcf("timestep='0.002'", bodies, sensors("<touch site='floor'/>")), .steps = 5000, .every = 5000};
  return engine.play(job, [&](const Moment& at) {
    out = {};
    double below = -edge / 2;                                      // middle of what is below
    for (size_t i = 0; i < cubes; ++i) {
      const double z = at.qpos[7 * i + 2];
      out.depth = std::fmax(out.depth, edge - (z - below)), below = z;
      out.drift = std::fmax(out.drift, std::hypot(at.qpos[7 * i], at.qpos[7 * i + 1]));
    }
    for (const double v : at.qvel) out.speed = std::fmax(out.speed, std::fabs(v));
    if (!at.sensors.empty()) out.weight = at.sensors[0] / ((8 * (cubes - 1) + 8 * ratio) * gravity) - 1;
    out.top = below;
  });
}

Case tower() {
  return {.id = "tower", .group = "contact", .about = "Ten cubes of 8 kg stand for 10 s, 2 ms.",
          .rows = {{.id = "tower.depth", .quantity = "tower of ten, deepest contact", .unit = "m", .ideal = 0, .bound_double = 1e-3,
                    .bound_float = 1e-3},
                   {.id = "tower.drift", .quantity = "tower of ten, drift sideways in 10 s", .unit = "m", .ideal = 0,
                    .bound_double = 1e-3, .bound_float = 1e-3},
                   {.id = "tower.speed", .quantity = "tower of ten, fastest cube", .unit = "m/s, rad/s", .ideal = 0, .bound_double = 1e-3,
                    .bound_float = 1e-3},
                   {.id = "tower.weight", .quantity = "tower of ten, what the floor carries / m g - 1", .ideal = 0, .bound_double = 1e-9,
                    .bound_float = 1e-3}},
          .measure = [](Engine& engine) -> std::vector<double> {
            Tower t;
            if (!stand(engine, 1, t)) return {};
            return {t.depth, t.drift, t.speed, t.weight};
          }};
}

// Soft contacts under a heavy top amplify any tilt, about 10^4 times in 10 s at 10 : 1, which float cannot stand; MuJoCo's tower falls as
// well from 100 : 1 on.
Case heavy_top(double ratio) {
  const std::string id = fmt::format("tower.ratio{}", ratio), at = fmt::format("{} : 1", ratio);
  const bool stands = ratio <= 10;
  std::vector<Row> rows{{.id = id + ".top", .quantity = "tower with a heavy top, height of the top after 10 s, " + at, .unit = "m",
                         .ideal = edge * cubes - edge / 2, .bound_double = stands ? cubes * 5e-3 : none}};
  if (stands) {
    rows.push_back({.id = id + ".depth", .quantity = "tower with a heavy top, deepest contact, " + at, .unit = "m", .ideal = 0,
                    .bound_double = 5e-3});
    rows.push_back({.id = id + ".drift", .quantity = "tower with a heavy top, drift sideways in 10 s, " + at, .unit = "m", .ideal = 0,
                    .bound_double = 1e-3});
  }
  return {.id = id, .group = "contact", .about = "The same with a heavier topmost cube: soft contacts make it an upside-down pendulum.",
          .rows = rows,
          .measure = [ratio, stands](Engine& engine) -> std::vector<double> {
            Tower t;
            if (!stand(engine, ratio, t)) return {};
            return stands ? std::vector<double>{t.top, t.depth, t.drift} : std::vector<double>{t.top};
          }};
}

}  // namespace

std::vector<Case> contact_cases() {
  std::vector<Case> out;
  for (const double mu : {0.3, 0.7}) out.push_back(slope(mu));
  for (const double mu : {0.2, 0.4, 0.7}) out.push_back(stop(mu));
  out.push_back(isotropy());
  for (const double e : {0.0, 0.5, 0.8, 1.0}) out.push_back(rebound(e));
  out.push_back(tower());
  for (const double ratio : {10.0, 30.0, 100.0, 1000.0}) out.push_back(heavy_top(ratio));
  return out;
}

}  // namespace nuri::verify
