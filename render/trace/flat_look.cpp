#include "render/trace/flat_look.h"

#include <algorithm>
#include <cmath>

#include "engine/math/elementary.h"
#include "engine/shape/rigid.h"

namespace nuri::trace {
namespace {
using shape::Rot;
using shape::Vec;
using D = Wide<double, 1>;                       // own functions: the same numbers on every machine

constexpr double pi = 3.141592653589793;
constexpr float endless = 1e9f, smooth_edge = -1, most_exponent = 1e6f;   // m; see Lamp::exponent

template <size_t N> void put(float (&to)[N], const double* from) { for (size_t k = 0; k < N; ++k) to[k] = float(from[k]); }
template <size_t N> void put(float (&to)[N], const std::array<float, N>& from) { std::copy(from.begin(), from.end(), to); }

// A sphere around a prop, in its frame.
void enclose(Prop& p, const FlatLook& look) {
  const float *const s = p.size, x = s[0], y = s[1], z = s[2];
  switch (p.kind) {
    case plane: p.radius = x > 0 && y > 0 ? std::hypot(x, y) : -1; break;
    case sphere: p.radius = x; break;
    case capsule: p.radius = x + y; break;
    case cylinder: p.radius = std::hypot(x, y); break;
    case ellipsoid: p.radius = std::max({x, y, z}); break;
    case box: p.radius = std::sqrt(x * x + y * y + z * z); break;
    case field: {
      const Field& f = look.fields[size_t(p.shape)];
      p.centre[2] = 0.5f * (f.top - f.base);
      const float h = 0.5f * (f.top + f.base);
      p.radius = std::sqrt(f.half_x * f.half_x + f.half_y * f.half_y + h * h);
      break;
    }
    case mesh: {
      const Tree& t = look.trees[size_t(p.shape)];
      if (t.nodes == 0) break;
      double far = 0;
      for (int k = 0; k < 3; ++k) p.centre[k] = 0.5f * (t.bound[k] + t.bound[3 + k]);
      for (int i = 0; i < t.triangles; ++i)
        for (int corner = 0; corner < 3; ++corner) {
          double square = 0;
          for (int k = 0; k < 3; ++k) square += std::pow(double(t.triangle[triangle_numbers * i + 5 * k + corner]) - double(p.centre[k]), 2);
          far = std::max(far, square);
        }
      p.radius = float(std::sqrt(far));
    }
  }
  if (p.radius >= 0) p.radius = p.radius * 1.00001f + 1e-6f;
}

// Half sizes of what an image is stretched over.
void stretch(const Prop& p, const FlatLook& look, Paint& paint) {
  float e[3] = {p.size[0], p.size[1], p.size[2]};
  if (p.kind == sphere) e[1] = e[2] = e[0];
  if (p.kind == capsule) e[2] = e[1] + e[0], e[1] = e[0];
  if (p.kind == cylinder) e[2] = e[1], e[1] = e[0];
  if (p.kind == field) e[0] = look.fields[size_t(p.shape)].half_x, e[1] = look.fields[size_t(p.shape)].half_y, e[2] = look.fields[size_t(p.shape)].top;
  if (p.kind == mesh) {
    const Tree& t = look.trees[size_t(p.shape)];
    for (int k = 0; k < 3; ++k) e[k] = t.nodes ? 0.5f * (t.bound[3 + k] - t.bound[k]) : 0;
  }
  std::copy(e, e + 3, paint.extent);
}

Paint paint_of(const model::Look& look, const model::Look::Part& part) {
  Paint to{};
  for (size_t k = 0; k < 3; ++k) to.rgb[k] = linear_of(double(part.rgba[k]));
  to.alpha = std::clamp(part.rgba[3], 0.0f, 1.0f);
  to.picture = -1;
  model::Look::Material plain;
  const model::Look::Material& m = part.material >= 0 ? look.materials[size_t(part.material)] : plain;
  to.emission = std::max(0.0f, m.emission);
  to.mirror = std::clamp(std::max(0.08f * m.specular, 0.5f * m.reflectance), 0.0f, 1.0f);
  to.roughness = std::clamp(m.roughness, 0.0f, 1.0f);
  to.metallic = std::clamp(m.metallic, 0.0f, 1.0f);
  to.picture = m.image;
  to.uniform = m.uniform;
  put(to.repeat, m.repeat);
  return to;
}

// Shines along -z: the shortest turn from there to `dir`.
Rot towards(const Vec& dir) {
  const double n = std::sqrt(shape::dot(dir, dir));
  const Vec d = n > 1e-12 ? shape::scale(dir, 1 / n) : Vec{0, 0, -1};
  if (d[2] > 1 - 1e-9) return {0, 1, 0, 0};
  return shape::unit({1 - d[2], d[1], -d[0], 0});          // 1 + (-z).d, (-z) x d
}

void add_lamps(const model::Model& model, const Options& options, FlatLook& out) {
  using Light = model::Look::Light;
  using Track = model::Look::Track;
  if (options.model_lamps)
    for (const Light& l : model.look.lights) {
      if (!l.active) continue;
      Lamp to{};
      const bool all_round = l.type == Light::Type::point || (l.type == Light::Type::spot && double(l.cutoff) >= pi - 1e-5);
      to.kind = l.type == Light::Type::directional ? LampKind::directional : all_round ? LampKind::point : LampKind::spot;
      to.shadow = l.shadow;
      put(to.diffuse, l.diffuse), put(to.specular, l.specular), put(to.ambient, l.ambient), put(to.fall, l.attenuation);
      to.range = l.range;
      to.outer = to.inner = float(cos(D(double(l.cutoff))).v), to.exponent = std::clamp(l.exponent, 0.0f, most_exponent);
      out.lamps.push_back(to);
      out.lamp_mounts.push_back(mount_on(model, l.body, l.target, l.track, l.pos, towards(l.dir)));
    }
  std::vector<LampSpec> own = options.lamps;
  if ((!options.model_lamps || model.look.lights.empty()) && own.empty()) own.push_back({LampKind::directional, 0, {}, {-0.42, 0.36, -0.83}, {1.05f, 0.98f, 0.88f}});
  for (const LampSpec& l : own) {
    Lamp to{};
    to.kind = l.kind;
    to.shadow = l.shadow;
    put(to.diffuse, l.colour), put(to.specular, l.colour);
    to.fall[l.falls ? 2 : 0] = 1, to.range = endless, to.exponent = smooth_edge;
    to.outer = float(cos(D(l.outer)).v), to.inner = std::max(float(cos(D(l.inner)).v), to.outer + 1e-4f);
    out.lamps.push_back(to);
    out.lamp_mounts.push_back(mount_on(model, l.body, -1, Track::fixed, l.pos, towards(l.dir)));
  }
}

// The gradient that is nearest to a picture of the sky: it lights what the picture surrounds.
void average(const FlatLook& look, Sky& sky) {
  const Picture& p = look.pictures[size_t(sky.picture)];
  const size_t face = size_t(p.width >> (p.levels - 1)) * size_t(std::max(1, p.height >> (p.levels - 1))), base = size_t(p.first[p.levels - 1]);
  const auto mean = [&](size_t f, float (&to)[3], float weight) {
    for (size_t i = 0; i < face; ++i)
      for (int k = 0; k < 3; ++k) to[k] += weight / float(face) * look.linear[look.texels[base + f * face + i] >> (8 * k) & 255];
  };
  std::fill(sky.zenith, sky.zenith + 3, 0.0f), std::fill(sky.horizon, sky.horizon + 3, 0.0f), std::fill(sky.ground, sky.ground + 3, 0.0f);
  mean(4, sky.zenith, 1);
  for (size_t f = 0; f < 4; ++f) mean(f, sky.horizon, 0.25f);
  mean(5, sky.ground, 1);
}
}  // namespace

std::vector<std::string> lamp_names(const model::Model& model) {
  std::vector<std::string> out;
  for (size_t i = 0; i < model.look.lights.size(); ++i)
    if (const auto& l = model.look.lights[i]; l.active) out.push_back(l.name.empty() ? "#" + std::to_string(i) : l.name);
  if (model.look.lights.empty()) out.push_back("sun");
  return out;
}

std::array<double, 4> lamp_towards(const std::array<double, 3>& direction) { return towards(direction); }

float linear_of(double srgb) {
  const double x = std::clamp(srgb, 0.0, 1.0);
  return float(x <= 0.04045 ? x / 12.92 : pow(D((x + 0.055) / 1.055), D(2.4)).v);
}

Mount mount_on(const model::Model& m, int body, int target, model::Look::Track track, const std::array<double, 3>& pos, const std::array<double, 4>& quat) {
  Mount out{};
  out.body = body, out.target = target, out.track = int32_t(track);
  const Rot q = shape::unit(quat);
  put(out.pos, pos.data()), put(out.quat, q.data());
  Rot turn{1, 0, 0, 0};                          // of the body in the initial state
  for (int b = body; b > 0; b = m.body_parent[size_t(b)]) turn = shape::mul(shape::unit(shape::rot(&m.body_quat[4 * size_t(b)])), turn);
  const Vec offset = shape::rotate(turn, pos);
  const Rot rest = shape::unit(shape::mul(turn, q));
  put(out.rest_pos, offset.data()), put(out.rest_quat, rest.data());
  return out;
}

Result<std::unique_ptr<FlatLook>> FlatLook::make(const model::Model& m, const Options& options) {
  auto out = std::make_unique<FlatLook>();
  FlatLook& o = *out;
  const auto bad = [](const char* code, std::string message, const char* hint) { return Diagnostic{Severity::error, code, std::move(message), hint, {}, "", {}}; };
  if (!options.labels.empty() && options.labels.size() != size_t(m.geom_count))
    return bad("bad-sensor", "labels must be one per geom: " + std::to_string(m.geom_count), "give none, or all");
  for (const LampSpec& l : options.lamps)
    if (l.body < 0 || l.body >= m.body_count || !(l.outer > 0 && l.outer < pi) || !(l.inner >= 0 && l.inner <= l.outer))
      return bad("bad-lamp", "a lamp's body or angle is out of range", "0 <= inner <= outer < 180 degrees");

  for (int i = 0; i < 256; ++i) o.linear.push_back(linear_of(i / 255.0));
  for (const auto& mesh : m.look.meshes) {
    if (mesh.corner.size() / 3 > (1u << 24)) return bad("bad-sensor", "a mesh has more than 16 million triangles", "simplify it");
    o.tree_data.push_back(plant(mesh));
  }
  for (const auto& t : o.tree_data) o.trees.push_back(tree_of(t));
  for (const auto& image : m.look.images) add_picture(image, o);
  for (int f = 0; f < m.height_field_count; ++f) {
    const size_t first = size_t(m.height_field_adr[size_t(f)]), rows = size_t(m.height_field_rows[size_t(f)]), columns = size_t(m.height_field_columns[size_t(f)]);
    const double* const size = &m.height_field_size[4 * size_t(f)];
    o.elevations.emplace_back(m.height_field_elevation.begin() + std::ptrdiff_t(first), m.height_field_elevation.begin() + std::ptrdiff_t(first + rows * columns));
    o.fields.push_back({o.elevations.back().data(), int(rows), int(columns), float(size[0]), float(size[1]), float(size[2]), float(size[3])});
  }
  for (size_t g = 0; g < size_t(m.geom_count); ++g) {
    const model::Look::Part& part = m.look.parts[g];
    if (!(part.rgba[3] > 0) || part.group < 0 || part.group > 31 || !(options.geom_groups >> part.group & 1u)) continue;
    Prop p{};
    p.kind = m.geom_type[g];
    p.shape = p.kind == mesh ? part.mesh : p.kind == field ? m.geom_shape[g] : -1;
    if ((p.kind == mesh || p.kind == field) && p.shape < 0) continue;
    p.geom = int(g), p.body = m.geom_body[g], p.label = options.labels.empty() ? 0 : options.labels[g];
    put(p.pos, &m.geom_pos[3 * g]), put(p.quat, &m.geom_quat[4 * g]), put(p.size, &m.geom_size[3 * g]);
    enclose(p, o);
    Paint paint = paint_of(m.look, part);
    stretch(p, o, paint);
    p.opaque = paint.alpha >= 0.999f;
    const bool alpha_picture = paint.picture >= 0 && !m.look.images[size_t(paint.picture)].cube;
    o.view.any_clear |= !p.opaque || alpha_picture;
    o.props.push_back(p);
    o.paints.push_back(paint);
  }
  add_lamps(m, options, o);

  View& v = o.view;
  v.prop_count = int(o.props.size()), v.lamp_count = int(o.lamps.size());
  v.props = o.props.data(), v.paints = o.paints.data(), v.trees = o.trees.data(), v.fields = o.fields.data(), v.pictures = o.pictures.data();
  v.texels = o.texels.data(), v.linear = o.linear.data(), v.lamps = o.lamps.data();
  put(v.sky.zenith, options.zenith), put(v.sky.horizon, options.horizon), put(v.sky.ground, options.ground);
  v.sky.ambient = options.ambient;
  v.sky.picture = options.model_sky && m.look.sky >= 0 && m.look.images[size_t(m.look.sky)].cube ? m.look.sky : -1;
  if (v.sky.picture >= 0) average(o, v.sky);
  return out;
}

}  // namespace nuri::trace
