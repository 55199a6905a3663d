// How fine each instance is drawn, and whether at all. A grid of thousands of robots has some pixels for each of them, and hundreds of millions of
// triangles; so a shape has coarser levels, an instance takes one whose faults stay within a pixel, and what is out of sight is left to the sun.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <unordered_map>
#include "render/raster/drawing.h"

namespace nuri::raster {

namespace {

// Levels after the first: vertices that fall into one of cells^3 cells of the shape's box and look the same way become one of them. A cell is at most
// four fifths of a pixel of an instance as wide as `pixels`.
constexpr struct { int cells; float pixels; } coarser[] = {{12, 9}, {5, 4}, {2, 1.5f}};

// A plane of the six that a normal is nearest to.
uint64_t side(const float (&n)[3]) {
  const int axis = std::abs(n[0]) > std::abs(n[1]) && std::abs(n[0]) > std::abs(n[2]) ? 0 : std::abs(n[1]) > std::abs(n[2]) ? 1 : 2;
  return uint64_t(2 * axis + (n[axis] < 0));
}

// Of each cell's vertices the farthest from the middle stands for all: so shapes keep their extent.
std::vector<uint32_t> cluster(const view::Shape& shape, const float (&middle)[3], const float (&half)[3], int cells) {
  struct Kept { uint32_t vertex; float square; };
  std::unordered_map<uint64_t, Kept> kept;
  std::vector<uint64_t> cell_of(shape.vertices.size());
  for (size_t v = 0; v < shape.vertices.size(); ++v) {
    const view::Vertex& vertex = shape.vertices[v];
    uint64_t cell = 8 * side(vertex.normal) + uint64_t(vertex.cap < 0 ? 0 : vertex.cap > 0 ? 2 : 1);
    float square = 0;
    for (int k = 0; k < 3; ++k) {
      const float off = vertex.position[k] - middle[k];
      cell = 64 * cell + uint64_t(std::clamp(int((off / half[k] + 1) * 0.5f * float(cells)), 0, cells - 1));
      square += off * off;
    }
    cell_of[v] = cell;
    const auto [at, fresh] = kept.insert({cell, {uint32_t(v), square}});
    if (!fresh && square > at->second.square) at->second = {uint32_t(v), square};
  }
  std::vector<uint32_t> corners;
  for (size_t c = 0; c + 2 < shape.corners.size(); c += 3) {
    uint32_t to[3];
    for (size_t k = 0; k < 3; ++k) to[k] = kept.find(cell_of[shape.corners[c + k]])->second.vertex;
    if (to[0] != to[1] && to[1] != to[2] && to[2] != to[0]) corners.insert(corners.end(), to, to + 3);
  }
  return corners;
}

}  // namespace

void Drawing::add_levels(const view::Shape& shape, Shape& made, std::vector<uint32_t>& corners) {
  float low[3] = {1e30f, 1e30f, 1e30f}, high[3] = {-1e30f, -1e30f, -1e30f}, half[3];
  bool finite = true;
  for (const view::Vertex& v : shape.vertices)
    for (int k = 0; k < 3; ++k) low[k] = std::min(low[k], v.position[k]), high[k] = std::max(high[k], v.position[k]), finite = finite && std::abs(v.position[k]) < 1e18f;
  made.levels[0] = {uint32_t(corners.size()), uint32_t(shape.corners.size() / 3 * 3)};
  corners.insert(corners.end(), shape.corners.begin(), shape.corners.begin() + made.levels[0].corner_count);
  for (size_t l = 1; l < made.levels.size(); ++l) made.levels[l] = made.levels[0];
  if (shape.vertices.empty() || !finite) return;
  for (int k = 0; k < 3; ++k) made.middle[size_t(k)] = 0.5f * (low[k] + high[k]), half[k] = std::max(0.5f * (high[k] - low[k]), 1e-12f);
  for (const view::Vertex& v : shape.vertices) {
    float square = 0;
    for (int k = 0; k < 3; ++k) square += (v.position[k] - made.middle[size_t(k)]) * (v.position[k] - made.middle[size_t(k)]);
    made.reach = std::max(made.reach, std::sqrt(square));
  }
  const float middle[3] = {made.middle[0], made.middle[1], made.middle[2]};
  for (size_t l = 1; l < made.levels.size(); ++l) {
    made.levels[l] = made.levels[l - 1];
    const std::vector<uint32_t> coarse = cluster(shape, middle, half, coarser[l - 1].cells);
    if (coarse.empty() || coarse.size() * 4 > made.levels[l].corner_count * size_t(3)) continue;   // hardly fewer
    made.levels[l] = {uint32_t(corners.size()), uint32_t(coarse.size())};
    corners.insert(corners.end(), coarse.begin(), coarse.end());
  }
}

// Instances go to the canvas's buffer by batch and level, those that are seen first.
void Drawing::sort(Canvas& canvas, const view::Frame& frame, const Sight& sight) {
  const size_t there = frame.instances.size(), room = room_ / sizeof(view::Instance);
  struct Grade { bool seen; uint8_t level; };
  auto grade = [&](const Shape& shape, const view::Instance& i, bool shadowed) -> Grade {
    const float* m = i.world;
    const float widest = std::max({std::abs(i.scale[0]), std::abs(i.scale[1]), std::abs(i.scale[2])}), r = shape.reach * widest + std::abs(i.stretch);
    const float p[3] = {shape.middle[0] * i.scale[0], shape.middle[1] * i.scale[1], shape.middle[2] * i.scale[2]};
    float off[3], x = 0, y = 0, z = 0, from_lamp = 0;
    for (size_t k = 0; k < 3; ++k) {
      const float at = m[4 * k] * p[0] + m[4 * k + 1] * p[1] + m[4 * k + 2] * p[2] + m[4 * k + 3];
      off[k] = at - sight.eye.position[k];
      x += off[k] * sight.eye.axes[3 * k], y += off[k] * sight.eye.axes[3 * k + 1], z -= off[k] * sight.eye.axes[3 * k + 2];
      from_lamp += (at - sight.lamp[k]) * (at - sight.lamp[k]);
    }
    auto beside = [&](float across, float tangent) { return std::abs(across) - z * tangent < r * std::sqrt(1 + tangent * tangent); };
    const bool seen = z + r > sight.eye.near && z - r < sight.eye.far && beside(x, sight.tangent * sight.aspect) && beside(y, sight.tangent);
    float pixels = seen ? r * sight.pixels / (std::max(z - r, sight.eye.near) * sight.tangent) : 0;
    if (shadowed) pixels = std::max(pixels, sight.lamp_distance > 0 ? 2 * r / sight.texel * sight.lamp_distance / std::max(std::sqrt(from_lamp) - r, 1e-3f) : 2 * r / sight.texel);
    uint8_t level = 0;
    while (level < std::size(coarser) && pixels <= coarser[level].pixels) ++level;
    return {seen, level};
  };
  auto set_of = [&](uint32_t material) { return material < set_of_material_.size() ? set_of_material_[material] : 0; };

  // room for all that batches name
  size_t wanted = frame.clear.size();
  for (const view::Batch& b : frame.solid) wanted += b.first < there ? std::min<size_t>(b.count, there - b.first) : 0;
  canvas.grow(canvas.instances, std::min(wanted, room) * sizeof(view::Instance), room_);
  auto* const to = static_cast<view::Instance*>(canvas.instances.mapped);
  canvas.solid.clear(), canvas.clear.clear(), canvas.marked.clear();
  uint32_t next = 0;
  auto mark = [&](const view::Instance& i, const Run& run, uint32_t slot) {
    if (i.marks & (view::mark::selected | view::mark::hovered)) canvas.marked.push_back({run.shape, run.level, run.set, slot, 1, 1, run.clear});
  };

  std::vector<uint8_t> keys;                       // of a batch's instances: level, and whether only the sun sees it; none: nobody does
  constexpr uint8_t none = 255, kinds = 2 * (std::size(coarser) + 1);
  for (const view::Batch& b : frame.solid) {
    if (b.shape >= shapes_.size() || !shapes_[b.shape].levels[0].corner_count || b.first >= there) continue;
    const size_t count = std::min<size_t>({b.count, there - b.first, room - next});
    const Shape& shape = shapes_[b.shape];
    const bool plane = b.shape == view::shape::plane;   // planes throw no shadow, and those without end lie all around the eye
    uint32_t number[kinds] = {};
    keys.assign(count, none);
    for (size_t k = 0; k < count; ++k) {
      const view::Instance& i = frame.instances[b.first + k];
      const bool casts = sight.shadows && !plane && !(i.marks & (view::mark::no_shadow | view::mark::flat));
      const Grade g = grade(shape, i, casts);
      if (g.seen || casts) ++number[keys[k] = uint8_t(2 * g.level + !g.seen)];
    }
    uint32_t slot[kinds];
    for (uint8_t key = 0; key < kinds; key += 2) {
      slot[key] = next, slot[key + 1] = next + number[key];
      const uint32_t all = number[key] + number[key + 1];
      if (all) canvas.solid.push_back({b.shape, uint32_t(key / 2), set_of(b.material), next, number[key], all});
      next += all;
    }
    for (size_t k = 0; k < count; ++k) {
      if (keys[k] == none) continue;
      const view::Instance& i = frame.instances[b.first + k];
      if (!(keys[k] & 1)) mark(i, {b.shape, uint32_t(keys[k] / 2), 0, 0, 0, 0}, slot[keys[k]]);
      to[slot[keys[k]]++] = i;
    }
  }
  for (size_t k = 0; k < std::min(frame.clear.size(), frame.clear_shape.size()) && next < room; ++k) {
    const uint32_t index = frame.clear[k], shape = frame.clear_shape[k];
    if (index >= there || shape >= shapes_.size() || !shapes_[shape].levels[0].corner_count) continue;
    const view::Instance& i = frame.instances[index];
    const Grade g = grade(shapes_[shape], i, false);
    if (!g.seen) continue;
    canvas.clear.push_back({shape, g.level, set_of(i.material), next, 1, 1, true});
    mark(i, canvas.clear.back(), next);
    to[next++] = i;
  }
}

}  // namespace nuri::raster
