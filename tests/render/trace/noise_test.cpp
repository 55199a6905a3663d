// Noise: its moments, its steps, and that a draw belongs to environment, sensor, picture and pixel alone.
#include "tests/render/trace/viewing.h"

namespace nuri::trace::test {
namespace {
std::shared_ptr<const model::Model> wall() {
  model::SceneMaker maker;
  maker.geom(0, GeomType::box, {50, 50, 0.5}, {0, 0, -4.5});
  return shared(maker.model());
}
const float* numbers(const Eyes& eyes, size_t tensor = 0) { return static_cast<const float*>(eyes.groups()[0].tensors[tensor].data); }
}  // namespace

TEST_CASE("range noise has the mean, spread and losses that were asked for") {
  Sensor s = camera(200, 200, 0.02, output::range);
  s.noise.range_sigma = 0.01f, s.noise.range_sigma_linear = 0.002f, s.noise.range_sigma_square = 0.0005f;
  s.noise.dropout = 0.1f;
  const Picture p(wall(), s);
  const double sigma = 0.01 + 0.002 * 4 + 0.0005 * 16;
  double sum = 0, square = 0;
  int n = 0, lost = 0, beyond = 0;
  for (int i = 0; i < 40000; ++i) {
    const double r = double(p.number(output::range, i % 200, i / 200));
    if (r == 0) { ++lost; continue; }
    const double e = r - 4;
    ++n, sum += e, square += e * e;
    beyond += std::abs(e) > 2 * sigma;
  }
  CHECK(std::abs(lost - 4000) < 5 * 60);                                               // five standard deviations of a count
  CHECK(std::abs(sum / n) < 5 * sigma / std::sqrt(n) + 1e-4);                          // the wall's own slant: up to 5e-5 m
  CHECK(std::sqrt(square / n) == doctest::Approx(sigma).epsilon(0.02));
  CHECK(beyond == doctest::Approx(0.0455 * n).epsilon(0.1));
}

TEST_CASE("steps, and losses at grazing angles") {
  Sensor s = camera(64, 64, 1.0, output::range | output::depth);
  s.noise.range_step = 0.03125f;
  const Picture p(wall(), s);
  for (int x = 0; x < 64; ++x) {
    const float r = p.number(output::range, x, 9);
    CHECK(r == std::round(r / 0.03125f) * 0.03125f);
  }
  s = camera(64, 64, 1.0, output::range);
  s.pos = {0, 0, -3.5};
  s.quat = towards({0, 0, -3.5}, {0, 10, -3.6});                                       // along the wall
  s.noise.grazing = 0.2f;
  const Picture q(wall(), s);
  const auto rays = rays_of(s);
  int steep_lost = 0, steep = 0, flat_lost = 0, flat = 0;
  for (int i = 0; i < 64 * 64; ++i) {
    const double cosine = -rays[size_t(i)][2];
    if (cosine < 0.02) continue;
    const bool lost = q.number(output::range, i % 64, i / 64) == 0;
    if (cosine > 0.2) ++steep, steep_lost += lost;
    else if (cosine < 0.1) ++flat, flat_lost += lost;
  }
  CHECK(steep > 400);
  CHECK(steep_lost == 0);
  CHECK(flat_lost > 0.5 * flat);
  CHECK(flat_lost < flat);
}

TEST_CASE("colours get grain of the size that was asked for") {
  Sensor s = camera(160, 160, 0.02, output::rgb);
  Options o;
  o.zenith = o.horizon = o.ground = {0.2140411f, 0.2140411f, 0.2140411f};              // 127.5
  s.pos = {0, 0, 100};
  s.quat = {0, 1, 0, 0};                                                               // away from the wall
  s.noise.colour_sigma = 0.02f;
  const Picture p(wall(), s, o);
  for (int k = 0; k < 3; ++k) {
    double sum = 0, square = 0;
    for (int i = 0; i < 160 * 160; ++i) {
      const double e = p.colour(i % 160, i / 160, k) - 127.5;
      sum += e, square += e * e;
    }
    CHECK(std::abs(sum / 25600) < 0.6);
    CHECK(std::sqrt(square / 25600) == doctest::Approx(5.1).epsilon(0.03));
  }
}

TEST_CASE("an environment's noise goes with its id, the picture's with its step") {
  const auto m = wall();
  Sensor s = camera(16, 16, 0.5, output::range);
  s.noise.range_sigma = 0.1f;
  Options o;
  o.ids = {70, 71, 72};
  Pool pool(1);
  Eyes three = opened(Eyes::make(m, 3, {s}, o));
  const Poses poses(*m, 3);
  const std::vector<uint64_t> steps{5, 6, 7};
  three.render(pool, {poses.position, poses.rotation, steps});
  o.ids = {71};
  Eyes one = opened(Eyes::make(m, 1, {s}, o));
  const Poses alone(*m);
  const std::vector<uint64_t> sixth{6}, seventh{7};
  one.render(pool, {alone.position, alone.rotation, sixth});
  CHECK(std::memcmp(numbers(three) + 256, numbers(one), 1024) == 0);
  CHECK(std::memcmp(numbers(three), numbers(one), 1024) != 0);
  one.render(pool, {alone.position, alone.rotation, seventh});
  CHECK(std::memcmp(numbers(three) + 256, numbers(one), 1024) != 0);
  o.seed = 2;
  Eyes other = opened(Eyes::make(m, 1, {s}, o));
  other.render(pool, {alone.position, alone.rotation, sixth});
  CHECK(std::memcmp(numbers(three) + 256, numbers(other), 1024) != 0);
}

}  // namespace nuri::trace::test
