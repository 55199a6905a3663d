#include "tools/session/policy.h"

#include <doctest/doctest.h>
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <vector>
#include "tests/tools/session/policy_text.h"
#include "tools/session/session.h"

using namespace nuri;
using session::Policy;
using session::PolicyFile;

namespace {

const char* const model_text = R"(<mujoco model="leg">
  <compiler angle="radian"/>
  <option timestep="0.004"/>
  <worldbody>
    <geom name="floor" type="plane" size="0 0 1"/>
    <body name="trunk" pos="0 0 0.45"><freejoint name="trunk"/><geom type="box" size="0.2 0.1 0.05" mass="2"/><site name="middle"/>
      <body name="upper" pos="0.15 0 0"><joint name="hip" axis="0 1 0" damping="0.5" armature="0.01"/><geom type="capsule" fromto="0 0 0 0 0 -0.2" size="0.03" mass="0.3"/>
        <body name="lower" pos="0 0 -0.2"><joint name="knee" axis="0 1 0" damping="0.5" armature="0.01"/><geom type="capsule" fromto="0 0 0 0 0 -0.2" size="0.025" mass="0.2"/></body></body>
    </body>
  </worldbody>
  <actuator><position name="hip" joint="hip" kp="20"/><position name="knee" joint="knee" kp="20"/><motor name="spare" joint="knee" ctrlrange="-1 1" ctrllimited="true"/></actuator>
  <sensor><gyro name="spin" site="middle"/><accelerometer name="push" site="middle"/></sensor>
</mujoco>)";

test::PolicyText leg_policy() {
  test::PolicyText p;
  p.inputs = R"([{"kind": "sensor", "names": ["spin"], "scale": 0.25}, {"kind": "sensor", "names": "push", "scale": 0.1}, {"kind": "offset"},
    {"kind": "velocity", "scale": 0.05}, {"kind": "action"}, {"kind": "command"}])";
  p.outputs = R"([{"actuators": ["hip", "knee"], "map": "around", "scale": 0.5, "limit": 3}])";
  p.widths = {14, 19, 7, 2};                     // neither of them a multiple of what is done at a time
  p.activations = {"elu", "tanh", "none"};
  p.substeps = 5;
  p.command = "[0.5, -1]";
  return p;
}

std::shared_ptr<const PolicyFile> shared(const PolicyFile& file) { return std::make_shared<const PolicyFile>(file); }

session::Loaded loaded_leg(const std::string& policy, int substeps = 5, void (*change)(scene::Settings&) = nullptr) {
  auto loaded = session::load_mjcf_text(model_text, "leg.xml");
  REQUIRE(loaded);
  loaded->settings.substeps = substeps;
  session::set_control(*loaded, "none");
  session::perturb(loaded->settings, 0.1);
  if (change) change(loaded->settings);
  auto file = session::read_policy_text(policy, "leg.policy");
  if (!file) FAIL(to_string(file.errors().front()));
  session::set_policy(*loaded, shared(*file));
  return std::move(*loaded);
}

std::unique_ptr<session::Session> make(session::Loaded loaded, int environments, int width = 0, int threads = 1, Precision precision = Precision::f32) {
  WorldOptions options;
  options.environments = environments, options.width = width, options.threads = threads, options.precision = precision;
  auto session = session::Session::create(std::move(loaded), options);
  if (!session) FAIL(to_string(session.errors().front()));
  return std::move(*session);
}

// The network in double, with the library's functions, straight from the formula.
std::vector<double> evaluate(const PolicyFile& file, std::span<const float> observation) {
  std::vector<double> x(observation.begin(), observation.end());
  for (size_t i = 0; i < x.size(); ++i) x[i] = std::clamp((x[i] - double(file.mean[i])) / double(file.deviation[i]), -double(file.clip), double(file.clip));
  for (const PolicyFile::Layer& layer : file.layers) {
    std::vector<double> y;
    for (int o = 0; o < layer.outputs; ++o) {
      double sum = layer.bias[size_t(o)];
      for (int i = 0; i < layer.inputs; ++i) sum += double(layer.weights[size_t(o * layer.inputs + i)]) * x[size_t(i)];
      if (layer.activation == session::network::elu && sum < 0) sum = std::expm1(sum);
      if (layer.activation == session::network::relu) sum = std::max(sum, 0.0);
      if (layer.activation == session::network::tanh) sum = std::tanh(sum);
      y.push_back(sum);
    }
    x = y;
  }
  return x;
}

constexpr double agreement = 1e-5;               // of actions of order 1: 2e-6 was measured, of sums in another order and precision

}  // namespace

TEST_CASE("policy: the network agrees with its formula in double") {
  for (const char* hidden : {"elu", "tanh", "relu", "none"}) {
    test::PolicyText text = leg_policy();
    text.activations = {hidden, "elu", "none"};
    auto session = make(loaded_leg(text.text()), 37);
    session::Port& port = session->policy()->port();
    double worst = 0, largest = 0;
    for (int step = 0; step < 40; ++step) {
      session->apply_controls();                 // acts; the session does not act again at this step
      for (int e = 0; e < 37; ++e) {
        const std::vector<double> wanted = evaluate(session->policy()->file(), port.observation().subspan(size_t(e) * 14, 14));
        for (int a = 0; a < 2; ++a) {
          worst = std::max(worst, std::abs(wanted[size_t(a)] - double(port.action()[size_t(e * 2 + a)])));
          largest = std::max(largest, std::abs(wanted[size_t(a)]));
        }
      }
      session->step(5);
    }
    CHECK(worst < agreement);
    CHECK(largest > 0.5);
  }
}

TEST_CASE("policy: every activation over its whole range") {
  test::PolicyText text;
  text.inputs = R"([{"kind": "command"}])";
  text.outputs = R"([{"actuators": ["hip"], "map": "around", "limit": 1000}])";
  text.widths = {1, 1};
  text.substeps = 5;
  text.command = "[0]";
  text.clip = "1000";
  for (const char* word : {"elu", "tanh", "relu", "none"}) {
    text.activations = {word};
    auto file = session::read_policy_text(text.text(), "one.policy");
    REQUIRE(file);
    file->mean = {0}, file->deviation = {1}, file->layers[0].weights = {1}, file->layers[0].bias = {0};
    session::Loaded loaded = loaded_leg(leg_policy().text());
    session::set_policy(loaded, shared(*file));
    auto session = make(std::move(loaded), 2001);
    session::Port& port = session->policy()->port();
    for (int e = 0; e < 2001; ++e) port.command()[size_t(e)] = float(std::copysign(std::pow(std::abs(e - 1000) / 100.0, 3) / 10, e - 1000.0));   // fine near 0, up to 100
    session->apply_controls();
    for (int e = 0; e < 2001; ++e) {
      const double x = double(port.command()[size_t(e)]), y = evaluate(*file, port.observation().subspan(size_t(e), 1))[0];
      REQUIRE(std::abs(double(port.action()[size_t(e)]) - y) <= 1.5e-7 * std::max(1.0, std::abs(x)));
    }
    port.command()[1003] = std::nanf("");
    session->step(5);
    session->apply_controls();
    CHECK(std::isnan(port.action()[1003]));
    CHECK(session->world().fault(1003) == 0);    // it was well so far
    session->step(5);
    CHECK(session->world().fault(1003) != 0);    // a control that is no number is seen, and stays with its environment
    for (const int e : {1001, 1002, 1004, 1005}) CHECK(session->world().fault(e) == 0);
  }
}

TEST_CASE("policy: width, threads, pieces of steps and the number of environments do not show") {
  const std::string text = leg_policy().text();
  for (const Precision precision : {Precision::f32, Precision::f64}) {
    auto few = make(loaded_leg(text), 5, 1, 1, precision), many = make(loaded_leg(text), 200, 0, 2, precision);
    few->step(300);
    for (int i = 0; i < 100; ++i) many->apply_controls(), many->step(3);
    for (int e = 0; e < 5; ++e) CHECK(few->world().hash(e) == many->world().hash(e));
    CHECK(few->world().hash(0) != few->world().hash(1));
    CHECK(few->world().faults() == 0);
    const uint64_t hash = few->world().hash();
    few->reset();
    few->step(300);
    CHECK(few->world().hash() == hash);          // last actions begin at zero again
  }
  auto other = make(loaded_leg(text), 5), none = make([&] { session::Loaded l = loaded_leg(text); l.policy = nullptr; return l; }(), 5);
  const float faster[] = {1, 2};
  other->policy()->set_command(faster);
  other->step(300), none->step(300);
  auto as_is = make(loaded_leg(text), 5);
  as_is->step(300);
  CHECK(other->world().hash() != as_is->world().hash());
  CHECK(none->world().hash() != as_is->world().hash());
}

TEST_CASE("policy: what the scene writes into its actuators does not count, and others stay the scene's") {
  auto random = [](scene::Settings& s) {
    scene::Control control;
    control.type = scene::ControlType::random, control.scale = 0.5;
    s.controls = {control};
  };
  auto spare_alone = [](scene::Settings& s) {
    scene::Control control;
    control.type = scene::ControlType::random, control.scale = 0.5, control.actuators = {"spare"};
    s.controls = {control};
  };
  const std::string text = leg_policy().text();
  auto all = make(loaded_leg(text, 5, random), 3), spare = make(loaded_leg(text, 5, spare_alone), 3), none = make(loaded_leg(text), 3);
  for (auto* s : {&all, &spare, &none}) (*s)->step(100), (*s)->apply_controls(), (*s)->apply_controls(), (*s)->step(100);
  CHECK(all->world().hash() == spare->world().hash());
  CHECK(all->world().hash() != none->world().hash());
}

TEST_CASE("policy: save and restore, and an environment that begins anew, keep the bits") {
  auto session = make(loaded_leg(leg_policy().text()), 6);
  std::vector<int> all(6);
  std::iota(all.begin(), all.end(), 0);
  session->step(53);
  const session::Saved saved = session->save(all);
  session->step(200);
  const uint64_t hash = session->world().hash();
  const float other[] = {3, 3};
  session->policy()->set_command(other);
  session->step(17);
  CHECK(session->restore(saved));
  session->step(200);
  CHECK(session->world().hash() == hash);

  // one environment goes back, the others do not notice
  const int one[] = {2};
  const session::Saved alone = session->save(one);
  session->step(100);
  const uint64_t then = session->world().hash(2);
  CHECK(session->restore(alone));
  session->step(100);
  CHECK(session->world().hash(2) == then);

  // reset between control steps of the session: its last action is gone, the others' are not
  session->step(2);
  session->reset(2, -1);
  session->step(5);
  auto last = session->policy()->port().last();
  session->reset(3, -1);
  const session::Saved begun = session->save(all);
  for (int e : all) {
    const bool zero = begun.policy.numbers[size_t(e) * 4] == 0 && begun.policy.numbers[size_t(e) * 4 + 1] == 0;
    CHECK(zero == (e == 3));
    CHECK(begun.policy.numbers[size_t(e) * 4 + 2] == 0.5f);
  }
  CHECK(last[2 * 2] != 0);

  auto without = make([&] { session::Loaded l = loaded_leg(leg_policy().text()); l.policy = nullptr; return l; }(), 6);
  CHECK(without->restore(saved));                // the world's part; there is no policy that would remember
  CHECK(session->restore(without->save(all)));   // and one that does not know begins anew
  const session::Saved anew = session->save(all);
  for (int e : all) CHECK(anew.policy.numbers[size_t(e) * 4] == 0);
}

TEST_CASE("policy: switched off it leaves controls alone, and comes back with the session's time") {
  auto session = make(loaded_leg(leg_policy().text()), 2);
  std::vector<int> all{0, 1};
  session->step(50);
  const session::Saved before = session->save(all);
  session->step(50);
  const uint64_t hash = session->world().hash();
  CHECK(session->restore(before));
  session->policy()->set_on(false);
  session->world().set(StateField::ctrl, 0, 0, 0.125);
  session->step(50);
  CHECK(session->world().get(StateField::ctrl, 0, 0) == 0.125);
  CHECK(session->world().hash() != hash);
  CHECK(session->restore(before));
  CHECK(session->policy()->on());
  session->step(50);
  CHECK(session->world().hash() == hash);
  session->policy()->set_on(false);
  session->policy()->set_on(true);
  for (const float x : session->policy()->port().last()) CHECK(x == 0);
}

TEST_CASE("policy: control steps become the policy's, and that is said") {
  auto loaded = session::load_mjcf_text(model_text, "leg.xml");
  REQUIRE(loaded);
  auto file = session::read_policy_text(leg_policy().text(), "leg.policy");
  REQUIRE(file);
  const auto said = session::set_policy(*loaded, shared(*file));
  REQUIRE(said);
  CHECK(said->code == "substeps-differ");
  CHECK(loaded->settings.substeps == 5);
  CHECK_FALSE(session::set_policy(*loaded, shared(*file)));
}

TEST_CASE("policy: one for another robot is refused, and says what it is for") {
  auto refuse = [](test::PolicyText text) {
    session::Loaded loaded = loaded_leg(text.text());
    WorldOptions options;
    options.environments = 1;
    auto session = session::Session::create(std::move(loaded), options);
    REQUIRE_FALSE(session);
    return session.errors().front();
  };
  test::PolicyText wider = leg_policy(), unknown = leg_policy(), more = leg_policy();
  wider.widths[0] = 15;
  CHECK(refuse(wider).code == "policy-misfit");
  CHECK(refuse(wider).hint.find("test.yaml") != std::string::npos);
  more.widths[3] = 3;
  CHECK(refuse(more).code == "policy-misfit");
  unknown.outputs = R"([{"actuators": ["hip", "ankle"], "map": "around"}])";
  CHECK(refuse(unknown).code == "unknown-name");
  CHECK(refuse(unknown).place.file == "leg.policy");
  CHECK(refuse(unknown).place.line == 4);
}

TEST_CASE("policy: bad files are told with their place, and never half read") {
  // code and line of the first finding, as tests/bad/policy/expected.txt has them
  std::ifstream expected("tests/bad/policy/expected.txt");
  REQUIRE(expected);
  std::string name, code;
  int line = 0, files = 0;
  while (expected >> name >> code >> line) {
    ++files;
    auto file = session::read_policy("tests/bad/policy/" + name);
    CAPTURE(name);
    REQUIRE_FALSE(file);
    CHECK(file.errors().front().code == code);
    CHECK(file.errors().front().place.line == line);
    CHECK(file.errors().size() <= 20);
  }
  CHECK(files >= 20);
  CHECK(std::distance(std::filesystem::directory_iterator("tests/bad/policy"), {}) == files + 1);
}

TEST_CASE("policy: a good file cut anywhere is refused, whatever is cut off") {
  const std::string text = leg_policy().text();
  REQUIRE(session::read_policy_text(text, "x"));
  for (size_t size = 0; size + 2 < text.size(); size += 1 + size / 40) CHECK_FALSE(session::read_policy_text(text.substr(0, size), "x"));
}

TEST_CASE("policy: sizes are bounded before memory is spent") {
  auto code = [](const std::string& text) {
    auto file = session::read_policy_text(text, "x");
    REQUIRE_FALSE(file);
    return file.errors().front().code;
  };
  CHECK(code(std::string(1'000'000, '[')) == "too-deep");
  std::string numbers = "{\"mean\": [0";
  for (int i = 0; i < 2'000'001; ++i) numbers += ",1";
  CHECK(code(numbers + "]}") == "too-large");
  std::string keys = "{";
  for (int i = 0; i < 100'000; ++i) keys += "\"" + std::to_string(i) + "\": 1,";
  CHECK(code(keys) == "too-large");
  std::string values = "[";
  for (int i = 0; i < 500'000; ++i) values += "{},";
  CHECK(code(values) == "too-large");
  CHECK(code(std::string(session::policy_limits::file_bytes + 1, ' ')) == "too-large");
}
