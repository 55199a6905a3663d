// How numbers that sensors give are shown as colours: distances from near and bright to far and dark, names in colours of their own that
// stay, directions as their components. What nothing was met by is the colour `nothing`, which no number has.
#pragma once
#include <array>
#include <cstdint>
#include <span>

namespace nuri::editor::false_colour {

using Rgb = std::array<uint8_t, 3>;              // sRGB
constexpr Rgb nothing{24, 26, 30};
constexpr Rgb unnamed{112, 118, 126};            // the world's body, and the class of what has none

// Distances that a picture's colours run between, m: those that were met, widened to steps of 1, 2 or 5 times a power of ten, so that they
// stay while things move. 0 0: nothing was met.
struct Scale { float near = 0, far = 0; bool operator==(const Scale&) const = default; };
Scale scale_of(std::span<const float> distances);

Rgb of_distance(float metres, const Scale& scale);   // logarithmic, as one metre means more nearby
Rgb of_number(int32_t number);                       // -1: nothing
Rgb of_direction(const float* unit);

// A whole picture of one output (render/trace's bits) as RGBA; `pixels`: how many. What is no output of it is painted as nothing.
void paint(uint32_t output, const void* data, size_t pixels, const Scale& scale, uint8_t* out_rgba);

}  // namespace nuri::editor::false_colour
