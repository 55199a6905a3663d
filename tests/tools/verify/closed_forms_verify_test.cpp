// The cases of `nuri verify`: what is judged holds in both precisions, with the same bits among 33 copies, and is rejected when the
// model is wrong.
#include <doctest/doctest.h>
#include <cmath>
#include <cstring>
#include <set>
#include "tools/verify/played.h"
#include "tools/verify/run.h"

using namespace nuri;
using namespace nuri::verify;

namespace {

constexpr Precision both_precisions[] = {Precision::f64, Precision::f32};

bool same_bits(double a, double b) { return std::memcmp(&a, &b, sizeof a) == 0; }

// Whether 33 copies of its scenes take no more than a second or so.
bool light(const Case& c) {
  Counter counter;
  c.measure(counter);
  return double(counter.steps) * c.cost < 4e4;
}

// Rows that must not hold with a fault.
struct Control {
  std::vector<std::string> rows;
  Fault fault;
};
const std::vector<Control> controls = {
    {{"fall.discrete", "projectile.discrete", "pendulum.period.0.05rad.2ms", "pendulum.period.1rad.2ms", "pendulum.period.2rad.2ms",
      "pendulum.energy.rk4.2ms"}, {"gravity", 1 + 1e-4}},
    {{"fall.continuous", "pendulum.energy.euler.2ms", "pendulum.energy.euler.1ms"}, {"gravity", 1.01}},
    {{"projectile.aside"}, {"gravity", 1, 1e-6}},
    {{"pendulum.period.0.05rad.10ms", "pendulum.period.1rad.10ms", "pendulum.period.2rad.10ms", "pendulum.period.0.05rad.order",
      "pendulum.period.1rad.order", "pendulum.period.2rad.order"}, {"gravity", 1 + 1e-3}},
    {{"pendulum.energy.euler.order"}, {"dof_damping", 1, 0.1}},
    {{"pendulum.drift"}, {"dof_damping", 1, 1e-5}},
    {{"spin.box.euler.energy", "spin.box.implicitfast.energy", "spin.box.rk4.energy", "spin.box.rk4.L"}, {"dof_damping", 1, 1e-5}},
    {{"spin.box.euler.L", "spin.box.implicitfast.L", "spin.top.euler.2ms", "spin.top.implicitfast.2ms",
      "spin.top.rk4.2ms", "spin.top.euler.1ms", "spin.top.implicitfast.1ms", "spin.top.rk4.1ms"}, {"timestep", 1.01}},
    {{"chain.2.rk4", "chain.5.rk4", "chain.20.rk4"}, {"dof_damping", 1, 1e-6}},
    {{"chain.2.euler", "chain.5.euler", "chain.20.euler"}, {"gravity", 1.01}},
    {{"chain.floating.rk4.1ms.energy", "chain.floating.rk4.4ms.energy", "chain.floating.rk4.1ms.L", "chain.floating.rk4.4ms.L"},
     {"dof_damping", 1, 1e-7}},
    {{"chain.floating.euler.1ms.energy", "chain.floating.euler.4ms.energy", "chain.floating.euler.1ms.L", "chain.floating.euler.4ms.L"},
     {"timestep", 1.01}},
    {{"slope.mu0.3.below", "slope.mu0.3.above", "slope.mu0.7.below", "slope.mu0.7.above", "stop.mu0.2", "stop.mu0.4", "stop.mu0.7"},
     {"geom_friction", 0.98}},
    {{"cone.elliptic", "cone.pyramidal"}, {"geom_friction", 1.1}},
    {{"rebound.e0.height", "rebound.e0.5.height", "rebound.e0.8.height", "rebound.e1.height", "rebound.e0.depth", "rebound.e0.5.depth",
      "rebound.e0.8.depth", "rebound.e1.depth"}, {"geom_solref", 0.9}},
    {{"tower.depth", "tower.weight"}, {"gravity", 2}},
    {{"tower.drift", "tower.speed", "tower.ratio10.drift", "tower.ratio10.depth", "tower.ratio10.top"}, {"gravity", 1, 3}},
    {{"grasp.step", "grasp.drop"}, {"joint_stiffness", 0.02}},
    {{"rolling.y.euler.1ms", "rolling.diagonal.euler.1ms"}, {"geom_friction", 0.98}},
    {{"bouncing.1ms", "elastic666.1ms"}, {"geom_solref", 0.3}},
    {{"666.1ms"}, {"gravity", 2}},
    {{"quadruped.momentum.euler", "quadruped.momentum.implicitfast", "quadruped.momentum.rk4"}, {"gravity", 1, 0.01}},
    {{"quadruped.energy.euler", "quadruped.energy.implicitfast", "quadruped.energy.rk4"}, {"dof_damping", 1, 1e-3}},
};

}  // namespace

TEST_CASE("verify: every judged case holds, and 33 copies have the bits of one") {
  std::string unknown;
  for (const Precision p : both_precisions)
    for (const Case* c : choose({}, false, unknown)) {
      Stepped one(p);
      const std::vector<Outcome> outcomes = run(one, *c, p);
      for (const Outcome& o : outcomes) {
        INFO(o.row->id << " " << (p == Precision::f64 ? "double" : "float") << ": " << o.value << " " << o.why);
        CHECK(o.verdict != Verdict::failed);
        CHECK(std::isfinite(o.value));
      }
      if (!light(*c)) continue;
      Stepped many(p, 33);
      const std::vector<Outcome> copies = run(many, *c, p);
      for (size_t i = 0; i < outcomes.size(); ++i) {
        INFO(copies[i].row->id << " " << copies[i].why);
        CHECK(same_bits(copies[i].value, outcomes[i].value));
      }
    }
}

TEST_CASE("verify: rows are rejected when gravity, friction, restitution, damping, springs or the step are wrong") {
  std::string unknown;
  for (const Control& control : controls) {
    const Fault& fault = control.fault;
    CHECK(fault.known());
    Stepped engine(Precision::f64, 1, {fault});
    std::set<std::string> failed;
    for (const Case* c : choose(control.rows, false, unknown))
      for (const Outcome& o : run(engine, *c, Precision::f64))
        if (o.verdict == Verdict::failed) failed.insert(o.row->id);
    for (const std::string& row : control.rows) {
      INFO(row << " with " << fault.field << " times " << fault.factor << " plus " << fault.add);
      CHECK(failed.count(row) == 1);
    }
  }
}

TEST_CASE("verify: every judged row has a model that it rejects") {
  std::set<std::string> judged, rejected;
  for (const Case& c : cases())
    for (const Row& row : c.rows)
      if (!c.extended || c.group == "motion")
        if (!std::isnan(row.bound_double) || row.as_mujoco) judged.insert(row.id);
  for (const Control& control : controls) rejected.insert(control.rows.begin(), control.rows.end());
  CHECK(judged == rejected);
}

TEST_CASE("verify: a scene that cannot be played fails, judged or not") {
  const auto failing_case = [](const std::string& scene) {
    return Case{.id = "x", .group = "x", .rows = {{.id = "x", .quantity = "x"}}, .measure = [scene](Engine& engine) -> std::vector<double> {
                  if (!engine.play({.scene = scene, .changes = {{5, StateField::qvel, 2, -std::numeric_limits<double>::infinity()}},
                                    .steps = 10}, [](const Moment&) {})) return {};
                  return {0.0};
                }};
  };
  Stepped engine(Precision::f64);
  const Case broken = failing_case("<mujoco><worldbody><bode/></worldbody></mujoco>");
  const Outcome refused = run(engine, broken, Precision::f64)[0];
  CHECK(refused.verdict == Verdict::failed);
  CHECK(refused.why.find("bode") != std::string::npos);
  const Case frozen = failing_case("<mujoco><worldbody><body pos='0 0 1'><freejoint/><geom size='0.1'/></body></worldbody></mujoco>");
  const Outcome fault = run(engine, frozen, Precision::f64)[0];
  CHECK(fault.verdict == Verdict::failed);
  CHECK(fault.why.find("frozen") != std::string::npos);
}
