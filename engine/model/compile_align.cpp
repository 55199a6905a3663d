// Free bodies in the frames of their inertia. MJCF: freejoint/align, compiler/alignfree.
//
// The pose of a free joint is that of its body's frame. Where that frame is not at the centre of mass along the principal axes, the mass
// matrix has entries off its diagonal. Such a body may ask to be described by the frame of its inertia instead; then its positions,
// keyframes, and what equalities say of it (anchors, poses) mean that one. Only bodies on which no other hangs. All as in MuJoCo.
#include <algorithm>

#include "engine/model/compile_parts.h"

namespace nuri::model {
using namespace scene;
using namespace shape;
namespace {

bool asks(const Scene& s, const Joint& j) {
  if (j.type != JointType::free || !j.align) return false;
  return std::none_of(s.bodies.begin() + 1, s.bodies.end(), [&](const Body& b) { return b.parent == j.body; });
}

struct Frame {
  Vec pos;
  Rot quat;
};
// The frame seen from `from`.
Frame inside(const Frame& from, const Vec& pos, const Rot& quat) {
  const Rot back = conjugate(from.quat);
  return {rotate(back, sub(pos, from.pos)), unit(mul(back, quat))};
}
}  // namespace

bool aligns(const Scene& scene) {
  return std::any_of(scene.joints.begin(), scene.joints.end(), [&](const Joint& j) { return asks(scene, j); });
}

Result<Scene> align(const Scene& scene) {
  Scene out = scene;
  for (Joint& j : out.joints) j.align = false;
  const Result<Model> plain = compile(out);                      // where their inertia is
  if (!plain) return plain.errors();
  std::vector<bool> moved(scene.bodies.size());
  for (const Joint& j : scene.joints) {
    if (!asks(scene, j)) continue;
    const size_t b = size_t(j.body);
    moved[b] = true;
    Body& body = out.bodies[b];
    const Frame frame{vec(&plain->body_ipos[3 * b]), unit(rot(&plain->body_iquat[4 * b]))};
    auto move = [&](auto& list) {
      for (auto& part : list) {
        if (part.body != j.body) continue;
        const Frame seen = inside(frame, part.pos, unit(part.quat));
        part.pos = seen.pos;
        part.quat = seen.quat;
      }
    };
    move(out.geoms);
    move(out.sites);
    move(out.cameras);
    for (Light& light : out.lights) {
      if (light.body != j.body) continue;
      light.pos = inside(frame, light.pos, frame.quat).pos;
      light.dir = rotate(conjugate(frame.quat), light.dir);
    }
    const Rot quat = unit(body.quat);
    body.pos = add(body.pos, rotate(quat, frame.pos));
    body.quat = unit(mul(quat, frame.quat));
    body.has_inertial = true;
    body.inertial = {{0, 0, 0}, {1, 0, 0, 0}, plain->body_mass[b], vec(&plain->body_inertia[3 * b])};
  }
  // what depends on all bodies, or would put inertia aside, has been done
  if (out.compiler.settotalmass > 0 || out.compiler.inertiafromgeom == InertiaFromGeom::yes) {
    for (size_t b = 1; b < out.bodies.size(); ++b) {
      if (moved[b] || plain->body_mass[b] == 0) continue;
      out.bodies[b].has_inertial = true;
      out.bodies[b].inertial = {vec(&plain->body_ipos[3 * b]), unit(rot(&plain->body_iquat[4 * b])), plain->body_mass[b], vec(&plain->body_inertia[3 * b])};
    }
    out.compiler.inertiafromgeom = InertiaFromGeom::automatic;
    out.compiler.settotalmass = -1;
  }
  return out;
}

}  // namespace nuri::model
