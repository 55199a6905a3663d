// Light that a surface throws back to the viewer. All in linear light; a lamp of colour 1 straight above makes a white matt surface 1.
//
//   lamps     diffuse: rgb cos; mirror: Trowbridge-Reitz facets (alpha = roughness^2) with Smith's height-correlated shadowing and
//             Schlick's Fresnel term, as glTF 2.0 (appendix B) writes them; hard shadows by one ray each. What arrives from a lamp, its ambient
//             light too, goes with distance and the spot's cosine as in OpenGL's fixed lighting, which MJCF's numbers mean
//   sky       from the half space above the normal: the gradient's mean, mixed by the normal's height; mirrored, the more blurred the rougher
//
// What the sky gives back under a constant sky of radiance L on a white surface is L, whatever the material: (1 - F) L + F L (the
// furnace test). Rejected: sampled ambient occlusion and bounces: noise, and many times the rays.
#pragma once
#include "render/trace/surface.h"

NURI_KERNEL_BEGIN
namespace tracing {

template <class R> NURI_VALUE Vec3<R> colour(const float (&c)[3]) { return {R(c[0]), R(c[1]), R(c[2])}; }
template <class R> NURI_VALUE Vec3<R> colour_at(const float* c) { return {R(c[0]), R(c[1]), R(c[2])}; }
template <class R> NURI_VALUE Vec3<R> times(Vec3<R> a, Vec3<R> b) { return {a.x * b.x, a.y * b.y, a.z * b.z}; }
template <class R> NURI_VALUE Vec3<R> mix_colours(Vec3<R> a, Vec3<R> b, R t) { return mul_add(b - a, t, a); }
template <class R> NURI_VALUE R clamped(R x) { return max(R(0.0f), min(R(1.0f), x)); }

// Radiance of the sky in unit direction d.
template <class R> NURI_FN Vec3<R> sky_light(const View& view, Vec3<R> d, TruthOf<R> wanted) {
  const Sky& sky = view.sky;
  if (sky.picture >= 0) {
    Vec3<R> c = zero3<R>();
    for (int w = 0; w < width_of<R>; ++w) {
      if (!wanted[w]) continue;
      const Texel t = sample_cube(view, view.pictures[sky.picture], at(d, w), S(0.0f));
      put(c, w, Vec3<S>{t.r, t.g, t.b});
    }
    return c;
  }
  const R low = R(1.0f) - clamped(d.z), square = low * low, below = clamped(R(-6.0f) * d.z);
  const Vec3<R> above = mix_colours(colour<R>(sky.zenith), colour<R>(sky.horizon), square * square);
  return mix_colours(above, colour<R>(sky.ground), below * below * sub_mul(R(3.0f), R(2.0f), below));
}
// The mean over the half space of n.
template <class R> NURI_VALUE Vec3<R> sky_mean(const Sky& sky, Vec3<R> n) {
  const Vec3<R> above = mix_colours(colour<R>(sky.zenith), colour<R>(sky.horizon), R(0.5f));
  return mix_colours(colour<R>(sky.ground), above, mul_add(n.z, R(0.5f), R(0.5f)));
}

// Which of the rays' surfaces a lamp reaches; `lit`: those that face it.
template <class R>
NURI_STAGE TruthOf<R> reached(const View& view, const Frames& frames, const Lamp& lamp, const float* pose, const Surface<R>& s, R bias,
                               TruthOf<R> lit) {
  // a ball around where the rays end
  const Vec3<R> start = mul_add(s.facet, bias, s.at);
  float low[3] = {no_ray_hit, no_ray_hit, no_ray_hit}, high[3] = {-no_ray_hit, -no_ray_hit, -no_ray_hit};
  const R* const at_axis[3] = {&start.x, &start.y, &start.z};
  for (int w = 0; w < width_of<R>; ++w)
    if (lit[w])
      for (int k = 0; k < 3; ++k) {
        const float v = (*at_axis[k])[w];
        low[k] = v < low[k] ? v : low[k];
        high[k] = v > high[k] ? v : high[k];
      }
  const Vec3<S> a{S(low[0]), S(low[1]), S(low[2])}, b{S(high[0]), S(high[1]), S(high[2])}, centre = (a + b) * S(0.5f);
  const bool far = lamp.kind == LampKind::directional;
  const Vec3<S> lamp_at{S(pose[0]), S(pose[1]), S(pose[2])}, towards{S(-pose[3]), S(-pose[4]), S(-pose[5])};
  const R zero(0.0f);
  Met<R> best = nothing_met(where(lit, far ? R(no_ray_hit) : R(1.0f), R(-1.0f)));
  const Vec3<R> way = far ? spread<R>(towards) : start - spread<R>(lamp_at);
  gather_way<R>(view, frames, centre, (norm(b - a) * S(0.5f)).v, far ? towards : lamp_at, far, [&](int prop) NURI_INLINED {
    const Pose pose{frames.prop + 12 * prop};
    const TruthOf<R> open = zero < best.t;
    if (far) meet<true>(view, prop, pose.point_to_local(start), pose.to_local(way), zero, open, best);
    else meet<true>(view, prop, pose.point_to_local(lamp_at), pose.to_local(way), zero, open, best);                // from the lamp: one origin
    return any(zero < best.t);
  });
  return lit & (zero < best.t);
}

// Share of a lamp's light that arrives at a distance in direction -l. At most 10^4: no lamp is a point.
template <class R> NURI_FN R arriving(const Lamp& lamp, Vec3<R> l, Vec3<R> axis, R distance) {
  const R zero(0.0f), one(1.0f);
  R share = one / max(mul_add(mul_add(R(lamp.fall[2]), distance, R(lamp.fall[1])), distance, R(lamp.fall[0])), R(1e-4f));
  if (lamp.kind == LampKind::spot) {
    const R cosine = -dot(l, axis);
    if (lamp.exponent < 0) {
      const R edge = clamped((cosine - R(lamp.outer)) / R(lamp.inner - lamp.outer));
      share = share * edge * edge * sub_mul(R(3.0f), R(2.0f), edge);
    } else {
      const R power = exp(log(min(max(cosine, R(1e-6f)), one)) * R(lamp.exponent));
      share = where(R(lamp.outer) <= cosine, share * power, zero);
    }
  }
  return where(distance <= R(lamp.range), share, zero);
}

template <class R>
NURI_STAGE Vec3<R> shade(const View& view, const Frames& frames, const Surface<R>& s, Vec3<R> d, R t) {
  const R zero(0.0f), one(1.0f);
  const Vec3<R> n = s.normal, v = -d;
  const R nv = max(dot(n, v), R(1e-3f)), alpha = max(s.roughness * s.roughness, R(4e-3f)), square = alpha * alpha;
  const Vec3<R> white{one, one, one}, f0 = mix_colours(white * s.mirror, s.rgb, s.metallic), matt = s.rgb * (one - s.metallic);
  const auto fifth = [&](R c) NURI_INLINED { const R x = clamped(one - c), x2 = x * x; return x2 * x2 * x; };

  // the sky
  const R grazing = fifth(nv), smooth = one - s.roughness;
  const Vec3<R> peak{max(smooth, f0.x), max(smooth, f0.y), max(smooth, f0.z)}, fresnel = mul_add(peak - f0, grazing, f0);
  const Vec3<R> mean = sky_mean(view.sky, n), mirrored = mul_add(n, dot(n, v) + dot(n, v), d);
  const Vec3<R> seen = mix_colours(sky_light(view, mirrored, s.met), mean, s.roughness);
  Vec3<R> sum = (times(times(matt, white - fresnel), mean) + times(fresnel, seen)) * R(view.sky.ambient);
  sum = mul_add(s.rgb, s.emission, sum);

  for (int i = 0; i < view.lamp_count; ++i) {
    const Lamp& lamp = view.lamps[i];
    const float* const pose = frames.lamp + lamp_frame * i;
    // towards the lamp, and how much of it arrives
    const Vec3<R> axis{R(pose[3]), R(pose[4]), R(pose[5])};
    Vec3<R> l = -axis;
    R share = one;
    if (lamp.kind != LampKind::directional) {
      R distance;
      l = normalized(Vec3<R>{R(pose[0]), R(pose[1]), R(pose[2])} - s.at, n, distance);
      share = arriving(lamp, l, axis, distance);
    }
    sum = mul_add(times(matt, colour_at<R>(pose + 12)), share, sum);
    const R nl = dot(n, l);
    TruthOf<R> lit = s.met & (zero < nl) & (zero < dot(s.facet, l)) & (zero < share);
    if (!any(lit)) continue;
    if (lamp.shadow) lit = reached(view, frames, lamp, pose, s, mul_add(t, R(2e-4f), R(1e-5f)), lit);

    R length;
    const Vec3<R> half = normalized(l + v, n, length);
    const R nh = max(dot(n, half), zero), vh = max(dot(v, half), zero), c = mul_add(nh * nh, square - one, one);
    const R facets = square / max(c * c, R(1e-12f));                                    // times pi: a lamp of 1 gives a white surface 1
    const R masked = R(0.5f) / max(mul_add(nl, sqrt(mul_add(nv * nv, one - square, square)), nv * sqrt(mul_add(nl * nl, one - square, square))), R(1e-6f));
    const Vec3<R> f = mul_add(white - f0, fifth(vh), f0);
    const Vec3<R> light = times(times(matt, white - f), colour_at<R>(pose + 6)) + times(f * (facets * masked), colour_at<R>(pose + 9));
    sum = where(lit, mul_add(light, nl * share, sum), sum);
  }
  return sum;
}

}  // namespace tracing
NURI_KERNEL_END
