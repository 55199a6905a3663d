// What a packet has met: normals, colours and materials. Rays of a packet mostly share a prop or two, so each of those is looked at once,
// for all rays together; attributes of triangles and texels are fetched ray by ray.
#pragma once
#include "render/trace/texture.h"

NURI_KERNEL_BEGIN
namespace tracing {

template <class R> struct Surface {
  TruthOf<R> met;
  Vec3<R> at, facet, normal;                     // world; facet: of the geometry, normal: smoothed; both towards the viewer
  Vec3<R> rgb;                                   // linear
  R alpha, emission, mirror, roughness, metallic;
};

struct Corner { Vec3<S> normal; S u, v, density; bool mapped; };

// Smooth normal and texture coordinates of a triangle where the ray (o, d), in the mesh's axes, meets it.
NURI_FN Corner corner_of(const Tree& tree, int part, Vec3<S> o, Vec3<S> d) {
  S weight[3], t;
  ray_triangle<S, S>(tree.triangle + triangle_numbers * part, o, d, weight, t);
  const S sum = weight[0] + weight[1] + weight[2];
  const S a = weight[1] / sum, b = weight[2] / sum, c = weight[0] / sum;               // edge k lies opposite to vertex k + 2
  const int32_t* const v = tree.corner + 3 * part;
  const auto normal = [&](int k) { const float* n = tree.normal + 3 * v[k]; return Vec3<S>{S(n[0]), S(n[1]), S(n[2])}; };
  Corner out{mul_add(normal(2), c, mul_add(normal(1), b, normal(0) * a)), S(0.0f), S(0.0f), S(tree.density[part]), tree.uv != nullptr};
  if (tree.uv) {
    const auto uv = [&](int k, int i) { return S(tree.uv[2 * v[k] + i]); };
    out.u = mul_add(uv(2, 0), c, mul_add(uv(1, 0), b, uv(0, 0) * a));
    out.v = mul_add(uv(2, 1), c, mul_add(uv(1, 1), b, uv(0, 1) * a));
  }
  return out;
}

// Where an image without texture coordinates is laid: along the axis that the normal is nearest to.
NURI_VALUE void project(const Paint& paint, Vec3<S> p, Vec3<S> n, S& out_u, S& out_v, S& out_density) {
  const bool by_x = (abs(n.y) < abs(n.x)).v && (abs(n.z) < abs(n.x)).v, by_y = !by_x && (abs(n.z) < abs(n.y)).v;
  const S a = by_x ? p.y : p.x, b = by_x || by_y ? p.z : p.y;
  const float ea = by_x ? paint.extent[1] : paint.extent[0], eb = by_x || by_y ? paint.extent[2] : paint.extent[1];
  const bool metric = paint.uniform || !(ea > 0 && eb > 0);
  const S across = metric ? S(1.0f) : S(0.5f) / S(ea), down = metric ? S(1.0f) : S(0.5f) / S(eb), middle = S(metric ? 0.0f : 0.5f);
  out_u = mul_add(a, across, middle);
  out_v = mul_add(b, down, middle);
  out_density = max(across, down);
}

// The paint of one prop on the rays of `mask`. p, n: where they meet it and its normal, in its axes; corners: of a mesh.
template <class R>
NURI_FN void paint_rays(const View& view, const Prop& prop, const Paint& paint, TruthOf<R> mask, Vec3<R> p, Vec3<R> n, const Corner* corners,
                        R width, R cosine, Surface<R>& out) {
  Vec3<R> rgb{R(paint.rgb[0]), R(paint.rgb[1]), R(paint.rgb[2])};
  R alpha(paint.alpha);
  if (paint.picture >= 0) {
    const Picture& picture = view.pictures[paint.picture];
    const Vec3<R> from = p - Vec3<R>{R(prop.centre[0]), R(prop.centre[1]), R(prop.centre[2])};
    R u(0.0f), v(0.0f), fine;                    // fine: texels per metre
    if (picture.cube) {
      fine = R(0.5f * float(picture.width)) / max(max(abs(from.x), abs(from.y)), max(abs(from.z), R(1e-6f)));
    } else {
      R density(0.0f);
      for (int w = 0; w < width_of<R>; ++w) {
        if (!mask[w]) continue;
        S a, b, c;
        if (corners && corners[w].mapped) a = corners[w].u, b = corners[w].v, c = corners[w].density;
        else project(paint, at(p, w), at(n, w), a, b, c);
        u.set(w, a.v), v.set(w, b.v), density.set(w, c.v);
      }
      const float repeat = paint.repeat[0] > paint.repeat[1] ? paint.repeat[0] : paint.repeat[1];
      const float side = float(picture.width > picture.height ? picture.width : picture.height);
      u = u * R(paint.repeat[0]), v = v * R(paint.repeat[1]);
      u = u - floor(u), v = floor(v) - v;
      fine = max(density * R(repeat * side), R(1e-9f));
    }
    const R lod = log2_of(max(width, R(1e-9f))) - R(0.75f) * log2_of(max(cosine, R(0.004f))) + log2_of(fine);
    for (int w = 0; w < width_of<R>; ++w) {
      if (!mask[w]) continue;
      const Texel c = picture.cube ? sample_cube(view, picture, at(from, w), at(lod, w)) : sample(view, picture, 0, at(u, w), at(v, w), at(lod, w));
      rgb.x.set(w, (at(rgb.x, w) * c.r).v), rgb.y.set(w, (at(rgb.y, w) * c.g).v), rgb.z.set(w, (at(rgb.z, w) * c.b).v);
      alpha.set(w, (at(alpha, w) * c.a).v);
    }
  }
  out.rgb = where(mask, rgb, out.rgb);
  out.alpha = where(mask, alpha, out.alpha);
  out.emission = where(mask, R(paint.emission), out.emission);
  out.mirror = where(mask, R(paint.mirror), out.mirror);
  out.roughness = where(mask, R(paint.roughness), out.roughness);
  out.metallic = where(mask, R(paint.metallic), out.metallic);
}

// o, d: the rays in the world; `colours`: materials are wanted too.
template <class R>
NURI_STAGE void look_at(const View& view, const Frames& frames, Vec3<S> o, Vec3<R> d, R from, float spread_angle, const Met<R>& best, bool colours, Surface<R>& out) {
  const R one(1.0f), zero(0.0f);
  out = {best.t < R(no_ray_hit), zero3<R>(), zero3<R>(), zero3<R>(), zero3<R>(), one, zero, zero, one, zero};
  out.at = mul_add(d, where(out.met, best.t, zero), spread<R>(o));
  const R width = R(spread_angle) * where(out.met, best.t, one);
  unsigned rest = out.met.bits();
  for (int first = 0; first < width_of<R>; ++first) {
    if (!(rest >> first & 1u)) continue;
    const int i = int(best.prop[first]);
    const TruthOf<R> mask = out.met & (best.prop <= R(float(i))) & (R(float(i)) <= best.prop);
    rest &= ~mask.bits();
    const Prop& prop = view.props[i];
    const Pose pose{frames.prop + 12 * i};
    const Vec3<S> lo = pose.point_to_local(o);
    const Vec3<R> ld = pose.to_local(d), p = mul_add(ld, where(mask, best.t, zero), spread<R>(lo));
    Vec3<R> n = zero3<R>(), smooth;
    Corner corners[width_of<R>];
    if (prop.kind == mesh) {
      const Tree& tree = view.trees[prop.shape];
      for (int w = 0; w < width_of<R>; ++w) {
        if (!mask[w]) continue;
        const int part = int(best.part[w]);
        const float* const tri = tree.triangle + triangle_numbers * part;
        put(n, w, Vec3<S>{S(tri[15]), S(tri[16]), S(tri[17])});
        if (colours) corners[w] = corner_of(tree, part, lo, at(ld, w));
      }
    } else if (prop.kind == field) {
      const RayGrid<float> grid = grid_of(view.fields[prop.shape]);
      const Vec3<R> x = mul_add(ld, from, spread<R>(lo));
      for (int w = 0; w < width_of<R>; ++w) if (mask[w]) put(n, w, ray_grid(grid, at(x, w), at(ld, w)).normal);
    } else {
      n = ray_round(prop, mul_add(ld, from, spread<R>(lo)), ld).normal;
    }
    R length;
    const Vec3<R> up{zero, zero, one};
    n = normalized(n, up, length);
    smooth = n;
    if (prop.kind == mesh && colours) {
      for (int w = 0; w < width_of<R>; ++w) if (mask[w]) put(smooth, w, corners[w].normal);
      smooth = normalized(smooth, n, length);
    }
    const R cosine = dot(n, ld);
    const TruthOf<R> behind = zero < cosine;
    n = where(behind, -n, n);
    // smooth normals may look away where the facet does not: lean them back onto it
    smooth = where(dot(smooth, n) < zero, -smooth, smooth);
    const R away = dot(smooth, ld);
    smooth = where(R(-1e-3f) < away, normalized(sub_mul(smooth, ld, away + R(1e-3f)), n, length), smooth);
    out.facet = where(mask, pose.to_world(n), out.facet);
    out.normal = where(mask, pose.to_world(smooth), out.normal);
    if (colours) paint_rays(view, prop, view.paints[i], mask, p, n, prop.kind == mesh ? corners : nullptr, width, abs(cosine), out);
  }
}

}  // namespace tracing
NURI_KERNEL_END
