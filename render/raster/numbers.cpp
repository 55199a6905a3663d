// The numbers of one draw for its shaders: eye, sun and its shadow map, skies, lamps; and its instances and lines.
#include <algorithm>
#include <cmath>
#include <cstring>
#include "render/raster/drawing.h"

namespace nuri::raster {

using shared::mat4;
using shared::vec4;
using view::Vec3f;

namespace {

Vec3f operator-(const Vec3f& a, const Vec3f& b) { return {a[0] - b[0], a[1] - b[1], a[2] - b[2]}; }
float dot(const Vec3f& a, const Vec3f& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }
Vec3f cross(const Vec3f& a, const Vec3f& b) { return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]}; }
Vec3f unit(const Vec3f& a, const Vec3f& otherwise = {0, 0, 1}) {
  float length = std::sqrt(dot(a, a));
  return length > 1e-12f && std::isfinite(length) ? Vec3f{a[0] / length, a[1] / length, a[2] / length} : otherwise;
}
vec4 with(const Vec3f& a, float w) { return {a[0], a[1], a[2], w}; }
vec4 scaled(const Vec3f& a, float s) { return {a[0] * s, a[1] * s, a[2] * s, 0}; }
vec4 light_of(const view::Colour& c, float scale = 1) { return {linear(c[0]) * scale, linear(c[1]) * scale, linear(c[2]) * scale, c[3]}; }
bool finite(const Vec3f& a) { return std::isfinite(a[0]) && std::isfinite(a[1]) && std::isfinite(a[2]); }

// What a sky lights with, and how it looks: linear colours.
struct Sky { Vec3f light_zenith, light_horizon, light_ground, seen_zenith, seen_horizon, seen_ground, glow; vec4 grid; };
constexpr Sky day{{0.34f, 0.46f, 0.66f}, {0.62f, 0.67f, 0.72f}, {0.23f, 0.22f, 0.21f},
                  {0.13f, 0.28f, 0.56f}, {0.62f, 0.72f, 0.80f}, {0.42f, 0.45f, 0.48f}, {0.30f, 0.25f, 0.18f}, {0.06f, 0.08f, 0.10f, 0.42f}};
constexpr Sky night{{0.52f, 0.55f, 0.60f}, {0.40f, 0.43f, 0.47f}, {0.15f, 0.15f, 0.16f},
                    {0.018f, 0.022f, 0.030f}, {0.060f, 0.074f, 0.098f}, {0.026f, 0.031f, 0.041f}, {0, 0, 0}, {0.30f, 0.36f, 0.44f, 0.28f}};

// m from a lamp to where its map's texels are measured.
float middle_distance(const view::Lamp& lamp, const Vec3f& centre, float radius) {
  return std::max(std::sqrt(dot(lamp.position - centre, lamp.position - centre)), 0.5f * radius);
}

// The shadow map's clip space: from `lamp` over the sphere around `centre`; depth 1 near the lamp, 0 far. `out_metres` per depth and
// `out_across` m per map are those at the centre.
mat4 over(const view::Lamp& lamp, const Vec3f& centre, float radius, float& out_metres, float& out_across) {
  Vec3f towards = unit(lamp.directional ? Vec3f{-lamp.direction[0], -lamp.direction[1], -lamp.direction[2]} : lamp.position - centre);
  float distance = 0, tangent = 0, slant = 1;       // slant: cosine between the way to the centre and where it looks, or less
  if (!lamp.directional) {
    distance = std::sqrt(dot(lamp.position - centre, lamp.position - centre));
    // among the things it looks where it points, and what is beyond its sight has no shadow; a spot needs no more than its cone
    const bool among = distance < 1.1f * radius;
    tangent = among ? 2.0f : radius / std::sqrt(distance * distance - radius * radius);
    const float cone = lamp.cone > 0.1f ? 1.02f * std::sqrt(1 - lamp.cone * lamp.cone) / lamp.cone : 1e9f;
    if (cone < tangent) slant = lamp.cone;
    if (among || cone < tangent) towards = unit({-lamp.direction[0], -lamp.direction[1], -lamp.direction[2]});
    tangent = std::min(tangent, cone);
  }
  Vec3f right = unit(cross(std::abs(towards[2]) < 0.99f ? Vec3f{0, 0, 1} : Vec3f{0, 1, 0}, towards)), up = cross(towards, right);
  if (lamp.directional) {
    // The map moves in whole texels, so that edges of shadows do not crawl while what they belong to moves.
    float texel = 2 * radius / float(shadow_size), depth = 3 * radius;
    float x = std::round(dot(right, centre) / texel) * texel, y = std::round(dot(up, centre) / texel) * texel, z = dot(towards, centre);
    out_metres = 2 * depth, out_across = 2 * radius;
    return {right[0] / radius, right[1] / radius, right[2] / radius, -x / radius, up[0] / radius, up[1] / radius, up[2] / radius, -y / radius,
            0.5f * towards[0] / depth, 0.5f * towards[1] / depth, 0.5f * towards[2] / depth, 0.5f - 0.5f * z / depth, 0, 0, 0, 1};
  }
  float near = std::max((distance - radius) * slant, 0.02f * radius), far = distance + 4 * radius, a = -near / (far - near), b = near * far / (far - near);
  float middle = middle_distance(lamp, centre, radius);
  const Vec3f& p = lamp.position;
  out_metres = middle * middle / b, out_across = 2 * middle * tangent;
  float s = 1 / tangent;
  return {right[0] * s, right[1] * s, right[2] * s, -dot(right, p) * s, up[0] * s, up[1] * s, up[2] * s, -dot(up, p) * s,
          -a * towards[0], -a * towards[1], -a * towards[2], a * dot(towards, p) + b, -towards[0], -towards[1], -towards[2], dot(towards, p)};
}

static_assert(sizeof(view::Instance) == 96 && offsetof(view::Instance, scale) == 48 &&
              offsetof(view::Instance, rgba) == 64 && offsetof(view::Instance, material) == 80,
              "Instance of scene.glsl");

}  // namespace

float linear(float srgb) { return srgb <= 0.04045f ? srgb / 12.92f : std::pow((srgb + 0.055f) / 1.055f, 2.4f); }

bool Drawing::write(Canvas& canvas, const view::Frame& frame, const view::Eye& eye, const Style& style) {
  const float width = float(canvas.width), height = float(canvas.height), aspect = width / height, tangent = std::tan(0.5f * eye.fovy);
  const Vec3f centre = finite(frame.centre) ? frame.centre : Vec3f{};
  // in steps of a fifth, so that the shadow's texels keep their size while things move
  const float radius = std::isfinite(frame.radius) && frame.radius > 1e-3f ? std::exp2(std::ceil(std::log2(frame.radius) * 4) / 4) : 1.0f;
  const float exposure = std::isfinite(style.exposure) && style.exposure > 0 ? style.exposure : 1.0f;
  canvas.eye = eye;

  shared::ViewData v{};
  v.clip = view::clip_from_world(eye, aspect);
  auto axis = [&](int k) { return Vec3f{eye.axes[size_t(k)], eye.axes[size_t(3 + k)], eye.axes[size_t(6 + k)]}; };
  v.eye = with(eye.position, eye.near);
  v.right = scaled(axis(0), tangent * aspect), v.up = scaled(axis(1), tangent), v.forward = scaled(axis(2), -1);
  v.forward[3] = eye.far;
  v.size = {width, height, 1 / width, 1 / height};

  // Skies, haze and grid: as far as the scene is large, or the eye away from it.
  const Sky& sky = style.dark ? night : day;
  v.light_zenith = with(sky.light_zenith, 0), v.light_horizon = with(sky.light_horizon, 0), v.light_ground = with(sky.light_ground, 0);
  v.seen_zenith = with(sky.seen_zenith, 0), v.seen_horizon = with(sky.seen_horizon, 0), v.seen_ground = with(sky.seen_ground, 0);
  v.glow = with(sky.glow, 0), v.grid = sky.grid;
  if (own_sky_ && style.sky) {
    // its light, as render/trace has it, and some of day's: stands in for what a headlight adds where a scene's sky is dark
    constexpr float own = 0.55f, day_too = 0.2f;
    for (size_t k = 0; k < 3; ++k) {
      v.light_zenith[k] = own * own_sky_->zenith[k] + day_too * day.light_zenith[k];
      v.light_horizon[k] = own * own_sky_->horizon[k] + day_too * day.light_horizon[k];
      v.light_ground[k] = own * own_sky_->ground[k] + day_too * day.light_ground[k];
    }
    v.own_sky = {1, own_sky_->last_level, own, 0};
  }
  const Vec3f away = eye.position - centre;
  const float distance = std::sqrt(dot(away, away)), scale = std::max({3 * radius, std::isfinite(distance) ? distance : 0.0f, std::abs(eye.position[2])});
  const float reach = 185 + 4 * std::abs(eye.position[2]);   // m: planes without end do end, and must be lost before
  v.haze = {1.6f * scale, std::min(8 * scale, std::max((reach - 1.6f * scale) / 2.2f, 2 * scale)), 3.5f * scale, std::isfinite(frame.floor) ? frame.floor : 0.0f};
  for (int k = 0; k < 3; ++k) v.grid[size_t(k)] /= exposure;

  // Lamps; the first that casts a shadow has the map.
  bool shadows = false;
  Sight sight{eye, aspect, tangent, height, false, {}, 0, 1};
  size_t count = 0;
  v.towards_sun = {0, 0, -1, 0};
  for (const view::Lamp& lamp : frame.lamps) {
    if (count == std::size(v.lamps)) break;
    if (!finite(lamp.colour) || !finite(lamp.position) || !finite(lamp.direction)) continue;
    shared::LampData& made = v.lamps[count++];
    Vec3f towards = unit({-lamp.direction[0], -lamp.direction[1], -lamp.direction[2]});
    made.from = lamp.directional ? with(towards, 0) : with(lamp.position, 1);
    made.colour = with(lamp.colour, 0);
    made.axis = with({-towards[0], -towards[1], -towards[2]}, std::max(lamp.cone, -1.0f)), made.fall = with(lamp.attenuation, lamp.range), made.beam[0] = lamp.exponent;
    if (!lamp.shadow || v.towards_sun[3] != 0) continue;
    v.towards_sun = with(lamp.directional ? towards : unit(lamp.position - centre), 1);
    if (!style.shadows) continue;
    shadows = true, made.colour[3] = 1;
    float metres = 1, across = 1;
    v.sun_clip = over(lamp, centre, radius, metres, across);
    const float texel = across / float(shadow_size), softness = 0.03f;   // m of penumbra's radius per m to what casts the shadow
    sight.lamp = lamp.position, sight.lamp_distance = lamp.directional ? 0 : middle_distance(lamp, centre, radius), sight.texel = texel;
    v.shadow = {1.0f / float(shadow_size), softness * metres / across, 1.2f * texel, 0.5f * texel / metres};
  }
  v.outline = light_of(style.outline);
  v.knobs = {float(count), exposure, 1, std::min(0.12f * radius, 0.5f)};

  sight.shadows = shadows;
  sort(canvas, frame, sight);
  if (canvas.marked.empty()) v.outline[3] = 0;
  std::memcpy(canvas.numbers.mapped, &v, sizeof v);
  canvas.letter_count = 0;
  if (style.text) write_text(canvas, frame, v.clip);

  // Lines that things hide, then those on top.
  const size_t most = room_ / sizeof(shared::LineData);
  canvas.grow(canvas.lines, std::min(frame.lines.size(), most) * sizeof(shared::LineData), room_);
  auto* lines = static_cast<shared::LineData*>(canvas.lines.mapped);
  canvas.under_lines = canvas.over_lines = 0;
  for (bool on_top : {false, true})
    for (const view::Line& line : frame.lines)
      if (line.on_top == on_top && canvas.under_lines + canvas.over_lines < most && finite(line.from) && finite(line.to)) {
        *lines++ = {with(line.from, line.width), with(line.to, 0), light_of(line.rgba, 1 / exposure)};
        ++(on_top ? canvas.over_lines : canvas.under_lines);
      }
  return shadows;
}

}  // namespace nuri::raster
