// Rays are taken into the frames of geoms, in double. Every meeting is with an outside: entry into a solid, or a triangle seen from its front.
#include "render/view/pick.h"

#include <cmath>
#include "render/view/extent.h"
#include "render/view/pieces.h"

namespace nuri::view {
namespace {

using rigid::Vec;

constexpr double nothing = 1e300;
struct Hit { double t = nothing; Vec normal{0, 0, 0}; };

// Where x + t d enters |x| <= radius in the coordinates that `flat` leaves (1: of x, y, z; 0: not looked at).
double enter_ball(const Vec& x, const Vec& d, double radius, double flat) {
  const double a = d[0] * d[0] + d[1] * d[1] + flat * d[2] * d[2], b = x[0] * d[0] + x[1] * d[1] + flat * x[2] * d[2];
  const double c = x[0] * x[0] + x[1] * x[1] + flat * x[2] * x[2] - radius * radius, root = b * b - a * c;
  if (!(a > 0) || !(root >= 0) || c < 0) return nothing;
  const double t = (-b - std::sqrt(root)) / a;
  return t >= 0 ? t : nothing;
}
Vec point(const Vec& x, const Vec& d, double t) { return rigid::add(x, rigid::scale(d, t)); }

Hit sphere(const Vec& x, const Vec& d, double radius) {
  const double t = enter_ball(x, d, radius, 1);
  return t < nothing ? Hit{t, point(x, d, t)} : Hit{};
}

Hit ellipsoid(const Vec& x, const Vec& d, const Vec& s) {   // a unit ball in scaled axes
  const double t = enter_ball({x[0] / s[0], x[1] / s[1], x[2] / s[2]}, {d[0] / s[0], d[1] / s[1], d[2] / s[2]}, 1, 1);
  if (t == nothing) return {};
  const Vec p = point(x, d, t);
  return {t, {p[0] / (s[0] * s[0]), p[1] / (s[1] * s[1]), p[2] / (s[2] * s[2])}};
}

Hit plane(const Vec& x, const Vec& d, const Vec& size) {
  if (!(d[2] < 0) || !(x[2] >= 0)) return {};
  const double t = -x[2] / d[2];
  const Vec p = point(x, d, t);
  for (size_t k = 0; k < 2; ++k)
    if (size[k] > 0 && std::abs(p[k]) > size[k]) return {};
  return {t, {0, 0, 1}};
}

Hit box(const Vec& x, const Vec& d, const Vec& size) {
  double from = -nothing, to = nothing;
  Vec normal{0, 0, 0};
  for (size_t k = 0; k < 3; ++k) {
    if (d[k] == 0) {
      if (std::abs(x[k]) > size[k]) return {};
      continue;
    }
    const double near = (std::copysign(size[k], -d[k]) - x[k]) / d[k], far = (std::copysign(size[k], d[k]) - x[k]) / d[k];
    if (near > from) from = near, normal = {0, 0, 0}, normal[k] = std::copysign(1.0, -d[k]);
    to = std::min(to, far);
  }
  return from <= to && from >= 0 ? Hit{from, normal} : Hit{};
}

Hit nearer(const Hit& a, const Hit& b) { return b.t < a.t ? b : a; }

// The wall between two heights.
Hit wall(const Vec& x, const Vec& d, double radius, double half) {
  const double t = enter_ball(x, d, radius, 0);
  if (t == nothing) return {};
  const Vec p = point(x, d, t);
  return std::abs(p[2]) <= half ? Hit{t, {p[0], p[1], 0}} : Hit{};
}

Hit cylinder(const Vec& x, const Vec& d, double radius, double half) {
  Hit lid;
  if (d[2] != 0 && std::abs(x[2]) > half && x[2] * d[2] < 0) {
    const double t = (std::copysign(half, x[2]) - x[2]) / d[2];
    const Vec p = point(x, d, t);
    if (p[0] * p[0] + p[1] * p[1] <= radius * radius) lid = {t, {0, 0, x[2]}};
  }
  return nearer(wall(x, d, radius, half), lid);
}

Hit capsule(const Vec& x, const Vec& d, double radius, double half) {
  const double beyond = x[2] - std::min(std::max(x[2], -half), half);
  if (x[0] * x[0] + x[1] * x[1] + beyond * beyond < radius * radius) return {};   // begins inside
  Hit out = wall(x, d, radius, half);
  for (const double end : {-half, half}) {
    Hit cap = sphere({x[0], x[1], x[2] - end}, d, radius);
    if (cap.t < nothing && cap.normal[2] * end >= 0) out = nearer(out, cap);   // the half of the ball that is outside
  }
  return out;
}

// Moeller and Trumbore 1997, fronts only.
Hit triangles(const Shape& shape, const Vec& x, const Vec& d) {
  Hit out;
  const auto corner = [&](uint32_t v) { return Vec{shape.vertices[v].position[0], shape.vertices[v].position[1], shape.vertices[v].position[2]}; };
  for (size_t i = 0; i + 2 < shape.corners.size(); i += 3) {
    const Vec a = corner(shape.corners[i]), ab = rigid::sub(corner(shape.corners[i + 1]), a), ac = rigid::sub(corner(shape.corners[i + 2]), a);
    const Vec across = rigid::cross(d, ac);
    const double det = rigid::dot(ab, across);
    if (!(det > 0)) continue;
    const Vec ax = rigid::sub(x, a);
    const double u = rigid::dot(ax, across);
    if (u < 0 || u > det) continue;
    const Vec q = rigid::cross(ax, ab);
    const double v = rigid::dot(d, q), t = rigid::dot(ac, q) / det;
    if (v < 0 || u + v > det || !(t >= 0) || !(t < out.t)) continue;
    out = {t, rigid::cross(ab, ac)};
  }
  return out;
}

Hit hit(const Scenery& scenery, const Scenery::Of& of, int geom, const Vec& x, const Vec& d) {
  const Vec size = rigid::vec(&of.model->geom_size[3 * size_t(geom)]);
  switch (of.model->geom_type[geom]) {
    case model::geom_plane: return plane(x, d, size);
    case model::geom_sphere: return sphere(x, d, size[0]);
    case model::geom_capsule: return capsule(x, d, size[0], size[1]);
    case model::geom_ellipsoid: return ellipsoid(x, d, size);
    case model::geom_cylinder: return cylinder(x, d, size[0], size[1]);
    case model::geom_box: return box(x, d, size);
  }
  return triangles(scenery.shapes[of.geom_shape[size_t(geom)]], x, d);
}

}  // namespace

Ray pixel_ray(const Eye& eye, float x, float y, uint32_t width, uint32_t height) {
  const float up = std::tan(0.5f * eye.fovy), right = up * float(width) / float(std::max(height, 1u));
  const Vec3f local{(2 * x / float(std::max(width, 1u)) - 1) * right, (1 - 2 * y / float(std::max(height, 1u))) * up, -1};
  Vec3f out{};
  for (size_t i = 0; i < 3; ++i) out[i] = eye.axes[3 * i] * local[0] + eye.axes[3 * i + 1] * local[1] + eye.axes[3 * i + 2] * local[2];
  return {eye.position, unit(out, {0, 0, -1})};
}

std::optional<Pick> pick(const Scenery& scenery, std::span<const Poses> poses, const Show& show, const Ray& ray) {
  std::optional<Pick> out;
  double nearest = nothing;
  if (!finite(ray.from) || !finite(ray.direction)) return out;

  // which geoms can be met, with a ball around each
  struct Target { int geom, body; Place local; Vec3f middle; float reach; };
  std::vector<std::vector<Target>> targets(scenery.models.size());
  std::vector<char> listed(scenery.models.size());
  const auto list = [&](size_t index) {
    const Scenery::Of& of = scenery.models[index];
    const model::Model& m = *of.model;
    for (int g = 0; g < m.geom_count; ++g) {
      const uint32_t which = of.geom_shape[size_t(g)];
      if (which == no_shape || !(opacity(m, g, part_of(m, g), show) > 0)) continue;
      const Scale scale = scale_of(m, g);
      const Shape& shape = scenery.shapes[which];
      const float ball = m.geom_type[g] != model::geom_plane ? 1.001f * reach(shape, scale) : 1e30f;
      targets[index].push_back({g, m.geom_body[g], geom_place(m, g), middle(shape, scale), ball});
    }
    listed[index] = 1;
  };

  for (size_t i = 0; i < poses.size(); ++i) {
    const Poses& p = poses[i];
    if (p.model < 0 || size_t(p.model) >= scenery.models.size()) continue;
    if (!listed[size_t(p.model)]) list(size_t(p.model));
    const Scenery::Of& of = scenery.models[size_t(p.model)];
    const std::vector<Place> bodies = body_places(*of.model, p);
    for (const Target& target : targets[size_t(p.model)]) {
      if (!known(bodies[size_t(target.body)])) continue;
      const Place where = bodies[size_t(target.body)] * target.local;
      const Vec3f away = at(where, target.middle) - ray.from;
      const float ahead = dot(away, ray.direction), aside = length(away - ahead * ray.direction);
      if (ahead < -target.reach || aside > target.reach + 1e-6f * std::abs(ahead)) continue;   // of what float loses far away

      // the ray in the geom's axes
      const Vec3f from = ray.from - origin(where);
      Vec x, d;
      for (size_t k = 0; k < 3; ++k) x[k] = dot(column(where, int(k)), from), d[k] = dot(column(where, int(k)), ray.direction);
      const Hit met = hit(scenery, of, target.geom, x, d);
      if (!(met.t < nearest)) continue;
      nearest = met.t;
      const auto t = float(met.t);
      out = Pick{i, p.environment, target.body, target.geom, ray.from + t * ray.direction, unit(turned(where, narrow(met.normal)), {0, 0, 1}), t};
    }
  }
  return out;
}

}  // namespace nuri::view
