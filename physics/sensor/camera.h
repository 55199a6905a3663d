// Cameras that sensors refer to: where they are, how they are turned, and the rays of their pixels. MuJoCo: mj_kinematics (cameras),
// mju_camIntrinsics, cam_project.
//
// A camera moves with its body, or (track, trackcom) keeps its place and turn from qpos0 towards the body's frame or its subtree's centre of
// mass, or (targetbody, targetbodycom) moves with its body and looks at another. As in MuJoCo its quaternion (framequat) is always the
// one it has on its body, its axes follow the mode; and velocities are those of a point that its body carries.
//
// Pixel (column c, row r) of a perspective image looks along ((c + 1/2 - x) / fx, (y - r - 1/2) / fy, -1) in the camera's axes. An
// orthographic image is a square of side `extent`, whatever its resolution (MuJoCo), and its rays go along -z.
#pragma once
#include "physics/kernel/enums.h"
#include "physics/kernel/pack.h"

NURI_KERNEL_BEGIN

// Centres of mass of bodies with all below them, where subtree.h has left them.
template <class L> NURI_FN typename L::Real* subtree_com(const Pack<L>& p) { return p.scratch.stiff(); }

template <class L> NURI_FN Vec3<typename L::Real> camera_place(const Pack<L>& p, int c) {
  const auto& m = p.model;
  const auto& s = p.scratch;
  const int b = m.camera_body[c], mode = m.camera_mode[c];
  const auto start = [&](int k) { return Vec3<typename L::Real>{m.camera_start[10 * c + k], m.camera_start[10 * c + k + 1], m.camera_start[10 * c + k + 2]}; };
  if (mode == camera::track) return load3(s.xpos(), b) + start(0);
  if (mode == camera::trackcom) return load3(subtree_com(p), b) + start(3);
  return load9(s.xmat(), b) * load3(m.camera_pos, c) + load3(s.xpos(), b);
}

template <class L> NURI_FN Quat<typename L::Real> camera_quat(const Pack<L>& p, int c) { return load4(p.scratch.xquat(), p.model.camera_body[c]) * load4(p.model.camera_quat, c); }

template <class L> NURI_FN Mat3<typename L::Real> camera_axes(const Pack<L>& p, int c) {
  using R = typename L::Real;
  const auto& m = p.model;
  const int mode = m.camera_mode[c], target = m.camera_target[c];
  if (mode == camera::track || mode == camera::trackcom)
    return matrix(Quat<R>{m.camera_start[10 * c + 6], m.camera_start[10 * c + 7], m.camera_start[10 * c + 8], m.camera_start[10 * c + 9]});
  if (mode == camera::fixed || target < 0) return matrix(camera_quat(p, c));
  const Vec3<R> goal = mode == camera::targetbody ? load3(p.scratch.xpos(), target) : load3(subtree_com(p), target), right{R(1), R(0), R(0)};
  R length;
  const Vec3<R> z = normalized(camera_place(p, c) - goal, right, length);
  const Vec3<R> x = normalized(Vec3<R>{-z.y, z.x, R(0)}, right, length), y = cross(z, x);
  return {{x.x, y.x, z.x, x.y, y.y, z.y, x.z, y.z, z.z}};
}

// Of one pixel, in the world: where its ray begins and where it goes.
template <class R> struct PixelRay { Vec3<R> from, along; };
template <class L> NURI_FN PixelRay<typename L::Real> pixel_ray(const Pack<L>& p, int c, int column, int row) {
  using R = typename L::Real;
  const auto& m = p.model;
  const Mat3<R> axes = camera_axes(p, c);
  const R right = p.real(column + 0.5) - m.camera_lens[5 * c + 2], up = m.camera_lens[5 * c + 3] - p.real(row + 0.5);
  if (m.camera_orthographic[c]) {
    const R extent = m.camera_lens[5 * c + 4], width = p.real(m.camera_resolution[2 * c]), height = p.real(m.camera_resolution[2 * c + 1]);
    return {axes * Vec3<R>{right / width * extent, up / height * extent, R(0)} + camera_place(p, c), axes * Vec3<R>{R(0), R(0), R(-1)}};
  }
  R length;
  return {camera_place(p, c), axes * normalized(Vec3<R>{right / m.camera_lens[5 * c], up / m.camera_lens[5 * c + 1], R(-1)}, zero3<R>(), length)};
}

// Where a point of the world lies in the image: pixels from its left and upper edge. The middle of the image counts for its axis, and points
// behind the camera have a place too (MuJoCo).
template <class L> NURI_FN void project(const Pack<L>& p, int c, Vec3<typename L::Real> point, typename L::Real* out) {
  using R = typename L::Real;
  const auto& m = p.model;
  const Vec3<R> at = transposed_times(camera_axes(p, c), point - camera_place(p, c));
  const R depth = where(abs(at.z) < p.tiny(), where(at.z < R(0), -p.tiny(), p.tiny()), at.z);
  out[0] = p.half() * p.real(m.camera_resolution[2 * c]) - m.camera_lens[5 * c] * at.x / depth;
  out[1] = mul_add(m.camera_lens[5 * c + 1], at.y / depth, p.half() * p.real(m.camera_resolution[2 * c + 1]));
}

NURI_KERNEL_END
