// Clusters: where there are many props, those that lie near each other share a sphere, so that most of them need not be looked at.
//
// Found again for every environment and picture: props are sorted along a space-filling curve (bits of x, y and z interleaved; G. Morton, 1966), and 16
// in a row are a cluster. Endless ones come first. What is met does not depend on any of this.
#pragma once
#include "render/trace/meet.h"

NURI_KERNEL_BEGIN
namespace tracing {

inline constexpr int curve_bits = 9;             // per axis

NURI_VALUE uint32_t spread_bits(uint32_t x) {    // two zeros before each bit
  x = (x | x << 16) & 0x030000ffu;
  x = (x | x << 8) & 0x0300f00fu;
  x = (x | x << 4) & 0x030c30c3u;
  return (x | x << 2) & 0x09249249u;
}

// By three passes over groups of nine bits; leaves `order` in `to`.
NURI_FN void sort_codes(const int32_t* code, int count, int32_t* to, int32_t* spare) {
  constexpr int values = 1 << curve_bits;
  int first[values];
  for (int i = 0; i < count; ++i) spare[i] = i;
  int32_t *from = spare, *next = to;
  for (int shift = 0; shift < 3 * curve_bits; shift += curve_bits) {
    for (int v = 0; v < values; ++v) first[v] = 0;
    for (int i = 0; i < count; ++i) ++first[code[i] >> shift & (values - 1)];
    for (int v = 0, sum = 0; v < values; ++v) {
      const int here = first[v];
      first[v] = sum;
      sum += here;
    }
    for (int i = 0; i < count; ++i) next[first[code[from[i]] >> shift & (values - 1)]++] = from[i];
    int32_t* const last = from;
    from = next, next = last;
  }
}

// After place() of all props of the environment.
template <class Team> NURI_FN void cluster(const Launch& launch, int environment, const Team& team) {
  const Frames f = frames_of(launch, environment);
  if (f.clusters == 0) return;
  const int n = launch.view.prop_count;
  const auto number = [&](const float* spheres, int axis, int i) { return spheres[axis * f.stride + i]; };
  float low[3] = {no_ray_hit, no_ray_hit, no_ray_hit}, high[3] = {-no_ray_hit, -no_ray_hit, -no_ray_hit};
  for (int i = 0; i < n; ++i) {
    if (number(f.sphere, 3, i) < 0) continue;
    for (int k = 0; k < 3; ++k) {
      const float v = number(f.sphere, k, i);
      low[k] = v < low[k] ? v : low[k];
      high[k] = v > high[k] ? v : high[k];
    }
  }
  int32_t* const code = f.order + 2 * f.stride;
  constexpr float last = float((1 << curve_bits) - 1);
  for (int i = team.rank(); i < n; i += team.size()) {
    uint32_t bits = 0;
    for (int k = 0; k < 3; ++k) {
      const float wide = high[k] - low[k], v = wide > 0 ? (number(f.sphere, k, i) - low[k]) / wide * last : 0;
      bits |= spread_bits(v >= 1 ? uint32_t(v < last ? v : last) : 0u) << k;           // not a number: 0
    }
    code[i] = number(f.sphere, 3, i) < 0 ? 0 : int32_t(bits);
  }
  team.sync();
  if constexpr (Team::alone) {
    sort_codes(code, n, f.order, f.order + f.stride);
  } else {
    for (int i = team.rank(); i < n; i += team.size()) {                               // as many as come before it: its place
      int at = 0;
      for (int j = 0; j < n; ++j) at += code[j] < code[i] || (code[j] == code[i] && j < i);
      f.order[at] = i;
    }
  }
  team.sync();
  for (int i = team.rank(); i < n; i += team.size())
    for (int k = 0; k < 4; ++k) f.sorted[k * f.stride + i] = number(f.sphere, k, f.order[i]);
  team.sync();
  for (int c = team.rank(); c < f.clusters; c += team.size()) {
    const int begin = c * cluster_size, end = begin + cluster_size < n ? begin + cluster_size : n;
    float inner[3] = {no_ray_hit, no_ray_hit, no_ray_hit}, outer[3] = {-no_ray_hit, -no_ray_hit, -no_ray_hit}, middle[3], radius = 0;
    for (int i = begin; i < end; ++i)
      for (int k = 0; k < 3; ++k) {
        const float v = number(f.sorted, k, i);
        inner[k] = v < inner[k] ? v : inner[k];
        outer[k] = v > outer[k] ? v : outer[k];
      }
    for (int k = 0; k < 3; ++k) middle[k] = 0.5f * (inner[k] + outer[k]);
    for (int i = begin; i < end; ++i) {
      const float r = number(f.sorted, 3, i);
      const Vec3<S> away{S(number(f.sorted, 0, i) - middle[0]), S(number(f.sorted, 1, i) - middle[1]), S(number(f.sorted, 2, i) - middle[2])};
      const float reach = (sqrt(dot(away, away)) * S(1.0001f)).v + r;
      if (r < 0 || !(reach < no_ray_hit)) radius = -1;                                 // endless, or nowhere: always looked at
      else if (radius >= 0 && radius < reach) radius = reach;
    }
    for (int k = 0; k < 3; ++k) f.cluster[k * f.cluster_stride + c] = middle[k];
    f.cluster[3 * f.cluster_stride + c] = radius;
  }
  team.sync();
}

}  // namespace tracing
NURI_KERNEL_END
