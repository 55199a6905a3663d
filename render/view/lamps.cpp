#include <algorithm>
#include <cmath>
#include <utility>
#include "render/view/gizmos.h"
#include "render/view/tracked.h"

namespace nuri::view {

using model::Look;
using model::Model;

namespace {

constexpr size_t most_lamps = 8;
// MJCF's lights add up in the numbers that a screen shows, where 0.7 is bright. Here light is linear, the sky lights too and the picture is tone
// mapped: this factor gives a diffuse of 0.8 the brightness of the sun below, and several lights share what one and a half suns give.
constexpr float brightness = 3.2f, brightest = 3.9f;
const Lamp sun{{0, 0, 0}, unit({-0.16f, 0.57f, -0.81f}, {0, 0, -1}), {2.6f, 2.5f, 2.3f}, true, true};   // from the upper left, as framing() sees it

float strength(const Lamp& lamp) { return std::max({lamp.colour[0], lamp.colour[1], lamp.colour[2]}); }

}  // namespace

std::vector<Lamp> lamps_of(const Model& m, const std::vector<Place>& bodies) {
  std::vector<Lamp> out;
  for (const Look::Light& light : m.look.lights) {
    if (!light.active) continue;
    const Vec3f direction = narrow(light.dir.data());
    const Place own = along(narrow(light.pos.data()), -1 * direction);
    const Tracked seen = track(m, {origin(own), {column(own, 0), column(own, 1), column(own, 2)}}, light.body, light.target, light.track, bodies);
    Lamp lamp{seen.position, unit(-1 * seen.axes[2], {0, 0, -1}), {}, light.type == Look::Light::Type::directional, light.shadow};
    for (size_t k = 0; k < 3; ++k) lamp.colour[k] = light.diffuse[k] > 0 ? brightness * std::min(light.diffuse[k], 100.0f) : 0;
    if (!lamp.directional) {
      for (size_t k = 0; k < 3; ++k) lamp.attenuation[k] = light.attenuation[k] > 0 ? std::min(light.attenuation[k], 1e6f) : 0;
      lamp.range = light.range > 0 ? light.range : 0;
    }
    if (light.type == Look::Light::Type::spot)   // a cosine of -1 is left to those that shine all around
      lamp.cone = std::max(std::cos(light.cutoff), -0.99999f), lamp.exponent = std::clamp(light.exponent, 0.0f, 1000.0f);
    if (strength(lamp) > 0 && finite(lamp.position)) out.push_back(lamp);
  }
  return out;
}

float share(const Lamp& lamp, float metres) {
  if (lamp.directional) return 1;
  if (!(metres <= lamp.range)) return 0;
  const Vec3f& a = lamp.attenuation;
  return 1 / std::max(a[0] + metres * (a[1] + metres * a[2]), 1e-4f);
}

// Suns light all environments, so those of the first are enough; lamps in a place light their own.
std::vector<Lamp> lamps(const Scenery& scenery, std::span<const Poses> poses, const Vec3f& centre, float radius) {
  std::vector<Lamp> out;
  bool first = true;
  for (const Poses& p : poses) {
    if (p.model < 0 || size_t(p.model) >= scenery.models.size()) continue;
    const Model& m = *scenery.models[size_t(p.model)].model;
    if (!first && (out.size() >= most_lamps || m.look.lights.empty())) continue;
    for (const Lamp& lamp : lamps_of(m, body_places(m, p)))
      if (first || !lamp.directional) out.push_back(lamp);
    first = false;
  }

  // suns with shadows first, then what casts shadows, then the others, each from the strongest on
  // as bright as it is at the centre, or, among the things, halfway out
  const auto there = [&](const Lamp& l) { return strength(l) * share(l, std::max(length(centre - l.position), 0.5f * radius)); };
  const auto rank = [&](const Lamp& l) { return std::pair(l.shadow ? l.directional ? 0 : 1 : 2, -there(l)); };
  std::stable_sort(out.begin(), out.end(), [&](const Lamp& a, const Lamp& b) { return rank(a) < rank(b); });
  if (out.size() > most_lamps) out.resize(most_lamps);
  if (out.empty()) return {sun};

  // a few lights are as bright as one; those in a place do not add up where environments lie beside each other
  float sum = 0;
  for (const Lamp& lamp : out) sum += there(lamp);
  if (sum > brightest)
    for (Lamp& lamp : out) lamp.colour = brightest / sum * lamp.colour;
  return out;
}

}  // namespace nuri::view
