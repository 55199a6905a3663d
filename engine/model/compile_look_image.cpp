// Textures: files decoded, and MJCF's built-in patterns made (documented under asset/texture).
#include <algorithm>
#include <cmath>

#include "engine/core/random.h"
#include "engine/model/compile_look.h"
#include "engine/shape/image.h"

namespace nuri::model {
namespace {
using Pixel = std::array<uint8_t, 4>;

constexpr int most_side = 4096;                    // pixels; larger pictures are halved until they fit
constexpr int64_t most_made = int64_t{1} << 26;    // pixels of a built-in pattern

struct Plane {                                     // rows from the top
  int width = 0, height = 0;
  std::vector<Pixel> pixels;
  Plane() = default;
  Plane(int w, int h) : width(w), height(h), pixels(size_t(w) * size_t(h)) {}
  Pixel& at(int x, int y) { return pixels[size_t(y) * size_t(width) + size_t(x)]; }
  const Pixel& at(int x, int y) const { return pixels[size_t(y) * size_t(width) + size_t(x)]; }
};

Pixel pixel(const scene::Array3& rgb) {
  Pixel p{0, 0, 0, 255};
  for (size_t k = 0; k < 3; ++k) p[k] = uint8_t(std::lround(255 * std::clamp(rgb[k], 0.0, 1.0)));
  return p;
}
Pixel blend(const scene::Array3& a, const scene::Array3& b, double t) {
  return pixel({a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1]), a[2] + t * (b[2] - a[2])});
}
double eased(double t) { return 1 / (1 + std::exp(-8 * (t - 0.5))); }

void halve(Plane& p) {
  Plane to(std::max(1, p.width / 2), std::max(1, p.height / 2));
  for (int y = 0; y < to.height; ++y)
    for (int x = 0; x < to.width; ++x)
      for (size_t k = 0; k < 4; ++k) {
        const int x1 = std::min(2 * x + 1, p.width - 1), y1 = std::min(2 * y + 1, p.height - 1);
        to.at(x, y)[k] = uint8_t((p.at(2 * x, 2 * y)[k] + p.at(x1, 2 * y)[k] + p.at(2 * x, y1)[k] + p.at(x1, y1)[k] + 2) / 4);
      }
  p = std::move(to);
}

Result<Plane> from_file(const std::string& path, const scene::Texture& t) {
  Result<shape::Pixels> read = shape::read_image(path);
  if (!read) return read.errors();
  Plane p(int(read->width), int(read->height));
  for (int y = 0; y < p.height; ++y)
    for (int x = 0; x < p.width; ++x) {
      const unsigned char* const from = &read->bytes[4 * (size_t(t.vflip ? p.height - 1 - y : y) * size_t(p.width) + size_t(t.hflip ? p.width - 1 - x : x))];
      p.at(x, y) = {from[0], from[1], from[2], from[3]};
    }
  while (p.width > most_side || p.height > most_side) halve(p);
  return p;
}

void mark(Plane& p, const scene::Texture& t, uint32_t face) {
  const Pixel colour = pixel(t.markrgb);
  for (int y = 0; y < p.height; ++y)
    for (int x = 0; x < p.width; ++x) {
      const bool edge = x == 0 || y == 0 || x == p.width - 1 || y == p.height - 1, cross = x == p.width / 2 || y == p.height / 2;
      const bool dot = t.mark == "random" && double(philox({{uint32_t(x), uint32_t(y), face, 0}}, 0, 0).v[0]) < t.random * 4294967296.0;
      if ((t.mark == "edge" && edge) || (t.mark == "cross" && cross) || dot) p.at(x, y) = colour;
    }
}

// One picture, or a face of a cube: 0 .. 5 are right left up down front back; -1: no cube.
Plane pattern(const scene::Texture& t, int width, int height, int face) {
  Plane p(width, height);
  const Pixel one = pixel(t.rgb1), two = pixel(t.rgb2);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      const double u = width > 1 ? 2.0 * x / (width - 1) - 1 : 0, v = height > 1 ? 2.0 * y / (height - 1) - 1 : 0;   // right and down
      if (t.builtin == "checker") p.at(x, y) = (x < width / 2) == (y < height / 2) ? one : two;
      else if (t.builtin == "flat") p.at(x, y) = face == 3 ? two : one;                                // the lower face has the second colour
      else if (face == 2 || face == 3) p.at(x, y) = blend(t.rgb1, t.rgb2, eased(face == 2 ? 0.5 * std::atan(std::hypot(u, v)) / 1.5708 : 1 - 0.5 * std::atan(std::hypot(u, v)) / 1.5708));
      else if (face >= 0) p.at(x, y) = blend(t.rgb1, t.rgb2, eased(0.5 + std::atan2(v, std::hypot(1, u)) / 3.14159265));   // by height of the direction
      else p.at(x, y) = blend(t.rgb1, t.rgb2, eased(std::min(1.0, std::hypot(u, v))));
    }
  if (t.mark != "none") mark(p, t, uint32_t(face + 1));
  return p;
}

// A sky's faces stand upright: its up is +z of the world.
constexpr int sky_order[6] = {0, 1, 5, 4, 2, 3};   // what of right left up down front back is +x -x +y -y +z -z
constexpr int cube_order[6] = {0, 1, 2, 3, 4, 5};

Result<std::array<Plane, 6>> faces_of(const scene::Texture& t) {
  std::array<Plane, 6> face;
  const char letters[] = "RLUDFB";
  if (!t.path.empty()) {
    Result<Plane> whole = from_file(t.path, t);
    if (!whole) return whole.errors();
    const int rows = t.gridsize[0], columns = t.gridsize[1], side = std::min(whole->width / columns, whole->height / rows);
    if (side < 1) return Diagnostic{Severity::error, "bad-image", "the picture is smaller than its grid", "", {}, "", {}};
    for (size_t f = 0; f < 6; ++f) {
      size_t cell = t.gridlayout.find(letters[f]);
      if (rows * columns == 1) cell = 0;           // all six are alike
      if (cell == std::string::npos) continue;
      face[f] = Plane(side, side);
      for (int y = 0; y < side; ++y)
        for (int x = 0; x < side; ++x) face[f].at(x, y) = whole->at(int(cell) % columns * side + x, int(cell) / columns * side + y);
    }
  } else if (t.builtin.empty() || t.builtin == "none") {
    for (size_t f = 0; f < 6; ++f) {
      if (t.cube_paths[f].empty()) continue;
      Result<Plane> one = from_file(t.cube_paths[f], t);
      if (!one) return one.errors();
      face[f] = std::move(*one);
    }
  } else {
    const int side = std::clamp(t.width, 1, most_side);
    for (int f = 0; f < 6; ++f) face[size_t(f)] = pattern(t, side, side, f);
  }
  return face;
}

Result<Look::Image> make_cube(const scene::Texture& t) {
  Result<std::array<Plane, 6>> faces = faces_of(t);
  if (!faces) return faces.errors();
  int side = 0;
  for (const Plane& p : *faces) side = std::max(side, std::min(p.width, p.height));
  if (side == 0) return Diagnostic{Severity::error, "no-image", "it has neither a file nor a pattern", "", {}, "", {}};
  Look::Image out{side, 6 * side, true, {}};
  out.rgba.reserve(size_t(side) * size_t(side) * 24);
  const Pixel without = pixel(t.rgb1);
  for (int f = 0; f < 6; ++f) {
    const Plane& p = (*faces)[size_t((t.type == "skybox" ? sky_order : cube_order)[f])];
    for (int y = 0; y < side; ++y)
      for (int x = 0; x < side; ++x) {
        const Pixel& c = p.width ? p.at(int(int64_t(x) * p.width / side), int(int64_t(y) * p.height / side)) : without;
        out.rgba.insert(out.rgba.end(), c.begin(), c.end());
      }
  }
  return out;
}
}  // namespace

Result<Look::Image> make_image(const scene::Texture& t) {
  if (t.type != "2d") return make_cube(t);          // MJCF's default
  Plane p;
  if (!t.path.empty()) {
    Result<Plane> read = from_file(t.path, t);
    if (!read) return read.errors();
    p = std::move(*read);
  } else if (!t.builtin.empty() && t.builtin != "none") {
    if (t.width < 1 || t.height < 1 || int64_t(t.width) * t.height > most_made) return Diagnostic{Severity::error, "bad-image", "a pattern needs a width and a height, of no more than 64 million pixels together", "", {}, "", {}};
    p = pattern(t, t.width, t.height, -1);
    while (p.width > most_side || p.height > most_side) halve(p);
  } else {
    return Diagnostic{Severity::error, "no-image", "it has neither a file nor a pattern", "", {}, "", {}};
  }
  Look::Image out{p.width, p.height, false, {}};
  out.rgba.reserve(4 * p.pixels.size());
  for (const Pixel& c : p.pixels) out.rgba.insert(out.rgba.end(), c.begin(), c.end());
  return out;
}

}  // namespace nuri::model
