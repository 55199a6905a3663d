// What `implicit` and conjugate gradients solve, by other means; and gravity compensation that counts as actuators' force.
#include <algorithm>
#include "tests/physics/closed_forms_bodies.h"
#include "tests/physics/bit_models.h"

using namespace nuri;
using namespace nuri::closed_forms;

namespace {

// Several joints on one body, a ball, branches and a free root: every case of the recursion.
std::string chain(const std::string& option) {
  return "<mujoco><option timestep='0.01' " + option + R"(/><default><geom contype='0' conaffinity='0'/></default><worldbody>
    <body pos='0 0 1'><freejoint/><geom type='box' size='0.2 0.1 0.05' mass='2'/>
      <body pos='0.2 0 0'><joint axis='0 1 0' damping='0.2'/><joint axis='1 0 0.3' pos='0 0.05 0'/><geom type='capsule' size='0.04' fromto='0 0 0 0.3 0.1 0' mass='1'/>
        <body pos='0.3 0.1 0'><joint type='ball'/><geom type='box' size='0.1 0.05 0.2' pos='0.05 0.02 0.1' mass='0.7'/>
          <body pos='0 0 0.3'><joint type='slide' axis='0.2 0 1' damping='0.5'/><geom type='sphere' size='0.05' pos='0.1 0 0' mass='0.4'/></body></body></body>
      <body pos='-0.2 0 0'><joint axis='0 0 1' armature='0.01'/><geom type='capsule' size='0.03' fromto='0 0 0 -0.2 0 0.2' mass='0.5'/></body></body>
    <body pos='1 0 1'><joint axis='0 1 0'/><joint type='slide' axis='1 0 0'/><geom type='box' size='0.1 0.2 0.05' pos='0.1 0 0' mass='1'/></body>
  </worldbody></mujoco>)";
}

}  // namespace

TEST_CASE("implicit: (M - h D) acc = force with D by differences of the force") {
  Twins w(chain("integrator='implicit'"), Precision::f64, 0);
  const model::Model& m = w.model();
  const size_t n = size_t(m.dof_count);
  World& world = w.alone();
  for (int k = 0; k < 4; ++k) {
    w.step(20);                                                    // away from where frames coincide
    for (int i = 0; i < m.dof_count; ++i) world.set(StateField::qvel, 0, i, 5 * std::sin(1.3 * i + k));
    std::vector<double> before(n), acc(n), along(n), force;
    for (size_t i = 0; i < n; ++i) before[i] = w.velocity(int(i));
    const Probe here = w.probe();
    const std::vector<double> M = full_mass(m, here);
    force = here.fields.at("smooth").values;
    const std::vector<double> start = [&] { std::vector<double> q; for (int i = 0; i < m.qpos_count; ++i) q.push_back(w.position(i)); return q; }();
    w.step();
    for (size_t i = 0; i < n; ++i) acc[i] = (w.velocity(int(i)) - before[i]) / w.timestep();
    // D acc: the force is a quadratic of the velocity here, so central differences are exact
    std::vector<double> next;
    for (int i = 0; i < m.qpos_count; ++i) next.push_back(w.position(i)), world.set(StateField::qpos, 0, i, start[size_t(i)]);
    for (const double side : {1.0, -1.0}) {
      for (size_t i = 0; i < n; ++i) world.set(StateField::qvel, 0, int(i), before[i] + side * acc[i]);
      const std::vector<double> there = w.probe().fields.at("smooth").values;
      for (size_t i = 0; i < n; ++i) along[i] += 0.5 * side * there[i];
    }
    double residual = 0;
    for (size_t i = 0; i < n; ++i) {
      double sum = -force[i] - w.timestep() * along[i];
      for (size_t j = 0; j < n; ++j) sum += M[i * n + j] * acc[j];
      residual = std::max(residual, std::fabs(sum));
    }
    judge("implicit, residual of its equation / largest force", Precision::f64, residual / largest(force), 1e-11);   // measured: 6e-15
    for (int i = 0; i < m.qpos_count; ++i) world.set(StateField::qpos, 0, i, next[size_t(i)]);
    for (size_t i = 0; i < n; ++i) world.set(StateField::qvel, 0, int(i), 0.1 * before[i]);
  }
}

TEST_CASE("conjugate gradients end at Newton's minimum") {
  for (const bits_test::NamedModel& named : bits_test::models()) {
    if (named.name != "figure_elliptic" && named.name != "heap" && named.name != "tree_rolling" && named.name != "machine_rk4") continue;
    CAPTURE(named.name);
    model::Model newton = *bits_test::compiled(named), cg = newton;
    newton.solver = 2, cg.solver = 1;
    newton.tolerance = {1e-12}, cg.tolerance = {1e-14};
    cg.iterations = 5000;
    const auto a = make_world(std::make_shared<const model::Model>(newton), Precision::f64, 5), b = make_world(std::make_shared<const model::Model>(cg), Precision::f64, 5);
    for (int e = 0; e < 5; ++e) bits_test::scatter(*a, e, uint64_t(e));
    double worst_seen = 0, contacts = 0;
    for (int step = 0; step < 60; ++step) {
      for (int e = 0; e < 5; ++e) {
        bits_test::drive(*a, e, uint64_t(e), uint64_t(step));
        for (int f = 0; f < int(StateField::qacc); ++f) std::ranges::copy(a->row<double>(StateField(f), e), b->row<double>(StateField(f), e).begin());
      }
      a->step(1);
      b->step(1);
      for (int e = 0; e < 5; ++e) {
        double size = 1, most = 0;
        for (int i = 0; i < newton.dof_count; ++i) {
          size = std::max(size, std::fabs(a->get(StateField::qacc, e, i)));
          most = std::max(most, std::fabs(a->get(StateField::qacc, e, i) - b->get(StateField::qacc, e, i)));
        }
        worst_seen = std::max(worst_seen, most / size);
        contacts += a->contacts(e);
      }
    }
    CHECK(a->faults() + b->faults() == 0);
    CHECK(contacts > 0);
    MESSAGE(named.name << ": worst difference " << worst_seen);
    CHECK(worst_seen < 1e-5);                                      // measured: 1.2e-6; the slower ones stop at their tolerance
  }
}

TEST_CASE("gravity compensation by actuators: what holds the arm, as far as they may") {
  auto arm = [](const char* joint, const char* option = "") {
    return std::string("<mujoco><option ") + option + "/><worldbody><body gravcomp='1'><joint name='j' axis='0 1 0' actuatorgravcomp='true' " + joint +
           "/><geom type='capsule' size='0.05' fromto='0 0 0 0.6 0 0' mass='2'/></body></worldbody><actuator><motor joint='j'/></actuator><sensor><jointactuatorfrc joint='j'/></sensor></mujoco>";
  };
  const double torque = -2 * gravity * 0.3;                        // about y, against gravity
  for (const Precision p : both_precisions) {
    Twins held(arm(""), p), weak(arm("actuatorfrcrange='-2 2' actuatorfrclimited='true'"), p), off(arm("").replace(arm("").find("<worldbody>"), 0, "<option><flag actuation='disable'/></option>"), p);
    const Probe a = held.probe(), b = weak.probe(), c = off.probe();
    judge("gravcomp by actuators, torque", p, std::fabs(a.fields.at("actuation").values[0] / torque - 1), 1e-5);
    judge("gravcomp by actuators, rest", p, std::fabs(a.fields.at("acc").values[0]), 1e-4);
    CHECK(a.fields.at("passive").values[0] == 0);
    CHECK(a.fields.at("sensors").values[0] == doctest::Approx(torque));
    CHECK(b.fields.at("actuation").values[0] == doctest::Approx(-2));
    CHECK(c.fields.at("actuation").values[0] == 0);                // without actuators it is lost, as in MuJoCo
    CHECK(c.fields.at("passive").values[0] == 0);
    held.step(20);
    weak.step(20);
    CHECK(held.alike());
    CHECK(weak.alike());
  }
}
