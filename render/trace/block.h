// Blocks of rays of one picture: what they meet, and everything that is asked of it, in one pass.
#pragma once
#include "render/trace/light.h"
#include "render/trace/noise.h"

NURI_KERNEL_BEGIN
namespace tracing {

// Linear light to sRGB of 0 .. 1. Light up to 0.8 stays as it is, what is brighter bends towards 1, so that lit walls keep their shape.
template <class R> NURI_VALUE R encoded(R x) {
  const R knee(0.8f), over = max(R(0.0f), x - knee) * R(5.0f), bent = mul_add(over / (R(1.0f) + over), R(0.2f), knee);
  x = max(R(0.0f), where(knee < x, bent, x));
  const R high = mul_add(exp(log(max(x, R(1e-6f))) * R(1.0f / 2.4f)), R(1.055f), R(-0.055f));
  return where(x <= R(0.0031308f), x * R(12.92f), high);
}

template <class R, class Team> class Tracer {
 public:
  NURI_VALUE Tracer(const TraceJob& job, const Team& team, const Scratch& scratch)
      : job_(job), view_(*job.view), team_(team), scratch_(scratch), eye_{job.eye}, origin_(eye_.template origin<S>()), list_{scratch} {
    const Outputs& o = job.out;
    coloured_ = o.rgb || o.intensity;
    formed_ = coloured_ || o.normal || (job.noise && job.noise->grazing > 0);
  }

  NURI_FN void block(int b) {
    const float* const cone = job_.rays->cone + 5 * b;
    list_ = gather_cone<R>(view_, job_.frames, origin_, eye_.to_world(Vec3<S>{S(cone[0]), S(cone[1]), S(cone[2])}), cone[3], cone[4], team_, scratch_);
    for (int k = team_.rank() * width_of<R>; k < block_rays; k += team_.size() * width_of<R>) packet(job_.rays->direction + 3 * block_rays * b + k, job_.rays->pixel + block_rays * b + k);
  }

 private:
  using Truth = TruthOf<R>;

  NURI_STAGE void packet(const float* direction, const int32_t* pixel) {
    const R zero(0.0f), one(1.0f);
    const Vec3<R> local{loaded<R>(direction), loaded<R>(direction + block_rays), loaded<R>(direction + 2 * block_rays)};
    const Vec3<R> d = eye_.to_world(local);
    const Truth looks = R(0.5f) < dot(local, local);
    const R ahead = job_.rays->along_ray ? one : max(-local.z, R(1e-3f));
    const R from = R(job_.rays->near) / ahead, end = R(job_.rays->far) / ahead;

    R passed[most_layers];
    Met<R> best = nearest(d, from, end, looks, passed, 0);
    const Truth met = best.prop < R(no_prop);
    best.t = where(met, best.t, R(no_ray_hit));
    Surface<R> s;
    s.met = met;
    if (formed_) look_at(view_, job_.frames, origin_, d, from, job_.rays->spread, best, coloured_, s);
    readings(pixel, local, d, met, best, s);
    if (!job_.out.rgb) return;

    // through clear surfaces
    Vec3<R> light = zero3<R>();
    R left = where(looks, one, zero);
    for (int layer = 0;; ++layer) {
      const Truth here = s.met & (zero < left);
      if (any(here)) light = where(here, mul_add(shade(view_, job_.frames, s, d, best.t), left * s.alpha, light), light);
      const Truth sky = (!s.met) & (zero < left);
      if (any(sky)) light = where(sky, mul_add(sky_light(view_, d, sky), left, light), light);
      left = where(here, left * (one - s.alpha), zero);
      const Truth further = R(2e-3f) < left;
      if (!view_.any_clear || layer + 1 == most_layers || !any(further)) break;
      left = where(further, left, zero);
      passed[layer] = best.prop;
      best = nearest(d, from, end, further, passed, layer + 1);
      best.t = where(best.prop < R(no_prop), best.t, R(no_ray_hit));
      look_at(view_, job_.frames, origin_, d, from, job_.rays->spread, best, true, s);
    }
    colours(pixel, light);
  }

  // The nearest of all props, without those that the ray has passed.
  NURI_FN Met<R> nearest(Vec3<R> d, R from, R end, Truth active, const R* passed, int layers) {
    Met<R> best = nothing_met(where(active, end, R(-1.0f)));
    for (int k = 0; k < list_.count; ++k) {
      if (!any(R(list_.room.entry[k]) <= best.t)) break;
      const int i = list_.room.prop[k];
      Truth open = active;
      for (int j = 0; j < layers; ++j) open = open & ((passed[j] < R(float(i))) | (R(float(i)) < passed[j]));
      if (!any(open)) continue;
      const float* const o = list_.room.origin + 3 * k;
      meet<false>(view_, i, Vec3<S>{S(o[0]), S(o[1]), S(o[2])}, Pose{job_.frames.prop + 12 * i}.to_local(d), from, open, best);
    }
    return best;
  }

  NURI_FN void readings(const int32_t* pixel, Vec3<R> local, Vec3<R> d, Truth met, const Met<R>& best, const Surface<R>& s) {
    const Outputs& o = job_.out;
    const R zero(0.0f), one(1.0f);
    R range = where(met, best.t, zero), intensity = zero;
    Truth read = met;
    const R cosine = formed_ ? min(one, max(zero, -dot(s.facet, d))) : one;
    if (o.intensity) intensity = dot(s.rgb, Vec3<R>{R(0.2126f), R(0.7152f), R(0.0722f)}) * cosine;
    if (job_.noise) {
      read = met & disturb(*job_.noise, draw<R>(job_, pixel, 0), cosine, range);
      if (o.intensity) intensity = max(zero, min(one, mul_add(R(job_.noise->intensity_sigma), draw<R>(job_, pixel, 0).normal[1], intensity)));
    }
    const R depth = range * -local.z;
    for (int w = 0; w < width_of<R>; ++w) {
      const int p = pixel[w];
      if (p < 0) continue;
      const bool seen = met[w], measured = read[w];
      const Prop* const prop = seen ? view_.props + int(best.prop[w]) : nullptr;
      if (o.depth) o.depth[p] = measured ? depth[w] : job_.nothing;
      if (o.range) o.range[p] = measured ? range[w] : job_.nothing;
      if (o.geom) o.geom[p] = prop ? prop->geom : -1;
      if (o.body) o.body[p] = prop ? prop->body : -1;
      if (o.label) o.label[p] = prop ? prop->label : -1;
      if (o.intensity) o.intensity[p] = measured ? intensity[w] : 0.0f;
      if (o.normal) store(o.normal + 3 * p, at(s.facet, w), seen);
      if (o.point) store(o.point + 3 * p, at(local, w) * at(range, w), measured);
    }
  }
  NURI_VALUE static void store(float* to, Vec3<S> v, bool there) { to[0] = there ? v.x.v : 0.0f, to[1] = there ? v.y.v : 0.0f, to[2] = there ? v.z.v : 0.0f; }

  NURI_FN void colours(const int32_t* pixel, Vec3<R> light) {
    Vec3<R> c{encoded(light.x), encoded(light.y), encoded(light.z)};
    if (job_.noise && job_.noise->colour_sigma > 0) {
      const R sigma(job_.noise->colour_sigma);
      const Draws<R> one = draw<R>(job_, pixel, 1), two = draw<R>(job_, pixel, 0);
      c = {mul_add(sigma, one.normal[0], c.x), mul_add(sigma, one.normal[1], c.y), mul_add(sigma, two.normal[1], c.z)};
    }
    const R top(255.0f), half(0.5f), zero(0.0f), end(255.5f);
    const auto byte = [&](R x) NURI_INLINED { return min(end, max(mul_add(x, top, half), zero)); };   // not a number: black
    c = {byte(c.x), byte(c.y), byte(c.z)};
    for (int w = 0; w < width_of<R>; ++w) {
      if (pixel[w] < 0) continue;
      uint8_t* const to = job_.out.rgb + 3 * pixel[w];
      to[0] = uint8_t(int(c.x[w])), to[1] = uint8_t(int(c.y[w])), to[2] = uint8_t(int(c.z[w]));
    }
  }

  const TraceJob& job_;
  const View& view_;
  const Team& team_;
  Scratch scratch_;
  Pose eye_;
  Vec3<S> origin_;
  List<Team> list_;
  bool coloured_, formed_;
};

template <class T> NURI_VALUE T* moved(T* p, int64_t items) { return p ? p + items : nullptr; }
NURI_FN Outputs moved(const Outputs& o, int64_t pixels) {
  return {moved(o.rgb, 3 * pixels), moved(o.depth, pixels), moved(o.range, pixels), moved(o.normal, 3 * pixels), moved(o.intensity, pixels), moved(o.point, 3 * pixels),
          moved(o.geom, pixels), moved(o.body, pixels), moved(o.label, pixels)};
}

// Blocks first .. first + count of a sensor's picture; nothing if no picture of it is taken.
template <class R, class Team> NURI_FN void trace(const Launch& launch, int environment, int sensor, int first, int count, const Team& team, const Scratch& scratch) {
  const Watch& watch = launch.watches[sensor];
  const int slot = launch.slots[int64_t(watch.group) * launch.environments + environment];
  if (slot < 0) return;
  const Frames frames = frames_of(launch, environment);
  const TraceJob job{&launch.view, frames, &watch.rays, watch.noisy ? &watch.noise : nullptr, frames.eye + 12 * watch.eye, moved(watch.out, slot * watch.slot + environment * watch.picture),
                     watch.nothing, launch.seed, launch.ids[environment], launch.steps[environment], watch.stream};
  Tracer<R, Team> tracer(job, team, scratch);
  for (int b = first; b < first + count; ++b) tracer.block(b);
}

// Block k of those of all sensors of all active environments: what a team of a GPU does at a time.
template <class R, class Team> NURI_FN void trace_block(const Launch& launch, int k, const Team& team, const Scratch& scratch) {
  const int environment = launch.active[k / launch.blocks], within = k % launch.blocks;
  int sensor = 0;
  while (sensor + 1 < launch.eye_count && launch.watches[sensor + 1].first <= within) ++sensor;
  trace<R>(launch, environment, sensor, within - launch.watches[sensor].first, 1, team, scratch);
}

}  // namespace tracing
NURI_KERNEL_END
