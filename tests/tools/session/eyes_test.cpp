// Eyes of a session: when pictures are taken and arrive, whose they are, and that nothing but its own environment shows in them.
#include "tools/session/eyes.h"

#include <doctest/doctest.h>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include "engine/core/hash.h"
#include "render/trace/registry.h"
#include "tests/allocations.h"

using namespace nuri;
using namespace nuri::session;
namespace output = trace::output;

namespace {

// A lift that nothing pulls: its top is at 0.5 m + v t.
const char* const lift = R"(<mujoco model="lift">
  <option timestep="0.005" gravity="0 0 0"/>
  <worldbody>
    <body name="lift"><joint name="lift" type="slide" axis="0 0 1"/>
      <geom name="lift" type="box" size="2 2 0.5"/>
      <site name="deck" pos="0.4 0 0.5"/>
      <body name="post" pos="0 0 0.5"><geom name="post" size="0.05" pos="0.3 0.2 0"/></body>
    </body>
  </worldbody>
  <keyframe><key name="high" qpos="1"/></keyframe>
</mujoco>)";

// A room with a camera and a site that is turned: its z is the world's x.
const char* const room = R"(<mujoco model="room">
  <compiler angle="degree"/>
  <option timestep="0.005" gravity="0 0 0"/>
  <worldbody>
    <geom name="wall" type="box" pos="-2.5 0 0" size="0.5 9 9"/>
    <geom name="mark" type="sphere" pos="0.3 0.2 -2" size="0.03"/>
    <camera name="down" fovy="70"/>
    <site name="turned" pos="0 0 1" euler="0 90 0"/>
    <body name="ball" pos="0 0 5"><freejoint/><geom name="ball" size="0.1"/></body>
  </worldbody>
</mujoco>)";

constexpr double period = 0.01;                  // s: two substeps

std::string scene_of(const std::string& models, const std::string& rest) { return models + "substeps: 2\nseed: 5\n" + rest; }
const std::string lift_models = "models: [{file: lift.xml}]\ninitial: {joints: [{velocity: [-0.5, -0.1]}]}\n";
const std::string room_models = "models: [{file: room.xml}]\n";

Result<Loaded> read(const std::string& text) {
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / "nuri_eyes_test";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "lift.xml") << lift;
  std::ofstream(folder / "room.xml") << room;
  return load_scene_text(text, (folder / "eyes.yaml").string());
}

struct Seen {
  std::unique_ptr<Session> session;
  std::unique_ptr<session::Eyes> eyes;
  Seen(const std::string& text, WorldOptions options, const EyeOptions& which = {}) {
    auto loaded = read(text);
    if (!loaded) FAIL(to_string(loaded.errors().front()));
    begin(std::move(*loaded), options, which);
  }
  Seen(Loaded loaded, WorldOptions options) { begin(std::move(loaded), options, {}); }
  void begin(Loaded loaded, WorldOptions options, const EyeOptions& which) {
    options.seed = loaded.settings.seed;
    if (options.threads == 0) options.threads = 1;
    auto made = Session::create(std::move(loaded), options);
    if (!made) FAIL(to_string(made.errors().front()));
    session = std::move(*made);
    auto seen = session::Eyes::make(*session, which);
    if (!seen) FAIL(to_string(seen.errors().front()));
    eyes = std::move(*seen);
  }
  void go() { session->step(session->settings().substeps), eyes->look(); }
  float depth(int eye, int environment, size_t pixel = 0) const { return static_cast<const float*>(eyes->picture(eye, environment, output::depth))[pixel]; }
  // Everything that one environment is shown.
  uint64_t hash(int environment) const {
    Hash h;
    for (int e = 0; e < int(eyes->eyes().size()); ++e)
      for (size_t k = 0; k < output::count; ++k)
        if (const void* p = eyes->picture(e, environment, 1u << k))
          h.add(std::span<const uint8_t>(static_cast<const uint8_t*>(p), picture_bytes(eyes->eyes()[size_t(e)], 1u << k)));
    return h.value();
  }
};

// "line code" of the first error, of loading or of making the session or its eyes.
std::string error(const std::string& text, const EyeOptions& which = {}, std::string* out_hint = nullptr) {
  const auto said = [&](const std::vector<Diagnostic>& errors) {
    if (out_hint) *out_hint = errors.front().hint;
    return std::to_string(errors.front().place.line) + " " + errors.front().code;
  };
  auto loaded = read(text);
  if (!loaded) return said(loaded.errors());
  auto session = Session::create(std::move(*loaded), {.environments = 3, .threads = 1});
  if (!session) return said(session.errors());
  auto eyes = session::Eyes::make(**session, which);
  return eyes ? "accepted" : said(eyes.errors());
}

const std::string above = "{name: above, position: [0, 0, 3], look_at: [0, 0, 0], size: [8, 8], fovy: 10, outputs: depth";

}  // namespace

TEST_CASE("eyes: with a rate and a latency a picture shows the state of then, in closed form; a reset is seen at once, by its environment alone") {
  struct Kind { const char* keys; int every, delay; };
  for (const Kind& kind : {Kind{"", 1, 0}, Kind{", rate: 25", 4, 0}, Kind{", latency: 0.03", 1, 3}, Kind{", rate: 25, latency: 0.055", 4, 6}, Kind{", rate: 50, latency: 0.001", 2, 1}}) {
    for (const Precision precision : {Precision::f32, Precision::f64}) {
      CAPTURE(kind.keys);
      Seen s(scene_of(lift_models, "cameras: [" + above + kind.keys + "}]\n"), {.environments = 3, .precision = precision});
      REQUIRE(s.eyes->eyes()[0].every == kind.every);
      REQUIRE(s.eyes->eyes()[0].delay == kind.delay);
      CHECK(s.eyes->eyes()[0].rate == doctest::Approx(1 / (kind.every * period)));
      CHECK(s.eyes->eyes()[0].latency == doctest::Approx(kind.delay * period));
      const auto shows = [&](int now, int began) { return now - began < kind.delay ? 0 : (now - began - kind.delay) / kind.every * kind.every; };
      s.eyes->look();
      int began[3] = {0, 0, 0};
      double speed[3], start[3] = {0, 0, 0};
      for (int e = 0; e < 3; ++e) speed[e] = s.session->world().get(StateField::qvel, e, 0);
      for (int step = 0; step < 45; ++step) {
        CAPTURE(step);
        if (step > 0) s.go();
        if (step == 7 || step == 17 || step == 19) {                                   // after the look: seen at once all the same
          const uint64_t other = s.hash(1);
          s.session->reset(2, step == 17 ? 0 : -1);
          s.eyes->look();
          began[2] = step, speed[2] = 0, start[2] = step == 17 ? 1 : 0;
          CHECK(s.hash(1) == other);
        }
        for (int e = 0; e < 3; ++e) {
          CAPTURE(e);
          const double top = 0.5 + start[e] + speed[e] * period * shows(step, began[e]);
          CHECK(std::abs(s.depth(0, e, 27) - (3 - top)) < 5e-6);
        }
        const uint64_t before = s.hash(0) + 3 * s.hash(2);
        s.eyes->look();                                                                // again at the same control step
        CHECK(s.hash(0) + 3 * s.hash(2) == before);
      }
      s.session->reset();
      s.eyes->look();
      CHECK(std::abs(s.depth(0, 2) - 2.5f) < 5e-6f);
    }
  }
}

TEST_CASE("eyes: control steps that nobody looks at pass all the same") {
  Seen s(scene_of(lift_models, "cameras: [" + above + ", rate: 25, latency: 0.02}]\n"), {.environments = 1});
  const double speed = s.session->world().get(StateField::qvel, 0, 0);
  s.eyes->look();
  struct Look { int at, shown; };                // due at 4, 8, ..: taken at 6, 9, 12, 16, 28; each arrives 2 later
  int now = 0;
  for (const Look& look : {Look{3, 0}, Look{6, 0}, Look{9, 6}, Look{12, 9}, Look{13, 9}, Look{16, 12}, Look{28, 16}}) {
    CAPTURE(look.at);
    for (; now < look.at; ++now) s.session->step(2);
    s.eyes->look();
    CHECK(std::abs(double(s.depth(0, 0)) - (2.5 - speed * period * look.shown)) < 5e-6);
  }
  const uint64_t before = s.hash(0);
  s.session->step(1);                            // half a control step
  s.eyes->look();
  CHECK(s.hash(0) == before);
}

TEST_CASE("eyes: finish() shows what is now, of its environments, and disturbs nothing") {
  const std::string text = scene_of(lift_models, "cameras: [" + above + ", rate: 20, latency: 0.03}]\n");
  Seen s(text, {.environments = 3}), calm(text, {.environments = 3});
  s.eyes->look(), calm.eyes->look();
  for (int step = 1; step < 40; ++step) {
    s.go(), calm.go();
    CAPTURE(step);
    if (step == 11) {
      const int some[] = {1, 1, 9, -2};
      s.eyes->finish(some);
      const double top = 0.5 + s.session->world().get(StateField::qvel, 1, 0) * period * step;
      CHECK(std::abs(s.depth(0, 1) - (3 - top)) < 5e-6);
      CHECK(s.hash(0) == calm.hash(0));
      CHECK(s.eyes->arrived(0, 1) == calm.eyes->arrived(0, 1) + 1);
    }
    CHECK(s.hash(0) == calm.hash(0));
    CHECK(s.hash(2) == calm.hash(2));
    if (step >= 13) CHECK(s.hash(1) == calm.hash(1));                                  // from its next picture on
  }
}

TEST_CASE("eyes: what is written from outside is seen after begin(), what is restored at once") {
  Seen s(scene_of(lift_models, "cameras: [" + above + ", rate: 20}]\n"), {.environments = 2});
  s.eyes->look();
  const int one[] = {1};
  s.session->world().set(StateField::qpos, 1, 0, 0.75);
  s.session->world().forward(one);
  s.eyes->look();
  CHECK(s.depth(0, 1) == doctest::Approx(2.5));
  s.eyes->begin(one);
  s.eyes->look();
  CHECK(s.depth(0, 1) == doctest::Approx(1.75));
  const Saved saved = s.session->save(one);
  for (int k = 0; k < 3; ++k) s.go();
  s.session->world().set(StateField::qpos, 1, 0, 0.25);
  s.session->resume(one);
  s.eyes->look();
  CHECK(s.depth(0, 1) == doctest::Approx(2.25));
  s.session->restore(saved);
  s.eyes->look();
  CHECK(s.depth(0, 1) == doctest::Approx(1.75));
}

TEST_CASE("eyes: an environment's bits, noise too, know nothing of batch, place, threads, width and neighbours") {
  const std::string text = scene_of(lift_models + "vary: [{field: site_pos, names: deck, add: [-0.1, 0.1]}]\n", R"(
cameras:
  - {name: above, position: [0.1, 0, 3], look_at: [0.3, 0, 0], size: [24, 20], fovy: 30, outputs: [rgb, depth, normal], rate: 50, noise: {range: 0.01, colour: 0.02, dropout: 0.1}}
  - {name: deck, site: deck, position: [0, 0, 1], look_at: [0, 0.1, 0], size: [16, 16], outputs: [rgb, range, geom], rate: 33.4, latency: 0.02, noise: {range: [0, 0.01]}}
lidars:
  - {name: scan, body: post, position: [0, 0, 0.3], rows: 4, columns: 40, outputs: [range, intensity, point], noise: {range: 0.02, intensity: 0.02}}
)");
  constexpr int id = 7, steps = 24;
  const auto run = [&](WorldOptions options, int width, int which, unsigned disturbed, std::vector<int> looked_at = {}) {
    Seen s(text, options, {.width = width, .environments = looked_at});
    std::mt19937 random(disturbed);
    std::vector<uint64_t> hashes;
    s.eyes->look();
    for (int step = 0; step < steps; ++step) {
      hashes.push_back(s.hash(which));
      s.go();
      if (step == 13) s.session->reset(which, 0);
      for (int e = 0; disturbed && e < options.environments; ++e) {
        if (e == which || random() % 5) continue;
        const int other[] = {e};
        if (random() % 2) s.session->reset(e, -1);
        else s.eyes->finish(other);
      }
      s.eyes->look();
    }
    return hashes;
  };
  REQUIRE(trace::kernels().size() >= 2);
  const int narrow = trace::kernels().front()->width, wide = trace::kernels().back()->width;
  const std::vector<uint64_t> alone = run({.environments = 1, .threads = 1, .first_id = id}, narrow, 0, 0);
  CHECK(run({.environments = 64, .threads = 1}, 0, id, 0) == alone);
  CHECK(run({.environments = 64, .threads = 3}, wide, id, 1) == alone);
  CHECK(run({.environments = 9, .threads = 2, .first_id = 5}, 0, 2, 2) == alone);
  CHECK(run({.environments = 16, .threads = 2}, narrow, id, 3, {9, id, 2}) == alone);
  const std::vector<uint64_t> other = run({.environments = 1, .threads = 1, .first_id = 8}, 0, 0, 0);
  for (int step = 0; step < steps; ++step) CHECK(other[size_t(step)] != alone[size_t(step)]);

  // an episode that is run again is seen again, however the session came there
  Seen s(text, {.environments = 2});
  s.eyes->look();
  const auto episode = [&] {
    std::vector<uint64_t> hashes{s.hash(1)};
    for (int step = 0; step < 10; ++step) s.go(), hashes.push_back(s.hash(1));
    return hashes;
  };
  const std::vector<uint64_t> first = episode();
  CHECK(first[1] != first[0]);
  for (int k = 0; k < 3; ++k) s.go();
  s.session->reset();
  s.eyes->look();
  CHECK(episode() == first);

  // where nothing moves, the noise alone tells one episode from another, and it belongs to the episode's seed
  Seen still(scene_of(room_models, "cameras: [{name: down, camera: down, size: [8, 8], outputs: depth, noise: {range: 0.01}}]\n"), {.environments = 2});
  still.eyes->look();
  const uint64_t zeroth = still.hash(1), others = still.hash(0);
  const auto picture = [&](std::vector<uint64_t> seeds) {
    const int one[] = {1};
    still.session->reset(one, seeds);
    still.eyes->look();
    return still.hash(1);
  };
  const uint64_t next = picture({}), seventh = picture({7});
  CHECK(next != zeroth);
  CHECK(seventh != zeroth);
  CHECK(seventh != next);
  CHECK(picture({5}) == zeroth);
  CHECK(picture({}) == next);
  CHECK(still.hash(0) == others);
}

TEST_CASE("eyes: looking changes nothing that moves") {
  const std::string text = scene_of(lift_models, "cameras: [" + above + "}]\n");
  Seen s(text, {.environments = 3});
  auto loaded = read(scene_of(lift_models, ""));
  REQUIRE(loaded);
  auto blind = Session::create(std::move(*loaded), {.environments = 3, .threads = 1, .seed = 5});
  REQUIRE(blind);
  for (int step = 0; step < 10; ++step) s.go(), (*blind)->step(2);
  CHECK(s.session->world().hash() == (*blind)->world().hash());
}

TEST_CASE("eyes: on a site, on a body, in the world; the model's lens; labels") {
  auto loaded = read(scene_of(room_models, R"(
cameras:
  - {name: sideways, site: turned, position: [0, 0, 0.2], size: [9, 9], fovy: 5, outputs: [depth, class, geom]}
  - {name: down, camera: down, outputs: [geom, class]}
  - {name: square, camera: down, size: [80, 60], outputs: geom}
  - {name: up, body: ball, position: [0, 0, -0.5], look_at: [0, 0, 0], size: [9, 9], fovy: 5, outputs: [depth, class, body]}
labels:
  - {class: 3, bodies: world}
  - {class: 8, geoms: "b*"}
  - {class: 5, geoms: [mark, nothing_else*, "ma*"]}
)"));
  REQUIRE(loaded);
  model::Model changed = *loaded->models[0];
  model::Look::Camera& camera = changed.look.cameras[0];
  camera.resolution = {40, 30}, camera.focal = {50, 50}, camera.principal = {3, -2};
  loaded->models[0] = std::make_shared<const model::Model>(std::move(changed));
  // a pattern that fits nothing is an error, as everywhere
  auto session = Session::create(*loaded, {.environments = 1, .threads = 1});
  REQUIRE(!session);
  CHECK(session.errors().front().code == "unknown-name");
  loaded->settings.labels[2].geoms = {"mark"};
  Seen s(std::move(*loaded), {.environments = 1});
  s.eyes->look();
  CHECK(s.depth(0, 0, 40) == doctest::Approx(2.2));                                    // turned: it stands at x = 0.2 and looks along -x
  CHECK(static_cast<const int32_t*>(s.eyes->picture(0, 0, output::label))[40] == 3);
  CHECK(s.depth(3, 0, 40) == doctest::Approx(0.4));
  CHECK(static_cast<const int32_t*>(s.eyes->picture(3, 0, output::label))[40] == 8);
  CHECK(static_cast<const int32_t*>(s.eyes->picture(3, 0, output::body))[40] == 1);
  // the mark, 2 m ahead, 0.3 m to the right and 0.2 m up
  const auto centroid = [&](int eye, double& u, double& v) {
    const EyeInfo& info = s.eyes->eyes()[size_t(eye)];
    const int32_t* const geom = static_cast<const int32_t*>(s.eyes->picture(eye, 0, output::geom));
    int n = 0;
    u = v = 0;
    for (int y = 0; y < info.height; ++y)
      for (int x = 0; x < info.width; ++x)
        if (geom[y * info.width + x] == 1) u += x + 0.5, v += y + 0.5, ++n;
    REQUIRE(n > 0);
    u /= n, v /= n;
  };
  double u, v;
  REQUIRE(s.eyes->eyes()[1].width == 40);
  REQUIRE(s.eyes->eyes()[1].height == 30);
  centroid(1, u, v);
  CHECK(std::abs(u - (20 + 3 + 50 * 0.3 / 2)) < 0.6);
  CHECK(std::abs(v - (15 - 2 - 50 * 0.2 / 2)) < 0.6);
  centroid(2, u, v);                                                                   // the same view in other pixels
  CHECK(std::abs(u - 2 * (20 + 3 + 50 * 0.3 / 2)) < 0.6);
  CHECK(std::abs(v - 2 * (15 - 2 - 50 * 0.2 / 2)) < 0.6);
}

TEST_CASE("eyes: variants have their own, and an eye that is for none is an error") {
  const std::string variants = "variants: [{model: lift.xml, name: lift, share: 2}, {model: room.xml, name: room}]\n";
  const std::string eyes = "cameras:\n  - {name: down, camera: room/down, outputs: depth}\n  - {name: everywhere, position: [0, 0, 30], look_at: [0, 0, 0], fovy: 1, outputs: [depth, rgb]}\n"
                           "lidars:\n  - {name: scan, site: lift/deck, rows: 2, columns: 8}\nlabels: [{class: 1, geoms: [room/mark, lift/post]}]\n";
  Seen s(scene_of(variants, eyes), {.environments = 12});
  s.eyes->look();
  int lifts = 0;
  for (int e = 0; e < 12; ++e) {
    const bool is_lift = s.session->world().model(e).name == "lift";
    lifts += is_lift;
    CHECK((s.eyes->picture(0, e, output::depth) == nullptr) == is_lift);
    CHECK((s.eyes->picture(2, e, output::range) != nullptr) == is_lift);
    CHECK(s.eyes->picture(1, e, output::rgb) != nullptr);
    CHECK(s.eyes->picture(1, e, output::label) == nullptr);
    CHECK(s.eyes->arrived(0, e) == (is_lift ? 0u : 1u));
    CHECK(std::abs(s.depth(1, e, 64 * 32 + 32) - (is_lift ? 29.5f : 24.9f)) < 0.02f);
  }
  CHECK(lifts > 4);
  CHECK(lifts < 12);
  CHECK(s.eyes->images() == uint64_t(12 + 12));                                        // everyone's, and one more in each
  CHECK(s.eyes->rays() == uint64_t(12 * 64 * 64 + lifts * 16 + (12 - lifts) * 64 * 64));
  CHECK(std::string(s.eyes->kernel()).find(" x ") != std::string::npos);

  std::string hint;
  CHECK(error(scene_of(variants, "cameras:\n  - {name: down, camera: room/dwon}\n"), {}, &hint) == "5 unknown-name");
  CHECK(hint.find("room/down") != std::string::npos);
  CHECK(error(scene_of(variants, "lidars:\n  - {name: scan, site: lift/dekc}\n"), {}, &hint) == "5 unknown-name");
  CHECK(hint.find("lift/deck") != std::string::npos);
  CHECK(error(scene_of(variants, "cameras:\n  - {name: a, body: lift/pots}\n"), {}, &hint) == "5 unknown-name");
  CHECK(hint.find("lift/post") != std::string::npos);
  CHECK(error(scene_of(variants, "cameras: [{name: a}]\nlabels: [{class: 1, bodies: [lift/post, gone]}]\n")) == "5 unknown-name");
}

TEST_CASE("eyes: which ones, what instead, and the models' cameras") {
  const std::string text = scene_of(lift_models, "cameras:\n  - " + above + "}\n  - {name: wide, fovy: 90, size: [20, 10], focal: [10, 10], outputs: rgb}\nlidars: [{name: scan, rows: 2, columns: 8}]\n");
  CHECK(error(text) == "7 two-lenses");
  const std::string good = scene_of(lift_models, "cameras:\n  - " + above + "}\n  - {name: wide, position: [0, 0, 3], look_at: [0, 0, 0], size: [20, 10], focal: [10, 10], outputs: rgb}\nlidars: [{name: scan, rows: 2, columns: 8}]\n");
  Seen s(good, {.environments = 1}, {.names = {"w*", "scan"}, .outputs = output::depth | output::geom, .size = {40, 20}});
  REQUIRE(s.eyes->eyes().size() == 2);
  CHECK(s.eyes->eyes()[0].name == "wide");
  CHECK(s.eyes->eyes()[0].width == 40);
  CHECK(s.eyes->eyes()[0].outputs == (output::depth | output::geom));
  CHECK(s.eyes->eyes()[1].outputs == output::geom);
  CHECK(s.eyes->eyes()[1].width == 8);
  s.eyes->look();
  const auto* const geom = static_cast<const int32_t*>(s.eyes->picture(0, 0, output::geom));
  int seen = 0;                                                                        // 2.5 m away, half a pixel per 1/20 rad: 16 pixels on each side of the middle
  for (int x = 0; x < 40; ++x) seen += geom[2 * 40 + x] >= 0;
  CHECK(seen == 32);
  CHECK(picture_bytes(s.eyes->eyes()[0], output::rgb) == 2400);
  CHECK(picture_bytes(s.eyes->eyes()[0], output::normal) == 9600);
  CHECK(std::string(output_name(output::label)) == "class");
  CHECK(s.eyes->picture(0, 0, output::rgb) == nullptr);
  CHECK(s.eyes->picture(2, 0, output::geom) == nullptr);
  CHECK(s.eyes->picture(0, 1, output::geom) == nullptr);

  std::string hint;
  CHECK(error(good, {.names = {"wid"}}, &hint) == "0 unknown-name");
  CHECK(hint.find("wide") != std::string::npos);
  CHECK(error(scene_of(lift_models, "")) == "0 no-eyes");
  CHECK(error(scene_of(lift_models, ""), {.model_cameras = true}) == "0 no-eyes");
  Seen cameras(scene_of(room_models, ""), {.environments = 1}, {.model_cameras = true});
  REQUIRE(cameras.eyes->eyes().size() == 1);
  CHECK(cameras.eyes->eyes()[0].name == "down");
  CHECK(cameras.eyes->eyes()[0].width == 64);
  CHECK(cameras.eyes->eyes()[0].outputs == (output::rgb | output::depth | output::geom));
}

TEST_CASE("eyes: geoms whose sizes vary are seen as the model has them, and it is said") {
  const auto told = [](const std::string& rest) {
    auto loaded = read(scene_of(lift_models, rest));
    REQUIRE(loaded);
    std::vector<int> lines;
    for (const Diagnostic& d : loaded->report)
      if (d.code == "vary-unseen") lines.push_back(d.place.line);
    return lines;
  };
  const std::string varied = "vary:\n  - {field: geom_friction, scale: [0.5, 1]}\n  - {field: geom_size, scale: [0.5, 1]}\n";
  CHECK(told(varied + "cameras:\n  - {name: a}\n") == std::vector<int>{7});
  CHECK(told(varied).empty());
}

TEST_CASE("eyes: rates that do not divide the control rate are rounded, and it is said") {
  auto loaded = read(scene_of(lift_models, "cameras:\n  - {name: a, rate: 30}\n  - {name: b, rate: 33.3}\n  - {name: c, rate: 400}\n  - {name: d, rate: 1}\n"));
  REQUIRE(loaded);
  std::vector<int> lines;
  for (const Diagnostic& d : loaded->report)
    if (d.code == "rate-rounded") lines.push_back(d.place.line);
  CHECK(lines == std::vector<int>{6, 8});
  Seen s(std::move(*loaded), {.environments = 1});
  CHECK(s.eyes->eyes()[0].every == 3);
  CHECK(s.eyes->eyes()[1].every == 3);
  CHECK(s.eyes->eyes()[2].every == 1);
  CHECK(s.eyes->eyes()[3].every == 100);
}

TEST_CASE("eyes: pictures that no machine can hold are refused, not tried") {
  auto loaded = read(scene_of(lift_models, "cameras:\n  - {name: vast, size: [8192, 8192], latency: 10}\n"));
  REQUIRE(loaded);
  auto session = Session::create(std::move(*loaded), {.environments = 500, .threads = 1});   // 500 x 1001 x 470 MB
  REQUIRE(session);
  auto eyes = session::Eyes::make(**session);
  REQUIRE(!eyes);
  CHECK(eyes.errors().front().code == "no-memory");
}

TEST_CASE("eyes: whatever the reader takes can be looked through, and what is seen are numbers") {
  std::mt19937 random(3);
  const auto one_of = [&](const std::vector<std::string>& words) { return words[random() % words.size()]; };
  for (int round = 0; round < 6; ++round) {
    std::string text = "cameras:\n";
    for (int i = 0; i < 50; ++i) {
      text += "  - {name: c" + std::to_string(i) + ", size: [" + one_of({"1", "8", "9"}) + ", " + one_of({"1", "8", "5"}) + "], outputs: [rgb, depth, range, geom, body, class, normal, intensity, point]";
      text += one_of({"", ", position: [0, 0, -1000000]", ", body: ball", ", body: ball, position: [0, 0, 0.1]", ", site: turned, euler: [1e9, -1e9, 3]", ", position: [-2.5, 0, 0]"});
      const std::string lens = one_of({"", ", lens: {radial: [1000, -1000, 0.5, -3, 7, -1, 2, -1000]}", ", lens: {radial: [0, 0, 0, 0, 0, -1]}", ", lens: {fisheye: [-1000, 5]}", ", lens: {fisheye: 0}", ", lens: {fisheye: [1e-300, -0.1]}"});
      text += lens + one_of({"", ", fovy: 0.01", ", fovy: 179", ", focal: [1e-3, 1e6]", ", focal: [1e6, 1e-3], centre: [-1e6, 1e6]", ", focal: [1, 1], centre: [0, 0]"});
      text += one_of({"", ", near: 0", ", near: 99999, far: 1e5", ", near: 0, far: 0.001"});
      text += one_of({"", ", noise: {range: [1000, 1000, 1000]}", ", noise: {quantisation: 1e-300, grazing: 1e-300}", ", noise: {quantisation: 1e-39, grazing: 1e-40, colour: 1, intensity: 1}", ", noise: {dropout: 1, quantisation: 1000}"});
      text += one_of({"", ", rate: 1e-6", ", rate: 1e6", ", latency: 10, rate: 1", ", latency: 1e-12"}) + "}\n";
    }
    text += "lidars:\n";
    for (int i = 0; i < 50; ++i) {
      text += "  - {name: l" + std::to_string(i) + ", columns: " + one_of({"1", "7", "64"}) + one_of({", rows: 1", ", rows: 3", ", elevations: [90, -90, 0, 1e-300]", ", pattern: raster, vertical: [90, 90]", ", pattern: rosette, vertical: [-90, -90]", ", rows: 2, vertical: [-90, 90]"});
      text += one_of({"", ", site: turned", ", body: ball", ", position: [-2, 0, 0]"}) + ", outputs: [range, intensity, point, normal, geom]" + one_of({"", ", noise: {range: [0, 0, 1000], intensity: 1, grazing: 1}"}) + "}\n";
    }
    auto loaded = read(scene_of(room_models, text));
    if (!loaded) FAIL(to_string(loaded.errors().front()));
    Seen s(std::move(*loaded), {.environments = 2, .threads = 2});
    s.eyes->look();
    for (int k = 0; k < 3; ++k) s.go();
    for (int e = 0; e < int(s.eyes->eyes().size()); ++e)
      for (const uint32_t bit : {output::depth, output::range, output::normal, output::intensity, output::point}) {
        const float* const numbers = static_cast<const float*>(s.eyes->picture(e, 1, bit));
        bool finite = true;
        for (size_t k = 0; numbers && k < picture_bytes(s.eyes->eyes()[size_t(e)], bit) / 4; ++k) finite &= std::isfinite(numbers[k]);
        if (!finite) MESSAGE(s.session->settings().eyes[size_t(e)].place.line << ": " << text);
        REQUIRE(finite);
      }
  }
}

TEST_CASE("eyes: sites that vary take their eyes along") {
  Seen s(scene_of(lift_models + "vary: [{field: site_pos, names: deck, component: 2, add: [0, 1]}]\n", "cameras: [{name: a, site: deck, position: [0, 0, 1], look_at: [0, 0, 0], size: [8, 8], fovy: 5, outputs: depth}]\n"),
         {.environments = 5});
  s.eyes->look();
  float least = 9, most = 0;
  for (int e = 0; e < 5; ++e) {
    const double own = *s.session->world().overridden("site_pos", e, 2);
    CHECK(s.depth(0, e) == doctest::Approx(own + 1 - 0.5));
    least = std::min(least, s.depth(0, e)), most = std::max(most, s.depth(0, e));
  }
  CHECK(most - least > 0.1f);
}

TEST_CASE("eyes: looking allocates nothing after the first look") {
  for (const Precision precision : {Precision::f32, Precision::f64}) {
    Seen s(scene_of("variants: [{model: lift.xml, name: lift}, {model: room.xml, name: room}]\n", "cameras: [" + above + ", latency: 0.02}]\nlidars: [{name: b, rows: 4, columns: 40, rate: 50}]\n"),
           {.environments = 6, .precision = precision});
    s.eyes->look();
    for (int k = 0; k < 4; ++k) {
      s.session->step(2);
      if (k == 2) s.session->reset(3, -1);
      const long before = allocations;
      s.eyes->look();
      CHECK(allocations == before);
    }
    CHECK(allocations > 0);
  }
}
