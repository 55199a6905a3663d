// Compiling: tables, closed forms, and what is refused.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "engine/model/model_flags.h"
#include "engine/scene/mjcf.h"
#include "tests/engine/model/scene_maker.h"

using namespace nuri;
using namespace nuri::model;
using namespace nuri::scene;

namespace {
SceneMaker pendulum(int links) {                 // point-like balls on rods of 1 m, hinges about y
  SceneMaker s;
  int last = 0;
  for (int i = 0; i < links; ++i) {
    last = s.body(last, {0, 0, i ? -1.0 : 0.0});
    s.joint(last, JointType::hinge, {0, 1, 0});
    auto& g = s.geom(last, GeomType::sphere, {0.01, 0, 0}, {0, 0, -1});
    g.mass = 2;
  }
  return s;
}
using List = std::vector<int32_t>;
}  // namespace

TEST_CASE("chain: tables of a tree") {
  SceneMaker s = pendulum(3);
  const int fixed = s.body(0), branch = s.body(1, {1, 0, 0});
  s.joint(branch, JointType::slide);
  s.geom(branch, GeomType::sphere, {0.1, 0, 0});
  const Model m = s.model();
  CHECK(m.body_count == 6);
  CHECK(m.level_count == 3);
  CHECK(m.tree_count == 1);
  CHECK(m.body_parent == List{0, 0, 1, 2, 0, 1});
  CHECK(m.body_weld == List{0, 1, 2, 3, 0, 5});
  CHECK(m.body_root == List{0, 1, 1, 1, 4, 1});
  CHECK(m.body_tree == List{-1, 0, 0, 0, -1, 0});
  CHECK(m.level_adr == List{0, 2, 4, 5});
  CHECK(List(m.level_body.begin(), m.level_body.begin() + 5) == List{1, 4, 2, 5, 3});
  CHECK(m.child_adr == List{0, 2, 4, 5, 5, 5, 5});
  CHECK(List(m.child.begin(), m.child.begin() + 5) == List{1, 4, 2, 5, 3});
  CHECK(m.tree_body_adr == List{0, 4});
  CHECK(List(m.tree_body.begin(), m.tree_body.begin() + 4) == List{1, 2, 3, 5});
  CHECK(m.dof_parent == List{-1, 0, 1, 0});
  CHECK(m.ancestor_adr == List{0, 0, 1, 3, 4});
  CHECK(m.ancestor == List{0, 0, 1, 0});
  CHECK(m.descendant_adr == List{0, 3, 4, 4, 4});
  CHECK(m.descendant == List{1, 2, 3, 2});
  CHECK(m.mass_adr == List{0, 1, 3, 6, 8});
  CHECK(m.descendant_mass == List{1, 3, 6, 4});
  CHECK(m.dof_bits == List{0, 0, 1, 0, 3, 0, 1, 0});
  CHECK(m.body_last_dof == List{-1, 0, 1, 2, -1, 3});
  CHECK(fixed == 4);
}

TEST_CASE("links: bodies with joints, each with what is welded to it") {
  SceneMaker s = pendulum(3);                                  // 1 2 3
  const int welded = s.body(1), tip = s.body(welded), arm = s.body(tip);   // 4 5, welded to 1; 6 swings on them
  s.joint(arm, JointType::hinge);
  s.body(arm);                                                 // 7, welded to 6
  s.body(0);                                                   // 8, static
  for (int b : {welded, tip, arm}) s.geom(b, GeomType::sphere, {0.1, 0, 0});
  const Model m = s.model();
  CHECK(m.link_count == 4);
  CHECK(m.link_level_count == 3);
  CHECK(m.body_link == List{0, 1, 2, 3, 1, 1, 6, 6, 0});
  CHECK(m.link_parent == List{0, 0, 1, 2, 1, 1, 1, 6, 0});
  CHECK(m.link_body_adr == List{0, 2, 5, 6, 7, 7, 7, 9, 9, 9});
  CHECK(m.link_body == List{0, 8, 1, 4, 5, 2, 3, 6, 7});
  CHECK(m.link_child_adr == List{0, 1, 3, 4, 4, 4, 4, 4, 4, 4});
  CHECK(List(m.link_child.begin(), m.link_child.begin() + 4) == List{1, 2, 6, 3});
  CHECK(m.link_level_adr == List{0, 1, 3, 4});
  CHECK(List(m.link_level.begin(), m.link_level.begin() + 4) == List{1, 2, 6, 3});
}

TEST_CASE("a static base with two arms has two trees") {
  SceneMaker s;
  const int base = s.body(0);
  for (int i = 0; i < 2; ++i) {
    const int arm = s.body(base);
    s.joint(arm, JointType::hinge);
    s.geom(arm, GeomType::sphere, {0.1, 0, 0});
  }
  const Model m = s.model();
  CHECK(m.tree_count == 2);
  CHECK(m.body_tree == List{-1, -1, 0, 1});
  CHECK(m.body_frame == List{0, 0, 0, 1});
}

TEST_CASE("a heap: more than 16 trees that can touch each other, solved by Newton") {
  auto marbles = [](int count, int links) {
    SceneMaker s;
    for (int i = 0; i < count; ++i) {
      int last = s.body(0, {0.5 * i, 0, 1});
      s.joint(last, JointType::free);
      s.geom(last, GeomType::sphere, {0.1, 0, 0});
      for (int k = 0; k < links; ++k) {
        last = s.body(last, {0, 0, 0.3});
        s.joint(last, JointType::hinge, {0, 1, 0});
        s.geom(last, GeomType::sphere, {0.1, 0, 0});
      }
    }
    return s;
  };
  CHECK(marbles(17, 0).model().heap == 1);
  CHECK(marbles(16, 0).model().heap == 0);
  CHECK(marbles(17, 3).model().heap == 1);             // robots, 9 dofs each
  SceneMaker other = marbles(17, 0);
  other.scene.option.solver = Solver::pgs;
  CHECK(other.model().heap == 0);
  SceneMaker apart = marbles(17, 0);
  for (Geom& g : apart.scene.geoms) g.contype = g.conaffinity = 0;
  CHECK(apart.model().heap == 0);
}

TEST_CASE("nothing moves") {
  SceneMaker s;
  s.geom(0, GeomType::plane, {1, 1, 1});
  const Model m = s.model();
  CHECK(m.tree_count == 0);
  CHECK(m.dof_count == 0);
  CHECK(m.pair_count == 0);
}

TEST_CASE("pendulum: inverse weights in closed form") {
  const Model m = pendulum(1).model();
  const double inertia = 2.0 * 1 + 0.4 * 2 * 1e-4;
  CHECK(m.mean_inertia[0] == doctest::Approx(inertia).epsilon(1e-14));
  CHECK(m.dof_invweight[0] == doctest::Approx(1 / inertia).epsilon(1e-14));
  CHECK(m.body_invweight[2] == doctest::Approx(1 / inertia / 3).epsilon(1e-14));   // moves along x only
  CHECK(m.body_invweight[3] == doctest::Approx(1 / inertia / 3).epsilon(1e-14));
  CHECK(m.tree_invmass[0] == doctest::Approx(0.5));
}

TEST_CASE("free box: inverse weights are 1/m and the mean of 1/I") {
  SceneMaker s;
  const int b = s.body(0, {1, 2, 3});
  s.joint(b, JointType::free);
  s.geom(b, GeomType::box, {0.1, 0.2, 0.3});
  const Model m = s.model();
  const double mass = 48, i[3] = {mass * 0.13 / 3, mass * 0.1 / 3, mass * 0.05 / 3};
  CHECK(m.body_invweight[2] == doctest::Approx(1 / mass).epsilon(1e-13));
  CHECK(m.body_invweight[3] == doctest::Approx((1 / i[0] + 1 / i[1] + 1 / i[2]) / 3).epsilon(1e-13));
  CHECK(m.dof_invweight[0] == doctest::Approx(1 / mass).epsilon(1e-13));
  CHECK(m.dof_invweight[5] == m.body_invweight[3]);
  CHECK(m.qpos0 == std::vector<double>{1, 2, 3, 1, 0, 0, 0});
  CHECK(m.body_fluid_box[3] == doctest::Approx(0.2));
  CHECK(m.body_fluid_box[4] == doctest::Approx(0.4));
  CHECK(m.body_fluid_box[5] == doctest::Approx(0.6));
  CHECK(m.geom_bound[0] == doctest::Approx(std::sqrt(0.14)));
}

TEST_CASE("a slider's inverse weight ignores armature, as in MuJoCo") {
  SceneMaker s;
  const int b = s.body(0);
  s.joint(b, JointType::slide, {1, 0, 0}).armature = 3;
  s.geom(b, GeomType::sphere, {0.1, 0, 0}).mass = 4;
  Model m = s.model();
  CHECK(m.dof_invweight[0] == 0.25);
  CHECK(m.body_invweight[2] == 0.25);
  s.scene.joints[0].axis = {std::sqrt(0.5), std::sqrt(0.5), 0};   // off the axes: the general rule
  m = s.model();
  CHECK(m.dof_invweight[0] == doctest::Approx(1.0 / 7));
  CHECK(m.body_invweight[2] == doctest::Approx(1.0 / 21));
}

TEST_CASE("mass rules") {
  SceneMaker s;
  const int b = s.body(0);
  s.joint(b, JointType::free);
  s.geom(b, GeomType::sphere, {0.1, 0, 0}).mass = 1;
  s.geom(b, GeomType::sphere, {0.1, 0, 0}, {1, 0, 0}).mass = 3;
  Model m = s.model();
  CHECK(m.body_mass[1] == 4);
  CHECK(m.body_ipos[3] == doctest::Approx(0.75));
  s.scene.geoms[1].group = 7;                                     // out of inertiagrouprange
  CHECK(s.model().body_mass[1] == 1);
  s.scene.compiler.boundmass = 2;
  s.scene.compiler.boundinertia = 0.5;
  m = s.model();
  CHECK(m.body_mass[1] == 2);
  CHECK(m.body_inertia[3] == 0.5);
  s.scene.compiler.settotalmass = 10;
  CHECK(s.model().body_mass[1] == doctest::Approx(10));
  s.scene.compiler = {};
  s.scene.bodies[1].has_inertial = true;
  s.scene.bodies[1].inertial = {{0, 0, 0}, {1, 0, 0, 0}, 5, {1, 1, 3}};
  CHECK(s.error() == "bad-inertia");
  s.scene.compiler.balanceinertia = true;
  CHECK(s.model().body_inertia[5] == doctest::Approx(5.0 / 3));
  s.scene.compiler.inertiafromgeom = InertiaFromGeom::yes;
  CHECK(s.model().body_mass[1] == 1);
}

TEST_CASE("tendons that are refused") {
  using Pass = Tendon::Pass;
  using Via = Tendon::Via;
  struct { const char* code; void (*change)(Tendon&); } cases[] = {
      {"", [](Tendon&) {}},
      {"empty-tendon", [](Tendon& t) { t.path.clear(); }},
      {"empty-tendon", [](Tendon& t) { t.joints = {{1, 1.0}}; }},                // both kinds at once
      {"empty-tendon", [](Tendon& t) { t.path.resize(1); }},
      {"bad-tendon", [](Tendon& t) { t.path[1].object = 1; }},                    // a box
      {"bad-tendon", [](Tendon& t) { t.path.pop_back(); }},
      {"bad-tendon", [](Tendon& t) { t.path.insert(t.path.begin(), Via{Pass::geom, 4}); }},
      {"bad-tendon", [](Tendon& t) { t.path.insert(t.path.begin(), Via{Pass::pulley, -1, -1, 0}); }},
      {"bad-reference", [](Tendon& t) { t.path[0].object = 3; }},
      {"bad-reference", [](Tendon& t) { t.path[1].side = 3; }},
      {"bad-range", [](Tendon& t) { t.limited = true; }},
      {"bad-range", [](Tendon& t) { t.actuatorfrclimited = true; }},
      {"bad-range", [](Tendon& t) { t.springlength = {2, 1}; }},
      {"bad-spring", [](Tendon& t) { t.springyield = -1; }},
      {"unsupported-armature", [](Tendon& t) { t.armature = 1; }}};
  for (const auto& c : cases) {
    SceneMaker s = sampler();
    Tendon t;
    t.path = {{Pass::site, 0}, {Pass::geom, 4, 2}, {Pass::site, 1}};
    c.change(t);
    s.scene.tendons.push_back(t);
    CHECK(s.error() == std::string(c.code));
  }
}

TEST_CASE("what the medium meets as an ellipsoid") {
  SceneMaker s;
  const int one = s.body(0), two = s.body(0);
  for (const int b : {one, two}) s.joint(b, JointType::free);
  s.geom(0, GeomType::plane, {0, 0, 1});
  s.geom(one, GeomType::sphere, {0.1, 0, 0});
  s.geom(two, GeomType::sphere, {0.1, 0, 0});
  s.geom(two, GeomType::capsule, {0.1, 0.2, 0});
  for (scene::Geom& g : s.scene.geoms) g.fluid_ellipsoid = true;
  s.scene.geoms[1].fluid_ellipsoid = false;
  s.scene.geoms[3].fluidcoef = {1, 2, 3, 4, 5};
  CHECK(s.model().fluid_geom_count == 0);        // nothing around them
  s.scene.option.viscosity = 1;
  const Model m = s.model();
  CHECK(m.fluid_geom == std::vector<int32_t>{2, 3});
  CHECK(m.fluid_geom_adr == std::vector<int32_t>{0, 0, 0, 2});
  CHECK(std::vector<double>(m.fluid_coef.begin() + 5, m.fluid_coef.end()) == std::vector<double>{1, 2, 3, 4, 5});
  CHECK(m.fluid_axes[5] == doctest::Approx(0.3));
}

TEST_CASE("which trees may sleep") {
  auto text = [](const std::string& policy, const std::string& rest, const std::string& option = "") {
    return "<mujoco><option " + option + "><flag sleep='enable'/></option><worldbody><body name='a' " + policy + "><joint name='j' type='slide'/><geom size='.1'/><site name='s'/></body>"
           "<body pos='1 0 0'><joint name='k' type='slide'/><geom size='.1'/><site name='u'/></body><body pos='2 0 0'><joint name='l' type='slide'/><geom size='.1'/><site name='v'/>"
           "<body pos='0 0 1'><joint/><geom size='.1'/></body></body></worldbody>" + rest + "</mujoco>";
  };
  auto policies = [&](const std::string& policy, const std::string& rest) {
    const auto scene = read_mjcf_text(text(policy, rest), "sleep.xml");
    REQUIRE(scene);
    const auto m = compile(*scene);
    return m ? m->tree_sleep : List{-1};
  };
  // as MuJoCo's tree_sleep_policy says, of the same files
  CHECK(policies("", "") == List{1, 1, 1});
  CHECK(policies("sleep='never'", "") == List{0, 1, 1});
  CHECK(policies("sleep='init'", "") == List{2, 1, 1});
  CHECK(policies("", "<actuator><motor joint='j'/><general site='u' refsite='v'/></actuator>") == List{0, 0, 0});
  CHECK(policies("sleep='allowed'", "<actuator><motor joint='j'/></actuator>") == List{1, 1, 1});
  CHECK(policies("", "<tendon><spatial stiffness='1'><site site='s'/><site site='u'/></spatial></tendon>") == List{0, 0, 1});
  CHECK(policies("", "<tendon><spatial frictionloss='1'><site site='s'/><site site='u'/></spatial></tendon>") == List{1, 1, 1});
  CHECK(policies("", "<tendon><spatial><site site='s'/><site site='u'/><site site='v'/></spatial></tendon>") == List{0, 0, 0});
  CHECK(policies("", "<tendon><spatial name='t'><site site='s'/><site site='u'/></spatial></tendon><actuator><motor tendon='t'/></actuator>") == List{0, 0, 1});
  CHECK(policies("sleep='allowed'", "<tendon><spatial stiffness='1'><site site='s'/><site site='u'/></spatial></tendon>") == List{-1});   // refused

  auto scene = read_mjcf_text(text("", "", "solver='CG'"), "sleep.xml");
  REQUIRE(scene);
  std::vector<Diagnostic> report;
  const auto m = compile(*scene, &report);
  REQUIRE(m);
  CHECK(!(m->flags & flag_sleep));
  CHECK(std::any_of(report.begin(), report.end(), [](const Diagnostic& d) { return d.code == "sleep-idle"; }));
  scene->option.solver = Solver::newton;
  scene->bodies[4].sleep = SleepPolicy::never;                     // hangs on another one that moves
  const auto refused = compile(*scene);
  REQUIRE_FALSE(refused);
  CHECK(refused.errors()[0].code == "sleep-below");
}

TEST_CASE("what is refused") {
  SceneMaker s;
  const int b = s.body(0);
  s.joint(b, JointType::hinge);
  CHECK(s.error() == "no-mass");
  s.geom(b, GeomType::sphere, {0.1, 0, 0});
  CHECK(s.error() == "");
  s.scene.joints[0].limited = true;
  CHECK(s.error() == "bad-range");
  s.scene.joints[0].limited = false;
  s.scene.geoms[0].condim = 2;
  CHECK(s.error() == "bad-condim");
  s.scene.geoms[0].condim = 3;
  s.scene.option.noslip_iterations = -1;
  CHECK(s.error() == "bad-option");
  s.scene.option.noslip_iterations = 0;
  s.scene.joints[0].body = 9;
  CHECK(s.error() == "body-order");
  s.scene.joints[0].body = 1;
  s.scene.sensors.push_back({});
  s.scene.sensors[0].object_type = ObjectType::joint;
  s.scene.sensors[0].object = 4;
  CHECK(s.error() == "bad-reference");
  s.scene.sensors.clear();
  s.scene.keys.push_back({});
  s.scene.keys[0].qpos = {1, 2};
  CHECK(s.error() == "bad-keyframe");
}

TEST_CASE("what would not fit into memory is refused") {
  SceneMaker pile, swarm, yard;
  auto add = [](SceneMaker& s, int count, bool moves) {
    for (int i = 0; i < count; ++i) {
      const int b = s.body(0);
      if (moves) s.joint(b, JointType::free);
      s.geom(b, GeomType::sphere, {0.1, 0, 0});
    }
  };
  add(pile, 3000, true);                         // 4.5 million pairs
  CHECK(pile.error() == "too-many-pairs");
  add(swarm, 8400, true);                        // 50,400 dofs
  CHECK(swarm.error() == "too-many-dofs");
  add(yard, 50'000, false);                      // 1.25 billion pairs of what stands still are not looked at
  CHECK(yard.error() == "");

  SceneMaker chests;                             // 2600 limits, whose square PGS, noslip and diagexact keep
  for (int i = 0; i < 2600; ++i) {
    const int b = chests.body(0);
    auto& j = chests.joint(b, JointType::hinge);
    j.limited = true;
    j.range = {0, 1};
    chests.geom(b, GeomType::sphere, {0.1, 0, 0}).contype = 0;
    chests.scene.geoms.back().conaffinity = 0;
  }
  CHECK(chests.error() == "");
  chests.scene.option.solver = Solver::pgs;
  CHECK(chests.error() == "too-many-rows");
  chests.scene.option.solver = Solver::newton;
  chests.scene.option.flags.diagexact = true;
  CHECK(chests.error() == "too-many-rows");
}

TEST_CASE("servos and springs given by damping ratio") {
  SceneMaker s = pendulum(1);
  s.scene.joints[0].springdamper = {0.5, 2};
  Actuator a;
  a.gainprm = {100, 0, 0};
  a.biasprm = {0, -100, 0};
  a.dampratio = 1;
  s.scene.actuators.push_back(a);
  const Model m = s.model();
  const double inertia = 1 / m.dof_invweight[0];
  CHECK(m.joint_stiffness[0] == doctest::Approx(inertia / (0.25 * 4)));
  CHECK(m.dof_damping[0] == doctest::Approx(2 * inertia / 0.5));
  CHECK(m.actuator_biasprm[2] == doctest::Approx(-2 * std::sqrt(100 * inertia)));
  CHECK((m.flags & flag_damping) != 0);
}

TEST_CASE("keyframes are completed and normalised") {
  const Model m = sampler().model();
  CHECK(m.key_count == 1);
  CHECK(m.key_qpos[3] == 1);
  CHECK(m.key_ctrl == std::vector<double>{0, 0});
}
