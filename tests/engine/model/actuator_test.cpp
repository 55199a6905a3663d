#include <cmath>
#include <doctest/doctest.h>
#include "engine/model/model.h"
#include "tests/engine/model/scene_maker.h"

using namespace nuri;
using namespace nuri::scene;
using namespace nuri::model;

namespace {

// A hinge about y with a ball of 2 kg at 0.5 m, and a ball joint with a box on it; sites on both and in the world.
SceneMaker arm() {
  SceneMaker s;
  const int upper = s.body(0);
  s.joint(upper, JointType::hinge).axis = {0, 1, 0};
  s.geom(upper, GeomType::sphere, {0.1, 0, 0}).pos = {0.5, 0, 0};
  s.scene.geoms.back().mass = 2;
  const int hand = s.body(upper);
  s.scene.bodies.back().pos = {0.5, 0, 0};
  s.joint(hand, JointType::ball);
  s.geom(hand, GeomType::box, {0.1, 0.2, 0.3});
  Site site;
  site.body = 0;
  site.pos = {0.1, 0.2, 0.3};
  s.scene.sites.push_back(site);
  site.body = upper;
  s.scene.sites.push_back(site);
  site.body = hand;
  s.scene.sites.push_back(site);
  return s;
}

Actuator on_joint(int joint) {
  Actuator a;
  a.target = joint;
  return a;
}

const Parameters muscle_prm{0.75, 1.05, -1, 200, 0.5, 1.6, 1.5, 1.3, 1.2};

}  // namespace

TEST_CASE("actuators: controls, outputs and activations are laid out one after another") {
  SceneMaker s = arm();
  Actuator pid = on_joint(0), aim = on_joint(1), motor = on_joint(0), plain = on_joint(0);
  pid.name = "pid", aim.name = "aim", motor.name = "motor", plain.name = "plain";
  pid.gain = Gain::pid, pid.bias = Bias::affine, pid.dynamics = Dynamics::pid;
  pid.gainprm = {0.5}, pid.biasprm = {0, -3, -1}, pid.dynprm = {0, 4};
  pid.input = actuator_input::pos | actuator_input::vel | actuator_input::ff;
  pid.ctrllimited = true, pid.ctrlrange = {-1, 1}, pid.ffrange = {-2, 2};
  aim.gain = Gain::so3, aim.bias = Bias::so3, aim.gainprm = {2}, aim.biasprm = {0, -2, -1}, aim.input = actuator_input::quat;
  motor.gain = Gain::dcmotor, motor.bias = Bias::dcmotor, motor.dynamics = Dynamics::dcmotor, motor.actearly = true;
  motor.gainprm = {2, 0.1}, motor.dynprm = {0.01, 0, 2, 3, 0, 5}, motor.input = actuator_input::none;
  s.scene.actuators = {pid, aim, motor, plain};
  const Model m = s.model();
  CHECK(m.actuator_control_adr == std::vector<int32_t>{0, 3, 7, 7, 8});
  CHECK(m.actuator_output_adr == std::vector<int32_t>{0, 1, 4, 5, 6});
  CHECK(m.actuator_act_adr == std::vector<int32_t>{0, 2, 2, 5, 5});
  CHECK(m.actuator_states == std::vector<int32_t>{state_slew | state_integral, 0, state_temperature | state_bristle | state_current, 0});
  CHECK(m.control_name == std::vector<std::string>{"pid.pos", "pid.vel", "pid.ff", "aim.qw", "aim.qx", "aim.qy", "aim.qz", "plain"});
  CHECK(m.control_limited == std::vector<int32_t>{1, 0, 1, 0, 0, 0, 0, 0});
  CHECK(m.control0 == std::vector<double>{0, 0, 0, 1, 0, 0, 0, 0});
  CHECK(m.moment_dof == std::vector<int32_t>{1, 2, 3});
  const std::string bytes = serialize(m);
  const auto back = deserialize(bytes, "m");
  REQUIRE(bool(back));
  CHECK(serialize(*back) == bytes);
  CHECK(back->control_name == m.control_name);
}

TEST_CASE("actuators: moments of sites are listed by the dofs that move one of them and not both") {
  SceneMaker s = arm();
  Actuator a;
  a.transmission = Transmission::site;
  a.target = 2, a.reference = 1;
  s.scene.actuators.push_back(a);
  a.reference = -1;
  s.scene.actuators.push_back(a);
  a.transmission = Transmission::slidercrank, a.cranklength = 1, a.reference = 0;
  s.scene.actuators.push_back(a);
  const Model m = s.model();
  CHECK(m.moment_adr == std::vector<int32_t>{0, 3, 7, 11});
  CHECK(m.moment_dof == std::vector<int32_t>{1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3});
}

TEST_CASE("actuators: armature and damping act at the joint, times gear squared; muscles know their acceleration") {
  SceneMaker s = arm();
  Actuator a = on_joint(0);
  a.gear = {3}, a.armature = 0.5, a.damping = {0.2, 0, 0};
  a.gain = Gain::muscle, a.gainprm = muscle_prm, a.lengthrange = {-1, 1};
  s.scene.actuators.push_back(a);
  const Model m = s.model(), bare = arm().model();
  CHECK(m.dof_armature[0] == bare.dof_armature[0] + 4.5);
  CHECK(m.dof_damping[0] == doctest::Approx(1.8).epsilon(1e-15));
  CHECK((m.flags & flag_damping) != 0);
  double least = 3 * m.dof_invweight[0];                     // of the hinge alone; the hand is accelerated too
  CHECK(m.actuator_acc0[0] >= least);
  CHECK(m.actuator_acc0[0] < 2 * least);
}

TEST_CASE("actuators on tendons: armature and damping act at the tendon, times gear squared") {
  SceneMaker s = arm();
  Tendon t;
  t.joints = {{0, 2}};
  t.armature = 0.1;
  s.scene.tendons.push_back(t);
  Actuator a;
  a.transmission = Transmission::tendon, a.target = 0;
  a.gear = {3}, a.armature = 0.5, a.damping = {0.2, 0.3, 0.4};
  s.scene.actuators.push_back(a);
  const Model m = s.model();
  CHECK(m.tendon_armature[0] == doctest::Approx(4.6).epsilon(1e-15));
  CHECK(m.tendon_damping[0] == doctest::Approx(1.8).epsilon(1e-15));
  CHECK(m.tendon_damping_poly[0] == doctest::Approx(2.7).epsilon(1e-15));
  CHECK(m.tendon_damping_poly[1] == doctest::Approx(3.6).epsilon(1e-15));
  CHECK((m.flags & flag_tendon_armature) != 0);
  CHECK((m.flags & flag_polynomial) != 0);
  CHECK((arm().model().flags & (flag_tendon_armature | flag_polynomial)) == 0);
}

TEST_CASE("actuators: what does not go together is refused") {
  struct { const char* what; void (*change)(Actuator&); } cases[] = {
      {"a slider-crank without a rod", [](Actuator& a) { a.transmission = Transmission::slidercrank, a.target = 2, a.reference = 0; }},
      {"armature of a site", [](Actuator& a) { a.transmission = Transmission::site, a.target = 2, a.armature = 1; }},
      {"half an so3", [](Actuator& a) { a.gain = Gain::so3; }},
      {"an so3 on a hinge", [](Actuator& a) { a.gain = Gain::so3, a.bias = Bias::so3, a.gainprm = {}, a.input = actuator_input::expmap; }},
      {"a dcmotor's gain alone", [](Actuator& a) { a.gain = Gain::dcmotor; }},
      {"a pid's dynamics alone", [](Actuator& a) { a.dynamics = Dynamics::pid; }},
      {"a pid whose integral has no dynamics", [](Actuator& a) { a.gain = Gain::pid, a.bias = Bias::affine, a.input = actuator_input::pos; }},
      {"a pid without states", [](Actuator& a) { a.gain = Gain::pid, a.bias = Bias::affine, a.dynamics = Dynamics::pid, a.gainprm = {}, a.dynprm = {}, a.input = actuator_input::pos; }},
      {"a muscle whose curve is flat", [](Actuator& a) { a.gain = Gain::muscle, a.gainprm = {1, 1}, a.lengthrange = {0, 1}; }}};
  for (const auto& c : cases) {
    CAPTURE(c.what);
    SceneMaker s = arm();
    s.scene.actuators.push_back(on_joint(0));
    c.change(s.scene.actuators.back());
    CHECK(s.error() == "bad-actuator");
  }
  SceneMaker s = arm();
  s.scene.actuators.push_back(on_joint(0));
  s.scene.actuators.back().gain = Gain::muscle;
  s.scene.actuators.back().gainprm = muscle_prm;
  s.scene.compiler.lengthrange.mode = LengthRange::Mode::none;
  CHECK(s.error() == "no-length-range");
}
