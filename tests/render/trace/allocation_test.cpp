// Rendering allocates nothing.
#include "tests/allocations.h"
#include "tests/render/trace/viewing.h"

namespace nuri::trace::test {

TEST_CASE("rendering allocates nothing after the first call") {
  model::SceneMaker maker;
  maker.geom(0, GeomType::plane, {0, 0, 1});
  for (int i = 0; i < 30; ++i) maker.geom(0, GeomType::box, {0.1, 0.1, 0.1}, {0.3 * (i % 6) - 0.8, 0.3 * (i / 6) - 0.6, 0.2});
  const auto m = shared(maker.model());
  Sensor a = camera(40, 30, 1, output::rgb | output::depth, {0, 0, 3}), b;
  a.delay = 2;
  a.noise.colour_sigma = 0.01f;
  b.optics = Scan{}, b.outputs = output::range, b.pos = {0, 0, 1};
  Eyes eyes = opened(Eyes::make(m, 4, {a, b}));
  Pool pool(3);
  const Poses poses(*m, 4);
  eyes.render(pool, poses);
  const std::vector<int> begun{1, 3};
  const long before = allocations;
  CHECK(before > 0);
  for (int k = 0; k < 5; ++k) {
    if (k == 3) eyes.reset(begun);
    eyes.render(pool, poses);
  }
  CHECK(allocations == before);
}

}  // namespace nuri::trace::test
