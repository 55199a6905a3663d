#include "render/view/gizmos.h"

#include <cmath>
#include "render/view/palette.h"

namespace nuri::view {

using model::Model;

namespace {

enum { joint_free, joint_ball, joint_slide };                 // numbers of Model::joint_type

void axes(Frame& frame, const Place& p, float length, float width) {
  const Colour colours[] = {palette::x_axis, palette::y_axis, palette::z_axis};
  for (int k = 0; k < 3; ++k) frame.lines.push_back({origin(p), origin(p) + length * column(p, k), colours[k], width, true});
}

// A pyramid from the eye to a picture in front of it, and a mark on its upper edge.
void camera(Frame& frame, const Model& m, int index, const Poses& poses, float depth) {
  const Eye eye = camera_eye(m, index, poses);
  if (!finite(eye.position)) return;
  const float up = depth * std::tan(0.5f * eye.fovy), side = 4.0f / 3 * up;
  const auto in_world = [&](float x, float y) {
    Vec3f out = eye.position;
    for (size_t i = 0; i < 3; ++i) out[i] += eye.axes[3 * i] * x + eye.axes[3 * i + 1] * y - eye.axes[3 * i + 2] * depth;
    return out;
  };
  const Vec3f corners[] = {in_world(-side, -up), in_world(side, -up), in_world(side, up), in_world(-side, up)};
  for (int k = 0; k < 4; ++k) {
    frame.lines.push_back({eye.position, corners[k], palette::camera});
    frame.lines.push_back({corners[k], corners[(k + 1) % 4], palette::camera});
  }
  frame.lines.push_back({in_world(-0.3f * side, 1.1f * up), in_world(0, 1.5f * up), palette::camera});
  frame.lines.push_back({in_world(0, 1.5f * up), in_world(0.3f * side, 1.1f * up), palette::camera});
}

// Rays: a bundle from a place, side by side if it is directional.
void light(Frame& frame, const Lamp& lamp, float size) {
  const Place p = along(lamp.position, lamp.direction);
  constexpr float spread[5][2] = {{0, 0}, {1, 0}, {-1, 0}, {0, 1}, {0, -1}};
  for (const auto& [x, y] : spread) {
    const float start = lamp.directional ? 0.4f * size : 0;
    frame.lines.push_back({at(p, {start * x, start * y, 0}), at(p, {0.4f * size * x, 0.4f * size * y, size}), palette::light});
  }
}

std::string name_or(const std::string& name, const char* kind, size_t index) {
  return name.empty() ? std::string(kind) + ' ' + std::to_string(index) : name;
}

}  // namespace

void add_gizmos(Frame& frame, const Scenery::Of& of, const Poses& poses, const std::vector<Place>& bodies, const Show& show, bool labelled) {
  const Model& m = *of.model;
  if (show.frames)
    for (const Place& p : bodies)
      if (known(p)) axes(frame, p, of.gauge, 2);
  if (show.joints) {                               // their arrows are within links: a thin line shows through
    for (int j = 0; j < m.joint_count; ++j) {
      const Place& body = bodies[size_t(m.joint_body[j])];
      if (m.joint_type[j] <= joint_ball || !known(body)) continue;
      const Vec3f anchor = at(body, narrow(&m.joint_pos[3 * size_t(j)])), axis = turned(body, narrow(&m.joint_axis[3 * size_t(j)]));
      const Colour& colour = m.joint_type[j] == joint_slide ? palette::slide : palette::hinge;
      frame.lines.push_back({anchor, anchor + 1.6f * of.gauge * axis, colour, 1.5f, true});
    }
  }
  if (show.centres_of_mass) {
    for (int b = 1; b < m.body_count; ++b) {
      const Place p = bodies[size_t(b)] * place(&m.body_ipos[3 * size_t(b)], &m.body_iquat[4 * size_t(b)]);
      for (int k = 0; k < 3 && m.body_mass[b] > 0 && known(p); ++k)
        frame.lines.push_back({origin(p) - 0.25f * of.gauge * column(p, k), origin(p) + 0.25f * of.gauge * column(p, k), palette::mass, 1.5f, true});
    }
  }
  if (show.cameras)
    for (size_t c = 0; c < m.look.cameras.size(); ++c) {
      camera(frame, m, int(c), poses, 1.5f * of.gauge);
      const Vec3f where = camera_eye(m, int(c), poses).position;
      const std::string& name = m.look.cameras[c].name;
      if (show.labels && labelled && finite(where)) frame.labels.push_back({where, name_or(name, "camera", c), palette::camera});
    }
  if (show.lights)
    for (const Lamp& lamp : lamps_of(m, bodies)) light(frame, lamp, 1.5f * of.gauge);
  if (show.labels && labelled)
    for (size_t b = 1; b < bodies.size(); ++b) {
      const std::string name = name_or(b < m.body_name.size() ? m.body_name[b] : "", "body", b);
      if (known(bodies[b])) frame.labels.push_back({at(bodies[b], narrow(&m.body_ipos[3 * b])), name, palette::label});
    }
}

}  // namespace nuri::view
