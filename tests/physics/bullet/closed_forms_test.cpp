// The backend `bullet` against closed forms, and against Nuri where both have the same equations and nothing touches.
//
// Bullet integrates by semi-implicit Euler: v += h a, q += h v. What that gives in closed form is asked for to rounding; what only the
// differential equation gives is asked for to a stated multiple of the timestep.
#include "physics/bullet/left_out.h"
#include "tests/physics/scene_text.h"
#include "tests/skip.h"

using namespace nuri;
using namespace nuri::closed_forms;

namespace {

bool here() {
  static const bool there = [] {
    auto world = World::create(compiled("<mujoco/>"), {.environments = 1, .backend = "bullet", .precision = Precision::f64, .threads = 1});
    return bool(world) || world.errors()[0].code != "no-backend";
  }();
  return there;
}
#define NEEDS_BULLET \
  if (!here()) NURI_SKIP("this build has no Bullet")

std::unique_ptr<World> world_of(const std::string& mjcf, const std::string& backend = "bullet", int environments = 1,
                                Precision precision = Precision::f64) {
  auto world = World::create(compiled(mjcf), {.environments = environments, .backend = backend, .precision = precision, .threads = 1});
  if (!world) FAIL(to_string(world.errors()[0]));
  return std::move(*world);
}
double q(const World& w, int i, int e = 0) { return w.get(StateField::qpos, e, i); }
double v(const World& w, int i, int e = 0) { return w.get(StateField::qvel, e, i); }

const std::string plane = "<geom type='plane' size='9 9 1'/>";
std::string mjcf(const std::string& bodies, const std::string& option = "timestep='0.002'", const std::string& more = "") {
  return "<mujoco><option " + option + "/><worldbody>" + bodies + "</worldbody>" + more + "</mujoco>";
}

}  // namespace

TEST_CASE("bullet: free fall, and a spin about a principal axis") {
  NEEDS_BULLET;
  // the centre of mass lies off the body's origin, so that the change of frames is in it
  const auto w =
      world_of(mjcf("<body pos='0 0 3'><freejoint/><geom type='box' size='.1 .2 .3' pos='.1 .05 -.02'/></body>", "timestep='0.001'"));
  w->set(StateField::qvel, 0, 0, 0.5);
  w->set(StateField::qvel, 0, 5, 2);  // about z, through the origin
  const int n = 400;
  w->step(n);
  const double h = 0.001, t = n * h, turn = 2 * t;
  // the centre of mass: off by (.1, .05) turned, its speed at the start that of the origin and 2 z x arm
  const double cx = .1 + (.5 - 2 * .05) * t, cy = .05 + 2 * .1 * t, cz = 2.98 - gravity * h * h * n * (n + 1) / 2;
  const double ax = .1 * std::cos(turn) - .05 * std::sin(turn), ay = .1 * std::sin(turn) + .05 * std::cos(turn);
  judge("bullet fall x", Precision::f64, std::fabs(q(*w, 0) - (cx - ax)), 1e-13);
  judge("bullet fall y", Precision::f64, std::fabs(q(*w, 1) - (cy - ay)), 1e-13);
  judge("bullet fall z", Precision::f64, std::fabs(q(*w, 2) - (cz + .02)), 1e-13);
  judge("bullet turn", Precision::f64, std::fabs(q(*w, 6) - std::sin(turn / 2)), 1e-13);
  judge("bullet spin", Precision::f64, std::fabs(v(*w, 5) - 2), 1e-13);
  CHECK(w->time(0) == doctest::Approx(t));
}

TEST_CASE("bullet: a pendulum keeps its period and its energy") {
  NEEDS_BULLET;
  const double h = 0.0005, length = 0.5;
  const auto w =
      world_of(mjcf("<body pos='0 0 2'><joint type='hinge' axis='0 1 0' pos='0 0 .5'/><geom type='sphere' size='.001' mass='1'/></body>",
                    "timestep='0.0005'"));
  const double inertia = length * length + 0.4 * 1e-6, omega = std::sqrt(gravity * length / inertia), amplitude = 0.05;
  w->set(StateField::qpos, 0, 0, amplitude);
  const double period = 2 * pi / omega * (1 + amplitude * amplitude / 16);
  const int n = int(std::lround(4 * period / h));
  w->step(n);
  judge("bullet pendulum, four periods", Precision::f64, std::fabs(q(*w, 0) - amplitude * std::cos(2 * pi * n * h / period)), 1e-6);
}

TEST_CASE("bullet: joints of every type, chains on one body, fixed bodies: the motion is Nuri's as the timestep shrinks") {
  NEEDS_BULLET;
  const std::string tree =
      "<body pos='0 0 2' euler='0 0 30'><joint type='hinge' axis='0 1 0' pos='0 0 .5'/><geom type='capsule' fromto='0 0 .5 0 0 -.5' "
      "size='.05'/>"
      "<body pos='.1 0 -.5' euler='20 0 0'><joint type='hinge' axis='1 .3 0' ref='10'/><joint type='hinge' axis='0 1 .2' pos='0 .1 0' "
      "damping='.1'/><geom type='box' size='.05 .1 .3' pos='.05 0 -.2'/>"
      "<body pos='0 .1 -.5'><joint type='ball' damping='.02'/><geom type='ellipsoid' size='.1 .05 .2' pos='0 .1 -.2' euler='10 20 30'/>"
      "<body pos='0 0 -.3' euler='5 6 7'><geom type='sphere' size='.1'/>"
      "<body pos='0 0 -.3'><joint type='slide' axis='0 .6 .8' stiffness='50' armature='.3'/><geom type='box' size='.1 .1 .05' pos='0 .03 "
      "0'/></body></body></body></body></body>"
      "<body pos='2 0 1'><freejoint/><geom type='box' size='.1 .2 .3' pos='.1 0 .1' euler='0 20 10'/><body pos='.2 0 0'><joint "
      "type='ball'/><geom type='capsule' fromto='0 0 0 .3 .1 0' size='.03'/></body></body>";
  auto apart = [&](double h) {
    const std::string text = mjcf(tree, "timestep='" + number(h) + "' gravity='0 1 -9.81'><flag contact='disable'/></option><option");
    const auto one = world_of(text, "cpu"), other = world_of(text);
    for (World* w : {one.get(), other.get()})
      for (int d = 0; d < w->columns(StateField::qvel); ++d) w->set(StateField::qvel, 0, d, 0.3 * std::sin(1.0 + d));
    const int n = int(std::lround(0.25 / h));
    one->step(n), other->step(n);
    double worst = 0;
    for (int i = 0; i < one->columns(StateField::xpos); ++i)
      worst = std::fmax(worst, std::fabs(one->get(StateField::xpos, 0, i) - other->get(StateField::xpos, 0, i)));
    for (int i = 0; i < one->columns(StateField::qvel); ++i) worst = std::fmax(worst, std::fabs(v(*one, i) - v(*other, i)));
    return worst;
  };
  const double coarse = apart(1e-3), fine = apart(2.5e-4);
  judge("bullet tree, 0.25 s at 0.25 ms", Precision::f64, fine, 2e-6);
  judge("bullet tree, of first order", Precision::f64, fine / coarse, 0.3);  // a quarter of the timestep: 0.25
}

TEST_CASE("bullet: armature and damping of a joint are implicit and exact") {
  NEEDS_BULLET;
  // A slide with a rotor ten times its mass and a damper that stops it within a step: (m + A + h b) v+ = (m + A) v + h m g
  const double h = 0.002, m = 0.5, A = 5, b = 4000;
  const auto w =
      world_of(mjcf("<body><joint type='slide' axis='0 0 -1' armature='5' damping='4000'/><geom type='sphere' size='.1' mass='.5'/></body>",
                    "timestep='0.002'"));
  w->set(StateField::qvel, 0, 0, 3);
  double speed = 3;
  for (int k = 0; k < 20; ++k) {
    w->step(1);
    speed = ((m + A) * speed + h * m * gravity) / (m + A + h * b);
    judge("bullet rotor and damper", Precision::f64, std::fabs(v(*w, 0) - speed), 1e-14);
  }
}

TEST_CASE("bullet: a box comes to rest on the floor, and pushes with its weight") {
  NEEDS_BULLET;
  const auto w = world_of(mjcf(plane + "<body pos='0 0 .35'><freejoint/><geom type='box' size='.1 .2 .3' mass='2'/></body>"));
  w->step(1000);
  judge("bullet box at rest", Precision::f64, std::fabs(q(*w, 2) - .3), 1e-12);
  judge("bullet box stands still", Precision::f64, std::fabs(v(*w, 2)), 1e-12);
  CHECK(w->contacts(0) == 4);
  double weight = 0;
  for (const ContactRecord& c : w->probe(0).contacts) {
    weight += c.force[0];
    CHECK(c.frame[2] == doctest::Approx(1));  // from the plane to the box
  }
  judge("bullet box weighs", Precision::f64, std::fabs(weight - 2 * gravity), 1e-9);
}

TEST_CASE("bullet: friction holds a box on a slope below its angle and lets it slide above") {
  NEEDS_BULLET;
  const double mu = 0.5;
  auto slid = [&](double slope, const std::string& cone) {  // along the slope in 1 s, m
    const std::string gravity_of = number(gravity * std::sin(slope)) + " 0 " + number(-gravity * std::cos(slope));
    const auto w =
        world_of(mjcf("<geom type='plane' size='9 9 1' friction='.5'/><body pos='0 0 .1'><freejoint/><geom type='box' size='.2 .2 .1' "
                      "friction='.5'/></body>",
                      "timestep='0.002' cone='" + cone + "' gravity='" + gravity_of + "'"));
    w->step(500);
    return q(*w, 0);
  };
  const double edge = std::atan(mu);
  judge("bullet slope, holds", Precision::f64, std::fabs(slid(edge - 0.03, "elliptic")), 1e-10);
  const double above = edge + 0.03, expected = 0.5 * gravity * (std::sin(above) - mu * std::cos(above));
  judge("bullet slope, slides", Precision::f64, std::fabs(slid(above, "elliptic") / expected - 1), 0.01);
  rejects("a box that slides", std::fabs(slid(above, "elliptic")), 1e-3);
}

TEST_CASE("bullet: a stack of five boxes stands") {
  NEEDS_BULLET;
  std::string boxes = plane;
  for (int k = 0; k < 5; ++k)
    boxes += "<body pos='0 0 " + number(0.1 + 0.2 * k) + "'><freejoint/><geom type='box' size='.1 .1 .1'/></body>";
  const auto w = world_of(mjcf(boxes));
  w->step(1500);
  for (int k = 0; k < 5; ++k) {
    judge("bullet stack, heights", Precision::f64, std::fabs(q(*w, 7 * k + 2) - (0.1 + 0.2 * k)), 1e-5);
    judge("bullet stack, drift", Precision::f64, std::hypot(q(*w, 7 * k), q(*w, 7 * k + 1)), 2e-4);
  }
}

TEST_CASE("bullet: every shape rests on the floor where it should") {
  NEEDS_BULLET;
  const std::string assets =
      "<asset><mesh name='wedge' vertex='-.1 -.1 0  .1 -.1 0  .1 .1 0  -.1 .1 0  0 0 .2'/><hfield name='flat' nrow='3' ncol='4' size='2 2 "
      ".1 .1' elevation='1 0 0 0 0 0 0 0 0 0 0 0'/></asset>";
  struct {
    const char* geom;
    double height;
  } shapes[] = {{"type='sphere' size='.1'", .1},
                {"type='capsule' size='.05 .1' euler='0 90 0'", .05},
                {"type='cylinder' size='.1 .05'", .05},
                {"type='ellipsoid' size='.2 .15 .05'", .05},
                {"type='box' size='.1 .1 .07'", .07}};
  for (const auto& shape : shapes)
    for (const std::string& ground :
         {plane, std::string("<geom type='box' size='2 2 1' pos='0 0 -1'/>"), std::string("<geom type='hfield' hfield='flat'/>")}) {
      const auto w = world_of(mjcf(ground + "<body pos='0 0 .25'><joint type='slide' axis='0 0 1'/><geom " + shape.geom + "/></body>",
                                   "timestep='0.002'", assets));
      w->step(800);
      judge(std::string("bullet shape ") + shape.geom, Precision::f64, std::fabs(q(*w, 0) + .25 - shape.height), 1e-10);
      CHECK(w->contacts(0) > 0);
    }
  const auto w =
      world_of(mjcf(plane + "<body pos='0 0 .4'><freejoint/><geom type='mesh' mesh='wedge'/></body>", "timestep='0.002'", assets));
  w->step(800);
  judge("bullet hull", Precision::f64, std::fabs(v(*w, 2)), 1e-12);
  double lowest = 1;
  for (const ContactRecord& c : w->probe(0).contacts) lowest = std::fmin(lowest, c.pos[2]);
  judge("bullet hull on the floor", Precision::f64, std::fabs(lowest), 1e-12);
}

TEST_CASE("bullet: limits, dry friction, servos and couplings") {
  NEEDS_BULLET;
  const std::string bodies =
      "<body name='a'><joint name='a' type='slide' axis='0 0 1' range='-.2 .1' limited='true'/><geom type='sphere' size='.1' "
      "mass='1'/></body>"
      "<body name='b' pos='1 0 0'><joint name='b' type='slide' axis='0 0 1' frictionloss='12'/><geom type='sphere' size='.1' "
      "mass='1'/></body>"
      "<body name='c' pos='2 0 0'><joint name='c' type='slide' axis='1 0 0' damping='1'/><geom type='sphere' size='.1' mass='1'/></body>"
      "<body name='d' pos='3 0 0'><joint name='d' type='slide' axis='1 0 0'/><geom type='sphere' size='.1' mass='1'/></body>"
      "<body name='e' pos='5 0 0'><freejoint/><geom type='sphere' size='.1' mass='1'/></body>";
  const auto w = world_of(mjcf(bodies, "timestep='0.002'",
                               "<actuator><position joint='c' kp='100' kv='20'/></actuator><equality><joint joint1='d' joint2='c' "
                               "polycoef='0 2 0 0 0'/><connect body1='e' body2='world' anchor='0 0 .5'/></equality>"));
  w->set(StateField::ctrl, 0, 0, 0.3);
  w->step(2000);
  judge("bullet limit", Precision::f64, std::fabs(q(*w, 0) + .2), 1e-12);
  judge("bullet dry friction holds", Precision::f64, std::fabs(q(*w, 1)), 1e-12);
  judge("bullet servo", Precision::f64, std::fabs(q(*w, 2) - .3), 2e-4);
  judge("bullet coupling", Precision::f64, std::fabs(q(*w, 3) - 2 * q(*w, 2)), 1e-10);
  const double hang = std::hypot(q(*w, 4) - 5, q(*w, 5), q(*w, 6) - .5);
  judge("bullet connect", Precision::f64, std::fabs(hang - .5), 1e-9);
}

TEST_CASE("bullet: stiff servos on joints and tendons are implicit where Nuri's are, clamped ones are not") {
  NEEDS_BULLET;
  // h kv / m is 15 and 60: explicit, either would explode
  const std::string bodies =
      "<body><joint name='a' type='slide' axis='1 0 0'/><geom type='sphere' size='.1' mass='.05'/></body>"
      "<body pos='0 1 0'><joint name='b' type='slide' axis='1 0 0'/><geom type='sphere' size='.1' mass='.05'/></body>"
      "<body pos='0 2 0'><joint name='c' type='slide' axis='1 0 0'/><geom type='sphere' size='.1' mass='.5'/></body>";
  const std::string more =
      "<tendon><fixed name='t'><joint joint='b' coef='2'/></fixed></tendon><actuator><position joint='a' kp='5000' kv='150'/>"
      "<position tendon='t' kp='5000' kv='150'/><position joint='c' kp='5000' kv='150' forcerange='-20 20'/></actuator>";
  const std::string text = mjcf(bodies, "timestep='0.005' integrator='implicitfast'", more);
  const auto one = world_of(text, "cpu"), other = world_of(text);
  for (World* w : {one.get(), other.get()})
    for (int a = 0; a < 3; ++a) w->set(StateField::ctrl, 0, a, 0.1 * (a + 1));
  double worst = 0, way = 0;
  for (int k = 0; k < 60; ++k) {
    one->step(1), other->step(1);
    for (int i = 0; i < 3; ++i) worst = std::fmax(worst, std::fabs(q(*one, i) - q(*other, i))), way = std::fmax(way, q(*one, i));
  }
  judge("bullet servos", Precision::f64, worst, 1e-12);
  rejects("servos that stand", way, 0.1);
}

TEST_CASE("bullet: motors, muscles, pids, orientation servos and damped tendons are Nuri's laws, implicit where Nuri's are") {
  NEEDS_BULLET;
  std::string bodies;
  for (int k = 0; k < 5; ++k)
    bodies += "<body pos='0 " + number(k) + " 0'><joint name='" + std::string(1, char('a' + k)) +
              "' type='slide' axis='1 0 0'/><geom type='sphere' size='.1' mass='.2'/>" + (k == 3 ? "" : "</body>");  // e rides on d
  bodies += "</body><body pos='0 6 0'><joint name='ball' type='ball'/><geom type='box' size='.1 .1 .1' mass='.2'/></body>";
  // explicit, the motor (K^2 h / R m = 5), the pid (5), the tendon (5) and the torque (h kv / I = 15) would explode
  const std::string more =
      "<tendon><fixed name='t' damping='100'><joint joint='d' coef='1'/><joint joint='e' coef='-1'/></fixed></tendon><actuator>"
      "<dcmotor joint='a' motorconst='10' resistance='.5' input='voltage'/><muscle joint='b' lengthrange='-.5 .5' force='20'/>"
      "<pid joint='c' kp='100' kv='200' ki='50' input='pos'/><motor joint='d'/><orientation joint='ball' kp='5' kv='4'/></actuator>";
  const std::string text = mjcf(bodies, "timestep='0.005' gravity='0 0 0' integrator='implicitfast'", more);
  const auto one = world_of(text, "cpu"), other = world_of(text);
  const double wanted[] = {2, .4, .3, 1.5, .3, -.2, .1};
  REQUIRE(one->columns(StateField::ctrl) == 7);
  for (World* w : {one.get(), other.get()})
    for (int u = 0; u < 7; ++u) w->set(StateField::ctrl, 0, u, wanted[u]);
  double apart[10] = {}, way[10] = {}, act = 0;
  for (int k = 0; k < 60; ++k) {
    one->step(1), other->step(1);
    for (int i = 0; i < one->columns(StateField::qpos); ++i) {
      apart[i < 5 ? i : 5] = std::fmax(apart[i < 5 ? i : 5], std::fabs(q(*one, i) - q(*other, i)));
      way[i < 5 ? i : 5] = std::fmax(way[i < 5 ? i : 5], std::fabs(q(*one, i) - (i == 5)));
    }
    for (int i = 0; i < one->columns(StateField::act); ++i)
      act = std::fmax(act, std::fabs(one->get(StateField::act, 0, i) - other->get(StateField::act, 0, i)));
  }
  const char* const names[] = {"motor", "muscle", "pid", "tendon, pulled", "tendon, drawn", "orientation"};
  for (int i = 0; i < 6; ++i) {
    judge(std::string("bullet ") + names[i], Precision::f64, apart[i], 1e-11);
    rejects(std::string(names[i]) + " that does nothing", way[i], 1e-3);
  }
  judge("bullet activations", Precision::f64, act, 1e-11);
}

TEST_CASE("bullet: what it leaves out is named, and what it has is not") {
  const auto named = [](const std::string& text) {
    std::string all;
    for (const std::string& line : left_out_by_bullet(*compiled(text))) all += line + "\n";
    return all;
  };
  const std::string body = "<body name='b'><freejoint/><site name='s'/><geom type='box' size='.1 .1 .1'/></body>";
  const std::string pull = "<actuator><adhesion name='pull' body='b' ctrlrange='0 1' gain='5'/><motor name='push' site='s'/></actuator>";
  CHECK(named(mjcf(plane + body)) == "");
  CHECK(named(mjcf(plane + body, "timestep='0.002'", pull)) == "actuators that pull a body towards what it touches: 'pull'\n");
  std::string off = pull;
  off.replace(off.find("name='pull'"), 11, "name='pull' group='3'");
  CHECK(named(mjcf(plane + body, "timestep='0.002' actuatorgroupdisable='3'", off)) == "");
  const std::string late = "<actuator><motor name='push' site='s' nsample='3' delay='0.004'/><motor name='now' site='s' nsample='3'/></actuator>"
                           "<sensor><clock name='seldom' nsample='2' interval='0.01'/><clock name='now' nsample='2' noise='1'/></sensor>";
  CHECK(named(mjcf(plane + body, "timestep='0.002'", late)) ==
        "delays of actuators (controls act at once): 'push'\ndelays and intervals of sensors (they show what is): 'seldom'\n");
}

TEST_CASE("bullet: there are no delays, intervals and noise; clocks go on") {
  NEEDS_BULLET;
  const std::string text = mjcf("<body><joint name='j' type='slide' axis='1 0 0'/><geom type='sphere' size='.1' mass='1'/></body>", "timestep='0.002'",
                                "<actuator><motor joint='j' nsample='5' delay='0.008'/></actuator><sensor><clock/>"
                                "<jointvel joint='j' nsample='5' delay='0.008' interval='0.01' noise='1'/></sensor>");
  std::string noisy = text;
  noisy.replace(noisy.find("<worldbody>"), 11, "<option><flag sensornoise='enable'/></option><worldbody>");
  for (const std::string& each : {text, noisy}) {
    const auto w = world_of(each, "bullet");
    w->set(StateField::ctrl, 0, 0, 3);
    w->step(4);
    judge("bullet speed of a motor without delay", Precision::f64, std::fabs(v(*w, 0) - 4 * 0.002 * 3), 1e-12);
    judge("bullet clock", Precision::f64, std::fabs(w->get(StateField::sensordata, 0, 0) - 3 * 0.002), 1e-15);
    judge("bullet sensor without delay", Precision::f64, std::fabs(w->get(StateField::sensordata, 0, 1) - 3 * 0.002 * 3), 1e-12);
  }
}

TEST_CASE("bullet: step(K) is K times step(1), neighbours and rows' precision do not show, restored states go on") {
  NEEDS_BULLET;
  for (const Precision precision : both_precisions) {
    const std::string one =
        mjcf(plane + "<body pos='0 0 .5' euler='10 20 30'><freejoint/><site name='s'/><geom name='g' type='box' size='.1 .2 .3'/></body>",
             "timestep='0.002'", "<sensor><framepos objtype='geom' objname='g'/><accelerometer site='s'/></sensor>");
    const auto a = world_of(one, "bullet", 1, precision), b = world_of(one, "bullet", 3, precision);
    a->step(300);
    for (int k = 0; k < 300; ++k) b->step(1);
    CHECK(a->hash(0) == b->hash(0));
    for (int i = 0; i < 7; ++i) CHECK(q(*b, i, 0) == q(*b, i, 2));
    CHECK(std::isfinite(a->get(StateField::sensordata, 0, 2)));
    CHECK(std::isnan(a->get(StateField::sensordata, 0, 3)));  // what Bullet does not measure is no number
    std::vector<std::byte> saved(a->saved_bytes(0));
    a->save(0, saved.data());
    const double height = q(*a, 2);
    a->step(10);
    a->restore(0, saved.data());
    a->step(10);
    CHECK(q(*a, 2) == doctest::Approx(height).epsilon(0.05));
  }
}

TEST_CASE("bullet: an environment that explodes freezes, its neighbours do not notice; numbers of one environment act there") {
  NEEDS_BULLET;
  const auto w = world_of(mjcf("<body><joint type='slide' axis='0 0 1'/><geom type='sphere' size='.1' mass='1'/></body>"), "bullet", 3);
  w->override_field("gravity", 2, 2, -1);
  w->set(StateField::qvel, 1, 0, 1e300);
  w->step(10);
  CHECK(w->fault(0) == fault_none);
  CHECK(w->fault(1) != fault_none);
  CHECK(w->step_count(1) == 0);
  CHECK(w->step_count(0) == 10);
  judge("bullet gravity of its own", Precision::f64, std::fabs(v(*w, 0, 2) + 10 * 0.002), 1e-12);
  judge("bullet gravity of the others", Precision::f64, std::fabs(v(*w, 0, 0) + 10 * 0.002 * gravity), 1e-12);
  const std::vector<int> frozen{1};
  w->reset(frozen);
  w->step(10);
  CHECK(w->fault(1) == fault_none);
}
