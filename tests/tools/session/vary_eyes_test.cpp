// Where eyes are mounted, how late they see, and what lights shine, of each environment and each episode.
#include <doctest/doctest.h>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <set>
#include "engine/core/hash.h"
#include "tools/session/eyes.h"

using namespace nuri;
using namespace nuri::session;
namespace output = trace::output;

namespace {

// A lift that nothing pulls, its top at t v; a camera that aims at it, one that follows it, and lights of each kind.
std::string hall(const std::string& lights) {
  return R"(<mujoco model="hall">
  <compiler angle="degree"/>
  <option timestep="0.005" gravity="0 0 0"/>
  <worldbody>
    <body name="lift" pos="0 0 -1"><joint name="lift" type="slide" axis="0 0 1"/><geom name="lift" type="box" size="8 8 1" rgba="0.9 0.8 0.7 1"/>
      <camera name="tracks" mode="trackcom" pos="0 0 3"/></body>
    <body name="ball" pos="1 0.5 0.6"><joint name="ball" type="slide" axis="1 0 0"/><geom name="ball" size="0.3"/></body>
    <camera name="aims" mode="targetbody" target="ball" pos="0 0 3"/>
    <camera name="fixed" pos="0 0 3" quat="2 0 0 0"/>
    <site name="mast" pos="0 0 1" euler="0 30 0"/>
    )" + lights + R"(
  </worldbody>
</mujoco>)";
}
const std::string day = R"(<light name="sky" type="directional" dir="0 0 -1" diffuse="0.6 0.6 0.6" specular="0 0 0" ambient="0.1 0.1 0.1"/>
    <light type="point" pos="1 1 2" diffuse="0.2 0.1 0.1" attenuation="0 0 1"/><light name="off" active="false"/>)";

Result<Loaded> read(const std::string& rest, const std::string& lights) {
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / "nuri_vary_eyes_test";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "hall.xml") << hall(lights);
  return load_scene_text("models: [{file: hall.xml}]\nsubsteps: 2\n" + rest, (folder / "eyes.yaml").string());
}

struct Seen {
  std::unique_ptr<Session> session;
  std::unique_ptr<session::Eyes> eyes;
  Seen(const std::string& rest, WorldOptions options, const std::string& lights = day) {
    auto loaded = read(rest, lights);
    if (!loaded) FAIL(to_string(loaded.errors().front()));
    if (options.threads == 0) options.threads = 1;
    if (options.seed == 0) options.seed = 6;
    auto made = Session::create(std::move(*loaded), options);
    if (!made) FAIL(to_string(made.errors().front()));
    session = std::move(*made);
    auto seen = session::Eyes::make(*session);
    if (!seen) FAIL(to_string(seen.errors().front()));
    eyes = std::move(*seen);
    eyes->look();
  }
  void go() { session->step(2), eyes->look(); }
  void begin(std::vector<int> which) { session->reset(which), eyes->look(); }
  double depth(int environment, int eye = 0) const { return double(*static_cast<const float*>(eyes->picture(eye, environment, output::depth))); }
  double range(int environment) const { return double(*static_cast<const float*>(eyes->picture(0, environment, output::range))); }
  uint64_t hash(int environment, int eye = 0) const {
    Hash h;
    for (size_t k = 0; k < output::count; ++k)
      if (const void* p = eyes->picture(eye, environment, 1u << k))
        h.add(std::span<const uint8_t>(static_cast<const uint8_t*>(p), picture_bytes(eyes->eyes()[size_t(eye)], 1u << k)));
    return h.value();
  }
};

std::string error(const std::string& rest) {
  auto loaded = read(rest, day);
  if (!loaded) return std::to_string(loaded.errors().front().place.line) + " " + loaded.errors().front().code;
  auto session = Session::create(std::move(*loaded), {.environments = 3, .threads = 1});
  return session ? "accepted" : std::to_string(session.errors().front().place.line) + " " + session.errors().front().code;
}

const std::string down = "cameras: [{name: down, position: [0, 0, 2], size: [1, 1], outputs: [depth, range]}]\n";

}  // namespace

TEST_CASE("vary: a camera's place is of the environment, at the start or in each episode") {
  for (const bool episode : {false, true}) {
    Seen s(down + "vary: [{field: camera_position, component: 2, add: [0, 1]" + (episode ? ", when: episode}]\n" : "}]\n"), {.environments = 5});
    std::set<double> depths;
    std::vector<double> first;
    for (int e = 0; e < 5; ++e) first.push_back(s.depth(e)), depths.insert(s.depth(e));
    CHECK(depths.size() == 5);
    CHECK(*depths.begin() > 2);
    CHECK(*depths.rbegin() < 3);
    s.begin({1, 4});
    for (int e = 0; e < 5; ++e) CHECK((s.depth(e) == first[size_t(e)]) == !(episode && (e == 1 || e == 4)));
    for (int e = 0; e < 5; ++e) CHECK(s.depth(e) >= 2);
    s.session->reset(), s.eyes->look();
    for (int e = 0; e < 5; ++e) CHECK(s.depth(e) == first[size_t(e)]);
  }
}

TEST_CASE("vary: a camera's turn is about its own axes, wherever it is mounted") {
  constexpr double least = 1e-6;                 // of about 1: float
  const double c = std::cos(30 * 3.141592653589793 / 180);
  Seen tilted(down + "vary: [{field: camera_rotation, component: 0, add: 30}]\n", {.environments = 2});
  CHECK(std::abs(tilted.range(1) - 2 / c) < 4 * least);
  Seen rolled(down + "vary: [{field: camera_rotation, component: 2, add: 30}]\n", {.environments = 2});
  CHECK(std::abs(rolled.range(1) - 2) < 4 * least);
  // on a site that is turned by 30 degrees about y, the other way makes it look straight down from 1 m; and on a camera of the model
  Seen on_site("cameras: [{name: a, site: mast, size: [1, 1], outputs: range}]\nvary: [{field: camera_rotation, component: 1, add: -30}]\n", {.environments = 2});
  CHECK(std::abs(on_site.range(0) - 1) < 4 * least);
  Seen untouched("cameras: [{name: a, site: mast, size: [1, 1], outputs: range}]\n", {.environments = 2});
  CHECK(std::abs(untouched.range(0) - 1 / c) < 4 * least);
  Seen of_model("cameras: [{name: a, camera: fixed, size: [1, 1], outputs: range}]\nvary: [{field: camera_position, component: 2, set: 1.5}, {field: camera_rotation, component: 0, add: 30}]\n",
                {.environments = 2});
  CHECK(std::abs(of_model.range(0) - 1.5 / c) < 4 * least);
}

TEST_CASE("vary: an eye that is varied by nothing sees what it sees without rules") {
  const std::string cameras = "cameras: [{name: a, camera: fixed, size: [16, 12]}, {name: b, site: mast, position: [0.1, 0, 0.2], euler: [3, 4, 5], size: [16, 12]}, {name: c, camera: aims, size: [16, 12]}]\n";
  const std::string rules = "vary: [{field: camera_position, names: [a, b], add: 0}, {field: camera_latency, names: a, scale: [1, 2]}, {field: light_intensity, scale: 1}, {field: light_diffuse, add: 0}]\n";
  Seen plain(cameras, {.environments = 2}), ruled(cameras + rules, {.environments = 2});
  for (int k = 0; k < 3; ++k) {
    for (int e = 0; e < 2; ++e)
      for (int eye = 0; eye < 3; ++eye) CHECK(plain.hash(e, eye) == ruled.hash(e, eye));
    plain.go(), ruled.go();
  }
}

TEST_CASE("vary: pictures are as late as the environment's own latency says") {
  const std::string rising = down + "initial: {joints: [{joints: lift, velocity: 1}]}\n";
  Seen s(rising + "vary: [{field: camera_latency, set: [0, 0.05], when: episode}]\n", {.environments = 12});
  Seen plain(rising, {.environments = 12});
  std::set<int> delays;
  for (int episode = 0; episode < 3; ++episode) {
    std::vector<std::vector<double>> seen(12), truth(12);
    for (int k = 0; k < 16; ++k) {
      for (int e = 0; e < 12; ++e) seen[size_t(e)].push_back(s.depth(e)), truth[size_t(e)].push_back(plain.depth(e));
      s.go(), plain.go();
    }
    for (int e = 0; e < 12; ++e) {
      int delay = -1;                            // the one that explains all pictures; the first is shown at once
      for (int d = 0; d <= 5 && delay < 0; ++d) {
        bool all = true;
        for (int k = 0; k < 16; ++k) all = all && seen[size_t(e)][size_t(k)] == truth[size_t(e)][size_t(k < d + 1 ? 0 : k - d)];
        if (all) delay = d;
      }
      CHECK(delay >= 0);
      delays.insert(delay);
    }
    CHECK(truth[0][0] - truth[0][10] == doctest::Approx(0.1).epsilon(1e-5));
    std::vector<int> all(12);
    for (int e = 0; e < 12; ++e) all[size_t(e)] = e;
    s.begin(all), plain.begin(all);
  }
  CHECK(delays.size() >= 4);
}

TEST_CASE("vary: lights are as if the model's file had them so") {
  const std::string camera = "cameras: [{name: a, camera: fixed, size: [24, 18], outputs: rgb}]\n";
  const auto same = [&](const std::string& rules, const std::string& written) {
    CAPTURE(rules);
    Seen ruled(camera + "vary: " + rules + "\n", {.environments = 2}), file(camera, {.environments = 2}, written), before(camera, {.environments = 2});
    CHECK(ruled.hash(1) == file.hash(1));
    CHECK(ruled.hash(1) != before.hash(1));
  };
  const std::string rest = R"(<light type="point" pos="1 1 2" diffuse="0.2 0.1 0.1" attenuation="0 0 1"/>)";
  same("[{field: light_diffuse, names: sky, component: 1, set: 0.25}, {field: light_ambient, names: sky, set: 0.3}]",
       R"(<light name="sky" type="directional" dir="0 0 -1" diffuse="0.6 0.25 0.6" specular="0 0 0" ambient="0.3 0.3 0.3"/>)" + rest);
  same("[{field: light_direction, names: sky, component: 0, set: 0.75}, {field: light_specular, names: sky, set: 0.5}]",
       R"(<light name="sky" type="directional" dir="0.75 0 -1" diffuse="0.6 0.6 0.6" specular="0.5 0.5 0.5" ambient="0.1 0.1 0.1"/>)" + rest);
  same("[{field: light_position, names: '#1', component: 0, add: -1.5}]", R"(<light name="sky" type="directional" dir="0 0 -1" diffuse="0.6 0.6 0.6" specular="0 0 0" ambient="0.1 0.1 0.1"/>
       <light type="point" pos="-0.5 1 2" diffuse="0.2 0.1 0.1" attenuation="0 0 1"/>)");
  same("[{field: light_intensity, names: sky, scale: 0.5}]", R"(<light name="sky" type="directional" dir="0 0 -1" diffuse="0.3 0.3 0.3" specular="0 0 0" ambient="0.05 0.05 0.05"/>)" + rest);
  // without lights there is a sun
  Seen sun(camera, {.environments = 1}, ""), half(camera + "vary: [{field: light_intensity, names: sun, scale: 0.5}]\n", {.environments = 1}, "");
  CHECK(sun.hash(0) != half.hash(0));
}

TEST_CASE("vary: what an environment sees does not depend on batch, threads or what came before") {
  const std::string rules = R"(initial: {joints: [{velocity: [-0.5, 0.5]}]}
cameras: [{name: a, site: mast, position: [0, 0, 1.5], size: [24, 18]}, {name: b, body: lift, position: [0, 0, 2.5], size: [24, 18], latency: 0.01}]
vary:
  - {field: camera_position, add: [-0.2, 0.2]}
  - {field: camera_rotation, names: a, add: {mean: 0, deviation: 5}, when: episode}
  - {field: camera_latency, names: b, add: [0, 0.03], when: episode}
  - {field: site_pos, names: mast, component: 2, add: [-0.1, 0.1], when: episode}
  - {field: light_direction, names: sky, add: [-0.3, 0.3], when: episode}
  - {field: light_intensity, scale: [0.5, 1.5], when: episode}
)";
  const auto pictures = [&](Seen& s, int e) {
    std::vector<uint64_t> out;
    for (int k = 0; k < 6; ++k) out.push_back(s.hash(e, 0)), out.push_back(s.hash(e, 1)), s.go();
    return out;
  };
  Seen alone(rules, {.environments = 1, .first_id = 3});
  const std::vector<uint64_t> expected = pictures(alone, 0);
  for (const int threads : {1, 3}) {
    Seen s(rules, {.environments = 30, .threads = threads});
    for (int k = 0; k < 5; ++k) s.go();
    s.begin({3, 5});
    const std::vector<uint64_t> other = pictures(s, 3);
    CHECK(other != expected);
    const int mine[] = {3};
    const uint64_t seeds[] = {6};
    s.session->reset(mine, seeds), s.eyes->look();
    CHECK(pictures(s, 3) == expected);
  }
}

TEST_CASE("vary: what eyes and lights cannot be is said with its place") {
  const std::string cameras = "cameras: [{name: a, camera: fixed}, {name: t, camera: tracks}, {name: g, camera: aims}]\nvary:\n  - ";
  CHECK(error(cameras + "{field: camera_position, names: [a, g], add: [0, 1]}\n") == "accepted");
  CHECK(error(cameras + "{field: camera_position, names: b, add: [0, 1]}\n") == "5 unknown-name");
  CHECK(error(cameras + "{field: camera_position, names: t, add: [0, 1]}\n") == "5 fixed-mount");
  CHECK(error(cameras + "{field: camera_rotation, names: g, add: [0, 1]}\n") == "5 fixed-mount");
  CHECK(error(cameras + "{field: camera_position, names: a, scale: 2}\n") == "5 bad-operation");
  CHECK(error(cameras + "{field: camera_rotation, names: a, set: 2}\n") == "5 bad-operation");
  CHECK(error(cameras + "{field: camera_rotation, names: a, component: 3, add: 2}\n") == "5 out-of-range");
  CHECK(error(cameras + "{field: camera_latency, names: a, component: 1, set: 0.1}\n") == "5 out-of-range");
  CHECK(error(cameras + "{field: camera_fovy, names: a, scale: 2}\n") == "5 unknown-field");
  CHECK(error(cameras + "{field: light_intensity, names: sky, scale: 2}\n") == "accepted");
  CHECK(error(cameras + "{field: light_intensity, names: off, scale: 2}\n") == "5 unknown-name");
  CHECK(error(cameras + "{field: light_intensity, names: sun, scale: 2}\n") == "5 unknown-name");
  CHECK(error(cameras + "{field: light_intensity, names: sky, add: 2}\n") == "5 bad-operation");
  CHECK(error(cameras + "{field: light_ambient, names: sky, component: 3, add: 2}\n") == "5 out-of-range");
  CHECK(error("vary:\n  - {field: camera_position, names: a, add: 1}\n") == "4 unknown-name");
  CHECK(error("vary:\n  - {field: camera_position, names: fixed, add: 1}\n") == "accepted");   // a scene without eyes may be seen through the model's
}
