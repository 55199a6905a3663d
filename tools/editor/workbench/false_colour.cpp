#include "tools/editor/workbench/false_colour.h"
#include <algorithm>
#include <cmath>
#include <cstring>
#include "engine/scene/eyes.h"

namespace nuri::editor::false_colour {
namespace {

// From near to far; each darker than the one before, so that a picture without colours still says it.
constexpr std::array<std::array<float, 3>, 6> distances{
    {{255, 243, 205}, {252, 196, 92}, {240, 128, 66}, {196, 66, 98}, {112, 40, 122}, {42, 28, 84}}};
constexpr float golden = 0.61803399f;

uint8_t byte(float value) { return value > 0 ? uint8_t(std::lround(std::min(value, 255.0f))) : 0; }   // 0 for NaN too
bool met(float metres) { return std::isfinite(metres) && metres > 0; }

float rounded(float value, bool up) {
  const float power = std::pow(10.0f, std::floor(std::log10(value)));
  constexpr float steps[] = {1, 2, 5, 10};
  if (up)
    for (const float step : steps)
      if (step * power >= value) return step * power;
  for (int i = 3; i >= 0; --i)
    if (steps[i] * power <= value) return steps[i] * power;
  return power;
}

template <class T> const T* numbers(const void* data) { return static_cast<const T*>(data); }

}  // namespace

Scale scale_of(std::span<const float> distances) {
  float least = 0, most = 0;
  for (const float d : distances)
    if (met(d)) least = least == 0 ? d : std::min(least, d), most = std::max(most, d);
  if (most == 0) return {};
  return {rounded(least, false), std::max(rounded(most, true), 2 * rounded(least, false))};
}

Rgb of_distance(float metres, const Scale& scale) {
  if (!met(metres) || !(scale.near > 0) || !(scale.far > scale.near)) return nothing;
  const float share =
      std::clamp(std::log(metres / scale.near) / std::log(scale.far / scale.near), 0.0f, 1.0f) * float(distances.size() - 1);
  const size_t at = std::min(size_t(share), distances.size() - 2);
  Rgb out;
  for (size_t k = 0; k < 3; ++k) out[k] = byte(distances[at][k] + (share - float(at)) * (distances[at + 1][k] - distances[at][k]));
  return out;
}

// Hues a golden section of the circle apart, so that neighbours differ, in three shades.
Rgb of_number(int32_t number) {
  if (number < 0) return nothing;
  const float turn = float(number) * golden, hue = 6 * (turn - std::floor(turn));
  constexpr float lights[] = {0.92f, 0.68f, 0.84f}, washes[] = {0.34f, 0.26f, 0.50f};
  const float light = lights[number / 7 % 3], wash = washes[number / 7 % 3];
  Rgb out;
  for (size_t k = 0; k < 3; ++k) {
    const float distance = std::fabs(std::fmod(hue + 6 - 2 * float(k), 6.0f) - 3);   // from the opposite hue
    out[k] = byte(255 * light * (wash + (1 - wash) * std::clamp(distance - 1, 0.0f, 1.0f)));
  }
  return out;
}

Rgb of_direction(const float* unit) {
  if (!(std::isfinite(unit[0]) && std::isfinite(unit[1]) && std::isfinite(unit[2])) || (unit[0] == 0 && unit[1] == 0 && unit[2] == 0))
    return nothing;
  Rgb out;
  for (size_t k = 0; k < 3; ++k) out[k] = byte(127.5f + 127.5f * unit[k]);
  return out;
}

void paint(uint32_t output, const void* data, size_t pixels, const Scale& scale, uint8_t* out_rgba) {
  using namespace scene::eye_output;
  for (size_t i = 0; i < pixels; ++i) {
    Rgb colour = nothing;
    switch (output) {
      case rgb: std::memcpy(colour.data(), numbers<uint8_t>(data) + 3 * i, 3); break;
      case depth: case range: colour = of_distance(numbers<float>(data)[i], scale); break;
      case geom: colour = of_number(numbers<int32_t>(data)[i]); break;
      case body: case label: colour = numbers<int32_t>(data)[i] == 0 ? unnamed : of_number(numbers<int32_t>(data)[i]); break;
      case normal: colour = of_direction(numbers<float>(data) + 3 * i); break;
      case intensity: colour.fill(byte(255 * std::sqrt(std::clamp(numbers<float>(data)[i], 0.0f, 1.0f)))); break;
      case point: {
        const float* p = numbers<float>(data) + 3 * i;
        colour = of_distance(std::sqrt(p[0] * p[0] + p[1] * p[1] + p[2] * p[2]), scale);
        break;
      }
      default: break;
    }
    std::copy(colour.begin(), colour.end(), out_rgba + 4 * i);
    out_rgba[4 * i + 3] = 255;
  }
}

}  // namespace nuri::editor::false_colour
