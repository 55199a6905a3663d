#include "tools/session/port.h"

#include <doctest/doctest.h>
#include <cmath>
#include <limits>
#include <vector>
#include "tools/session/session.h"

using namespace nuri;
using session::Input;
using session::InputKind;
using session::Output;
using session::OutputMap;
using session::Port;

namespace {

// A ball joint and a free body that ports leave out, a hinge and a slide, a servo with a gear, a motor with a range and one without.
const char* const model_text = R"(<mujoco model="bench">
  <compiler angle="radian"/>
  <option timestep="0.002"/>
  <worldbody>
    <body name="ball" pos="0 0 2"><freejoint name="ball"/><geom size="0.05"/></body>
    <body name="arm" pos="0 0 1">
      <joint name="hinge" axis="0 1 0" ref="0.1"/><geom type="capsule" fromto="0 0 0 0.3 0 0" size="0.03"/>
      <body name="slider" pos="0.3 0 0"><joint name="slide" type="slide" axis="1 0 0" range="0 0.2" limited="true"/><geom size="0.04"/>
        <body pos="0.1 0 0"><joint name="round" type="ball"/><geom size="0.02" pos="0.1 0 0"/><site name="tip"/></body></body>
    </body>
  </worldbody>
  <actuator>
    <position name="servo" joint="hinge" kp="10" gear="2"/>
    <motor name="push" joint="slide" ctrlrange="-1 3" ctrllimited="true"/>
    <motor name="free" joint="hinge"/>
  </actuator>
  <sensor><gyro name="spin" site="tip"/><jointpos name="angle" joint="hinge"/></sensor>
  <keyframe><key name="set" qpos="0 0 2 1 0 0 0 0.6 0.05 1 0 0 0" ctrl="0.5 2 -1"/><key name="posed" qpos="0 0 2 1 0 0 0 0.6 0.05 1 0 0 0"/></keyframe>
</mujoco>)";

std::unique_ptr<session::Session> make(int environments, Precision precision = Precision::f32, void (*change)(scene::Settings&) = nullptr, int threads = 1) {
  auto loaded = session::load_mjcf_text(model_text, "bench.xml");
  REQUIRE(loaded);
  session::set_control(*loaded, "none");
  if (change) change(loaded->settings);
  WorldOptions options;
  options.environments = environments;
  options.precision = precision;
  options.threads = threads;
  auto session = session::Session::create(std::move(*loaded), options);
  if (!session) FAIL(to_string(session.errors().front()));
  return std::move(*session);
}

std::unique_ptr<Port> port_of(session::Session& session, std::vector<Input> inputs, std::vector<Output> outputs, int commands = 0) {
  auto port = Port::make(session, std::move(inputs), std::move(outputs), commands);
  if (!port) FAIL(to_string(port.errors().front()));
  return std::move(*port);
}

std::string refused(session::Session& session, std::vector<Input> inputs, std::vector<Output> outputs, int commands = 0) {
  auto port = Port::make(session, std::move(inputs), std::move(outputs), commands);
  return port ? "" : port.errors().front().code;
}

const std::vector<Input> everything{{InputKind::sensor, {"*"}, 0.25}, {InputKind::position}, {InputKind::offset, {"sl*", "hinge"}, 2}, {InputKind::velocity, {"hinge"}, 0.05},
                                    {InputKind::control, {"push"}}, {InputKind::action, {"*"}, 3}, {InputKind::command, {"*"}, 0.5}};

}  // namespace

TEST_CASE("port: columns are in the order of the inputs, then of the model, and say what they are") {
  auto session = make(2);
  auto port = port_of(*session, everything, {{{"servo", "push"}, OutputMap::around}}, 2);
  const std::vector<std::string> labels{"sensor spin 0", "sensor spin 1", "sensor spin 2", "sensor angle", "position hinge", "position slide", "offset hinge",
                                        "offset slide", "velocity hinge", "control push", "action servo", "action push", "command 0", "command 1"};
  CHECK(port->labels() == labels);
  CHECK(port->inputs() == 14);
  CHECK(port->actuators() == std::vector<std::string>{"servo", "push"});
  CHECK(port->observation().size() == 28);
}

TEST_CASE("port: numbers are those of the state, less their offset, times their scale") {
  for (const Precision precision : {Precision::f32, Precision::f64}) {
    auto session = make(3, precision, [](scene::Settings& s) { s.keyframe = "set"; });
    World& world = session->world();
    session->step(7);
    auto port = port_of(*session, everything, {{{"servo", "push"}, OutputMap::around}}, 2);
    const float* const address = port->observation().data();
    port->command()[2] = 4;                                                    // of environment 1
    port->action()[2] = 0.5f, port->action()[3] = -7;
    port->act();
    port->observe();
    CHECK(port->observation().data() == address);
    auto near = [](float a, double b) { return a == float(b); };
    for (int e = 0; e < 3; ++e) {
      const auto row = port->observation().subspan(size_t(e) * 14, 14);
      for (int i = 0; i < 4; ++i) CHECK(near(row[i], world.get(StateField::sensordata, e, i) * 0.25));
      const double hinge = world.get(StateField::qpos, e, 7), slide = world.get(StateField::qpos, e, 8);
      CHECK(near(row[4], hinge));
      CHECK(near(row[5], slide));
      CHECK(near(row[6], (hinge - 0.6) * 2));
      CHECK(near(row[7], (slide - 0.05) * 2));
      CHECK(near(row[8], world.get(StateField::qvel, e, 6) * 0.05));
      CHECK(near(row[9], world.get(StateField::ctrl, e, 1)));
      CHECK(row[10] == (e == 1 ? 1.5f : 0.0f));
      CHECK(row[11] == (e == 1 ? -3.0f : 0.0f));                               // clipped to the limit 1
      CHECK(row[12] == (e == 1 ? 2.0f : 0.0f));
    }
    const int one[] = {1};
    port->begin(one);
    port->observe();
    CHECK(port->observation()[14 + 10] == 0);
    CHECK(port->observation()[14 + 12] == 2);                                  // a command is its giver's
  }
}

TEST_CASE("port: actions become controls by their map and stay within limits and ranges") {
  auto session = make(1);
  World& world = session->world();
  auto control = [&](int a) { return world.get(StateField::ctrl, 0, a); };
  auto range = port_of(*session, {}, {{{"push"}, OutputMap::range, 0.5, 2}});
  auto put = [&](Port& port, float value) { port.action()[0] = value, port.act(); };
  put(*range, 0);
  CHECK(control(1) == 1);
  put(*range, 1);
  CHECK(control(1) == 2);                                                      // 1 + 2 * 0.5
  put(*range, 1.75f);
  CHECK(control(1) == 2.75);
  put(*range, -50);
  CHECK(control(1) == -1);                                                     // clipped to -2, then to the range's end
  auto more = port_of(*session, {}, {{{"free"}, OutputMap::increment, 0.25, 10}});
  put(*more, 2);
  put(*more, 1);
  CHECK(control(2) == 0.75);
  put(*more, 40);
  CHECK(control(2) == 0.75 + 2.5);
  put(*more, std::numeric_limits<float>::quiet_NaN());                         // passes: hidden, nobody would learn of it
  CHECK(std::isnan(control(2)));
}

TEST_CASE("port: 'around' begins with what the scene says of the control") {
  auto centre = [](void (*change)(scene::Settings&), const char* actuator) {
    auto session = make(1, Precision::f64, change);
    auto port = port_of(*session, {}, {{{actuator}, OutputMap::around, 1, 1}});
    port->act();
    return session->world().get(StateField::ctrl, 0, port->driven(0)[0]);
  };
  CHECK(centre([](scene::Settings& s) { s.keyframe = "set"; }, "servo") == 0.5);
  CHECK(centre([](scene::Settings& s) { s.keyframe = "set"; }, "free") == -1);
  CHECK(centre([](scene::Settings& s) { s.keyframe = "posed"; }, "servo") == doctest::Approx(1.2));   // gear * joint: a keyframe without controls
  CHECK(centre([](scene::Settings&) {}, "servo") == doctest::Approx(0.2));                            // qpos0 of the joint is its ref
  CHECK(centre([](scene::Settings&) {}, "free") == 0);
  auto held = [](scene::Settings& s) {
    scene::Control hold;
    hold.type = scene::ControlType::hold, hold.value = 9, hold.actuators = {"servo", "push"};
    s.controls = {hold};
  };
  CHECK(centre(held, "servo") == 9);
  CHECK(centre(held, "push") == 3);                                                                   // its range ends there
}

TEST_CASE("port: threads and the number of environments do not show") {
  auto fill = [](int environments, int threads) {
    auto session = make(environments, Precision::f32, [](scene::Settings& s) { session::perturb(s, 0.2); }, threads);
    auto port = port_of(*session, everything, {{{"*"}, OutputMap::around, 0.3, 3}}, 2);
    for (int step = 0; step < 5; ++step) {
      session->step(3);
      port->observe();
      for (int e = 0; e < environments; ++e)
        for (int a = 0; a < 3; ++a) port->action()[size_t(e) * 3 + a] = port->observation()[size_t(e) * port->inputs() + a];
      port->act();
    }
    port->observe();
    std::vector<float> out(port->observation().begin(), port->observation().end());
    out.resize(5 * size_t(port->inputs()));
    return out;
  };
  const std::vector<float> few = fill(5, 1);
  CHECK(few == fill(500, 1));
  CHECK(few == fill(500, 3));
  CHECK(few[4] != few[4 + 15]);                                                // environments do differ
}

TEST_CASE("port: what does not fit is refused with its name") {
  auto session = make(1);
  const std::vector<Output> servo{{{"servo"}, OutputMap::around}};
  CHECK(refused(*session, {{InputKind::sensor, {"gyro"}}}, servo) == "unknown-name");
  CHECK(refused(*session, {{InputKind::velocity, {"ball"}}}, servo) == "unknown-name");   // neither hinge nor slide
  CHECK(refused(*session, {{InputKind::action, {"push"}}}, servo) == "unknown-name");
  CHECK(refused(*session, {}, {}) == "no-output");
  CHECK(refused(*session, {}, {{{"servo"}, OutputMap::range}}) == "no-range");
  CHECK(refused(*session, {}, {{{"s*"}, OutputMap::around}, {{"servo"}, OutputMap::around}}) == "two-drivers");
  CHECK(refused(*session, {{InputKind::sensor, {"*"}, std::nan("")}}, servo) == "bad-number");
  CHECK(refused(*session, {}, {{{"servo"}, OutputMap::around, 1, 0}}) == "bad-number");
  CHECK(refused(*session, {}, servo, -1) == "too-many");
  CHECK(refused(*session, {}, servo, 1 << 30) == "too-many");
  auto port = Port::make(*session, {{InputKind::sensor, {"spim"}}}, servo);
  REQUIRE(!port);
  CHECK(port.errors()[0].hint == "did you mean 'spin'?");
}

TEST_CASE("port: variants share a table if they agree, and are refused with the column if they do not") {
  auto second = [](const char* name) {
    std::string text = model_text;
    for (size_t at = 0; (at = text.find("\"hinge\"", at)) != std::string::npos; ++at) text.replace(at + 1, 5, name);
    auto other = session::load_mjcf_text(text, "other.xml");
    REQUIRE(other);
    return other->models[0];
  };
  for (const char* name : {"hinge", "elbow"}) {
    auto loaded = session::load_mjcf_text(model_text, "bench.xml");
    REQUIRE(loaded);
    loaded->models.push_back(second(name)), loaded->shares.push_back(1);
    WorldOptions options;
    options.environments = 6, options.threads = 1;
    auto session = session::Session::create(std::move(*loaded), options);
    REQUIRE(session);
    REQUIRE((*session)->world().buckets() == 2);
    auto port = Port::make(**session, {{InputKind::position}}, {{{"servo"}, OutputMap::around}});
    if (std::string(name) == "hinge") {
      REQUIRE(port);
      (*session)->step(4);
      (*port)->observe();
      for (int e = 0; e < 6; ++e) CHECK((*port)->observation()[size_t(e) * 2] == float((*session)->world().get(StateField::qpos, e, 7)));
    } else {
      REQUIRE(!port);
      CHECK(port.errors()[0].code == "variants-differ");
      CHECK(port.errors()[0].message.find("'position hinge' in one and 'position elbow'") != std::string::npos);
    }
  }
}
