// Segmentation against brute force: every shape asked for every pixel in double, without lists, packets or trees.
#include "engine/shape/bvh.h"
#include "tests/render/trace/viewing.h"

namespace nuri::trace::test {
namespace {
using D = Wide<double, 1>;
using Local = nuri::Vec3<D>;

constexpr double tie = 1e-5;                     // m: two surfaces this near to each other, or a ray this near to an edge, are left out

double number(std::mt19937_64& random, double low, double high) { return std::uniform_real_distribution<double>(low, high)(random); }

// Geoms of every kind about the origin, on bodies that are turned anyhow; a knot of triangles among them.
model::Model clutter(int geoms, uint64_t seed) {
  std::mt19937_64 random(seed);
  model::SceneMaker maker;
  maker.geom(0, GeomType::plane, {0, 0, 1}, {0, 0, -2});
  const GeomType kinds[] = {GeomType::sphere, GeomType::capsule, GeomType::ellipsoid, GeomType::cylinder, GeomType::box};
  for (int i = 0; i < geoms; ++i) {
    const int body = maker.body(0, {number(random, -2, 2), number(random, -2, 2), number(random, -2, 2)});
    maker.scene.bodies.back().quat = shape::unit({number(random, -1, 1), number(random, -1, 1), number(random, -1, 1), number(random, -1, 1)});
    auto& g = maker.geom(body, kinds[i % 5], {number(random, 0.1, 0.4), number(random, 0.1, 0.4), number(random, 0.1, 0.4)}, {number(random, -0.2, 0.2), 0, 0});
    g.quat = shape::unit({number(random, -1, 1), number(random, -1, 1), number(random, -1, 1), 1});
    g.rgba = {float(number(random, 0.2, 1)), float(number(random, 0.2, 1)), float(number(random, 0.2, 1)), 1};
  }
  model::Model m = maker.model();
  for (int k = 0; k < 3; ++k) {                  // some boxes become soups of triangles
    model::Look::Mesh mesh;
    for (int i = 0; i < 3 * 40; ++i) {
      for (int j = 0; j < 3; ++j) mesh.position.push_back(float(number(random, -0.4, 0.4)));
      mesh.normal.insert(mesh.normal.end(), {0, 0, 1});
      mesh.corner.push_back(uint32_t(i));
    }
    const size_t g = size_t(5 * (k + 1));
    m.geom_type[g] = 7;
    m.look.parts[g].mesh = k;
    m.look.meshes.push_back(mesh);
  }
  return m;
}

struct Nearest { double t = 1e20, second = 1e20; int geom = -1; };
Nearest brute(const model::Model& m, const Poses& poses, const Triple& o, const Triple& d) {
  Nearest out;
  for (int g = 0; g < m.geom_count; ++g) {
    const size_t b = size_t(m.geom_body[size_t(g)]);
    const shape::Rot body{poses.rotation[4 * b], poses.rotation[4 * b + 1], poses.rotation[4 * b + 2], poses.rotation[4 * b + 3]};
    const shape::Rot q = shape::mul(body, shape::rot(&m.geom_quat[4 * size_t(g)]));
    const shape::Vec at = shape::add({poses.position[3 * b], poses.position[3 * b + 1], poses.position[3 * b + 2]}, shape::rotate(body, shape::vec(&m.geom_pos[3 * size_t(g)])));
    const shape::Vec lo = shape::rotate(shape::conjugate(q), o - at), ld = shape::rotate(shape::conjugate(q), d);
    const Local x{D(lo[0]), D(lo[1]), D(lo[2])}, v{D(ld[0]), D(ld[1]), D(ld[2])};
    const double* const s = &m.geom_size[3 * size_t(g)];
    double t = 1e20;
    switch (m.geom_type[size_t(g)]) {
      case 0: t = ray_plane(x, v, {D(s[0]), D(s[1]), D(s[2])}).t.v; break;
      case 2: t = ray_sphere(x, v, D(s[0])).t.v; break;
      case 3: t = ray_capsule(x, v, D(s[0]), D(s[1])).t.v; break;
      case 4: t = ray_ellipsoid(x, v, {D(s[0]), D(s[1]), D(s[2])}).t.v; break;
      case 5: t = ray_cylinder(x, v, D(s[0]), D(s[1])).t.v; break;
      case 6: t = ray_box(x, v, {D(s[0]), D(s[1]), D(s[2])}).t.v; break;
      default: {
        const model::Look::Mesh& mesh = m.look.meshes[size_t(m.look.parts[size_t(g)].mesh)];
        const RayAxes<D> ray(x, v);
        const auto at_corner = [&](uint32_t i) { return Local{D(mesh.position[3 * i]), D(mesh.position[3 * i + 1]), D(mesh.position[3 * i + 2])}; };
        for (size_t i = 0; i < mesh.corner.size(); i += 3) t = std::min(t, ray_triangle(ray, at_corner(mesh.corner[i]), at_corner(mesh.corner[i + 1]), at_corner(mesh.corner[i + 2])).v);
      }
    }
    if (t < out.t) out.second = out.t, out.t = t, out.geom = g;
    else out.second = std::min(out.second, t);
  }
  return out;
}
}  // namespace

TEST_CASE("geom, body and label against brute force, through three lenses") {
  const model::Model m = clutter(40, 7);
  const Poses poses(m);
  Options o;
  for (int g = 0; g < m.geom_count; ++g) o.labels.push_back(1000 - g);
  for (int lens = 0; lens < 3; ++lens) {
    CAPTURE(lens);
    Sensor s = camera(90, 70, 1.3, output::geom | output::body | output::label | output::range, {4, -3, 1.5});
    s.quat = towards({4, -3, 1.5}, {0, 0, 0});
    s.far = 1e5;
    Lens& l = std::get<Lens>(s.optics);
    if (lens == 1) l.model = Lens::Model::radial, l.distortion = {-0.2, 0.03, 1e-3, 1e-3};
    if (lens == 2) l.model = Lens::Model::fisheye, l.fovy = 3.0;
    const Picture p(shared(m), s, o);
    const auto rays = rays_of(s);
    int compared = 0, seen = 0, left_out = 0;
    for (int y = 0; y < 70; ++y)
      for (int x = 0; x < 90; ++x) {
        const Triple& d = rays[size_t(90 * y + x)];
        if (dot(d, d) < 0.5) continue;
        const Nearest n = brute(m, poses, s.pos, d);
        // the same from four rays beside it: else it grazes an edge
        bool sure = (n.second - n.t > tie && n.t < 50) || n.geom < 0;
        for (const Triple& side : {Triple{tie, 0, 0}, Triple{-tie, 0, 0}, Triple{0, tie, tie}, Triple{0, -tie, -tie}}) sure = sure && brute(m, poses, s.pos, unit(d - side)).geom == n.geom;
        if (!sure) {
          left_out += n.t < 50;
          continue;
        }
        ++compared;
        REQUIRE(p.whole(output::geom, x, y) == n.geom);
        REQUIRE(p.whole(output::body, x, y) == (n.geom < 0 ? -1 : m.geom_body[size_t(n.geom)]));
        REQUIRE(p.whole(output::label, x, y) == (n.geom < 0 ? -1 : 1000 - n.geom));
        if (n.geom < 0) continue;
        ++seen;
        REQUIRE(p.number(output::range, x, y) == doctest::Approx(n.t).epsilon(3e-5));
      }
    CHECK(compared > 5500);
    CHECK(seen > 1500);
    CHECK(left_out < 100);
  }
}

TEST_CASE("geoms of hidden groups and without opacity are not there") {
  model::SceneMaker maker;
  maker.geom(0, GeomType::box, {2, 2, 0.1}, {0, 0, -5});
  maker.geom(0, GeomType::box, {1, 1, 0.1}, {0, 0, -4}).group = 3;
  maker.geom(0, GeomType::box, {1, 1, 0.1}, {0, 0, -3}).rgba = {1, 1, 1, 0};
  const auto m = shared(maker.model());
  const Sensor s = camera(8, 8, 0.2, output::geom);
  CHECK(Picture(m, s).whole(output::geom, 4, 4) == 0);
  Options o;
  o.geom_groups = 0b1000;
  CHECK(Picture(m, s, o).whole(output::geom, 4, 4) == 1);
}

TEST_CASE("of surfaces at one distance the first geom is seen") {
  model::SceneMaker maker;
  for (int i = 0; i < 5; ++i) maker.geom(0, GeomType::box, {1, 1, 0.25}, {0, 0, -4});
  const Picture p(shared(maker.model()), camera(32, 32, 0.3, output::geom));
  for (int y = 0; y < 32; ++y) for (int x = 0; x < 32; ++x) CHECK(p.whole(output::geom, x, y) == 0);
}

}  // namespace nuri::trace::test
