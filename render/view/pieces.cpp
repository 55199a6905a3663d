#include "render/view/pieces.h"

#include <algorithm>
#include <cmath>
#include "render/view/palette.h"

namespace nuri::view {

using model::Look;
using model::Model;

namespace {

constexpr float see_through = 0.4f;                // opacity of what moves, with Show::transparent
constexpr float endless_half = 200;                // m around the eye; more when it is far up
constexpr float shaft_share = 0.05f;               // radius of the unit arrow's shaft

enum { joint_free, joint_ball, joint_slide, joint_hinge };   // numbers of Model::joint_type

bool is_endless(const Model& m, int geom) {
  return m.geom_type[geom] == model::geom_plane && (m.geom_size[3 * size_t(geom)] <= 0 || m.geom_size[3 * size_t(geom) + 1] <= 0);
}

uint32_t unit_of(int type) {
  switch (type) {
    case model::geom_capsule: return shape::capsule;
    case model::geom_cylinder: return shape::cylinder;
    case model::geom_box: return shape::box;
  }
  return shape::sphere;
}

Piece of_geom(const Scenery::Of& of, int geom) {
  const Model& m = *of.model;
  Piece p;
  p.shape = of.geom_shape[size_t(geom)], p.material = of.geom_material[size_t(geom)];
  p.id = uint32_t(geom) + 1;
  p.body = m.geom_body[geom];
  p.local = geom_place(m, geom);
  p.scale = scale_of(m, geom);
  if (m.geom_type[geom] == model::geom_plane) p.marks |= mark::no_shadow, p.counts = false;
  return p;
}

void geoms(std::vector<Piece>& out, const Scenery::Of& of, const Show& show) {
  const Model& m = *of.model;
  for (int g = 0; g < m.geom_count; ++g) {
    const Look::Part part = part_of(m, g);
    const float alpha = opacity(m, g, part, show);
    if (of.geom_shape[size_t(g)] == no_shape || is_endless(m, g) || !(alpha > 0)) continue;
    Piece p = of_geom(of, g);
    set_colour(p, {part.rgba[0], part.rgba[1], part.rgba[2], alpha});
    out.push_back(p);
  }
}

// What bodies collide with: hulls of meshes, and primitives that are not seen anyway.
void hulls(std::vector<Piece>& out, const Scenery::Of& of, const Show& show) {
  const Model& m = *of.model;
  for (int g = 0; g < m.geom_count; ++g) {
    const int type = m.geom_type[g], hull = type == model::geom_mesh && size_t(g) < m.geom_shape.size() ? m.geom_shape[g] : -1;
    if (!m.geom_collides[g] || type == model::geom_plane || type == model::geom_hfield || of.geom_shape[size_t(g)] == no_shape) continue;
    if (type == model::geom_mesh ? hull < 0 : opacity(m, g, part_of(m, g), show) > 0) continue;
    Piece p = of_geom(of, g);
    if (hull >= 0) p.shape = of.first_hull + uint32_t(hull);
    p.material = 0, p.marks |= mark::no_shadow;
    set_colour(p, palette::hull);
    out.push_back(p);
  }
}

void sites(std::vector<Piece>& out, const Scenery::Of& of, const Show& show) {
  const Model& m = *of.model;
  for (size_t s = 0; s < std::min(size_t(m.site_count), m.look.marks.size()); ++s) {
    const Look::Mark& mark = m.look.marks[s];
    if (!shown(show.site_groups, mark.group) || !(mark.rgba[3] > 0)) continue;
    Piece p;
    const double size[3] = {mark.size[0], mark.size[1], mark.size[2]};
    p.shape = unit_of(mark.type);
    p.scale = scale_of(p.shape == shape::sphere && mark.type != model::geom_ellipsoid ? int(model::geom_sphere) : mark.type, size);
    p.body = m.site_body[s], p.local = place(&m.site_pos[3 * s], &m.site_quat[4 * s]);
    p.marks = mark::no_shadow, p.counts = false;
    set_colour(p, mark.rgba);
    out.push_back(p);
  }
}

// An arrow along the axis of a hinge or slide, a ball where a ball joint is.
void joints(std::vector<Piece>& out, const Scenery::Of& of) {
  const Model& m = *of.model;
  for (int j = 0; j < m.joint_count; ++j) {
    const Vec3f anchor = narrow(&m.joint_pos[3 * size_t(j)]), axis = narrow(&m.joint_axis[3 * size_t(j)]);
    const int type = m.joint_type[j], body = m.joint_body[j];
    if (type == joint_free) continue;
    if (type != joint_ball) {
      out.push_back(arrow(body, anchor, axis, 1.6f * of.gauge, 0.05f * of.gauge, type == joint_slide ? palette::slide : palette::hinge));
      continue;
    }
    Piece p;
    p.shape = shape::sphere, p.body = body, p.local = along(anchor, {0, 0, 1});
    for (float& s : p.scale.s) s = 0.2f * of.gauge;
    p.marks = mark::no_shadow, p.counts = false;
    set_colour(p, palette::ball);
    out.push_back(p);
  }
}

// Balls at centres of mass, and boxes of the same mass and moments.
void masses(std::vector<Piece>& out, const Scenery::Of& of, const Show& show) {
  const Model& m = *of.model;
  for (int b = 1; b < m.body_count; ++b) {
    if (!(m.body_mass[b] > 0)) continue;
    Piece p;
    p.body = b, p.local = place(&m.body_ipos[3 * size_t(b)], &m.body_iquat[4 * size_t(b)]);
    p.marks = mark::no_shadow, p.counts = false;
    if (show.centres_of_mass) {
      p.shape = shape::sphere;
      for (float& s : p.scale.s) s = 0.15f * of.gauge;
      set_colour(p, palette::mass);
      out.push_back(p);
    }
    if (show.inertias) {
      p.shape = shape::box;
      for (size_t k = 0; k < 3; ++k) p.scale.s[k] = 0.5f * float(m.body_fluid_box[3 * size_t(b) + k]);
      set_colour(p, palette::inertia);
      out.push_back(p);
    }
  }
}

}  // namespace

bool shown(uint32_t groups, int group) { return group >= 0 && group < 32 && (groups >> group & 1); }

float opacity(const Model& m, int geom, const Look::Part& part, const Show& show) {
  if (!shown(show.geom_groups, part.group)) return 0;
  return part.rgba[3] * (show.transparent && m.body_weld[m.geom_body[geom]] != 0 ? see_through : 1);
}

float linear(float srgb) {                         // IEC 61966-2-1
  const float s = srgb >= 0 ? std::min(srgb, 1.0f) : 0;
  return s <= 0.04045f ? s / 12.92f : std::pow((s + 0.055f) / 1.055f, 2.4f);
}

void set_colour(Piece& piece, const Colour& srgb) {
  for (size_t k = 0; k < 3; ++k) piece.rgba[k] = linear(srgb[k]);
  piece.rgba[3] = std::min(srgb[3], 1.0f);
  piece.clear = piece.rgba[3] < 1;
}

// Its proportions are kept as long as it is longer than its head; a shorter one is smaller as a whole.
Piece arrow(int body, const Vec3f& from, const Vec3f& axis, float length, float shaft_radius, const Colour& srgb) {
  Piece p;
  const float size = std::min(shaft_radius / shaft_share, length);
  p.shape = shape::arrow, p.body = body, p.local = along(from, axis);
  p.scale = {{size, size, size}, length - size};
  p.marks = mark::no_shadow, p.counts = false;
  set_colour(p, srgb);
  return p;
}

std::vector<Piece> pieces(const Scenery::Of& of, const Show& show) {
  std::vector<Piece> out;
  geoms(out, of, show);
  if (show.hulls) hulls(out, of, show);
  if (show.sites) sites(out, of, show);
  if (show.joints) joints(out, of);
  if (show.centres_of_mass || show.inertias) masses(out, of, show);
  return out;
}

std::vector<int> endless(const Scenery::Of& of, const Show& show) {
  const Model& m = *of.model;
  std::vector<int> out;
  for (int g = 0; g < m.geom_count; ++g)
    if (is_endless(m, g) && opacity(m, g, part_of(m, g), show) > 0) out.push_back(g);
  return out;
}

Piece endless_piece(const Scenery& scenery, const Scenery::Of& of, int geom, const Place& body, const Vec3f& eye) {
  const Model& m = *of.model;
  Piece p = of_geom(of, geom);
  const Look::Part part = part_of(m, geom);
  set_colour(p, {part.rgba[0], part.rgba[1], part.rgba[2], part.rgba[3]});

  // the eye seen from the plane; the piece moves by whole images, so that they stay where they are
  const Place plane = body * p.local;
  const Vec3f away = finite(eye) ? eye - origin(plane) : Vec3f{};
  const Material& material = scenery.materials[p.material];
  Vec3f shift{};
  for (size_t k = 0; k < 2; ++k) {
    if (m.geom_size[3 * size_t(geom) + k] > 0) continue;
    const float repeat = std::abs(material.repeat[k]), period = material.image >= 0 && repeat > 1e-4f ? 1 / repeat : 1;
    shift[k] = period * std::round(dot(column(plane, int(k)), away) / period);
    p.scale.s[k] = endless_half + period + 4 * std::abs(dot(column(plane, 2), away));
  }
  Place moved = here;
  moved.m[3] = shift[0], moved.m[7] = shift[1];
  p.local = p.local * moved;
  return p;
}

Instance instance(const Piece& piece, const Place& body, uint32_t environment) {
  Instance out;
  const Place world = body * piece.local;
  std::copy(world.m, world.m + 12, out.world);
  std::copy(piece.scale.s, piece.scale.s + 3, out.scale);
  std::copy(piece.rgba, piece.rgba + 4, out.rgba);
  out.stretch = piece.scale.stretch;
  out.material = piece.material, out.id = piece.id, out.marks = piece.marks, out.environment = environment;
  return out;
}

uint64_t key(const Piece& piece) { return uint64_t(piece.shape) << 32 | piece.material; }

}  // namespace nuri::view
