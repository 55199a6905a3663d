// Rays per second of processor time of one thread, beside Embree's on the same triangles. No test: machines differ.
//   trace_embree_bench [SECONDS] [SCENE] [FILE.model]...      seconds of a measurement; a part of the names of scenes; models, of which the meshes
//   nuri compile scenes/arm_cell.yaml --out arm_cell.model    (how to make one)
//
// A picture of 512 x 512 pixels from one place: what the rays of a camera meet, and which of the surfaces that face a sun it reaches. Ours is
// Eyes::render() with everything that belongs to it (places of props, lists of blocks, tensors); what shadows cost is what a picture with
// them takes longer than one without. Embree meets the same rays in the same order, one by one and in packets of 8, in one static tree over all
// triangles, without the flags that make it watertight. Runs take turns, the best of five counts; both must see the same.
#include <embree3/rtcore.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include "engine/model/compile.h"
#include "render/trace/eyes.h"
#include "tests/engine/model/scene_maker.h"
#include "tests/render/trace/poses.h"

namespace nuri::trace::test {
namespace {
constexpr int side = 512, rounds = 5;
constexpr double agreement = 2e-3;               // share of rays that may differ: those that graze an edge
constexpr double close = 1e-4;                   // relative, of distances
const Triple sun{-0.4, 0.3, -0.85};              // it shines this way

struct Case {
  std::string name;
  std::shared_ptr<const model::Model> model;
  Triple from, at;
  double fovy = 0.8;
};

// ---- scenes -----------------------------------------------------------------------------------------------------------
struct Random {                                  // the same scenes with every C++ library
  std::mt19937_64 words{7};
  double operator()() { return double(words() >> 11) * 0x1p-52 - 1; }                  // [-1, 1)
};
model::Look::Mesh mesh_of(const std::vector<float>& vertices, const std::vector<uint32_t>& corners) {
  model::Look::Mesh mesh;
  mesh.position = vertices, mesh.corner = corners;
  mesh.normal.assign(vertices.size(), 0);
  for (size_t i = 2; i < mesh.normal.size(); i += 3) mesh.normal[i] = 1;
  return mesh;
}
// Meshes as geoms of bodies at places; `turn`: of each.
std::shared_ptr<const model::Model> model_of(std::vector<model::Look::Mesh> meshes, const std::vector<Triple>& places, Random& random) {
  model::SceneMaker maker;
  for (const Triple& p : places) {
    const int b = maker.body(0, {p[0], p[1], p[2]});
    if (places.size() > 1) maker.scene.bodies.back().quat = shape::unit({1, random(), random(), random()});
    maker.geom(b, scene::GeomType::box, {0.05, 0.05, 0.05});
  }
  model::Model m = maker.model();
  for (size_t g = 0; g < places.size() && !meshes.empty(); ++g) m.geom_type[g] = 7, m.look.parts[g].mesh = int(g % meshes.size());
  m.look.meshes = std::move(meshes);
  return std::make_shared<const model::Model>(std::move(m));
}
// Triangles in a cube of 2 m; as large together at any number.
model::Look::Mesh soup(Random& random, int count) {
  std::vector<float> vertices;
  std::vector<uint32_t> corners;
  const double size = 1.5 / std::sqrt(double(count));
  for (int i = 0; i < count; ++i) {
    const double c[3] = {random(), random(), random()};
    for (int k = 0; k < 9; ++k) vertices.push_back(float(c[k % 3] + size * random()));
    for (uint32_t k = 0; k < 3; ++k) corners.push_back(uint32_t(3 * i) + k);
  }
  return mesh_of(vertices, corners);
}
// A closed bumpy ball of 2 n^2 triangles.
model::Look::Mesh ball(int n, double radius) {
  std::vector<float> vertices;
  std::vector<uint32_t> corners;
  const auto at = [&](int i, int j) { return uint32_t(i * (n + 1) + j); };
  for (int i = 0; i <= n; ++i)
    for (int j = 0; j <= n; ++j) {
      const double a = 3.141592653589793 * i / n, b = 6.283185307179586 * (j % n) / n, r = radius * (1 + 0.1 * std::sin(7 * a) * std::cos(5 * b));
      vertices.insert(vertices.end(), {float(r * std::sin(a) * std::cos(b)), float(r * std::sin(a) * std::sin(b)), float(r * std::cos(a))});
    }
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j) {
      if (i > 0) corners.insert(corners.end(), {at(i, j), at(i + 1, j), at(i, j + 1)});
      if (i < n - 1) corners.insert(corners.end(), {at(i, j + 1), at(i + 1, j), at(i + 1, j + 1)});
    }
  return mesh_of(vertices, corners);
}
std::vector<Triple> heap(Random& random, int count) {
  std::vector<Triple> out;
  for (int i = 0; i < count; ++i) out.push_back({random(), random(), 0.4 * random()});
  return out;
}
std::vector<Case> cases(const std::vector<std::string>& files) {
  std::vector<Case> all;
  Random random;
  for (const std::string& file : files) {
    auto read = model::read_file(file);
    if (!read) {
      std::fprintf(stderr, "%s\n", to_string(read.errors()[0]).c_str());
      continue;
    }
    model::Model m = std::move(*read);
    for (size_t g = 0; g < size_t(m.geom_count); ++g) if (m.geom_type[g] != 7 || m.look.parts[g].mesh < 0 || m.look.parts[g].group > 2) m.look.parts[g].rgba[3] = 0;
    all.push_back({"meshes of " + file.substr(file.find_last_of('/') + 1), std::make_shared<const model::Model>(std::move(m)), {0.8, -1, 1.2}, {0.1, 0, 1}});
  }
  for (const int count : {1000, 10000, 100000, 1000000}) all.push_back({"random triangles", model_of({soup(random, count)}, {{0, 0, 0}}, random), {2.2, -2, 1.6}, {0, 0, 0}});
  all.push_back({"a bumpy ball", model_of({ball(250, 1)}, {{0, 0, 0}}, random), {2.2, -2, 1.6}, {0, 0, 0}});
  for (const int count : {100, 1000}) all.push_back({"boxes", model_of({}, heap(random, count), random), {1.5, -1.6, 1.4}, {0, 0, 0}});
  for (const int count : {100, 1000}) all.push_back({"bumpy balls", model_of({ball(16, 0.08), ball(32, 0.06)}, heap(random, count), random), {1.5, -1.6, 1.4}, {0, 0, 0}});
  return all;
}

// ---- Embree -----------------------------------------------------------------------------------------------------------
class Other {
 public:
  explicit Other(const model::Model& m) : device_(rtcNewDevice("threads=1")), scene_(rtcNewScene(device_)) {
    const Poses poses(m);
    std::vector<float> vertices;
    std::vector<uint32_t> corners;
    for (size_t g = 0; g < size_t(m.geom_count); ++g) {
      if (m.look.parts[g].rgba[3] == 0) continue;
      const size_t b = size_t(m.geom_body[g]);
      const float* const r = &poses.rotation[4 * b];
      const shape::Rot body{double(r[0]), double(r[1]), double(r[2]), double(r[3])}, turn = shape::mul(body, shape::unit(shape::rot(&m.geom_quat[4 * g])));
      const float* const p = &poses.position[3 * b];
      const shape::Vec at = shape::add({double(p[0]), double(p[1]), double(p[2])}, shape::rotate(body, shape::vec(&m.geom_pos[3 * g])));
      const uint32_t first = uint32_t(vertices.size() / 3);
      const auto put = [&](const shape::Vec& v) { for (double x : shape::add(at, shape::rotate(turn, v))) vertices.push_back(float(x)); };
      if (m.geom_type[g] == 7) {
        const model::Look::Mesh& mesh = m.look.meshes[size_t(m.look.parts[g].mesh)];
        for (size_t i = 0; i + 2 < mesh.position.size(); i += 3) put({double(mesh.position[i]), double(mesh.position[i + 1]), double(mesh.position[i + 2])});
        for (uint32_t c : mesh.corner) corners.push_back(first + c);
      } else {
        const double* const s = &m.geom_size[3 * g];
        for (int k = 0; k < 8; ++k) put({k & 1 ? s[0] : -s[0], k & 2 ? s[1] : -s[1], k & 4 ? s[2] : -s[2]});
        for (uint32_t c : {0, 2, 1, 1, 2, 3, 4, 5, 6, 5, 7, 6, 0, 1, 4, 1, 5, 4, 2, 6, 3, 3, 6, 7, 0, 4, 2, 2, 4, 6, 1, 3, 5, 3, 7, 5}) corners.push_back(first + c);
      }
    }
    triangles = corners.size() / 3;
    RTCGeometry g = rtcNewGeometry(device_, RTC_GEOMETRY_TYPE_TRIANGLE);
    std::memcpy(rtcSetNewGeometryBuffer(g, RTC_BUFFER_TYPE_VERTEX, 0, RTC_FORMAT_FLOAT3, 12, vertices.size() / 3), vertices.data(), 4 * vertices.size());
    std::memcpy(rtcSetNewGeometryBuffer(g, RTC_BUFFER_TYPE_INDEX, 0, RTC_FORMAT_UINT3, 12, triangles), corners.data(), 4 * corners.size());
    rtcCommitGeometry(g);
    rtcAttachGeometry(scene_, g);
    rtcReleaseGeometry(g);
    rtcCommitScene(scene_);
    rtcInitIntersectContext(&context_);
    context_.flags = RTC_INTERSECT_CONTEXT_FLAG_COHERENT;
  }
  ~Other() { rtcReleaseScene(scene_), rtcReleaseDevice(device_); }
  Other(const Other&) = delete;

  // Rays from o (3 each) along d (3 each) between near and far; out: where they meet something, or far.
  template <int N> void meet(const std::vector<float>& o, const std::vector<float>& d, float near, float far, std::vector<float>& out) {
    for (size_t i = 0; i < out.size(); i += N) {
      if constexpr (N == 1) {
        RTCRayHit r;
        fill(r.ray, o, d, i, near, far);
        r.hit.geomID = RTC_INVALID_GEOMETRY_ID;
        rtcIntersect1(scene_, &context_, &r);
        out[i] = r.ray.tfar;
      } else {
        RTCRayHit8 r;
        fill8(r.ray, o, d, i, near, far);
        for (int k = 0; k < 8; ++k) r.hit.geomID[k] = RTC_INVALID_GEOMETRY_ID;
        rtcIntersect8(all_, scene_, &context_, &r);
        for (size_t k = 0; k < 8; ++k) out[i + k] = r.ray.tfar[k];
      }
    }
  }
  // out: -infinity where something is in the way
  template <int N> void obstruct(const std::vector<float>& o, const std::vector<float>& d, std::vector<float>& out) {
    for (size_t i = 0; i < out.size(); i += N) {
      if constexpr (N == 1) {
        RTCRay r;
        fill(r, o, d, i, 0, 1e9f);
        rtcOccluded1(scene_, &context_, &r);
        out[i] = r.tfar;
      } else {
        RTCRay8 r;
        fill8(r, o, d, i, 0, 1e9f);
        rtcOccluded8(all_, scene_, &context_, &r);
        for (size_t k = 0; k < 8; ++k) out[i + k] = r.tfar[k];
      }
    }
  }
  size_t triangles = 0;

 private:
  static void fill(RTCRay& r, const std::vector<float>& o, const std::vector<float>& d, size_t i, float near, float far) {
    r.org_x = o[3 * i], r.org_y = o[3 * i + 1], r.org_z = o[3 * i + 2], r.dir_x = d[3 * i], r.dir_y = d[3 * i + 1], r.dir_z = d[3 * i + 2];
    r.tnear = near, r.tfar = far, r.time = 0, r.mask = ~0u, r.flags = 0, r.id = 0;
  }
  static void fill8(RTCRay8& r, const std::vector<float>& o, const std::vector<float>& d, size_t i, float near, float far) {
    for (size_t k = 0; k < 8; ++k) {
      const size_t at = 3 * (i + k);
      r.org_x[k] = o[at], r.org_y[k] = o[at + 1], r.org_z[k] = o[at + 2], r.dir_x[k] = d[at], r.dir_y[k] = d[at + 1], r.dir_z[k] = d[at + 2];
      r.tnear[k] = near, r.tfar[k] = far, r.time[k] = 0, r.mask[k] = ~0u, r.flags[k] = 0, r.id[k] = 0;
    }
  }
  alignas(32) static constexpr int all_[8] = {-1, -1, -1, -1, -1, -1, -1, -1};
  RTCDevice device_;
  RTCScene scene_;
  RTCIntersectContext context_;
};

// ---- time -------------------------------------------------------------------------------------------------------------
template <class F> double seconds_of(double least, F f) {
  const auto now = [] {                          // processor time of this thread: others may run beside it
    timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
  };
  int calls = 0;
  const double begin = now();
  double time = 0;
  do f(), ++calls, time = now() - begin;
  while (time < least);
  return time / calls;
}
struct Best {
  double time = 1e9;
  void add(double t) { time = std::min(time, t); }
};

bool measure(const Case& c, double least) {
  Sensor s;
  Lens lens;
  lens.width = lens.height = side, lens.fovy = c.fovy;
  s.name = "eye", s.optics = lens, s.pos = c.from, s.quat = towards(c.from, c.at), s.near = 0.01;
  Options lit, open;
  LampSpec lamp;
  lamp.dir = sun;
  lit.lamps = {lamp};
  lamp.shadow = false;
  open.lamps = {lamp};
  s.outputs = output::range | output::normal;
  Eyes formed = opened(Eyes::make(c.model, 1, {s}, lit));
  s.outputs = output::range;
  Eyes ranges = opened(Eyes::make(c.model, 1, {s}, lit));
  s.outputs = output::rgb;
  Eyes shadows = opened(Eyes::make(c.model, 1, {s}, lit)), without = opened(Eyes::make(c.model, 1, {s}, open));
  Pool pool(1);
  const Poses poses(*c.model);

  // the rays in the order of 4 x 2 tiles, which is that of packets
  const Directions seen = *directions(lens);
  const RayTable table = make_rays(seen);
  std::vector<float> o, d, met, back;
  for (int pixel : table.pixel) {
    const Triple v = shape::rotate(shape::unit(s.quat), seen.each[size_t(pixel)]);
    for (size_t k = 0; k < 3; ++k) o.push_back(float(c.from[k])), d.push_back(float(v[k]));
  }
  met.resize(size_t(side * side));
  Other other(*c.model);
  const float far = 1000;

  formed.render(pool, poses);
  const float* const range = static_cast<const float*>(formed.groups()[0].tensors[0].data);
  const float* const normal = static_cast<const float*>(formed.groups()[0].tensors[1].data);
  other.meet<8>(o, d, 0.01f, far, met);
  size_t differ = 0, hits = 0;
  std::vector<float> shade_o, shade_d;
  const Triple to = unit({-sun[0], -sun[1], -sun[2]});
  for (size_t i = 0; i < met.size(); ++i) {
    const size_t pixel = size_t(table.pixel[i]);
    const float ours = range[pixel], theirs = met[i] < far ? met[i] : 0;
    differ += (ours == 0) != (theirs == 0) || std::abs(ours - theirs) > close * double(theirs);
    hits += ours > 0;
    const Triple n{double(normal[3 * pixel]), double(normal[3 * pixel + 1]), double(normal[3 * pixel + 2])};
    if (!(ours > 0) || !(dot(n, to) > 0)) continue;
    for (size_t k = 0; k < 3; ++k) {
      shade_o.push_back(float(c.from[k] + double(ours) * double(d[3 * i + k]) + n[k] * (2e-4 * double(ours) + 1e-5)));
      shade_d.push_back(float(to[k]));
    }
  }
  while (shade_o.size() % 24) shade_o.push_back(1e6f), shade_d.push_back(float(to[shade_d.size() % 3]));
  back.resize(shade_o.size() / 3);

  Best ours, one, eight, with, no, shade_one, shade_eight;
  for (int k = 0; k < rounds; ++k) {
    ours.add(seconds_of(least, [&] { ranges.render(pool, poses); }));
    one.add(seconds_of(least, [&] { other.meet<1>(o, d, 0.01f, far, met); }));
    eight.add(seconds_of(least, [&] { other.meet<8>(o, d, 0.01f, far, met); }));
    with.add(seconds_of(least, [&] { shadows.render(pool, poses); }));
    no.add(seconds_of(least, [&] { without.render(pool, poses); }));
    shade_one.add(seconds_of(least, [&] { other.obstruct<1>(shade_o, shade_d, back); }));
    shade_eight.add(seconds_of(least, [&] { other.obstruct<8>(shade_o, shade_d, back); }));
  }
  const double rays = side * side * 1e-6, shaded = double(back.size()) * 1e-6, shadow = with.time - no.time;
  const double fastest = std::min(one.time, eight.time), fastest_shadow = std::min(shade_one.time, shade_eight.time);
  std::printf("| %s | %d | %zu | %.2f | %.1f | %.1f | %.1f | %.2f | %.2f | %.1f | %.1f | %.1f | %.2f |\n", c.name.c_str(), c.model->geom_count, other.triangles, double(hits) * 1e-6 / rays, rays / ours.time,
              rays / one.time, rays / eight.time, fastest / ours.time, shaded, shaded / shadow, shaded / shade_one.time, shaded / shade_eight.time, fastest_shadow / shadow);
  std::fflush(stdout);
  if (double(differ) <= agreement * double(met.size())) return true;
  std::printf("%zu of %zu rays differ\n", differ, met.size());
  return false;
}

int run(double least, const std::string& only, const std::vector<std::string>& files) {
  std::printf("One thread, %d x %d pixels, million rays per second; a ratio is ours to the faster one of Embree's.\n\n", side, side);
  std::printf("| scene | props | triangles | hits | nuri | Embree 1 | Embree 8 | ratio | shadow rays, million | nuri | Embree 1 | Embree 8 | ratio |\n");
  std::printf("|---|---|---|---|---|---|---|---|---|---|---|---|---|\n");
  bool good = true;
  for (const Case& c : cases(files)) if (c.name.find(only) != std::string::npos) good &= measure(c, least);
  return good ? 0 : 1;
}
}  // namespace
}  // namespace nuri::trace::test

int main(int count, char** words) {
  double seconds = 0.3;
  std::string only;
  std::vector<std::string> files;
  for (int i = 1; i < count; ++i) {
    const std::string word = words[i];
    if (std::atof(words[i]) > 0) seconds = std::atof(words[i]);
    else if (word.ends_with(".model")) files.push_back(word);
    else only = word;
  }
  return nuri::trace::test::run(seconds, only, files);
}
