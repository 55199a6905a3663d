// Rays against triangles, with Embree as second opinion.
#include "tests/render/trace/viewing.h"
#include "tests/skip.h"
#ifdef NURI_EMBREE
#include <embree3/rtcore.h>
#endif

namespace nuri::trace::test {

#ifdef NURI_EMBREE
namespace {
constexpr double relative = 1e-5;                // of distances

struct Triangles { std::vector<float> vertices; std::vector<uint32_t> corners; };

Triangles soup(std::mt19937_64& random, int count, double size) {
  std::uniform_real_distribution<double> in(-1, 1);
  Triangles t;
  for (int i = 0; i < count; ++i) {
    const double c[3] = {in(random), in(random), in(random)};
    for (int k = 0; k < 9; ++k) t.vertices.push_back(float(c[k % 3] + size * in(random)));
    for (uint32_t k = 0; k < 3; ++k) t.corners.push_back(uint32_t(3 * i) + k);
  }
  return t;
}
// A closed bumpy ball.
Triangles ball(int n) {
  Triangles t;
  const auto at = [&](int i, int j) { return uint32_t(i * (n + 1) + j); };
  for (int i = 0; i <= n; ++i)
    for (int j = 0; j <= n; ++j) {
      const double a = 3.141592653589793 * i / n, b = 6.283185307179586 * (j % n) / n, r = i % n ? 1 + 0.1 * std::sin(7 * a) * std::cos(5 * b) : 1;
      t.vertices.insert(t.vertices.end(), {float(r * std::sin(a) * std::cos(b)), float(r * std::sin(a) * std::sin(b)), float(i == 0 ? 1 : i == n ? -1 : r * std::cos(a))});
    }
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j) {
      if (i > 0) t.corners.insert(t.corners.end(), {at(i, j), at(i + 1, j), at(i, j + 1)});
      if (i < n - 1) t.corners.insert(t.corners.end(), {at(i, j + 1), at(i + 1, j), at(i + 1, j + 1)});
    }
  return t;
}

class Oracle {
 public:
  // on this thread alone: what its own threads share, a sanitizer cannot see into
  explicit Oracle(const Triangles& t) : device_(rtcNewDevice("threads=1")), scene_(rtcNewScene(device_)) {
    RTCGeometry g = rtcNewGeometry(device_, RTC_GEOMETRY_TYPE_TRIANGLE);
    std::memcpy(rtcSetNewGeometryBuffer(g, RTC_BUFFER_TYPE_VERTEX, 0, RTC_FORMAT_FLOAT3, 12, t.vertices.size() / 3), t.vertices.data(), 4 * t.vertices.size());
    std::memcpy(rtcSetNewGeometryBuffer(g, RTC_BUFFER_TYPE_INDEX, 0, RTC_FORMAT_UINT3, 12, t.corners.size() / 3), t.corners.data(), 4 * t.corners.size());
    rtcSetSceneFlags(scene_, RTC_SCENE_FLAG_ROBUST);
    rtcCommitGeometry(g);
    rtcAttachGeometry(scene_, g);
    rtcReleaseGeometry(g);
    rtcCommitScene(scene_);
  }
  ~Oracle() { rtcReleaseScene(scene_), rtcReleaseDevice(device_); }
  Oracle(const Oracle&) = delete;
  double distance(const Triple& o, const Triple& d) const {        // -1: nothing
    RTCIntersectContext context;
    rtcInitIntersectContext(&context);
    RTCRayHit r{};
    r.ray.org_x = float(o[0]), r.ray.org_y = float(o[1]), r.ray.org_z = float(o[2]);
    r.ray.dir_x = float(d[0]), r.ray.dir_y = float(d[1]), r.ray.dir_z = float(d[2]);
    r.ray.tnear = 0.01f, r.ray.tfar = 1e6f, r.ray.mask = ~0u;
    r.hit.geomID = RTC_INVALID_GEOMETRY_ID;
    rtcIntersect1(scene_, &context, &r);
    return r.hit.geomID == RTC_INVALID_GEOMETRY_ID ? -1 : double(r.ray.tfar);
  }

 private:
  RTCDevice device_;
  RTCScene scene_;
};

// The distances of all pixels of pictures from several places. A ray that disagrees must graze an edge: then one of Embree's rays beside it agrees.
void compare(const Triangles& t, double from, int& out_hits, int& out_grazing) {
  const Oracle oracle(t);
  const auto m = shared(mesh_model(t.vertices, t.corners));
  std::mt19937_64 random(11);
  std::uniform_real_distribution<double> in(-1, 1);
  for (int view = 0; view < 4; ++view) {
    Sensor s = camera(128, 128, 0.9, output::range);
    const Triple side = unit({in(random), in(random), in(random)});
    s.pos = {double(float(from * side[0])), double(float(from * side[1])), double(float(from * side[2]))};
    s.quat = towards(s.pos, {0, 0, 0});
    s.near = 0.01;
    Lens& lens = std::get<Lens>(s.optics);
    if (view == 3) lens.model = Lens::Model::fisheye, lens.fovy = 3;
    const Picture p(m, s);
    const auto rays = rays_of(s);
    for (int i = 0; i < 128 * 128; ++i) {
      const Triple& d = rays[size_t(i)];
      const double ours = double(p.number(output::range, i % 128, i / 128)), theirs = oracle.distance(s.pos, d);
      const auto agrees = [&](double other) { return (ours == 0) == (other < 0) && (ours == 0 || std::abs(ours - other) <= relative * other); };
      out_hits += ours > 0;
      if (agrees(theirs)) continue;
      ++out_grazing;
      bool beside = false;
      for (int k = 0; k < 16 && !beside; ++k) beside = agrees(oracle.distance(s.pos, unit({d[0] + 1e-6 * in(random), d[1] + 1e-6 * in(random), d[2] + 1e-6 * in(random)})));
      CAPTURE(view);
      CAPTURE(i);
      CAPTURE(ours);
      CAPTURE(theirs);
      REQUIRE(beside);
    }
  }
}
}  // namespace
#endif

TEST_CASE("random triangles, as Embree sees them") {
#ifndef NURI_EMBREE
  NURI_SKIP("Embree was not there when this was built");
#else
  std::mt19937_64 random(5);
  int hits = 0, grazing = 0;
  for (const int count : {1, 7, 300, 5000}) compare(soup(random, count, count > 1000 ? 0.05 : 0.4), 2.5, hits, grazing);
  compare(soup(random, 2000, 0.1), 0.2, hits, grazing);            // from within
  CHECK(hits > 100000);
  CHECK(grazing < hits / 500);
#endif
}

TEST_CASE("a closed surface, as Embree sees it, and without a hole") {
#ifndef NURI_EMBREE
  NURI_SKIP("Embree was not there when this was built");
#else
  int hits = 0, grazing = 0;
  const Triangles t = ball(60);
  compare(t, 2.5, hits, grazing);
  CHECK(hits > 10000);
  CHECK(grazing < hits / 500);
#endif
}

TEST_CASE("nothing slips between triangles that share an edge or a corner") {
  // a flat net whose edges and corners lie exactly under rays
  std::vector<float> vertices;
  std::vector<uint32_t> corners;
  constexpr int n = 16;
  for (int y = 0; y <= n; ++y) for (int x = 0; x <= n; ++x) vertices.insert(vertices.end(), {float(x - 8), float(y - 8), -8.0f});
  for (uint32_t y = 0; y < n; ++y)
    for (uint32_t x = 0; x < n; ++x) {
      const uint32_t a = y * (n + 1) + x, b = a + 1, c = a + n + 1, d = c + 1;
      corners.insert(corners.end(), {a, b, d, a, d, c});
    }
  const auto m = shared(mesh_model(vertices, corners));
  for (const double shift : {0.0, 0.5, 1e-7, 2.2}) {
    Sensor s = camera(64, 64, 2 * std::atan(0.9), output::range, {shift, -shift, 0});
    s.quat = {1, 0, 0, 0};
    std::get<Lens>(s.optics).fx = 32;              // a pixel is 1/4 of a cell
    std::get<Lens>(s.optics).cx = 32.5, std::get<Lens>(s.optics).cy = 32.5;
    const Picture p(m, s);
    for (int y = 12; y < 52; ++y) for (int x = 12; x < 52; ++x) CHECK(p.number(output::range, x, y) >= 8);
  }
  // seen from near and far, along its diagonals
  std::mt19937_64 random(3);
  std::uniform_real_distribution<double> in(-3, 3);
  for (int k = 0; k < 40; ++k) {
    Sensor s = camera(32, 32, 0.05, output::range, {in(random), in(random), k % 2 ? -5.0 : 20.0});
    s.quat = towards(s.pos, {in(random), in(random), -8});
    const Picture p(m, s);
    for (int y = 0; y < 32; ++y) for (int x = 0; x < 32; ++x) REQUIRE(p.number(output::range, x, y) > 0);
  }
}

}  // namespace nuri::trace::test
