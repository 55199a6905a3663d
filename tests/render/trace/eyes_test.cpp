// The tensors: groups, timing, mountings, and equal bits whatever the width, the threads and the batch.
#include "render/trace/registry.h"
#include "tests/render/trace/fair.h"

namespace nuri::trace::test {

TEST_CASE("equal bits at every width, with any number of threads, at any place in the batch") {
  const auto m = shared(fair());
  REQUIRE(kernels().size() >= 2);
  std::vector<uint64_t> expected;
  for (const Kernel* k : kernels()) {
    for (const int threads : {1, 3}) {
      CAPTURE(k->width);
      CAPTURE(threads);
      Options o = lit();
      o.width = k->width;
      Eyes eyes = opened(Eyes::make(m, 3, seers(), o));
      Pool pool(threads);
      eyes.render(pool, moved(*m, 3));
      std::vector<uint64_t> hashes;
      for (int e = 0; e < 3; ++e) hashes.push_back(hash_of(eyes, e, 3));
      if (expected.empty()) expected = hashes;
      CHECK(hashes == expected);
    }
  }
  CHECK(expected[0] != expected[1]);
  Options o = lit();
  o.ids = {2};
  Eyes alone = opened(Eyes::make(m, 1, seers(), o));
  Pool pool(1);
  alone.render(pool, moved(*m, 1, 2));
  CHECK(hash_of(alone, 0, 1) == expected[2]);
}

TEST_CASE("sensors of one size, outputs and timing share a tensor; its address stays") {
  const auto m = shared(fair());
  std::vector<Sensor> sensors = seers();
  sensors.push_back(sensors[0]);
  Eyes eyes = opened(Eyes::make(m, 2, sensors, lit()));
  REQUIRE(eyes.groups().size() == 2);
  const Group& g = eyes.groups()[0];
  CHECK(g.sensors == std::vector<int>{0, 1, 3});
  REQUIRE(g.tensors.size() == 8);
  CHECK(g.tensors[0].shape == std::vector<int64_t>{2, 3, 37, 52, 3});
  CHECK(g.tensors[0].type == Tensor::Type::u8);
  CHECK(g.tensors[1].shape == std::vector<int64_t>{2, 3, 37, 52});
  CHECK(reinterpret_cast<uintptr_t>(g.tensors[1].data) % 64 == 0);
  Pool pool(2);
  const void* const before = g.tensors[0].data;
  for (int k = 0; k < 3; ++k) eyes.render(pool, moved(*m, 2, k));
  CHECK(eyes.groups()[0].tensors[0].data == before);
  CHECK(g.pictures == 3);
  const uint8_t* const rgb = static_cast<const uint8_t*>(g.tensors[0].data);           // cameras 0 and 3 stand at one place
  const size_t picture = 37 * 52 * 3;
  CHECK(std::memcmp(rgb, rgb + 2 * picture, picture) == 0);
  CHECK(std::memcmp(rgb, rgb + picture, picture) != 0);
}

namespace {
// A box that sinks 0.1 m per step under two cameras' one sensor; what environment `e` is shown, as the step that it was taken at.
struct Sinking {
  std::shared_ptr<const model::Model> model;
  Eyes eyes;
  Pool pool{1};
  static std::shared_ptr<const model::Model> box() {
    model::SceneMaker maker;
    maker.geom(maker.body(0), GeomType::box, {1, 1, 0.5});
    return shared(maker.model());
  }
  static Sensor above(int every, int delay) {
    Sensor s = camera(8, 8, 0.1, output::depth, {0, 0, 10});
    s.every = every, s.delay = delay;
    return s;
  }
  Sinking(int every, int delay) : model(box()), eyes(opened(Eyes::make(model, 2, {above(every, delay)}))) {}
  Poses at(int step) const {
    Poses p(*model, 2);
    p.position[5] = p.position[11] = -0.1f * float(step);
    return p;
  }
  int shown(int e) const { return int(std::lround((double(static_cast<const float*>(eyes.groups()[0].tensors[0].data)[64 * e]) - 9.5) * 10)); }
};
}  // namespace

TEST_CASE("rate and latency: pictures are taken and arrive when they should, on each environment's own clock") {
  for (const int every : {1, 2, 3, 5})
    for (const int delay : {0, 1, 2, 3, 4, 7}) {
      CAPTURE(every);
      CAPTURE(delay);
      Sinking s(every, delay);
      const auto expected = [&](int now, int began) { return now - began < delay ? began : began + (now - began - delay) / every * every; };
      for (int step = 0; step < 40; ++step) {
        CAPTURE(step);
        const int began = step < 17 ? 0 : step < 19 ? 17 : 19;
        if (step == 17 || step == 19) s.eyes.reset(std::vector<int>{1});
        const Poses p = s.at(step);
        s.eyes.render(s.pool, p);
        CHECK(s.shown(0) == expected(step, 0));
        CHECK(s.shown(1) == expected(step, began));
      }
      CHECK(s.eyes.arrived(0, 0) == uint64_t(1 + (39 - delay) / every));                // the first is shown at once, and not again
    }
}

TEST_CASE("pictures of now are shown at once and disturb nothing") {
  Sinking s(3, 4);
  for (int step = 0; step < 30; ++step) {
    CAPTURE(step);
    const Poses p = s.at(step);
    s.eyes.render(s.pool, p);
    const int expected = step < 4 ? 0 : (step - 4) / 3 * 3;
    CHECK(s.shown(0) == expected);
    if ((step - 4) % 3 == 0 || step < 12) CHECK(s.shown(1) == expected);               // what arrives replaces it
    if (step == 12 || step == 20) {
      s.eyes.render_now(s.pool, p, std::vector<int>{1, 1, 7, -1});
      CHECK(s.shown(0) == expected);
      CHECK(s.shown(1) == step);
    }
  }
}

TEST_CASE("steps that nobody looked at pass all the same") {
  for (const int stride : {2, 3, 5})
    for (const int every : {1, 2, 4})
      for (const int delay : {0, 1, 3, 6}) {
        CAPTURE(stride);
        CAPTURE(every);
        CAPTURE(delay);
        Sinking s(every, delay);
        std::vector<int> taken{0};                                                     // by this rule: at the first look that reached or passed a multiple
        for (int step = 0; step < 60; step += stride) {
          CAPTURE(step);
          if (step && step / every != (step - stride) / every) taken.push_back(step);
          const Poses p = s.at(step);
          s.eyes.render(s.pool, {p.position, p.rotation, {}, stride});
          int expected = 0;
          for (const int t : taken) if (t + delay <= step) expected = t;
          CHECK(s.shown(0) == expected);
        }
      }
}

TEST_CASE("what was under way when an environment began anew is never shown") {
  Sinking s(1, 3);
  const auto look = [&](int step, int passed) {
    const Poses p = s.at(step);
    s.eyes.render(s.pool, {p.position, p.rotation, {}, passed});
  };
  for (int step = 0; step < 3; ++step) look(step, 1);
  s.eyes.reset(std::vector<int>{1});
  look(10, 1);
  look(15, 5);                                                                         // past the arrival of what was taken at 2, had it not begun anew
  CHECK(s.shown(1) == 10);
}

TEST_CASE("mountings go with bodies, and may be moved per environment") {
  model::SceneMaker maker;
  maker.geom(0, GeomType::plane, {0, 0, 1});
  const int b = maker.body(0, {0, 0, 3});
  const auto m = shared(maker.model());
  Sensor s = camera(8, 8, 0.1, output::depth, {0, 0, 1});
  s.body = b;
  Eyes eyes = opened(Eyes::make(m, 2, {s}));
  Pool pool(1);
  const float* const depth = static_cast<const float*>(eyes.groups()[0].tensors[0].data);
  Poses p(*m, 2);
  eyes.mounts()[7 + 2] = 2.5f;
  eyes.render(pool, p);
  CHECK(depth[0] == doctest::Approx(4));
  CHECK(depth[64] == doctest::Approx(5.5));
  p.position[5] = 7;
  eyes.render(pool, p);
  CHECK(depth[0] == doctest::Approx(8));
}

TEST_CASE("cameras of the model: place, field of view, tracking") {
  model::SceneMaker maker;
  maker.geom(0, GeomType::plane, {0, 0, 1});
  const int b = maker.body(0, {0, 0, 3});
  maker.geom(b, GeomType::sphere, {0.1, 0, 0});
  model::Model made = maker.model();
  model::Look::Camera c;
  c.body = 0, c.target = b, c.track = model::Look::Track::targetbody, c.pos = {5, 1, 2}, c.fovy = 0.5;
  made.look.cameras.push_back(c);
  c.body = b, c.target = -1, c.track = model::Look::Track::track, c.pos = {0, 0, 1};
  made.look.cameras.push_back(c);
  const auto m = shared(made);
  Sensor s = camera(9, 9, 0, output::geom | output::depth);
  s.camera = 0;
  Sensor t = s;
  t.camera = 1;
  Eyes eyes = opened(Eyes::make(m, 1, {s, t}));
  CHECK(std::get<Lens>(eyes.sensors()[0].optics).fovy == 0.5);
  Pool pool(1);
  Poses p(*m);
  p.position[3] = 1, p.position[4] = -2, p.position[5] = 4;
  p.rotation[4] = 0, p.rotation[5] = 1;                                                // the body lies on its back
  eyes.render(pool, p);
  const int32_t* const geom = static_cast<const int32_t*>(eyes.groups()[0].tensors[1].data);
  const float* const depth = static_cast<const float*>(eyes.groups()[0].tensors[0].data);
  CHECK(geom[40] == 1);                                                                // aims at the body
  CHECK(geom[81 + 40] == 1);                                                           // stays above it and looks down, although it is turned over
  CHECK(depth[81 + 40] == doctest::Approx(0.9));
}

TEST_CASE("what cannot be seen with is refused, with a reason") {
  const auto m = shared(fair());
  const auto code = [&](const Sensor& s, const Options& o = {}, int environments = 1) {
    const auto made = Eyes::make(m, environments, {s}, o);
    return made ? std::string() : made.errors()[0].code;
  };
  const Sensor good = camera(8, 8, 1, output::rgb);
  CHECK(code(good) == "");
  CHECK(code(good, {}, 0) == "bad-sensor");
  Sensor s = good;
  s.camera = 4;
  CHECK(code(s) == "bad-sensor");
  s = good, s.body = 99;
  CHECK(code(s) == "bad-sensor");
  s = good, s.outputs = 0;
  CHECK(code(s) == "bad-sensor");
  s = good, s.near = 2, s.far = 1;
  CHECK(code(s) == "bad-sensor");
  s = good, s.every = 0;
  CHECK(code(s) == "bad-sensor");
  s = good, s.every = 2, s.delay = 2001;
  CHECK(code(s) == "");
  s = good, s.every = 2, s.delay = 2002;
  CHECK(code(s) == "bad-sensor");
  s = good, s.delay = -1;
  CHECK(code(s) == "bad-sensor");
  s = good, s.noise.range_sigma = -1;
  CHECK(code(s) == "bad-sensor");
  s = good, s.optics = Scan{};
  CHECK(code(s) == "bad-sensor");
  Options o;
  o.width = 7;
  CHECK(code(good, o) == "no-kernel");
  o = {}, o.labels = {1, 2};
  CHECK(code(good, o) == "bad-sensor");
  o = {}, o.lamps = {{LampKind::spot, 0, {}, {0, 0, -1}, {1, 1, 1}, 0.1, 0.2}};
  CHECK(code(good, o) == "bad-lamp");
  o = {}, o.device = Device::cuda, o.gpu = 99;
  CHECK(code(good, o) == "no-gpu");
  o = {}, o.ids = {1, 2, 3};
  CHECK(code(good, o) == "bad-sensor");
}

TEST_CASE("nothing to see, and poses that are not numbers, are no trouble") {
  model::SceneMaker maker;
  const int b = maker.body(0);
  const auto empty = shared(maker.model());
  const Sensor s = camera(16, 16, 1, output::rgb | output::depth | output::geom);
  const Picture p(empty, s);
  CHECK(p.whole(output::geom, 3, 3) == -1);
  CHECK(p.colour(3, 3, 2) > 0);
  maker.geom(b, GeomType::box, {1, 1, 1});
  const auto m = shared(maker.model());
  Eyes eyes = opened(Eyes::make(m, 1, {s}));
  Pool pool(1);
  for (const float bad : {NAN, INFINITY, 3e38f, 0.0f}) {
    Poses q(*m);
    for (size_t k = 3; k < 6; ++k) q.position[k] = bad;
    for (size_t k = 4; k < 8; ++k) q.rotation[k] = bad;
    CHECK(eyes.render(pool, q));
  }
  CHECK_FALSE(eyes.render(pool, Poses(*m, 2)));
}

}  // namespace nuri::trace::test
