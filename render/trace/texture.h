// Pictures on surfaces: trilinear samples of mipmapped pictures, in linear light. Texels are read ray by ray.
//
// The level comes from the width of the ray's cone where it meets the surface (T. Akenine-Möller et al., Texture level of detail strategies
// for real-time ray tracing, Ray Tracing Gems, 2019): lod = log2(texels per metre * width) - 3/4 log2(cos). The factor lies between that of the
// footprint's area (1/2, which glitters towards the horizon) and of its length (1, which blurs).
#pragma once
#include "render/trace/meet.h"

NURI_KERNEL_BEGIN
namespace tracing {

struct Texel { S r, g, b, a; };
NURI_VALUE Texel mix_texels(Texel a, Texel b, S t) {
  return {mul_add(b.r - a.r, t, a.r), mul_add(b.g - a.g, t, a.g), mul_add(b.b - a.b, t, a.b), mul_add(b.a - a.a, t, a.a)};
}
NURI_VALUE Texel texel(const View& view, int64_t i) {
  const uint32_t c = view.texels[i];
  return {S(view.linear[c & 255]), S(view.linear[c >> 8 & 255]), S(view.linear[c >> 16 & 255]), S(float(c >> 24) * (1.0f / 255))};
}
// `x` in texels, as a whole number and the rest in [0, 1).
NURI_VALUE int whole(S x, S& out_rest) {
  if (!(abs(x) < S(1e6f)).v) return out_rest = S(0.0f), 0;
  int n = int(x.v);
  n -= float(n) > x.v;
  out_rest = x - S(float(n));
  return n;
}
// Index i of n that repeat, for i in [-2 n, 2 n); a division would take longer than the whole sample.
NURI_VALUE int wrapped(int i, int n) {
  i += i < 0 ? n : 0;
  i += i < 0 ? n : 0;
  i -= i >= n ? n : 0;
  return i < 0 ? 0 : i >= n ? n - 1 : i;
}
// u to the right and v downwards, 0 .. 1 across (v also -1 .. 0); repeats, or ends at its border (faces of cubes).
NURI_FN Texel sample_level(const View& view, const Picture& p, int level, int face, S u, S v) {
  const int w = p.width >> level > 1 ? p.width >> level : 1, h = p.height >> level > 1 ? p.height >> level : 1;
  S fx, fy;
  int x0 = whole(sub_mul(u * S(float(w)), S(0.5f), S(1.0f)), fx), y0 = whole(sub_mul(v * S(float(h)), S(0.5f), S(1.0f)), fy);
  int x1 = x0 + 1, y1 = y0 + 1;
  const auto clamp = [](int i, int n) { return i < 0 ? 0 : i >= n ? n - 1 : i; };
  if (p.cube) x0 = clamp(x0, w), x1 = clamp(x1, w), y0 = clamp(y0, h), y1 = clamp(y1, h);
  else x0 = wrapped(x0, w), x1 = wrapped(x1, w), y0 = wrapped(y0, h), y1 = wrapped(y1, h);
  const int64_t base = p.first[level] + int64_t(face) * w * h, top = base + int64_t(y0) * w, low = base + int64_t(y1) * w;
  return mix_texels(mix_texels(texel(view, top + x0), texel(view, top + x1), fx), mix_texels(texel(view, low + x0), texel(view, low + x1), fx), fy);
}
NURI_FN Texel sample(const View& view, const Picture& p, int face, S u, S v, S lod) {
  const float last = float(p.levels - 1);
  lod = max(S(0.0f), min(S(last), lod));
  S between;
  const int level = whole(lod, between);
  const Texel fine = sample_level(view, p, level, face, u, v);
  return level + 1 < p.levels && (S(0.0f) < between).v ? mix_texels(fine, sample_level(view, p, level + 1, face, u, v), between) : fine;
}
// Of a cube, in direction d of its frame: faces +x -x +y -y +z -z as seen from inside, their top towards +z, of the faces of z towards +y.
NURI_FN Texel sample_cube(const View& view, const Picture& p, Vec3<S> d, S lod) {
  const float x = d.x.v, y = d.y.v, z = d.z.v, ax = abs(d.x).v, ay = abs(d.y).v, az = abs(d.z).v;
  int face;
  S right, up, ahead;
  if (ax >= ay && ax >= az) face = x < 0 ? 1 : 0, right = x < 0 ? d.y : -d.y, up = d.z, ahead = S(ax);
  else if (ay >= az) face = y < 0 ? 3 : 2, right = y < 0 ? -d.x : d.x, up = d.z, ahead = S(ay);
  else face = z < 0 ? 5 : 4, right = z < 0 ? d.x : -d.x, up = d.y, ahead = S(az);
  const S half = S(0.5f) / max(ahead, S(1e-20f));
  return sample(view, p, face, mul_add(right, half, S(0.5f)), sub_mul(S(0.5f), up, half), lod);
}

// log2, for finite x > 0.
template <class R> NURI_VALUE R log2_of(R x) { return log(x) * R(1.4426950408889634f); }

}  // namespace tracing
NURI_KERNEL_END
