#include "tools/session/inverse_kinematics.h"

#include <doctest/doctest.h>
#include <algorithm>
#include <cmath>
#include <memory>
#include "engine/core/random.h"
#include "physics/world.h"
#include "tests/tools/session/arm_model.h"
#include "tools/session/load.h"

using namespace nuri;
using namespace nuri::session;

namespace {

std::shared_ptr<const model::Model> arm() {
  static const auto loaded = load_mjcf_text(test::arm_text(), "arm.xml");
  if (!loaded) FAIL(to_string(loaded.errors().front()));
  return loaded->models[0];
}

int site(const model::Model& m, const std::string& name) { return int(std::find(m.site_name.begin(), m.site_name.end(), name) - m.site_name.begin()); }

Chain arm_chain(const model::Model& m) { return make_chain(m, site(m, "grip"), joints_of(m, site(m, "grip"))); }

// Joints drawn from their ranges; `edge` of the range is left out at both ends.
void draw(const Chain& c, uint64_t number, double edge, Posture& out) {
  for (int i = 0; i < c.size(); ++i) {
    const int j = c.joints[i];
    const double low = c.model->joint_range[2 * j], high = c.model->joint_range[2 * j + 1];
    out.qpos[c.model->joint_qpos[j]] = low + (high - low) * (edge + (1 - 2 * edge) * uniform(7, number, 0, 0, uint32_t(i)));
  }
}

// A tumbling base of its own, a mocap body, a ball joint and a slide on the way to the site.
const char* const odd_text = R"(<mujoco><compiler angle="radian"/><worldbody>
  <body name="ship" pos="0.1 0.2 1"><freejoint/><geom size="0.2"/>
    <body name="mast" pos="0 0 0.2" euler="0.2 0.1 0"><joint name="mast" type="ball" pos="0 0 0.02"/><geom type="capsule" size="0.02 0.1"/>
      <body name="boom" pos="0.05 0 0.1" quat="0.9 0.1 0.2 0.3">
        <joint name="out" type="slide" axis="1 0.2 0"/><joint name="swing" axis="0 0.3 1" pos="0.01 0.02 0" ref="0.4" stiffness="3" springref="0.2"/><geom type="capsule" size="0.02 0.1"/>
        <body name="tip" pos="0 0 0.2" gravcomp="0.5"><joint name="bend" axis="0 1 0"/><geom type="box" size="0.02 0.05 0.1" pos="0.03 0 0.02"/><site name="end" pos="0.1 0 0.05" euler="0.3 0.2 0.1"/></body>
      </body></body></body>
  <body name="hand" mocap="true" pos="0 0 2"><body name="held" pos="0.1 0 0"><joint name="held" axis="1 0 0"/><geom size="0.05"/><site name="held" pos="0 0.1 0"/></body></body>
</worldbody></mujoco>)";

}  // namespace

TEST_CASE("kinematics: sites are where the World has them") {
  constexpr double rounding = 1e-13;             // m, and of a quaternion: two ways through ten bodies in double
  for (const std::string& text : {test::arm_text(), std::string(odd_text)}) {
    const auto loaded = load_mjcf_text(text, "text.xml");
    if (!loaded) FAIL(to_string(loaded.errors().front()));
    const model::Model& m = *loaded->models[0];
    auto world = World::create(loaded->models[0], {.environments = 20, .precision = Precision::f64, .threads = 1});
    REQUIRE(world);
    for (int e = 0; e < 20; ++e) {
      for (int i = 0; i < m.qpos_count; ++i) (*world)->set(StateField::qpos, e, i, 4 * uniform(1, e, 0, 0, i) - 2);
      for (int i = 0; i < 3 * m.mocap_count; ++i) (*world)->set(StateField::mocap_pos, e, i, uniform(1, e, 1, 0, i));
      for (int i = 0; i < 4 * m.mocap_count; ++i) (*world)->set(StateField::mocap_quat, e, i, 2 * uniform(1, e, 2, 0, i) - 1);
    }
    (*world)->forward();
    for (int e = 0; e < 20; ++e)
      for (int s = 0; s < m.site_count; ++s) {
        Posture posture(m);
        for (int i = 0; i < m.qpos_count; ++i) posture.qpos[i] = (*world)->get(StateField::qpos, e, i);
        for (int i = 0; i < 3 * m.mocap_count; ++i) posture.mocap_pos[i] = (*world)->get(StateField::mocap_pos, e, i);
        for (int i = 0; i < 4 * m.mocap_count; ++i) posture.mocap_quat[i] = (*world)->get(StateField::mocap_quat, e, i);
        const Pose pose = site_pose(make_chain(m, s, joints_of(m, s)), posture);
        const int b = m.site_body[s];
        Vec body;
        Rot quat;
        for (int k = 0; k < 3; ++k) body[k] = (*world)->get(StateField::xpos, e, 3 * b + k);
        for (int k = 0; k < 4; ++k) quat[k] = (*world)->get(StateField::xquat, e, 4 * b + k);
        const Vec expected = shape::add(body, shape::rotate(quat, shape::vec(&m.site_pos[3 * s])));
        for (int k = 0; k < 3; ++k) CHECK(std::abs(pose.position[k] - expected[k]) < rounding);
        const Vec turned = rotation_between(pose.orientation, shape::mul(quat, shape::rot(&m.site_quat[4 * s])));
        CHECK(std::sqrt(shape::dot(turned, turned)) < rounding);
      }
  }
}

TEST_CASE("kinematics: the Jacobian is the change of the pose") {
  constexpr double step = 1e-6, error = 1e-9;    // error of central differences: step^2 and rounding / step
  for (const std::string& text : {test::arm_text(), std::string(odd_text)}) {
    const auto loaded = load_mjcf_text(text, "text.xml");
    REQUIRE(loaded);
    const model::Model& m = *loaded->models[0];
    const Chain c = make_chain(m, 0, joints_of(m, 0));
    CHECK(c.size() == (text == odd_text ? 3 : 7));
    Posture posture(m);
    for (int i = 0; i < m.qpos_count; ++i) posture.qpos[i] = 2 * uniform(2, 0, 0, 0, i) - 1;
    std::vector<double> jacobian(6 * size_t(c.size()));
    site_pose(c, posture, jacobian.data());
    for (int i = 0; i < c.size(); ++i) {
      double& q = posture.qpos[m.joint_qpos[c.joints[i]]];
      const double at = q;
      q = at + step;
      const Pose after = site_pose(c, posture);
      q = at - step;
      const Pose before = site_pose(c, posture);
      q = at;
      const Vec moved = shape::sub(after.position, before.position), turned = rotation_between(before.orientation, after.orientation);
      for (int k = 0; k < 3; ++k) {
        CHECK(std::abs(moved[k] / (2 * step) - jacobian[k * c.size() + i]) < error);
        CHECK(std::abs(turned[k] / (2 * step) - jacobian[(3 + k) * c.size() + i]) < error);
      }
    }
  }
}

TEST_CASE("kinematics: holding forces are the World's bias less what springs and compensation give") {
  constexpr double rounding = 1e-11;             // N m, of forces up to a hundred
  for (const std::string& text : {test::arm_text(), std::string(odd_text)}) {
    const auto loaded = load_mjcf_text(text, "text.xml");
    REQUIRE(loaded);
    const model::Model& m = *loaded->models[0];
    const Chain c = make_chain(m, 0, joints_of(m, 0));
    auto world = World::create(loaded->models[0], {.environments = 10, .precision = Precision::f64, .threads = 1});
    for (int e = 0; e < 10; ++e) {
      Posture posture(m);
      for (int i = 0; i < m.qpos_count; ++i) posture.qpos[i] = 2 * uniform(3, e, 0, 0, i) - 1;
      for (int i = 0; i < m.dof_count; ++i) posture.qvel[i] = i < m.joint_dof[c.joints.front()] ? 0 : 4 * uniform(3, e, 1, 0, i) - 2;   // the base stands still
      for (int i = 0; i < m.qpos_count; ++i) (*world)->set(StateField::qpos, e, i, posture.qpos[i]);
      for (int i = 0; i < m.dof_count; ++i) (*world)->set(StateField::qvel, e, i, posture.qvel[i]);
    }
    (*world)->forward();
    for (int e = 0; e < 10; ++e) {
      Posture posture(m);
      for (int i = 0; i < m.qpos_count; ++i) posture.qpos[i] = (*world)->get(StateField::qpos, e, i);
      for (int i = 0; i < m.dof_count; ++i) posture.qvel[i] = (*world)->get(StateField::qvel, e, i);
      const Probe probe = (*world)->probe(e);
      const std::vector<double>&bias = probe.fields.at("bias").values, &passive = probe.fields.at("passive").values;
      std::vector<double> forces(size_t(c.size()));
      holding_forces(c, posture, true, forces.data());
      for (int i = 0; i < c.size(); ++i) {
        const int d = m.joint_dof[c.joints[i]];
        CHECK(std::abs(forces[i] - (bias[d] - passive[d] - m.dof_damping[d] * posture.qvel[d])) < rounding);
      }
    }
  }
}

TEST_CASE("inverse kinematics: what a site has reached it reaches again") {
  constexpr double position = 1e-6, angle = 1e-5;   // m, rad: what is asked for; the search stops a hundred times below
  const auto model = arm();
  const Chain c = arm_chain(*model);
  const std::vector<double> rest(size_t(c.size()));
  int near = 0, found = 0;
  constexpr int poses = 1000;
  for (int k = 0; k < poses; ++k) {
    Posture posture(*model);
    draw(c, k, 0.05, posture);
    const Pose target = site_pose(c, posture);
    const Posture start(*model);                 // the initial posture, however far away
    // a search begins where the arm is, here up to 0.4 rad away in every joint; one in a thousand stops at a limit
    for (int i = 0; i < c.size(); ++i) posture.qpos[model->joint_qpos[c.joints[i]]] += 0.8 * uniform(8, k, 0, 0, i) - 0.4;
    const InverseResult result = solve_inverse(c, target, rest, {.iterations = 100}, posture);
    near += result.position_error < position && result.angle_error < angle;
    // what is said to remain remains, and no joint has left its range
    const Pose reached = site_pose(c, posture);
    const Vec away = shape::sub(reached.position, target.position);
    CHECK(std::sqrt(shape::dot(away, away)) == doctest::Approx(result.position_error).epsilon(1e-9));
    Posture any = start;
    const InverseResult searched = search_inverse(c, target, 30, position, angle, any);
    found += searched.position_error < position && searched.angle_error < angle;
    for (const int j : c.joints) {
      const double q = any.qpos[model->joint_qpos[j]];
      CHECK((q >= model->joint_range[2 * j] - 1e-12 && q <= model->joint_range[2 * j + 1] + 1e-12));
    }
  }
  CHECK(near >= poses - 5);
  CHECK(found == poses);
}

TEST_CASE("inverse kinematics: the null space goes to the rest posture, and the site stays") {
  const auto model = arm();
  const Chain c = arm_chain(*model);
  const std::vector<double> rest{0.8, 0.3, -0.5, -2, 0, 2.3, 0.8};
  Posture posture(*model);
  const double begin[7] = {0, 0.3, 0, -2, 0, 2.3, 0.8};
  for (int i = 0; i < 7; ++i) posture.qpos[model->joint_qpos[c.joints[i]]] = begin[i];
  const Pose target = site_pose(c, posture);
  auto distance = [&] {
    double sum = 0;
    for (int i = 0; i < 7; ++i) sum += std::pow(posture.qpos[model->joint_qpos[c.joints[i]]] - rest[i], 2);
    return std::sqrt(sum);
  };
  const double before = distance();
  for (int k = 0; k < 200; ++k) CHECK(solve_inverse(c, target, rest, {.rest_pull = 0.05}, posture).position_error < 1e-6);
  const double after = distance();
  CHECK(after < 0.8 * before);
  // at the nearest posture nothing is left to pull
  solve_inverse(c, target, rest, {.rest_pull = 0.05}, posture);
  CHECK(distance() == doctest::Approx(after).epsilon(1e-4));
}

TEST_CASE("inverse kinematics: out of reach is an error that is told, not a jump") {
  const auto model = arm();
  const Chain c = arm_chain(*model);
  Posture posture(*model);
  const InverseResult result = search_inverse(c, {{5, 0, 0}, {1, 0, 0, 0}}, 3, 1e-3, 1e-2, posture);
  CHECK(result.position_error > 3.5);
  for (const double q : posture.qpos) CHECK(std::isfinite(q));
  // one joint for six demands
  const auto odd = load_mjcf_text(odd_text, "odd.xml");
  const Chain short_chain = make_chain(*odd->models[0], 1, joints_of(*odd->models[0], 1));
  CHECK(short_chain.size() == 1);
  Posture held(*odd->models[0]);
  CHECK(std::isfinite(search_inverse(short_chain, {{0, 0, 0}, {0, 1, 0, 0}}, 2, 1e-3, 1e-2, held).position_error));
}
