// Top-down, surface area heuristic over bins (Wald 2007): a ray meets a box with a chance that goes with its area, so a split
// costs the sum of area times triangles of both sides. Where bins cannot split (equal centres) or the tree gets deep, the
// median does, which bounds the depth.
#include "engine/shape/bvh_build.h"

#include <algorithm>
#include <limits>

#include "engine/shape/bvh.h"

namespace nuri::shape {
namespace {

constexpr int bins = 16, leaf_size = 4, median_depth = bvh_depth / 2;   // below it a median split halves: 2^31 triangles take 31 levels

struct Box {
  Vec low{std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity()};
  Vec high{-low[0], -low[1], -low[2]};
  void add(const Vec& p) { for (int k = 0; k < 3; ++k) low[k] = std::min(low[k], p[k]), high[k] = std::max(high[k], p[k]); }
  void add(const Box& b) { for (int k = 0; k < 3; ++k) low[k] = std::min(low[k], b.low[k]), high[k] = std::max(high[k], b.high[k]); }
  double area() const {
    const Vec e = sub(high, low);
    return e[0] < 0 ? 0 : e[0] * e[1] + e[1] * e[2] + e[2] * e[0];
  }
};

class Builder {
 public:
  Builder(const std::vector<Vec>& vertices, const std::vector<std::array<int, 3>>& triangles) : triangles_(triangles) {
    const size_t n = triangles.size();
    box_.resize(n), centre_.resize(n), order_.resize(n);
    for (size_t i = 0; i < n; ++i) {
      for (int corner : triangles[i]) box_[i].add(vertices[size_t(corner)]);
      centre_[i] = scale(add(box_[i].low, box_[i].high), 0.5);
      order_[i] = int32_t(i);
    }
  }

  Bvh build() {
    if (order_.empty()) return std::move(out_);
    struct Task { int32_t node, first, end, depth; };
    std::vector<Task> tasks{{new_node(), 0, int32_t(order_.size()), 1}};
    while (!tasks.empty()) {
      const Task t = tasks.back();
      tasks.pop_back();
      Box all;
      for (int32_t i = t.first; i < t.end; ++i) all.add(box_[size_t(order_[size_t(i)])]);
      put(&out_.bound[6 * size_t(t.node)], all.low);
      put(&out_.bound[6 * size_t(t.node) + 3], all.high);
      if (t.end - t.first <= leaf_size) {
        out_.node[2 * size_t(t.node)] = t.first;
        out_.node[2 * size_t(t.node) + 1] = t.end - t.first;
        continue;
      }
      const int32_t middle = split(t.first, t.end, t.depth), child = new_node();
      new_node();
      out_.node[2 * size_t(t.node)] = child;
      tasks.push_back({child + 1, middle, t.end, t.depth + 1});
      tasks.push_back({child, t.first, middle, t.depth + 1});
    }
    for (int32_t i : order_) out_.triangle.insert(out_.triangle.end(), triangles_[size_t(i)].begin(), triangles_[size_t(i)].end());
    return std::move(out_);
  }

 private:
  int32_t new_node() {
    out_.node.resize(out_.node.size() + 2);
    out_.bound.resize(out_.bound.size() + 6);
    return int32_t(out_.node.size() / 2) - 1;
  }

  // Reorders [first, end) and says where its second half starts; neither half is empty.
  int32_t split(int32_t first, int32_t end, int depth) {
    Box centres;
    for (int32_t i = first; i < end; ++i) centres.add(centre_[size_t(order_[size_t(i)])]);
    const Vec extent = sub(centres.high, centres.low);
    const int widest = extent[0] >= extent[1] && extent[0] >= extent[2] ? 0 : extent[1] >= extent[2] ? 1 : 2;
    const auto begin = order_.begin();
    if (depth < median_depth && extent[size_t(widest)] > 0) {
      double least = std::numeric_limits<double>::infinity();
      int best_axis = -1, best_bin = 0;
      for (int axis = 0; axis < 3; ++axis) {
        if (!(extent[size_t(axis)] > 0)) continue;
        Box box[bins];
        int64_t count[bins] = {};
        for (int32_t i = first; i < end; ++i) {
          const auto triangle = size_t(order_[size_t(i)]);
          const int b = bin(triangle, axis, centres.low[size_t(axis)], extent[size_t(axis)]);
          box[b].add(box_[triangle]);
          ++count[b];
        }
        double right[bins];                        // cost of all bins from here on
        Box sum;
        int64_t n = 0;
        for (int b = bins - 1; b > 0; --b) {
          sum.add(box[b]);
          n += count[b];
          right[b] = n ? sum.area() * double(n) : std::numeric_limits<double>::infinity();
        }
        Box left;
        n = 0;
        for (int b = 1; b < bins; ++b) {
          left.add(box[b - 1]);
          n += count[b - 1];
          const double cost = n ? left.area() * double(n) + right[b] : std::numeric_limits<double>::infinity();
          if (cost < least) least = cost, best_axis = axis, best_bin = b;
        }
      }
      if (best_axis >= 0) {
        const double low = centres.low[size_t(best_axis)], wide = extent[size_t(best_axis)];
        const auto middle = std::stable_partition(begin + first, begin + end, [&](int32_t i) { return bin(size_t(i), best_axis, low, wide) < best_bin; });
        if (middle != begin + first && middle != begin + end) return int32_t(middle - begin);
      }
    }
    std::sort(begin + first, begin + end, [&](int32_t a, int32_t b) {
      const double x = centre_[size_t(a)][size_t(widest)], y = centre_[size_t(b)][size_t(widest)];
      return x != y ? x < y : a < b;
    });
    return first + (end - first) / 2;
  }
  int bin(size_t triangle, int axis, double low, double wide) const {
    const double at = (centre_[triangle][size_t(axis)] - low) / wide * bins;
    return at >= 0 && at < bins ? int(at) : at >= bins ? bins - 1 : 0;
  }

  const std::vector<std::array<int, 3>>& triangles_;
  std::vector<Box> box_;
  std::vector<Vec> centre_;
  std::vector<int32_t> order_;
  Bvh out_;
};
}  // namespace

Bvh build_bvh(const std::vector<Vec>& vertices, const std::vector<std::array<int, 3>>& triangles) { return Builder(vertices, triangles).build(); }

void refit(Bvh& bvh, const std::vector<Vec>& vertices) {
  for (size_t n = bvh.node.size() / 2; n-- > 0;) {                 // children come after their parent
    const auto first = size_t(bvh.node[2 * n]), count = size_t(bvh.node[2 * n + 1]);
    Box box;
    for (size_t k = 3 * first; k < 3 * (first + count); ++k) box.add(vertices[size_t(bvh.triangle[k])]);
    if (!count)
      for (size_t child = first; child < first + 2; ++child) box.add(Box{vec(&bvh.bound[6 * child]), vec(&bvh.bound[6 * child + 3])});
    put(&bvh.bound[6 * n], box.low);
    put(&bvh.bound[6 * n + 3], box.high);
  }
}

}  // namespace nuri::shape
