// Rays against closed forms, and against the triangles that pictures are made of.
#include <cmath>
#include <random>
#include "models.h"
#include "render/view/pick.h"

namespace nuri::view {
namespace {

using Vec = std::array<double, 3>;

// One geom of a body that stands at 1 0 0, turned so that its x axis is the world's y axis.
std::optional<Pick> pick_one(const std::string& geom, const Ray& ray) {
  const auto m = model_of("<worldbody><body pos='1 0 0' quat='0.7071067811865476 0 0 0.7071067811865476'><geom " + geom + "/></body></worldbody>");
  const Scenery scenery = scenery_of(m);
  const std::vector<Poses> poses{initial_poses(*m)};
  return pick(scenery, poses, {}, ray);
}
void check_pick(const std::optional<Pick>& p, double distance, const Vec& normal) {
  REQUIRE(p);
  CHECK(double(p->distance) == doctest::Approx(distance).epsilon(1e-5));
  for (size_t k = 0; k < 3; ++k) CHECK(std::abs(double(p->normal[k]) - normal[k]) < 1e-5);
}

TEST_CASE("closed forms of every primitive") {
  const Ray along_x{{-4, 0, 0}, {1, 0, 0}};        // meets the body's frame at 1 0 0 after 5 m, from its +y side
  check_pick(pick_one("size='0.5'", along_x), 4.5, {-1, 0, 0});
  check_pick(pick_one("type='box' size='0.1 0.2 0.3'", along_x), 4.8, {-1, 0, 0});
  check_pick(pick_one("type='ellipsoid' size='0.1 0.2 0.3'", along_x), 4.8, {-1, 0, 0});
  check_pick(pick_one("type='cylinder' size='0.4 0.3'", along_x), 4.6, {-1, 0, 0});
  check_pick(pick_one("type='capsule' size='0.4 0.3'", along_x), 4.6, {-1, 0, 0});

  const Ray down{{1, 0, 3}, {0, 0, -1}};
  check_pick(pick_one("type='cylinder' size='0.4 0.3'", down), 2.7, {0, 0, 1});
  check_pick(pick_one("type='capsule' size='0.4 0.3'", down), 2.3, {0, 0, 1});
  check_pick(pick_one("type='ellipsoid' size='0.1 0.2 0.3'", down), 2.7, {0, 0, 1});
  check_pick(pick_one("type='plane' size='1 1 1'", down), 3, {0, 0, 1});

  // off the axis: a ball's cap at 0.24 from the axis is 0.32 high, and its normal points there
  check_pick(pick_one("type='capsule' size='0.4 0.3'", {{1.24f, 0, 3}, {0, 0, -1}}), 3 - 0.62, {0.6, 0, 0.8});
  const double s = std::sqrt(0.5);
  check_pick(pick_one("size='0.5'", {{float(1 - 3 * s), 0, float(3 * s)}, {float(s), 0, float(-s)}}), 2.5, {-s, 0, s});
}

TEST_CASE("what rays pass") {
  CHECK_FALSE(pick_one("size='0.5'", {{-4, 0, 0.51f}, {1, 0, 0}}));
  CHECK_FALSE(pick_one("size='0.5'", {{-4, 0, 0}, {-1, 0, 0}}));           // behind
  CHECK_FALSE(pick_one("type='plane' size='1 1 1'", {{1, 0, -3}, {0, 0, 1}}));   // from below
  CHECK_FALSE(pick_one("type='plane' size='1 1 1'", {{2.1f, 0, 3}, {0, 0, -1}}));
  CHECK(pick_one("type='plane' size='0 0 1'", {{900, 0, 3}, {0, 0, -1}}));
  for (const char* geom : {"size='0.5'", "type='box' size='0.5 0.5 0.5'", "type='capsule' size='0.5 0.3'", "type='cylinder' size='0.5 0.5'",
                           "type='ellipsoid' size='0.5 0.5 0.6'"}) {
    CAPTURE(geom);
    CHECK_FALSE(pick_one(geom, {{1, 0.1f, 0.1f}, {1, 0, 0}}));             // from inside
    CHECK_FALSE(pick_one(geom, {{1, 0.1f, 0.1f}, {0, 0, 1}}));
  }
  CHECK_FALSE(pick_one("size='0.5'", {{-4, 0, std::nanf("")}, {1, 0, 0}}));
}

TEST_CASE("the nearest of all geoms and environments, of groups that are shown") {
  const auto m = model_of(R"(<worldbody><geom type="plane" size="0 0 1"/><body name="a" pos="0 0 1"><geom size="0.2"/><geom size="0.3"/></body>
    <body name="b" pos="0 0 2"><freejoint/><geom size="0.2"/></body></worldbody>)");
  m->look.parts[2].group = 3;                      // the larger ball of a
  const Scenery scenery = scenery_of(m);
  std::vector<Poses> poses{initial_poses(*m), initial_poses(*m)};
  poses[1].environment = 7, poses[1].offset = {5, 0, 0};
  const Ray up_high{{5, 0, 9}, {0, 0, -1}};
  auto p = pick(scenery, poses, {}, up_high);
  REQUIRE(p);
  CHECK(p->environment == 7);
  CHECK(p->of == 1);
  CHECK(p->body == body_named(*m, "b"));
  CHECK(p->geom == 3);
  CHECK(p->point[2] == doctest::Approx(2.2f));

  const Ray aside{{-3, 0, 1}, {1, 0, 0}};          // at the height of a
  p = pick(scenery, poses, {}, aside);
  REQUIRE(p);
  CHECK(p->geom == 1);
  CHECK(p->distance == doctest::Approx(2.8f));
  Show show;
  show.geom_groups |= 8;
  CHECK(pick(scenery, poses, show, aside)->geom == 2);
  m->look.parts[2].rgba[3] = 0;                    // what cannot be seen cannot be met
  CHECK(pick(scenery_of(m), poses, show, aside)->geom == 1);

  poses[1].position[3 * size_t(body_named(*m, "b"))] = std::nanf("");
  CHECK(pick(scenery, poses, {}, up_high)->body == body_named(*m, "a"));
  CHECK_FALSE(pick(scenery, {}, {}, up_high));
}

TEST_CASE("a ray through a pixel meets what is drawn there") {
  const auto m = model_of(R"(<worldbody><body pos="0.3 0.4 0.5"><geom size="0.02"/></body></worldbody>)");
  const Scenery scenery = scenery_of(m);
  const std::vector<Poses> poses{initial_poses(*m)};
  const Eye eye = orbit_eye({0, 0, 0}, 3, 1, -0.5f, 0.9f);
  const std::array<float, 16> c = clip_from_world(eye, 640.0f / 480);
  const auto row = [&](size_t i) { return c[4 * i] * 0.3f + c[4 * i + 1] * 0.4f + c[4 * i + 2] * 0.5f + c[4 * i + 3]; };
  const float x = (row(0) / row(3) + 1) / 2 * 640, y = (row(1) / row(3) + 1) / 2 * 480;
  const auto hit = pick(scenery, poses, {}, pixel_ray(eye, x, y, 640, 480));
  REQUIRE(hit);
  CHECK(hit->geom == 0);
  CHECK_FALSE(pick(scenery, poses, {}, pixel_ray(eye, x + 20, y, 640, 480)));
}

// The second opinion: every triangle of every instance of the frame.
double nearest_triangle(const Scenery& scenery, const Frame& frame, const Ray& ray, uint32_t& out_id) {
  double nearest = 1e9;
  const Vec d{ray.direction[0], ray.direction[1], ray.direction[2]}, o{ray.from[0], ray.from[1], ray.from[2]};
  for (const Batch& batch : frame.solid) {
    const Shape& shape = scenery.shapes[batch.shape];
    for (uint32_t i = batch.first; i < batch.first + batch.count; ++i) {
      for (size_t t = 0; t < shape.corners.size(); t += 3) {
        Vec p[3];
        for (size_t k = 0; k < 3; ++k) p[k] = placed(shape.vertices[shape.corners[t + k]], frame.instances[i]);
        // barycentric volumes: all three of one sign where the line passes through the triangle
        const auto triple = [&](const Vec& a, const Vec& b) {
          const Vec u{a[0] - o[0], a[1] - o[1], a[2] - o[2]}, v{b[0] - o[0], b[1] - o[1], b[2] - o[2]};
          return d[0] * (u[1] * v[2] - u[2] * v[1]) + d[1] * (u[2] * v[0] - u[0] * v[2]) + d[2] * (u[0] * v[1] - u[1] * v[0]);
        };
        const double w0 = triple(p[1], p[2]), w1 = triple(p[2], p[0]), w2 = triple(p[0], p[1]), sum = w0 + w1 + w2;
        if (!(w0 <= 0 && w1 <= 0 && w2 <= 0 && sum < 0)) continue;   // seen from its front
        double along = 0;
        for (size_t k = 0; k < 3; ++k) along += d[k] * ((w0 * p[0][k] + w1 * p[1][k] + w2 * p[2][k]) / sum - o[k]);
        if (along >= 0 && along < nearest) nearest = along, out_id = frame.instances[i].id;
      }
    }
  }
  return nearest;
}

TEST_CASE("random rays meet what the triangles of the picture say") {
  const auto m = model_of(R"(<asset><mesh name="wedge" vertex="0 0 0  0.6 0 0  0 0.4 0  0.6 0.4 0  0 0 0.5  0 0.4 0.5"/>
      <hfield name="hill" nrow="3" ncol="3" size="0.6 0.5 0.3 0.1" elevation="0 0.3 0  0.2 1 0.1  0 0 0.4"/></asset>
    <worldbody><geom type="plane" size="4 4 1" pos="0 0 -2"/>
      <body pos="1 0 0" euler="20 30 40"><geom size="0.5"/></body><body pos="-1 0 0" euler="80 30 10"><geom type="capsule" size="0.3 0.4"/></body>
      <body pos="0 1.2 0" euler="10 -50 0"><geom type="cylinder" size="0.3 0.4"/></body>
      <body pos="0 -1.2 0.2" euler="33 12 70"><geom type="box" size="0.2 0.4 0.5"/></body>
      <body pos="0 0 1.2" euler="5 45 12"><geom type="ellipsoid" size="0.2 0.6 0.4"/></body>
      <body pos="0 0 -1.2" euler="60 0 20"><freejoint/><geom type="mesh" mesh="wedge"/></body>
      <body pos="0 0 0" euler="0 20 0"><geom type="hfield" hfield="hill"/></body></worldbody>)");
  const Scenery scenery = scenery_of(m);
  const std::vector<Poses> poses{initial_poses(*m)};
  const Frame frame = make_frame(scenery, poses, {}, {});
  std::mt19937 random(5);
  std::uniform_real_distribution<float> side(-1, 1);
  constexpr double sagitta = 0.02;                 // m: how far 32-sided circles of these sizes are inside the round ones, seen at a slant
  int met = 0, same = 0, missed = 0;
  std::array<int, 8> by_geom{};
  for (int i = 0; i < 1500; ++i) {
    const Vec3f from{3 * side(random), 3 * side(random), 3 * side(random)}, to{1.4f * side(random), 1.4f * side(random), 1.4f * side(random)};
    Vec3f d{to[0] - from[0], to[1] - from[1], to[2] - from[2]};
    const float length = std::sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
    if (length < 0.1f) continue;
    for (float& x : d) x /= length;
    uint32_t id = 0;
    const double triangle = nearest_triangle(scenery, frame, {from, d}, id);
    const auto p = pick(scenery, poses, {}, {from, d});
    if (p.has_value() != (triangle < 1e9)) { ++missed; continue; }
    if (!p) continue;
    ++met;
    ++by_geom[size_t(p->geom)];
    same += uint32_t(p->geom) + 1 == id && std::abs(double(p->distance) - triangle) < sagitta;
  }
  CHECK(met > 900);
  for (const int n : by_geom) CHECK(n > 10);
  CHECK(missed < 0.02 * met);                      // rays that graze a round shape
  CHECK(same > 0.97 * met);
}

}  // namespace
}  // namespace nuri::view
