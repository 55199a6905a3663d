// Projections against their closed forms, cameras of models in all their ways to follow bodies, and framing.
#include <algorithm>
#include <cmath>
#include <numbers>
#include "models.h"
#include "render/view/place.h"

namespace nuri::view {
namespace {

constexpr double pi = std::numbers::pi;
using Row = std::array<double, 4>;

Row clip(const Eye& eye, float aspect, const Vec3f& p) {
  const std::array<float, 16> m = clip_from_world(eye, aspect);
  Row out{};
  for (size_t i = 0; i < 4; ++i) out[i] = double(m[4 * i]) * p[0] + double(m[4 * i + 1]) * p[1] + double(m[4 * i + 2]) * p[2] + double(m[4 * i + 3]);
  return out;
}
Vec3f axis(const Eye& eye, size_t k) { return {eye.axes[k], eye.axes[3 + k], eye.axes[6 + k]}; }
Vec3f ahead(const Eye& eye, float right, float up, float metres) {
  Vec3f out = eye.position;
  for (size_t i = 0; i < 3; ++i) out[i] += right * axis(eye, 0)[i] + up * axis(eye, 1)[i] - metres * axis(eye, 2)[i];
  return out;
}
void check_vector(const Vec3f& a, const Vec3f& b, double tolerance = 1e-5) {
  for (size_t k = 0; k < 3; ++k) {
    CAPTURE(k);
    CHECK(std::abs(double(a[k]) - double(b[k])) < tolerance);
  }
}
void check_axes(const Eye& eye) {                  // right-handed and unit
  for (size_t i = 0; i < 3; ++i)
    for (size_t j = 0; j < 3; ++j) {
      double sum = 0;
      for (size_t k = 0; k < 3; ++k) sum += double(axis(eye, i)[k]) * double(axis(eye, j)[k]);
      CHECK(std::abs(sum - double(i == j)) < 1e-5);
    }
  const Vec3f x = axis(eye, 0), y = axis(eye, 1), z = axis(eye, 2);
  CHECK(x[0] * y[1] - x[1] * y[0] == doctest::Approx(z[2]).epsilon(1e-5));
}

Eye some_eye() {
  Eye eye = orbit_eye({1, -2, 0.5f}, 3, 0.7f, -0.3f, 1.1f);
  eye.near = 0.05f, eye.far = 50;
  return eye;
}

TEST_CASE("depth is 1 near, 0 far, and metres() undoes it") {
  const Eye eye = some_eye();
  for (const float d : {0.05f, 0.08f, 1.0f, 7.0f, 50.0f}) {
    CAPTURE(d);
    const Row p = clip(eye, 1.5f, ahead(eye, 0.02f, -0.01f, d));
    CHECK(p[3] == doctest::Approx(d).epsilon(1e-4));
    const auto depth = float(p[2] / p[3]);
    CHECK(metres(depth, eye) == doctest::Approx(d).epsilon(1e-2));   // m: far away a float's last bit of position is seen
    if (d == 0.05f) CHECK(depth == doctest::Approx(1).epsilon(1e-4));
    if (d == 50) CHECK(std::abs(depth) < 1e-6);
  }
  CHECK(metres(1, eye) == doctest::Approx(eye.near));
  CHECK(metres(0, eye) == doctest::Approx(eye.far));
  for (const double d : {0.06, 0.5, 4.0, 30.0})    // of the exact depth
    CHECK(double(metres(float((0.05 * 50 / d - 0.05) / (50 - 0.05)), eye)) == doctest::Approx(d).epsilon(1e-4));
}

TEST_CASE("edges of the picture lie where the angle of view says, x to the right and y down") {
  const Eye eye = some_eye();
  const float aspect = 1.6f, d = 4, up = d * std::tan(0.55f), right = up * aspect;
  struct { float x, y; double clip_x, clip_y; } const cases[] = {{0, 0, 0, 0}, {right, 0, 1, 0}, {-right, 0, -1, 0}, {0, up, 0, -1}, {0, -up, 0, 1},
                                                                 {0.5f * right, 0.25f * up, 0.5, -0.25}};
  for (const auto& c : cases) {
    const Row p = clip(eye, aspect, ahead(eye, c.x, c.y, d));
    CHECK(p[0] / p[3] == doctest::Approx(c.clip_x).epsilon(1e-4));
    CHECK(p[1] / p[3] == doctest::Approx(c.clip_y).epsilon(1e-4));
  }
}

TEST_CASE("the free camera stands as MuJoCo's") {
  const Eye north = orbit_eye({0, 0, 1}, 2, float(pi / 2), 0, 1);
  check_vector(north.position, {0, -2, 1});
  check_vector(axis(north, 0), {1, 0, 0});
  check_vector(axis(north, 1), {0, 0, 1});
  const Eye above = orbit_eye({0, 0, 0}, 2, 0, float(-pi / 6), 1);   // looks along +x, from 30 degrees above
  check_vector(above.position, {-std::sqrt(3.0f), 0, 1});
  check_vector(axis(above, 0), {0, -1, 0});
  check_axes(above);
  check_axes(orbit_eye({3, 2, 1}, 5, 2.1f, 0.9f, 1));
}

// A cart that slides along x with a pole on a hinge, and a ball that is free.
std::shared_ptr<model::Model> cart() {
  return model_of(R"(<worldbody>
    <body name="cart" pos="0 0 1"><joint type="slide" axis="1 0 0"/><geom size="0.1" mass="2"/>
      <body name="pole" pos="0 0 0.2"><joint type="hinge" axis="0 1 0"/><geom size="0.1" mass="1" pos="0 0 0.6"/></body></body>
    <body name="ball" pos="3 1 0.5"><freejoint/><geom size="0.1" mass="1"/></body></worldbody>)");
}
Poses moved(const model::Model& m) {               // the cart 2 m on and turned about z by 90 degrees, as no joint would; the ball above
  Poses p = initial_poses(m);
  const float half = std::sqrt(0.5f);
  const auto put = [&](const char* name, Vec3f t, std::array<float, 4> q) {
    const auto b = size_t(body_named(m, name));
    std::copy(t.begin(), t.end(), &p.position[3 * b]);
    std::copy(q.begin(), q.end(), &p.rotation[4 * b]);
  };
  put("cart", {2, 0, 1}, {half, 0, 0, half});
  put("pole", {2, 0, 1.2f}, {half, 0, 0, half});
  put("ball", {2, 3, 4}, {1, 0, 0, 0});
  return p;
}
model::Look::Camera camera(int body, model::Look::Track track, int target = -1) {
  model::Look::Camera c;
  c.body = body, c.target = target, c.track = track;
  c.pos = {1, 0, 0.5};
  c.quat = {0.5, 0.5, 0.5, 0.5};                   // looks along -x, y of the image up: x of the camera is the body's y
  c.fovy = 0.9;
  return c;
}

TEST_CASE("initial poses: free joints and what hangs from what") {
  const auto m = cart();
  const Poses p = initial_poses(*m);
  const auto at = [&](const char* name) {
    const float* t = &p.position[3 * size_t(body_named(*m, name))];
    return Vec3f{t[0], t[1], t[2]};
  };
  check_vector(at("cart"), {0, 0, 1});
  check_vector(at("pole"), {0, 0, 1.2f});
  check_vector(at("ball"), {3, 1, 0.5f});
  CHECK(p.rotation.size() == size_t(4 * m->body_count));
}

TEST_CASE("a fixed camera moves and turns with its body") {
  const auto m = cart();
  m->look.cameras = {camera(body_named(*m, "cart"), model::Look::Track::fixed)};
  const Eye before = camera_eye(*m, 0, initial_poses(*m));
  check_vector(before.position, {1, 0, 1.5f});
  check_vector(axis(before, 0), {0, 1, 0});
  check_vector(axis(before, 1), {0, 0, 1});
  check_vector(axis(before, 2), {1, 0, 0});
  CHECK(before.fovy == 0.9f);
  const Eye after = camera_eye(*m, 0, moved(*m));
  check_vector(after.position, {2, 1, 1.5f});      // its body's x axis is the world's y axis now
  check_vector(axis(after, 2), {0, 1, 0});
  check_axes(after);
  Poses elsewhere = moved(*m);
  elsewhere.offset = {10, 20, 0};
  check_vector(camera_eye(*m, 0, elsewhere).position, {12, 21, 1.5f});
}

TEST_CASE("a tracking camera moves with its body but does not turn") {
  const auto m = cart();
  m->look.cameras = {camera(body_named(*m, "cart"), model::Look::Track::track), camera(body_named(*m, "cart"), model::Look::Track::trackcom)};
  const Eye track = camera_eye(*m, 0, moved(*m)), com = camera_eye(*m, 1, moved(*m));
  check_vector(track.position, {3, 0, 1.5f});
  check_vector(axis(track, 2), {1, 0, 0});
  check_vector(com.position, {3, 0, 1.5f});        // cart and pole moved as one, and the centre of mass is above the cart
  check_vector(axis(com, 2), {1, 0, 0});

  // the pole falls over along x: the centre of mass of both moves by a third (its share of the mass) of how its geom moved
  Poses fallen = initial_poses(*m);
  const auto pole = size_t(body_named(*m, "pole"));
  const float half = std::sqrt(0.5f);
  const std::array<float, 4> over{half, 0, half, 0};
  std::copy(over.begin(), over.end(), &fallen.rotation[4 * pole]);
  check_vector(camera_eye(*m, 0, fallen).position, {1, 0, 1.5f});
  check_vector(camera_eye(*m, 1, fallen).position, {1.2f, 0, 1.3f});   // the geom went from 0.6 up to 0.6 along x
}

TEST_CASE("a camera that looks at a body has it in the middle, upright") {
  const auto m = cart();
  const int cart = body_named(*m, "cart"), ball = body_named(*m, "ball");
  m->look.cameras = {camera(cart, model::Look::Track::targetbody, ball), camera(ball, model::Look::Track::targetbodycom, cart)};
  const Poses p = moved(*m);
  const Eye at_ball = camera_eye(*m, 0, p);
  check_vector(at_ball.position, {2, 1, 1.5f});
  check_axes(at_ball);
  const Row middle = clip(at_ball, 1, {2, 3, 4});
  CHECK(middle[3] == doctest::Approx(std::hypot(2, 2.5)).epsilon(1e-5));
  CHECK(std::abs(middle[0]) < 1e-5);
  CHECK(std::abs(middle[1]) < 1e-5);
  CHECK(std::abs(axis(at_ball, 0)[2]) < 1e-6);     // the horizon is level
  CHECK(axis(at_ball, 1)[2] > 0);

  const Eye at_both = camera_eye(*m, 1, p);        // centre of mass of cart and pole: (2 * 1 + 1 * 1.8) / 3 high
  const Row com = clip(at_both, 1, {2, 0, 3.8f / 3});
  CHECK(std::abs(com[0]) < 1e-5);
  CHECK(std::abs(com[1]) < 1e-5);
  CHECK(com[3] > 0);
}

TEST_CASE("straight above its target a camera keeps its x axis") {
  const auto m = cart();
  auto c = camera(0, model::Look::Track::targetbody, body_named(*m, "ball"));
  c.pos = {3, 1, 5}, c.quat = {1, 0, 0, 0};
  m->look.cameras = {c};
  const Eye eye = camera_eye(*m, 0, initial_poses(*m));
  check_axes(eye);
  check_vector(axis(eye, 2), {0, 0, 1});
  check_vector(axis(eye, 0), {1, 0, 0});
}

TEST_CASE("cameras that are not there, and targets that are not, do no harm") {
  const auto m = cart();
  m->look.cameras = {camera(99, model::Look::Track::targetbody, 99)};
  check_axes(camera_eye(*m, 0, initial_poses(*m)));
  check_axes(camera_eye(*m, 7, initial_poses(*m)));
  check_axes(camera_eye(*m, -1, Poses{}));
}

TEST_CASE("framing keeps every corner in view, and no farther away than needed") {
  const auto m = model_of(R"(<worldbody><geom type="plane" size="0 0 1"/><geom type="box" size="2 0.1 0.05" pos="1 0 0.05"/>
    <body pos="0 0 1"><freejoint/><geom type="capsule" size="0.1 0.4"/></body></worldbody>)");
  const Scenery scenery = scenery_of(m);
  for (const float aspect : {0.5f, 1.0f, 2.4f}) {
    for (const int environments : {1, 9}) {
      CAPTURE(aspect);
      CAPTURE(environments);
      std::vector<Poses> poses;
      for (int e = 0; e < environments; ++e) {
        poses.push_back(initial_poses(*m));
        poses.back().offset = {float(5 * (e % 3)), float(3 * (e / 3)), 0};
      }
      const Orbit orbit = framing(scenery, poses, 0.8f, aspect);
      const Eye eye = orbit_eye(orbit.at, orbit.distance, orbit.azimuth, orbit.elevation, 0.8f);
      double most = 0;
      for (const Poses& p : poses) {
        for (int corner = 0; corner < 8; ++corner) {
          const Vec3f at{p.offset[0] + 1 + (corner & 1 ? 2.0f : -2.0f), p.offset[1] + (corner & 2 ? 0.1f : -0.1f), corner & 4 ? 0.1f : 0.0f};
          const Row c = clip(eye, aspect, at);
          CHECK(c[3] > double(eye.near));
          most = std::max({most, std::abs(c[0] / c[3]), std::abs(c[1] / c[3])});
        }
        const Row top = clip(eye, aspect, {p.offset[0], p.offset[1], 1.5f});
        most = std::max({most, std::abs(top[0] / top[3]), std::abs(top[1] / top[3])});
      }
      CHECK(most < 1);
      CHECK(most > 0.5);
    }
  }
}

TEST_CASE("filling a picture: all is within the margin, and touches it on both sides of one axis, from anywhere") {
  const auto m = model_of(R"(<worldbody><geom type="plane" size="0 0 1"/><geom type="box" size="2 0.1 0.05" pos="1 0 0.05"/>
    <body pos="0 0 1" euler="20 30 40"><freejoint/><geom type="box" size="0.3 0.2 0.1"/></body></worldbody>)");
  const Scenery scenery = scenery_of(m);
  const Poses poses = initial_poses(*m);
  const Place turned = body_places(*m, poses)[1];
  for (const float aspect : {0.5f, 1.0f, 2.4f}) {
    for (const float azimuth : {-3.0f, 0.4f, 2.3f}) {
      for (const float elevation : {-1.5f, -0.4f, 0.3f}) {
        CAPTURE(aspect);
        CAPTURE(azimuth);
        CAPTURE(elevation);
        const Orbit orbit = filling(scenery, std::span(&poses, 1), 0.8f, aspect, azimuth, elevation);
        CHECK(orbit.azimuth == azimuth);
        CHECK(orbit.elevation == elevation);
        const Eye eye = orbit_eye(orbit.at, orbit.distance, azimuth, elevation, 0.8f);
        double low[2] = {1, 1}, high[2] = {-1, -1};
        const auto include = [&](const Vec3f& v) {
          const Row c = clip(eye, aspect, v);
          CHECK(c[3] > 0);
          for (int k = 0; k < 2; ++k) low[k] = std::min(low[k], c[k] / c[3]), high[k] = std::max(high[k], c[k] / c[3]);
        };
        for (int corner = 0; corner < 8; ++corner) {
          include({1 + (corner & 1 ? 2.0f : -2.0f), corner & 2 ? 0.1f : -0.1f, corner & 4 ? 0.1f : 0.0f});
          include(at(turned, Vec3f{corner & 1 ? 0.3f : -0.3f, corner & 2 ? 0.2f : -0.2f, corner & 4 ? 0.1f : -0.1f}));
        }
        const double edge = 1 / 1.25;
        double worst = 1;                          // of the fuller axis
        for (int k = 0; k < 2; ++k) {
          CHECK(low[k] > -edge - 1e-4);
          CHECK(high[k] < edge + 1e-4);
          worst = std::min(worst, std::max(low[k] + edge, edge - high[k]));
        }
        CHECK(worst < 1e-4);
      }
    }
  }
}

TEST_CASE("framing nothing, or what is not known, still gives a place to look from") {
  const auto m = model_of(R"(<worldbody><geom type="plane" size="0 0 1"/><body><freejoint/><geom size="0.1"/></body></worldbody>)");
  const Scenery scenery = scenery_of(m);
  Poses lost = initial_poses(*m);
  for (float& x : lost.position) x = std::nanf("");
  for (const auto& poses : {std::vector<Poses>{}, std::vector<Poses>{lost}}) {
    const Orbit orbit = framing(scenery, poses, 0.8f, 1);
    CHECK(std::isfinite(orbit.distance));
    CHECK(orbit.distance > 0.1f);
    CHECK(std::isfinite(filling(scenery, poses, 0.8f, 1, 1, -1).distance));
  }
}

}  // namespace
}  // namespace nuri::view
