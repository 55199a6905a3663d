// The meaning of MJCF as read, and what is said about bad input. Expected values were taken from MuJoCo 3.17 (compiled
// models of the same text) or follow from the formulas of its documentation.
#include "engine/scene/mjcf.h"
#include <doctest/doctest.h>
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <numbers>

using namespace nuri;
using namespace nuri::scene;

namespace {

constexpr double pi = std::numbers::pi;

Scene read(const std::string& inside) {
  Result<Scene> scene = read_mjcf_text("<mujoco>" + inside + "</mujoco>", "test.xml");
  if (!scene)
    for (const Diagnostic& d : scene.errors()) FAIL(to_string(d));
  return *scene;
}

// "code:line code:line ..." of what is wrong with a text.
std::string wrong(const std::string& text) {
  Result<Scene> scene = read_mjcf_text(text, "test.xml");
  if (scene) return "";
  std::string found;
  for (const Diagnostic& d : scene.errors()) found += (found.empty() ? "" : " ") + d.code + ":" + std::to_string(d.place.line);
  return found;
}

std::string body(const std::string& inside) { return "<mujoco>\n<worldbody>\n<body>\n" + inside + "\n</body>\n</worldbody>\n</mujoco>"; }
std::string geom(const std::string& attributes) { return body("<geom " + attributes + "/>"); }
std::string joint(const std::string& attributes) { return body("<joint " + attributes + "/><geom size='1'/>"); }
std::string path(const std::string& inside) {
  return "<mujoco><worldbody><site name='a'/><site name='b' pos='1 0 0'/><geom name='ball' size='1'/><geom name='box' type='box' size='1 1 1'/></worldbody>"
         "<tendon>\n<spatial>\n" + inside + "</spatial></tendon></mujoco>";
}
std::string actuator(const std::string& element) {
  return "<mujoco><worldbody><body><joint name='j' range='-90 90'/><geom size='1'/></body></worldbody><actuator>\n" + element + "\n</actuator></mujoco>";
}

template <std::size_t n> void check_equal(const std::array<double, n>& a, const std::array<double, n>& b, double tolerance = 1e-15) {
  for (std::size_t i = 0; i < n; ++i) CHECK(std::abs(a[i] - b[i]) <= tolerance);
}

// Files for inclusion, gone afterwards.
struct Folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / ("nuri_mjcf_test_" + std::to_string(reinterpret_cast<std::uintptr_t>(this)));
  Folder() { std::filesystem::create_directories(path / "scenes" / "parts"); }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path / name) << text;
    return (path / name).string();
  }
};

}  // namespace

TEST_CASE("mjcf: bodies come depth first, their parts in the order of bodies") {
  Scene s = read("<worldbody><body name='a'><geom name='ga' size='1'/><body name='b'><geom name='gb' size='1'/></body><geom name='ga2' size='1'/></body>"
                 "<geom name='gw' size='1'/><body name='c'/></worldbody>");
  REQUIRE(s.bodies.size() == 4);
  CHECK(s.bodies[0].name == "world");
  CHECK(s.bodies[2].name == "b");
  CHECK(s.bodies[2].parent == 1);
  CHECK(s.bodies[3].parent == 0);
  std::string order;
  for (const Geom& g : s.geoms) order += g.name + " ";
  CHECK(order == "gw ga ga2 gb ");
}

TEST_CASE("mjcf: angles are degrees unless the compiler says radian") {
  const std::string bodies = "<worldbody><body><joint range='-90 45' ref='30' springref='-60'/><joint type='slide' range='-90 45' ref='30'/><geom size='1'/></body>"
                             "<body><joint type='ball' range='0 90'/><geom size='1'/></body></worldbody>";
  Scene degrees = read(bodies), radians = read("<compiler angle='radian'/>" + bodies);
  check_equal(degrees.joints[0].range, {-pi / 2, pi / 4});
  CHECK(degrees.joints[0].ref == doctest::Approx(pi / 6));
  CHECK(degrees.joints[0].springref == doctest::Approx(-pi / 3));
  CHECK(degrees.joints[1].range == Array2{-90, 45});
  CHECK(degrees.joints[1].ref == 30);
  check_equal(degrees.joints[2].range, {0, pi / 2});
  CHECK(radians.joints[0].range == Array2{-90, 45});
}

TEST_CASE("mjcf: limited='auto' means limited if there is a range") {
  Scene s = read("<worldbody><body><joint range='-1 1'/><joint/><joint limited='false' range='-1 1'/></body><body><freejoint/><geom size='1'/></body></worldbody>");
  CHECK(s.joints[0].limited);
  CHECK_FALSE(s.joints[1].limited);
  CHECK_FALSE(s.joints[2].limited);
  CHECK_FALSE(s.joints[3].limited);
  CHECK(wrong("<mujoco><compiler autolimits='false'/>\n<worldbody><body><joint range='0 1'/></body></worldbody></mujoco>") == "missing-attribute:2");
}

TEST_CASE("mjcf: orientations") {
  const double h = std::sqrt(0.5);
  struct { const char* written; Array4 quat; } cases[] = {
      {"quat='2 0 0 2'", {h, 0, 0, h}}, {"axisangle='0 0 3 90'", {h, 0, 0, h}}, {"xyaxes='0 1 0 -1 0 0'", {h, 0, 0, h}},
      {"xyaxes='0 2 0 -1 5 0'", {h, 0, 0, h}}, {"zaxis='1 0 0'", {h, 0, h, 0}}, {"zaxis='0 0 -1'", {0, 1, 0, 0}}, {"euler='0 0 90'", {h, 0, 0, h}},
      {"euler='10 20 30'", {0.943714364147489, 0.12767944069578063, 0.14487812541736914, 0.2685358227515692}}};
  for (const auto& c : cases) {
    CAPTURE(std::string(c.written));
    Scene s = read(std::string("<worldbody><body ") + c.written + "><geom size='1' " + c.written + "/></body></worldbody>");
    check_equal(s.bodies[1].quat, c.quat);
    check_equal(s.geoms[0].quat, c.quat);
  }
  Scene fixed_axes = read("<compiler eulerseq='XYZ'/><worldbody><geom size='1' euler='10 20 30'/></worldbody>");
  check_equal(fixed_axes.geoms[0].quat, {0.95154852, 0.03813458, 0.18930786, 0.23929834}, 1e-8);
}

TEST_CASE("mjcf: fromto") {
  Scene s = read("<worldbody><geom type='capsule' size='0.1 9' fromto='0 0 0 0 0 1'/><geom type='box' size='0.1 7 7' fromto='0 0 0 1 0 1'/>"
                 "<site type='cylinder' size='0.2' fromto='1 0 0 1 2 0'/></worldbody>");
  check_equal(s.geoms[0].size, {0.1, 0.5, 0});
  check_equal(s.geoms[0].pos, {0, 0, 0.5});
  check_equal(s.geoms[0].quat, {0, 1, 0, 0}, 1e-16);
  check_equal(s.geoms[1].size, {0.1, 0.1, std::sqrt(0.5)});
  check_equal(s.geoms[1].quat, {std::cos(3 * pi / 8), 0, -std::sin(3 * pi / 8), 0});
  check_equal(s.sites[0].pos, {1, 1, 0});
  CHECK(s.sites[0].size[1] == 1);
}

TEST_CASE("mjcf: classes") {
  Scene s = read("<default><geom friction='0.5' rgba='1 0 0 1'/><joint damping='1'/><default class='a'><geom density='7'/><default class='b'><geom size='3' friction='0.1'/></default>"
                 "</default></default><worldbody><body childclass='a'><joint/><geom size='1'/><body><geom class='b'/><geom size='1' class='main'/></body>"
                 "<body childclass='b'><geom friction='9 8'/></body></body></worldbody>");
  CHECK(s.geoms[0].density == 7);
  CHECK(s.geoms[0].friction[0] == 0.5);
  CHECK(s.geoms[1].size[0] == 3);
  CHECK(s.geoms[1].density == 7);
  CHECK(s.geoms[2].density == 1000);
  CHECK(s.geoms[3].friction == Array3{9, 8, 0.0001});
  CHECK(s.joints[0].damping == 1);
}

TEST_CASE("mjcf: a free joint takes nothing from classes, and its frame is the body's") {
  Scene s = read("<default><joint damping='1' armature='2' axis='1 0 0'/></default><worldbody><body><freejoint name='f'/><geom size='1'/></body>"
                 "<body><joint type='free' pos='1 2 3'/><geom size='1'/></body></worldbody>");
  CHECK(s.joints[0].damping == 0);
  CHECK(s.joints[0].armature == 0);
  CHECK(s.joints[1].damping == 1);
  CHECK(s.joints[1].pos == Array3{0, 0, 0});
  CHECK(s.joints[1].axis == Array3{0, 0, 1});
}

TEST_CASE("mjcf: frames place what they hold") {
  Scene s = read("<worldbody><frame pos='1 0 0' euler='0 0 90'><geom size='1' pos='1 0 0'/><frame pos='1 0 0'><body pos='1 0 0'><geom size='1'/></body></frame></frame></worldbody>");
  check_equal(s.geoms[0].pos, {1, 1, 0});
  check_equal(s.bodies[1].pos, {1, 2, 0});
  check_equal(s.bodies[1].quat, {std::sqrt(0.5), 0, 0, std::sqrt(0.5)});
}

TEST_CASE("mjcf: full inertia becomes principal moments and axes") {
  Scene s = read("<worldbody><body><joint/><inertial pos='0 0 0' mass='1' fullinertia='2 2.1 2.2 0.1 -0.2 0.3'/></body></worldbody>");
  const Inertial& i = s.bodies[1].inertial;
  CHECK(i.diaginertia[0] >= i.diaginertia[1]);
  CHECK(i.diaginertia[1] >= i.diaginertia[2]);
  // R diag R' must give the matrix back
  auto [w, x, y, z] = i.quat;
  double r[3][3] = {{1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)},
                    {2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)},
                    {2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)}};
  const double full[3][3] = {{2, 0.1, -0.2}, {0.1, 2.1, 0.3}, {-0.2, 0.3, 2.2}};
  for (int row = 0; row < 3; ++row)
    for (int column = 0; column < 3; ++column) {
      double sum = 0;
      for (std::size_t k = 0; k < 3; ++k) sum += r[row][k] * i.diaginertia[k] * r[column][k];
      CHECK(std::abs(sum - full[row][column]) < 1e-14);
    }
}

TEST_CASE("mjcf: actuators are gains, biases and dynamics") {
  struct { const char* classes; const char* element; Parameters gain, bias; Dynamics dynamics; } cases[] = {
      {"", "<motor joint='j'/>", {1, 0, 0}, {0, 0, 0}, Dynamics::none},
      {"", "<position joint='j' kp='5' kv='2'/>", {5, 0, 0}, {0, -5, -2}, Dynamics::none},
      {"", "<position joint='j' timeconst='0.1'/>", {1, 0, 0}, {0, -1, 0}, Dynamics::filterexact},
      {"", "<velocity joint='j' kv='3'/>", {3, 0, 0}, {0, 0, -3}, Dynamics::none},
      {"", "<intvelocity joint='j' actrange='-1 1'/>", {1, 0, 0}, {0, -1, 0}, Dynamics::integrator},
      {"", "<damper joint='j' kv='2' ctrlrange='0 1'/>", {0, 0, -2}, {0, 0, 0}, Dynamics::none},
      {"", "<cylinder joint='j' area='3' bias='1 2 3'/>", {3, 0, 0}, {1, 2, 3}, Dynamics::filter},
      {"", "<general joint='j' gainprm='2' biastype='affine' biasprm='1 2 3'/>", {2, 0, 0}, {1, 2, 3}, Dynamics::none},
      // from a class: of the same shortcut or general, not of another shortcut
      {"<position kp='5' kv='2'/>", "<position joint='j'/>", {5, 0, 0}, {0, -5, -2}, Dynamics::none},
      {"<position kp='5' kv='2'/>", "<velocity joint='j'/>", {1, 0, 0}, {0, 0, -1}, Dynamics::none},
      {"<position kp='5' kv='2'/>", "<general joint='j'/>", {5, 0, 0}, {0, -5, -2}, Dynamics::none},
      {"<general gainprm='7' biasprm='1 2 -3'/>", "<position joint='j'/>", {7, 0, 0}, {0, -7, -3}, Dynamics::none},
      {"<general gaintype='affine' gainprm='7 1 1'/>", "<position joint='j'/>", {1, 0, 0}, {0, -1, 0}, Dynamics::none},
      {"<position kp='6'/><default class='v'><velocity kv='3'/></default>", "<position class='v' joint='j'/>", {6, 0, 0}, {0, -6, 0}, Dynamics::none}};
  for (const auto& c : cases) {
    CAPTURE(std::string(c.classes));
    CAPTURE(std::string(c.element));
    Scene s = read(std::string("<default>") + c.classes + "</default><worldbody><body><joint name='j'/><geom size='1'/></body></worldbody><actuator>" + c.element + "</actuator>");
    CHECK(s.actuators[0].gainprm == c.gain);
    CHECK(s.actuators[0].biasprm == c.bias);
    CHECK(s.actuators[0].dynamics == c.dynamics);
  }
  Scene s = read("<default><motor gear='3' ctrlrange='-1 1'/></default><worldbody><body><joint name='j' range='-90 30'/><geom size='1'/></body></worldbody><actuator><motor joint='j'/>"
                 "<position joint='j' ctrlrange='0 0' inheritrange='0.5'/><position joint='j' dampratio='0.7'/></actuator>");
  CHECK(s.actuators[0].gear[0] == 3);
  CHECK(s.actuators[0].ctrllimited);
  check_equal(s.actuators[1].ctrlrange, {-pi / 3, 0}, 1e-15);
  CHECK(s.actuators[1].ctrllimited);
  CHECK(s.actuators[2].dampratio == 0.7);
  CHECK(s.actuators[2].biasprm[2] == 0);
}

namespace {
Scene with_actuators(const std::string& classes, const std::string& actuators) {
  return read("<compiler autolimits='true'/><default>" + classes + "</default><worldbody><site name='w'/><body><joint name='j' range='-90 30'/><geom size='1'/><site name='s'/>"
              "<body><joint name='b' type='ball'/><geom size='1'/><site name='t'/></body></body></worldbody><actuator>" + actuators + "</actuator>");
}
}  // namespace

TEST_CASE("mjcf: muscles, pids, motors and orientation servos") {
  Scene s = with_actuators("<muscle range='0.5 1.5' force='5'/>", "<muscle joint='j' scale='3' timeconst='0.1 0.2' tausmooth='0.3' lengthrange='1 2' damping='1 2' armature='3' group='4'/>");
  const Actuator& muscle = s.actuators[0];
  CHECK(muscle.gainprm == Parameters{0.5, 1.5, 5, 3, 0.5, 1.6, 1.5, 1.3, 1.2});
  CHECK(muscle.biasprm == muscle.gainprm);
  CHECK(muscle.dynprm == Parameters{0.1, 0.2, 0.3});
  CHECK(muscle.lengthrange == Array2{1, 2});
  CHECK(muscle.damping == Array3{1, 2, 0});
  CHECK(muscle.armature == 3);
  CHECK(muscle.group == 4);

  s = with_actuators("<pid kp='3' kv='2' ki='1' imax='2' slewmax='3' input='pos ff' ffrange='-1 1'/>", "<pid joint='j' kp='5'/><pid joint='j' ki='0' slewmax='0' dampratio='1' input='pos vel' posrange='-2 2'/>");
  CHECK(s.actuators[0].gain == Gain::pid);
  CHECK(s.actuators[0].dynamics == Dynamics::pid);
  CHECK(s.actuators[0].gainprm[0] == 1);
  CHECK(s.actuators[0].biasprm == Parameters{0, -5, -2});
  CHECK(s.actuators[0].dynprm == Parameters{2, 3});
  CHECK(s.actuators[0].input == (actuator_input::pos | actuator_input::ff));
  CHECK(s.actuators[0].ffrange == Array2{-1, 1});
  CHECK(s.actuators[1].dynamics == Dynamics::none);
  CHECK(s.actuators[1].dampratio == 1);
  CHECK(s.actuators[1].ctrlrange == Array2{-2, 2});
  CHECK(s.actuators[1].ctrllimited);

  s = with_actuators("", "<orientation joint='b' kp='2' kv='3'/><orientation site='t' refsite='w' input='quat' forcerange='0 3'/>"
                         "<general joint='b' gaintype='so3' biastype='so3' gainprm='2' biasprm='0 -2' dyntype='integrator' actdim='3'/>");
  CHECK(s.actuators[0].biasprm == Parameters{0, -2, -3});
  CHECK(s.actuators[0].input == actuator_input::expmap);
  CHECK(s.actuators[1].input == actuator_input::quat);
  CHECK(s.actuators[1].reference == 0);
  CHECK(s.actuators[2].input == actuator_input::expmap);

  // numbers that MuJoCo 4.0.1 gives
  s = with_actuators("<dcmotor resistance='2' motorconst='.1' inductance='.5'/>",
                     "<dcmotor joint='j' resistance='4'/><dcmotor joint='j' nominal='12 1 300'/><dcmotor joint='j' resistance='0' motorconst='0' nominal='12 1 300' thermal='2 3 5 .004 25 20' "
                     "saturation='0 5 7' cogging='.1 6 .2' lugre='10 .1 .2 .3 .4' controller='5 6 7 8 9 10' input='pos vel ff voltage'/>");
  CHECK(s.actuators[0].gainprm == Parameters{4, 0.1});
  CHECK(s.actuators[0].dynprm == Parameters{0.25});
  CHECK(s.actuators[1].gainprm[1] == doctest::Approx(0.06324555320336758).epsilon(1e-15));
  CHECK(s.actuators[1].gainprm[0] == 2);
  const Actuator& motor = s.actuators[2];
  CHECK(motor.gainprm == Parameters{0.48, 0.04, 0.004, 25, 5, 6, 7, 10});
  CHECK(motor.dynprm == Parameters{0.25, 7, 2, 2.5, 20, 10, 0.1, 8, 9});
  CHECK(motor.biasprm == Parameters{0.1, 6, 0.2, 0.2, 0.3, 0.4});
  CHECK(motor.forcerange == Array2{-0.2, 0.2});
  CHECK(motor.forcelimited);
  CHECK(motor.actearly);
  CHECK(motor.input == 15);
}

TEST_CASE("mjcf: transmissions, groups, length ranges") {
  Scene s = with_actuators("<position kp='3' ctrlrange='-1 1'/>", "<motor cranksite='s' slidersite='w' cranklength='2'/><motor site='s' refsite='t' gear='0 0 1'/><position joint='j' inheritrange='1'/>");
  CHECK(s.actuators[0].transmission == Transmission::slidercrank);
  CHECK(s.actuators[0].target == 1);
  CHECK(s.actuators[0].reference == 0);
  CHECK(s.actuators[0].cranklength == 2);
  CHECK(s.actuators[1].transmission == Transmission::site);
  CHECK(s.actuators[1].reference == 2);
  CHECK(s.actuators[2].ctrlrange[1] == doctest::Approx(pi / 6));      // not the class's: the element says otherwise
  s = read("<option actuatorgroupdisable='1 4'/><compiler><lengthrange mode='none' uselimit='true' inttotal='3'/></compiler>");
  CHECK(s.option.actuatorgroupdisable == std::vector<int>{1, 4});
  CHECK(s.compiler.lengthrange.mode == LengthRange::Mode::none);
  CHECK(s.compiler.lengthrange.uselimit);
  CHECK(s.compiler.lengthrange.inttotal == 3);
}

TEST_CASE("mjcf: springs that give way: degrees of hinges and balls, metres of slides and tendons") {
  const std::string bodies = "<default><joint springyield='9'/><tendon springyield='0.2'/></default><worldbody><body><joint name='h'/><geom size='1'/></body><body><joint type='ball'/><geom size='1'/></body>"
                             "<body><joint type='slide'/><geom size='1'/></body><body><joint springyield='0'/><geom size='1'/></body><body><freejoint/><geom size='1'/></body></worldbody>"
                             "<tendon><fixed><joint joint='h' coef='1'/></fixed><fixed springyield='0.3'><joint joint='h' coef='1'/></fixed></tendon><keyframe><key plastic='1 2'/></keyframe>";
  const Scene degrees = read(bodies), radians = read("<compiler angle='radian'/>" + bodies);
  const double pi = 3.14159265358979323846;
  for (const int j : {0, 1}) CHECK(degrees.joints[size_t(j)].springyield == doctest::Approx(pi / 20));
  CHECK(radians.joints[0].springyield == 9);
  CHECK(degrees.joints[2].springyield == 9);
  for (const int j : {3, 4}) CHECK(degrees.joints[size_t(j)].springyield == 0);
  CHECK(degrees.tendons[0].springyield == 0.2);
  CHECK(degrees.tendons[1].springyield == 0.3);
  CHECK(degrees.keys[0].plastic == std::vector<double>{1, 2});
}

TEST_CASE("mjcf: constraints, tendons, sensors, keyframes") {
  Scene s = read("<size nkey='3'/><default><equality solref='0.1'/><pair condim='4'/></default><worldbody><body name='a'><joint name='j'/><geom name='g' size='1'/><site name='s'/></body>"
                 "<body name='b'><joint name='k' range='0 9'/><geom name='h' size='1'/></body></worldbody><contact><pair geom1='g' geom2='h' friction='3'/><exclude body1='a' body2='world'/></contact>"
                 "<tendon><fixed name='t' springlength='0.5' range='0 1'><joint joint='k' coef='-2'/></fixed></tendon>"
                 "<equality><connect body1='a' anchor='1 2 3'/><weld body1='a' body2='b' relpose='1 2 3 0 0 0 5'/><weld body1='a'/><joint joint1='j' joint2='k' polycoef='0 2'/></equality>"
                 "<sensor><touch site='s'/><jointlimitpos joint='k' cutoff='2'/><framepos objtype='xbody' objname='b' reftype='site' refname='s'/><clock/></sensor>"
                 "<keyframe><key name='home' qpos='1 2' time='3'/></keyframe>");
  CHECK(s.pairs[0].condim == 4);
  CHECK(s.pairs[0].friction == Array5{3, 1, 0.005, 0.0001, 0.0001});
  CHECK(s.excludes[0].body2 == 0);
  CHECK(s.tendons[0].springlength == Array2{0.5, 0.5});
  CHECK(s.tendons[0].limited);
  CHECK(s.tendons[0].joints[0].joint == 1);
  CHECK(s.equalities[0].object2 == 0);
  CHECK(s.equalities[0].solref == Array2{0.1, 1});
  CHECK(s.equalities[1].relpose == std::array<double, 7>{1, 2, 3, 0, 0, 0, 1});
  CHECK(s.equalities[2].relpose == std::array<double, 7>{0, 1, 0, 0, 0, 0, 0});
  CHECK(s.equalities[3].polycoef == Array5{0, 2, 0, 0, 0});
  CHECK(s.sensors[1].object == 1);
  CHECK(s.sensors[1].cutoff == 2);
  CHECK(s.sensors[2].object_type == ObjectType::xbody);
  CHECK(s.sensors[2].object == 2);
  CHECK(s.sensors[2].reference == 0);
  REQUIRE(s.keys.size() == 3);
  CHECK(s.keys[0].qpos == std::vector<double>{1, 2});
  CHECK(s.keys[2].qpos.empty());
}

// Values of mjModel's cam_intrinsic, divided by the size of a pixel, and cam_fovy; where the axis meets the picture, as MuJoCo's renderer draws it.
TEST_CASE("mjcf: cameras with a sensor") {
  const Scene s = read(
      "<default><default class='chip'><camera sensorsize='0.0064 0.0048' resolution='64 48'/></default></default>"
      "<worldbody><camera fovy='60'/><camera resolution='320 200'/><camera class='chip' focal='0.006 0.006' principal='0.0008 0.0004'/>"
      "<camera class='chip' focalpixel='60 50' focal='1 1' principalpixel='-8 4' fovy='30'/></worldbody>");
  REQUIRE(s.cameras.size() == 4);
  const double degree = 3.14159265358979 / 180;
  CHECK(s.cameras[0].fovy == doctest::Approx(60 * degree));
  CHECK(s.cameras[0].focal == Array2{0, 0});
  CHECK(s.cameras[1].resolution == std::array<int, 2>{320, 200});
  CHECK(s.cameras[1].fovy == doctest::Approx(45 * degree));
  for (std::size_t k = 0; k < 2; ++k) CHECK(s.cameras[2].focal[k] == doctest::Approx(60));
  CHECK(s.cameras[2].principal[0] == doctest::Approx(-8));
  CHECK(s.cameras[2].principal[1] == doctest::Approx(-4));
  CHECK(s.cameras[2].fovy == doctest::Approx(43.60281897 * degree));
  CHECK(s.cameras[3].focal == Array2{60, 50});
  CHECK(s.cameras[3].principal == Array2{8, -4});
  CHECK(s.cameras[3].fovy == doctest::Approx(51.2820112 * degree));
}

TEST_CASE("mjcf: lights") {
  const Scene s = read("<worldbody><light/><light type='point' attenuation='1 0.5 0.25' range='7' active='false' cutoff='30' exponent='2'/><light directional='true'/></worldbody>");
  REQUIRE(s.lights.size() == 3);
  CHECK(s.lights[0].type == LightType::spot);
  CHECK(s.lights[0].attenuation == Array3{1, 0, 0});
  CHECK(s.lights[1].type == LightType::point);
  CHECK(s.lights[1].attenuation == Array3{1, 0.5, 0.25});
  CHECK(s.lights[1].range == 7);
  CHECK(s.lights[1].exponent == 2);
  CHECK(s.lights[1].cutoff == doctest::Approx(3.14159265358979 / 6));
  CHECK_FALSE(s.lights[1].active);
  CHECK(s.lights[2].type == LightType::directional);
}

TEST_CASE("mjcf: what is not used is said once for each kind") {
  Scene s = read("<size nstack='9'/><worldbody><light/><light/><camera/><geom size='1' user='1'/>text</worldbody><visual><map znear='1'/></visual>");
  std::string report;
  for (const Diagnostic& d : s.report) report += d.code + " " + d.message + "\n";
  CHECK(report ==
        "stray-text text inside <worldbody> is not read: \"text\"\n"
        "kept-for-later camera: kept, not used by the dynamics (once)\n"
        "kept-for-later light: kept, not used by the dynamics (2 times)\n"
        "kept-for-later visual: kept, not used by the dynamics (once)\n"
        "no-effect attribute 'nstack' of <size>: accepted, has no effect here (once)\n"
        "no-effect attribute 'user' of <geom>: accepted, has no effect here (once)\n");
}

TEST_CASE("mjcf: a finding names its place, path, value and remedy") {
  Result<Scene> scene = read_mjcf_text("<mujoco>\n  <worldbody>\n    <body name='torso'>\n      <geom size='1' mas='2'/>\n    </body>\n  </worldbody>\n</mujoco>", "robot.xml");
  REQUIRE_FALSE(scene);
  CHECK(to_string(scene.errors()[0]) ==
        "robot.xml:4:22: error: <geom> has no attribute 'mas' (it is \"2\" here) [unknown-attribute]\n"
        "  in mujoco/worldbody/body[torso]/geom\n"
        "  4 |       <geom size='1' mas='2'/>\n"
        "    |                      ^~~~~~~\n"
        "  hint: did you mean 'mass'?");
}

TEST_CASE("mjcf: spatial tendons, polynomials") {
  Scene s = read("<default><tendon stiffness='1 2 3' damping='4' width='0.01' rgba='1 0 0 1'/><joint damping='1 2'/></default><worldbody><site name='a'/><site name='b' pos='1 0 0'/>"
                 "<geom name='ball' size='0.1'/><body><joint name='j' stiffness='7 0 5'/><geom size='1'/><site name='c'/></body></worldbody><tendon><spatial name='t' stiffness='9' armature='0.5'>"
                 "<site site='a'/><geom geom='ball' sidesite='c'/><site site='b'/><pulley divisor='2'/><site site='b'/><site site='c'/></spatial><fixed><joint joint='j' coef='3'/></fixed></tendon>");
  REQUIRE(s.tendons.size() == 2);
  const Tendon& t = s.tendons[0];
  CHECK(t.joints.empty());
  REQUIRE(t.path.size() == 6);
  CHECK(t.path[1].kind == Tendon::Pass::geom);
  CHECK(t.path[1].object == 0);
  CHECK(t.path[1].side == 2);
  CHECK(t.path[3].kind == Tendon::Pass::pulley);
  CHECK(t.path[3].divisor == 2);
  CHECK(t.path[5].object == 2);
  CHECK(t.stiffness == 9);
  CHECK(t.stiffness_poly == Array2{2, 3});                   // as MuJoCo: what is not written stays the class's
  CHECK(t.damping == 4);
  CHECK(t.armature == 0.5);
  CHECK(t.width == 0.01);
  CHECK(s.tendons[1].path.empty());
  CHECK(s.joints[0].stiffness_poly == Array2{0, 5});
  CHECK(s.joints[0].damping_poly == Array2{2, 0});
}

TEST_CASE("mjcf: every error has its code and line") {
  struct { std::string text, found; } cases[] = {
      // XML
      {"", "bad-xml:1"}, {"   ", "bad-xml:1"}, {"<mujoco>", "bad-xml:1"}, {"<mujoco>\n<a></b></mujoco>", "bad-xml:2"}, {"<mujoco/>\n<mujoco/>", "bad-xml:2"}, {"text <mujoco/>", "bad-xml:1"},
      {std::string("<mujoco>\0</mujoco>", 18), "bad-encoding:1"}, {"<mujoco>\n\xC0\x80</mujoco>", "bad-encoding:2"}, {"\xFF\xFE<\0", "bad-encoding:1"}, {"<!DOCTYPE a><mujoco/>", "doctype:1"},
      {"<mujoco>\n<option timestep='1' timestep='2'/></mujoco>", "repeated-attribute:2"}, {"<robot/>", "wrong-root:1"},
      // names of things
      {"<mujoco>\n<optoin/></mujoco>", "unknown-element:2"}, {geom("size='1' foo='1'"), "unknown-attribute:4"}, {body("<gem/>"), "unknown-element:4"}, {"<mujoco><worldbody\nname='w'/></mujoco>", "unknown-attribute:2"},
      {body("<geom name='a' size='1'/>\n<geom name='a' size='1'/>"), "repeated-name:5"}, {body("<body name='world'/>"), "repeated-name:4"},
      {geom("size='1' class='x'"), "unknown-class:4"}, {body("<body childclass='x'/>"), "unknown-class:4"}, {geom("size='1' material='x'"), "unknown-name:4"},
      {"<mujoco><default class='x'/></mujoco>", "bad-value:1"}, {"<mujoco><default><default/></default></mujoco>", "missing-attribute:1"},
      {"<mujoco><default><default class='a'/>\n<default class='a'/></default></mujoco>", "repeated-name:2"}, {"<mujoco><default><geom/>\n<geom/></default></mujoco>", "repeated-element:2"},
      {"<mujoco><default><geom\nname='a'/></default></mujoco>", "unknown-attribute:2"},
      // numbers
      {geom("size='x'"), "bad-number:4 bad-value:4"}, {geom("size='1' pos='1,2,3'"), "bad-number:4"}, {geom("size='1' pos='0x1 0 0'"), "bad-number:4"}, {geom("size='1' pos='1 2'"), "wrong-count:4"},
      {geom("size='1' pos='1 2 3 4'"), "wrong-count:4"}, {geom("size='1' pos=''"), "wrong-count:4"}, {geom("size='1' pos='nan 0 0'"), "not-finite:4"}, {geom("size='1' pos='0 -inf 0'"), "not-finite:4"},
      {geom("size='1' pos='1e400 0 0'"), "number-out-of-range:4"}, {geom("size='1' pos='1e-400 0 0'"), "number-out-of-range:4"}, {geom("size='1' condim='3.0'"), "bad-number:4"},
      {geom("size='1' contype='4294967295'"), "number-out-of-range:4"}, {geom("size='1' condim='3 3'"), "wrong-count:4"}, {geom("size='1' type='Sphere'"), "bad-keyword:4"},
      // values
      {geom(""), "bad-value:4"}, {geom("size='0'"), "bad-value:4"}, {geom("size='-1'"), "bad-value:4"}, {geom("type='box' size='1 1'"), "bad-value:4"}, {geom("type='capsule' size='1'"), "bad-value:4"},
      {geom("size='1' mass='-1'"), "bad-value:4"}, {geom("size='1' density='-1'"), "bad-value:4"}, {geom("size='1' condim='2'"), "bad-value:4"}, {geom("size='1' friction='-1'"), "bad-value:4"},
      {geom("size='1' quat='0 0 0 0'"), "bad-value:4"}, {geom("size='1' zaxis='0 0 0'"), "bad-value:4"}, {geom("size='1' xyaxes='1 0 0 2 0 0'"), "bad-value:4"}, {geom("size='1' axisangle='0 0 0 1'"), "bad-value:4"},
      {geom("size='1' euler='0 0 0' quat='1 0 0 0'"), "conflicting-attributes:4"}, {geom("size='1' fromto='0 0 0 0 0 1'"), "bad-value:4"},
      {geom("type='capsule' size='1' fromto='0 0 0 0 0 0'"), "bad-value:4 bad-value:4"}, {geom("type='capsule' size='1 1' fromto='0 0 0 0 0 1' pos='0 0 1'"), "conflicting-attributes:4"},
      {"<mujoco><worldbody>\n<geom type='plane'/></worldbody></mujoco>", "bad-value:2"}, {body("<joint/>\n<geom type='plane' size='1 1 1'/>"), "moving-plane:5"}, {body("<site type='plane'/>"), "bad-value:4"},
      {joint("axis='0 0 0'"), "bad-value:4"}, {joint("range='1 -1'"), "bad-value:4"}, {joint("limited='true'"), "bad-value:4"}, {joint("type='ball' range='1 2'"), "bad-value:4"}, {joint("limited='yes'"), "bad-keyword:4"},
      {joint("armature='-1'"), "bad-value:4"}, {joint("frictionloss='-1'"), "bad-value:4"}, {joint("springdamper='1 0'"), "bad-value:4"}, {joint("springyield='-1'"), "bad-value:4"}, {joint("type='free' springyield='1'"), "bad-value:4"}, {"<mujoco><tendon>\n<fixed springyield='-1'/></tendon></mujoco>", "bad-value:2 empty-tendon:2"}, {joint("damping='1 2 3 4'"), "wrong-count:4"},
      {"<mujoco><option\ntimestep='0'/></mujoco>", "bad-value:2"}, {"<mujoco><option integrator='euler'/></mujoco>", "bad-keyword:1"}, {"<mujoco><compiler eulerseq='xya'/></mujoco>", "bad-value:1"},
      {"<mujoco><compiler coordinate='global'/></mujoco>", "not-supported-yet:1"}, {"<mujoco><worldbody><body fuse='true'/></worldbody></mujoco>", "bad-keyword:1"}, {"<mujoco><compiler angle='grad'/></mujoco>", "bad-keyword:1"},
      {"<mujoco><option integrator='discrete'/></mujoco>", "not-supported-yet:1"}, {"<mujoco><option>\n<flag speculative='enable' diagexact='enable'/></option></mujoco>", "not-supported-yet:2"},
      {"<mujoco><option>\n<flag ipc='enable'/></option></mujoco>", "soft-body:2"}, {"<mujoco><option noslip_iterations='-1'/></mujoco>", "bad-value:1"},
      {"<mujoco><option><flag/>\n<flag/></option></mujoco>", "repeated-element:2"}, {"<mujoco><option><flag gravity='off'/></option></mujoco>", "bad-keyword:1"},
      // bodies
      {"<mujoco><worldbody>\n<joint/></worldbody></mujoco>", "not-in-world:2"}, {"<mujoco><worldbody>\n<inertial mass='1' pos='0 0 0'/></worldbody></mujoco>", "not-in-world:2"},
      {body("<body>\n<freejoint/></body>"), "misplaced-free-joint:5"}, {body("<joint/>\n<freejoint/>"), "too-many-joints:5 too-many-joints:3"}, {body("<joint type='ball'/>\n<joint/>"), "too-many-joints:5"},
      {body("<body\nmocap='true'/>"), "bad-value:5"}, {body("<inertial mass='1'/>"), "missing-attribute:4"}, {body("<inertial pos='0 0 0'/>"), "missing-attribute:4"}, {body("<inertial pos='0 0 0' mass='-1'/>"), "bad-value:4"},
      {body("<inertial pos='0 0 0' mass='1' fullinertia='1 1 -1 0 0 0'/>"), "bad-value:4"}, {body("<inertial pos='0 0 0' mass='1' fullinertia='1 1 1 0 0 0' diaginertia='1 1 1'/>"), "conflicting-attributes:4"},
      {body("<inertial pos='0 0 0' mass='1' diaginertia='1 1 1'/>\n<inertial pos='0 0 0' mass='1' diaginertia='1 1 1'/>"), "repeated-element:5"}, {body("<camera target='x'/>"), "unknown-name:4"},
      // cameras and lights
      {body("<camera focal='1 1' resolution='4 3'/>"), "bad-value:4"}, {body("<camera principalpixel='1 1'/>"), "bad-value:4"}, {body("<camera sensorsize='1 1' focal='1 1'/>"), "bad-value:4"},
      {body("<camera sensorsize='1 1' resolution='4 3'/>"), "bad-value:4"}, {body("<camera sensorsize='1 1' resolution='4 3' focal='1 1' fovy='30'/>"), "bad-value:4"},
      {body("<camera sensorsize='1 0' resolution='4 3' focal='1 1'/>"), "bad-value:4"}, {body("<camera sensorsize='1 1' resolution='4 3' focal='1 -1'/>"), "bad-value:4 bad-value:4"},
      {body("<camera sensorsize='1 1' resolution='4 3' focal='1 1e-9'/>"), "bad-value:4"}, {body("<camera resolution='4.5 3'/>"), "bad-number:4"}, {body("<camera resolution='0 3'/>"), "bad-value:4"},
      {body("<camera resolution='70000 3'/>"), "bad-value:4"}, {body("<camera fovy='180'/>"), "bad-value:4"}, {body("<camera sensorsize='1e-300 1' resolution='4 3' focal='1e300 1'/>"), "bad-value:4"},
      {body("<light attenuation='1 -1 0'/>"), "bad-value:4"}, {body("<light range='0'/>"), "bad-value:4"}, {body("<light cutoff='181'/>"), "bad-value:4"}, {body("<light type='image'/>"), "not-supported-yet:4"},
      // not yet
      {body("<composite/>"), "not-supported-yet:4"}, {geom("type='mesh' mesh='m'"), "unknown-name:4"}, {geom("type='hfield'"), "missing-attribute:4"}, {geom("type='sdf'"), "not-supported-yet:4 bad-value:4"},
      {"<mujoco><asset>\n<mesh file='a.stl'/></asset></mujoco>", "file-refused:2"}, {"<mujoco><extension/></mujoco>", "not-supported-yet:1"},
      {"<mujoco><sensor>\n<tactile geom='g' mesh='m'/></sensor></mujoco>", "not-supported-yet:2"},
      // what refers to other things
      {"<mujoco><contact>\n<pair geom1='a'/></contact></mujoco>", "missing-attribute:2 unknown-name:2"}, {"<mujoco><contact>\n<exclude body1='world' body2='x'/></contact></mujoco>", "unknown-name:2"},
      {"<mujoco><equality>\n<connect body1='world'/></equality></mujoco>", "missing-attribute:2 repeated-object:2"}, {"<mujoco><equality>\n<weld/></equality></mujoco>", "missing-attribute:2"},
      {"<mujoco><tendon>\n<spatial/></tendon></mujoco>", "empty-tendon:2"}, {path("<joint joint='j' coef='1'/>"), "unknown-element:3"}, {path("<site site='x'/>\n<site site='a'/>"), "unknown-name:3"},
      {path("<site site='a'/>"), "bad-path:3"}, {path("<site site='a'/>\n<site site='a'/>"), "repeated-object:4"}, {path("<site/>\n<site site='a'/>"), "missing-attribute:3"},
      {path("<geom geom='ball'/>\n<site site='a'/>\n<site site='b'/>"), "bad-path:3"}, {path("<site site='a'/>\n<geom geom='ball'/>\n<geom geom='ball'/>\n<site site='b'/>"), "bad-path:4 bad-path:5"},
      {path("<site site='a'/>\n<geom geom='box'/>\n<site site='b'/>"), "bad-value:4"}, {path("<site site='a'/>\n<geom geom='ball' sidesite='x'/>\n<site site='b'/>"), "unknown-name:4"},
      {path("<site site='a'/>\n<site site='b'/>\n<pulley divisor='2'/>"), "bad-path:5"}, {path("<site site='a'/>\n<site site='b'/>\n<pulley/>\n<site site='a'/>\n<site site='b'/>"), "missing-attribute:5"},
      {path("<pulley divisor='0'/>\n<site site='a'/>\n<site site='b'/>"), "bad-value:3"}, {path("<pulley divisor='2'/>\n<pulley divisor='2'/>\n<site site='a'/>\n<site site='b'/>"), "bad-path:4"},
      {path("<site site='a'/>\n<pulley divisor='2'/>\n<site site='a'/>\n<site site='b'/>"), "bad-path:3"},
      {"<mujoco><worldbody><body><joint name='j'/><geom size='1'/></body></worldbody><tendon><fixed>\n<joint joint='j' coef='1'/>\n<joint joint='j' coef='1'/></fixed></tendon></mujoco>", "repeated-object:3"},
      {"<mujoco><tendon>\n<fixed/></tendon></mujoco>", "empty-tendon:2"}, {"<mujoco><tendon><fixed>\n<joint joint='x' coef='1'/></fixed></tendon></mujoco>", "unknown-name:2"},
      {actuator("<motor/>"), "missing-attribute:2"}, {actuator("<motor joint='x'/>"), "unknown-name:2"}, {actuator("<motor joint='j' tendon='j'/>"), "unknown-name:2 conflicting-attributes:2"}, {actuator("<motor site='s'/>"), "unknown-name:2"}, {actuator("<motor cranksite='s'/>"), "unknown-name:2 missing-attribute:2 missing-attribute:2"}, {actuator("<motor joint='j' cranklength='1'/>"), "conflicting-attributes:2"},
      {actuator("<muscle joint='j' range='1 0.5'/>"), "bad-value:2"}, {actuator("<muscle joint='j' scale='0'/>"), "bad-value:2"}, {actuator("<pid joint='j' input='pos pos'/>"), "bad-value:2"},
      {actuator("<pid joint='j' input='voltage'/>"), "bad-value:2"}, {actuator("<pid joint='j' slewmax='-1'/>"), "bad-value:2"}, {actuator("<dcmotor joint='j' motorconst='-1'/>"), "bad-value:2"},
      {actuator("<dcmotor joint='j' thermal='1'/>"), "bad-value:2"}, {actuator("<general joint='j' dyntype='filter' actdim='2'/>"), "bad-value:2"}, {actuator("<general joint='j' gaintype='user'/>"), "not-supported-yet:2"},
      {"<mujoco>\n<option actuatorgroupdisable='31'/></mujoco>", "bad-value:2"}, {actuator("<engine joint='j'/>"), "unknown-element:2"}, {actuator("<motor joint='j' kp='1'/>"), "unknown-attribute:2"},
      {actuator("<position joint='j' kv='1' dampratio='1'/>"), "conflicting-attributes:2"}, {actuator("<position joint='j' inheritrange='1' ctrlrange='0 1'/>"), "bad-value:2"},
      {actuator("<general joint='j' dyntype='user'/>"), "not-supported-yet:2"}, {actuator("<general joint='j' gainprm='1 2 3 4 5 6 7 8 9 10 11'/>"), "wrong-count:2"}, {actuator("<general joint='j' actrange='0 1'/>"), "conflicting-attributes:2"},
      {actuator("<motor joint='j' ctrllimited='true'/>"), "bad-value:2"}, {actuator("<motor joint='j' ctrlrange='1 0'/>"), "bad-value:2"},
      {"<mujoco><sensor>\n<gyro/></sensor></mujoco>", "missing-attribute:2"}, {"<mujoco><sensor>\n<gyro site='x'/></sensor></mujoco>", "unknown-name:2"}, {"<mujoco><sensor>\n<gyros/></sensor></mujoco>", "unknown-element:2"},
      {"<mujoco><sensor>\n<framepos objtype='camera' objname='c'/></sensor></mujoco>", "unknown-name:2"}, {"<mujoco><sensor>\n<framepos objtype='body' objname='world' reftype='body'/></sensor></mujoco>", "missing-attribute:2"},
      {"<mujoco><keyframe>\n<key qpos='a'/></keyframe></mujoco>", "bad-number:2"}, {"<mujoco>\n<include file='a.xml'/></mujoco>", "include-refused:2"}};
  for (const auto& c : cases) {
    CAPTURE(c.text);
    CHECK(wrong(c.text) == c.found);
  }
}

TEST_CASE("mjcf: hints name the nearest word") {
  struct { std::string text, hint; } cases[] = {
      {"<mujoco><optoin/></mujoco>", "did you mean 'option'?"}, {joint("dampnig='1'"), "did you mean 'damping'?"}, {joint("type='hing'"), "did you mean 'hinge'?"},
      {"<mujoco><worldbody><body><joint name='knee'/></body></worldbody><actuator><motor joint='kneee'/></actuator></mujoco>", "did you mean 'knee'?"},
      {joint("limited='maybe'"), "known here: false, true, auto"}, {body("<geom size='1' pos='1,0,0'/>"), "numbers are separated by blanks; the decimal sign is a point"}};
  for (const auto& c : cases) {
    CAPTURE(c.text);
    Result<Scene> scene = read_mjcf_text(c.text, "test.xml");
    REQUIRE_FALSE(scene);
    CHECK(scene.errors()[0].hint == c.hint);
  }
}

TEST_CASE("mjcf: twenty errors are shown, the rest are counted") {
  std::string inside;
  for (int i = 0; i < 25; ++i) inside += "<geom/>\n";
  Result<Scene> scene = read_mjcf_text(body(inside), "test.xml");
  REQUIRE_FALSE(scene);
  REQUIRE(scene.errors().size() == 21);
  CHECK(scene.errors()[19].place.line == 23);
  CHECK(scene.errors()[20].severity == Severity::note);
  CHECK(scene.errors()[20].message == "5 more errors are not shown");
}

TEST_CASE("mjcf: nesting has a limit, chains of a hundred links do not reach it") {
  auto nested = [](int depth) {
    std::string text = "<mujoco><worldbody>";
    for (int i = 0; i < depth; ++i) text += "<body>";
    for (int i = 0; i < depth; ++i) text += "</body>";
    return text + "</worldbody></mujoco>";
  };
  CHECK(wrong(nested(100)) == "");
  CHECK(wrong(nested(100'000)) == "nested-too-deep:1");
}

TEST_CASE("mjcf: included files lie below the main file, and know where they are included from") {
  Folder folder;
  folder.write("outside.xml", "<mujoco/>");
  folder.write("scenes/parts/leg.xml", "<mujoco model='leg'>\n<body name='leg'>\n<geom size='1' colour='red'/></body></mujoco>");
  folder.write("scenes/parts/good.xml", "<mujoco><body name='leg'><geom size='1'/></body></mujoco>");
  folder.write("scenes/parts/self.xml", "<mujoco><include file='./parts/../parts/self.xml'/></mujoco>");
  auto error = [&](const std::string& file) {
    Result<Scene> scene = read_mjcf(folder.write("scenes/main.xml", "<mujoco>\n<worldbody>\n<body name='hip'>\n<include file='" + file + "'/></body></worldbody></mujoco>"));
    return scene ? Diagnostic{Severity::note, "good", {}, {}, {}, {}, {}} : scene.errors()[0];
  };
  CHECK(error("./parts/good.xml").code == "good");
  Diagnostic found = error("parts/leg.xml");
  CHECK(found.code == "unknown-attribute");
  CHECK(found.place.file == (folder.path / "scenes/parts/leg.xml").string());
  CHECK(found.place.line == 3);
  CHECK(found.element == "mujoco/worldbody/body[hip]/body[leg]/geom");
  REQUIRE(found.included_from.size() == 1);
  CHECK(found.included_from[0].file == (folder.path / "scenes/main.xml").string());
  CHECK(found.included_from[0].line == 4);

  CHECK(error("../outside.xml").code == "include-outside");
  CHECK(error((folder.path / "outside.xml").string()).code == "include-outside");
  CHECK(error("file://outside.xml").code == "include-outside");
  CHECK(error("\\\\server\\share").code == "include-outside");
  CHECK(error("parts/none.xml").code == "cannot-read");
  CHECK(error("parts").code == "cannot-read");
  CHECK(error("").code == "missing-attribute");
  CHECK(error("main.xml").code == "include-cycle");
  CHECK(error("parts/self.xml").code == "include-cycle");
  std::filesystem::create_symlink(folder.path / "outside.xml", folder.path / "scenes/link.xml");
  CHECK(error("link.xml").code == "include-outside");
  std::filesystem::create_hard_link(folder.path / "scenes/main.xml", folder.path / "scenes/hard.xml");
  CHECK(error("hard.xml").code == "include-cycle");
  CHECK(read_mjcf((folder.path / "none.xml").string()).errors()[0].code == "cannot-read");
  CHECK(read_mjcf(folder.path.string()).errors()[0].code == "cannot-read");
}

TEST_CASE("mjcf: a file cut off anywhere is an error, never a crash") {
  const std::string text = "<?xml version='1.0'?><!-- c --><mujoco model='m'><default><geom size='1'/></default><worldbody><body name='a' pos='1 2 3'><joint name='j'/>"
                           "<geom type='capsule' fromto='0 0 0 0 0 1' size='0.1'/></body></worldbody><actuator><motor joint='j'/></actuator></mujoco>";
  CHECK(wrong(text) == "");
  for (std::size_t length = 0; length < text.size(); ++length) {
    CAPTURE(length);
    CHECK(wrong(text.substr(0, length)) != "");
  }
}
