// Where everything is, for one environment: props, lamps and sensors from the poses of bodies.
#pragma once
#include "render/trace/meet.h"

NURI_KERNEL_BEGIN
namespace tracing {

NURI_VALUE Vec3<S> vector_at(const float* p) { return {S(p[0]), S(p[1]), S(p[2])}; }
NURI_VALUE Quat<S> turn_at(const float* p) { return {S(p[0]), S(p[1]), S(p[2]), S(p[3])}; }
NURI_VALUE void store_pose(float* m, const Mat3<S>& r, Vec3<S> t) {
  NURI_UNROLL for (int k = 0; k < 3; ++k) NURI_UNROLL for (int j = 0; j < 3; ++j) m[4 * k + j] = r.m[3 * k + j].v;
  m[3] = t.x.v, m[7] = t.y.v, m[11] = t.z.v;
}

// What looks from `from` along -z at `to`, upright.
NURI_FN Mat3<S> looking(Vec3<S> from, Vec3<S> to) {
  S length;
  const Vec3<S> z = normalized(from - to, Vec3<S>{S(0.0f), S(0.0f), S(1.0f)}, length);
  const Vec3<S> x = normalized(cross(Vec3<S>{S(0.0f), S(0.0f), S(1.0f)}, z), Vec3<S>{S(1.0f), S(0.0f), S(0.0f)}, length), y = cross(z, x);
  return {{x.x, y.x, z.x, x.y, y.y, z.y, x.z, y.z, z.z}};
}

// `pose`: 7 numbers in the body's frame; position, rotation: of the environment's bodies.
NURI_FN void mounted(const float* position, const float* rotation, const Mount& m, const float* pose, Mat3<S>& out_axes, Vec3<S>& out_at) {
  const Quat<S> body = unit(turn_at(rotation + 4 * m.body));
  const Vec3<S> at = vector_at(position + 3 * m.body);
  const bool with_axes = m.track == 0 || m.track >= 3;                                 // fixed, and what aims at a body from where it is fixed
  out_at = with_axes ? at + rotate(body, vector_at(pose)) : at + vector_at(m.rest_pos);
  if (m.track >= 3 && m.target >= 0) out_axes = looking(out_at, vector_at(position + 3 * m.target));
  else out_axes = matrix(unit(with_axes ? body * turn_at(pose + 3) : turn_at(m.rest_quat)));
}

// What has a place: props, sensors, lamps.
NURI_VALUE int placed(const Launch& launch) { return launch.view.prop_count + launch.eye_count + launch.view.lamp_count; }

NURI_FN void place(const Launch& launch, int environment, int item) {
  const View& view = launch.view;
  const Frames frames = frames_of(launch, environment);
  const float* const position = launch.position + int64_t(environment) * 3 * launch.body_count;
  const float* const rotation = launch.rotation + int64_t(environment) * 4 * launch.body_count;
  Mat3<S> axes;
  Vec3<S> at;
  if (item < view.prop_count) {
    const Prop& p = view.props[item];
    const Quat<S> body = unit(turn_at(rotation + 4 * p.body));
    at = vector_at(position + 3 * p.body) + rotate(body, vector_at(p.pos));
    float* const m = frames.prop + 12 * item;
    store_pose(m, matrix(unit(body * turn_at(p.quat))), at);
    const Vec3<S> centre = Pose{m}.to_world(vector_at(p.centre)) + at;
    float* const sphere = frames.sphere + item;
    sphere[0] = centre.x.v, sphere[frames.stride] = centre.y.v, sphere[2 * frames.stride] = centre.z.v, sphere[3 * frames.stride] = p.radius;
    return;
  }
  int i = item - view.prop_count;
  if (i < launch.eye_count) {
    mounted(position, rotation, launch.eyes[i], launch.eye_pose + (int64_t(environment) * launch.eye_count + i) * 7, axes, at);
    store_pose(frames.eye + 12 * i, axes, at);
    return;
  }
  i -= launch.eye_count;                         // a lamp shines along -z of its mount
  const Mount& m = launch.lamps[i];
  const float* const own = launch.lamp_state + (int64_t(environment) * view.lamp_count + i) * lamp_numbers;
  mounted(position, rotation, m, own, axes, at);
  float* const to = frames.lamp + lamp_frame * i;
  for (int k = 0; k < 9; ++k) to[6 + k] = own[7 + k];
  to[0] = at.x.v, to[1] = at.y.v, to[2] = at.z.v, to[3] = -axes.m[2].v, to[4] = -axes.m[5].v, to[5] = -axes.m[8].v;
}

}  // namespace tracing
NURI_KERNEL_END
