// Closed forms that MuJoCo's formulation misses by itself: not judged, but shown beside MuJoCo's value on the same scene by
// tests/oracle/closed_forms.py, which runs this case (skipped otherwise) and reads a JSON line per scene. `recipe` says what
// is done; the oracle does the same with MuJoCo.
#include <cstdio>
#include "tests/physics/closed_forms_bodies.h"

using namespace nuri;
using namespace nuri::closed_forms;

namespace {

// What the oracle must repeat: settle with zero velocity after it, start velocities, steps, and the number that comes out.
struct Shown { std::string id, what, mjcf, measure; std::vector<double> qvel; int settle, steps; double exact; };

double energy(Twins& w) {
  const Bodies b = bodies(w);
  double sum = b.kinetic();
  for (int i = 1; i < w.model().body_count; ++i) sum -= w.model().body_mass[size_t(i)] * dot(V3{w.model().gravity[0], w.model().gravity[1], w.model().gravity[2]}, at(b.xipos, i));
  return sum;
}

double value(const Shown& s, Precision p) {
  Twins w(s.mjcf, p, 0);
  if (s.settle) {
    w.step(s.settle);
    for (int i = 0; i < w.model().dof_count; ++i) w.set(StateField::qvel, i, 0);
  }
  for (size_t i = 0; i < s.qvel.size(); ++i) w.set(StateField::qvel, int(i), s.qvel[i]);
  if (s.measure == "energy ratio" || s.measure == "energy change") {
    const double before = energy(w);
    w.step(s.steps);
    return s.measure == "energy ratio" ? energy(w) / before : energy(w) - before;
  }
  if (s.measure == "angular momentum change") {
    const V3 before = bodies(w).angular_momentum();
    w.step(s.steps);
    return norm(bodies(w).angular_momentum() - before) / norm(before);
  }
  if (s.measure == "way") {
    const double x = w.position(0);
    w.step(s.steps);
    return w.position(0) - x;
  }
  if (s.measure == "depth") {
    double least = 1;
    for (int i = 0; i < s.steps; ++i) w.step(), least = std::fmin(least, w.position(2) - 0.1);
    return -least;
  }
  // rebound: greatest height of the ball's lowest point after it first came up again
  double best = 0;
  bool fell = false, rises = false;
  for (int i = 0; i < s.steps; ++i) {
    w.step();
    fell |= w.velocity(2) < -1;
    rises |= fell && w.velocity(2) > 0;
    if (rises) best = std::fmax(best, w.position(2) - 0.1);
  }
  return best;
}

std::string box(const std::string& integrator) {
  return "<mujoco><option timestep='0.01' integrator='" + integrator + "' gravity='0 0 0'/><worldbody><body><freejoint/><geom type='box' size='0.1 0.2 0.3' mass='1'/></body></worldbody></mujoco>";
}
std::string incline(double mu, double degrees) {
  const double angle = degrees * pi / 180;
  return "<mujoco><option timestep='0.002' cone='elliptic' gravity='" + number(gravity * std::sin(angle)) + " 0 " + number(-gravity * std::cos(angle)) +
         "'/><worldbody><geom type='plane' size='5 5 1' friction='" + number(mu) + "'/><body pos='0 0 0.025'><freejoint/><geom type='box' size='0.1 0.1 0.025' mass='1' friction='" + number(mu) + "'/></body></worldbody></mujoco>";
}
// Stiffness k and damping b = 2 zeta sqrt(k) with zeta = -ln e / sqrt(pi^2 + ln^2 e): restitution e of a linear contact.
std::string bouncer(double e) {
  const double k = 2e5, zeta = e > 0 ? -std::log(e) / std::hypot(pi, std::log(e)) : 1, b = 2 * zeta * std::sqrt(k);
  return "<mujoco><option timestep='0.001'/><worldbody><geom type='plane' size='5 5 1' solref='" + number(-k) + " " + number(-b) + "' solimp='0.99 0.99 0.001'/><body pos='0 0 1.1'><freejoint/><geom type='sphere' size='0.1' mass='1' solref='" +
         number(-k) + " " + number(-b) + "' solimp='0.99 0.99 0.001'/></body></worldbody></mujoco>";
}
std::string chain(int links) {
  std::string text = "<mujoco><option timestep='0.002' integrator='RK4'/><default><geom contype='0' conaffinity='0'/></default><worldbody>", end;
  for (int i = 0; i < links; ++i) {
    text += std::string("<body pos='") + (i ? "0.2 0 0" : "0 0 2") + "'><joint axis='0 1 0'/><geom type='capsule' size='0.02' fromto='0 0 0 0.2 0 0'/>";
    end += "</body>";
  }
  return text + end + "</worldbody></mujoco>";
}

}  // namespace

TEST_CASE("closed forms shown" * doctest::skip()) {
  std::vector<Shown> all;
  for (const char* integrator : {"Euler", "implicitfast", "RK4"}) {
    all.push_back({"T05", std::string("E / E0 of a spinning box, ") + integrator, box(integrator), "energy ratio", {0, 0, 0, 1, 2, 3}, 0, 500, 1});
    all.push_back({"T05", std::string("change of L / L, ") + integrator, box(integrator), "angular momentum change", {0, 0, 0, 1, 2, 3}, 0, 500, 0});
  }
  for (const int links : {2, 5, 20}) all.push_back({"T10", "change of energy, J, " + std::to_string(links) + " links, RK4", chain(links), "energy change", {}, 0, 500, 0});
  for (const double mu : {0.3, 0.7}) {
    const double limit = std::atan(mu) * 180 / pi, steep = (limit + 10) * pi / 180;
    all.push_back({"T18", "slip in 10 s, m, mu " + number(mu) + ", 0.5 degrees below", incline(mu, limit - 0.5), "way", {}, 500, 5000, 0});
    all.push_back({"T18", "way in 1 s, m, mu " + number(mu) + ", 10 degrees above", incline(mu, limit + 10), "way", {}, 0, 500, gravity * (std::sin(steep) - mu * std::cos(steep)) / 2});
  }
  for (const double e : {0.0, 0.5, 0.8, 1.0}) all.push_back({"T21", "rebound from 1 m, m, e = " + number(e), bouncer(e), "rebound", {}, 0, 1000, e * e});
  all.push_back({"T21", "depth, m, e = 0.5", bouncer(0.5), "depth", {}, 0, 1000, 0});
  for (const Shown& s : all) {
    std::string qvel;
    for (const double v : s.qvel) qvel += (qvel.empty() ? "" : ", ") + number(v);
    std::printf("{\"id\": \"%s\", \"what\": \"%s\", \"mjcf\": \"%s\", \"measure\": \"%s\", \"qvel\": [%s], \"settle\": %d, \"steps\": %d, \"exact\": %.9g, \"double\": %.9g, \"float\": %.9g}\n", s.id.c_str(), s.what.c_str(),
                s.mjcf.c_str(), s.measure.c_str(), qvel.c_str(), s.settle, s.steps, s.exact, value(s, Precision::f64), value(s, Precision::f32));
  }
}
