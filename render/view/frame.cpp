// Instances of everything: pieces are sorted by shape and material once per model, then each environment fills in its own.
#include <algorithm>
#include <cmath>
#include <map>
#include "render/view/gizmos.h"
#include "render/view/palette.h"
#include "render/view/pieces.h"

namespace nuri::view {
namespace {

using model::Model;

// What one model is drawn as, and where the instances of its pieces go.
struct Plan {
  std::vector<Piece> pieces;
  std::vector<size_t> slot;                        // of each solid piece
  std::vector<Vec3f> middle;                       // of each, in its own axes
  std::vector<float> reach;                        // m about it
  std::vector<int> endless;                        // planes
  size_t environments = 0;
};

struct Clear { float square; uint32_t shape; Instance instance; };   // square of the distance from the eye, m^2

Vec3f centre_of(const Instance& i, const Vec3f& middle) {
  Place p;
  std::copy(i.world, i.world + 12, p.m);
  return at(p, middle);
}
float distance_square(const Vec3f& a, const Vec3f& b) {
  const float square = dot(a - b, a - b);
  return square < 1e30f ? square : 1e30f;          // for sorting: never NaN
}

// Endless planes of bodies at rest that lie in one another are drawn once: a grid of environments has one floor.
class Floors {
 public:
  bool add(const Place& plane) {
    const Vec3f normal = column(plane, 2);
    const float height = dot(normal, origin(plane));
    for (const auto& [n, h] : known_)
      if (dot(n, normal) > 0.9999f && std::abs(h - height) < 1e-3f) return false;
    known_.push_back({normal, height});
    return true;
  }

 private:
  struct Floor { Vec3f normal; float height; };
  std::vector<Floor> known_;
};

}  // namespace

Frame make_frame(const Scenery& scenery, std::span<const Poses> poses, const Show& show, const Eye& eye) {
  Frame frame;
  const auto drawn = [&](const Poses& p) { return p.model >= 0 && size_t(p.model) < scenery.models.size(); };

  // what to draw of each model that somebody wants to see
  std::vector<Plan> plans(scenery.models.size());
  for (const Poses& p : poses)
    if (drawn(p)) ++plans[size_t(p.model)].environments;
  std::map<uint64_t, size_t> count;                // instances by key
  for (size_t i = 0; i < plans.size(); ++i) {
    if (!plans[i].environments) continue;
    plans[i].pieces = pieces(scenery.models[i], show);
    plans[i].endless = endless(scenery.models[i], show);
    for (const Piece& piece : plans[i].pieces)
      if (!piece.clear) count[key(piece)] += plans[i].environments;
  }

  // floors: few, and each around the eye
  std::vector<Clear> clear;
  std::vector<std::pair<uint64_t, Instance>> planes;
  Floors floors;
  const auto mark_of = [&](const Piece& piece, uint32_t environment) {   // geoms alone: nobody selects an arrow
    if (environment != show.selected_environment || piece.id == 0) return 0u;
    return (piece.body == show.selected_body ? uint32_t(mark::selected) : 0u) | (piece.body == show.hovered_body ? uint32_t(mark::hovered) : 0u);
  };
  for (const Poses& p : poses) {
    if (!drawn(p)) continue;
    const Scenery::Of& of = scenery.models[size_t(p.model)];
    for (const int geom : plans[size_t(p.model)].endless) {
      const auto body = size_t(of.model->geom_body[geom]);
      const Place where = body_place(p, body);
      const Place plane = where * geom_place(*of.model, geom);
      if (!known(where) || (of.model->body_weld[body] == 0 && !floors.add(plane))) continue;
      if (of.model->body_weld[body] == 0 && planes.empty() && clear.empty() && column(plane, 2)[2] > 0.9999f) frame.floor = origin(plane)[2];
      const Piece piece = endless_piece(scenery, of, geom, where, eye.position);
      Instance made = instance(piece, where, p.environment);
      made.marks |= mark_of(piece, p.environment);
      if (piece.clear) clear.push_back({distance_square(origin(where), eye.position), piece.shape, made});
      else planes.push_back({key(piece), made}), ++count[key(piece)];
    }
  }

  // one batch for each shape and material
  std::vector<uint32_t> next;
  std::map<uint64_t, size_t> slot;
  uint32_t total = 0;
  for (const auto& [which, number] : count) {
    slot[which] = frame.solid.size();
    frame.solid.push_back({uint32_t(which >> 32), uint32_t(which), total, uint32_t(number)});
    next.push_back(total);
    total += uint32_t(number);
  }
  frame.instances.resize(total);
  for (auto& [which, plane] : planes) frame.instances[next[slot[which]]++] = plane;
  for (Plan& plan : plans) {
    for (const Piece& piece : plan.pieces) {
      plan.slot.push_back(piece.clear ? 0 : slot[key(piece)]);
      plan.middle.push_back(middle(scenery.shapes[piece.shape], piece.scale));
      plan.reach.push_back(reach(scenery.shapes[piece.shape], piece.scale));
    }
  }

  // every environment fills in its instances
  Extent extent;
  for (const Poses& p : poses) {
    if (!drawn(p)) continue;
    const Scenery::Of& of = scenery.models[size_t(p.model)];
    const Plan& plan = plans[size_t(p.model)];
    const std::vector<Place> bodies = body_places(*of.model, p);
    for (size_t i = 0; i < plan.pieces.size(); ++i) {
      const Piece& piece = plan.pieces[i];
      const Place& body = bodies[size_t(piece.body)];
      Instance made = instance(piece, body, p.environment);
      made.marks |= mark_of(piece, p.environment);
      const Vec3f centre = centre_of(made, plan.middle[i]);
      if (piece.counts && known(body)) extent.include(centre, {plan.reach[i], plan.reach[i], plan.reach[i]});
      if (piece.clear) clear.push_back({distance_square(centre, eye.position), piece.shape, made});
      else frame.instances[next[plan.slot[i]]++] = made;
    }
    add_gizmos(frame, of, p, bodies, show, poses.size() == 1 || p.environment == show.selected_environment);
  }

  // transparent ones from behind
  std::stable_sort(clear.begin(), clear.end(), [](const Clear& a, const Clear& b) { return a.square > b.square; });
  for (const Clear& c : clear) {
    frame.clear.push_back(uint32_t(frame.instances.size()));
    frame.clear_shape.push_back(c.shape);
    frame.instances.push_back(c.instance);
  }
  frame.centre = extent.centre(), frame.radius = extent.radius();
  frame.lamps = lamps(scenery, poses, frame.centre, frame.radius);
  return frame;
}

void add_touches(Frame& frame, std::span<const Touch> touches, float metres_per_newton, bool points, bool arrows) {
  const float disc = 0.012f * frame.radius, shaft = 0.004f * frame.radius;
  std::map<uint64_t, std::vector<Instance>> made;
  const auto add = [&](Piece& piece) {
    piece.marks |= mark::flat;
    made[key(piece)].push_back(instance(piece, here, 0));
  };
  for (const Touch& t : touches) {
    if (!finite(t.position) || !finite(t.normal) || !finite(t.force)) continue;
    const Colour& colour = t.slips ? palette::slips : palette::sticks;
    if (points) {
      Piece p;
      p.shape = shape::cylinder, p.local = along(t.position, t.normal), p.scale = {{disc, disc, 0.2f * disc}};
      p.marks = mark::no_shadow;
      set_colour(p, colour);
      add(p);
    }
    const float reach = length(t.force) * metres_per_newton;
    if (arrows && reach > 1e-6f && reach < 1e9f) {
      Piece p = arrow(0, t.position, t.force, reach, shaft, colour);
      add(p);
    }
  }
  for (const auto& [which, instances] : made) {
    frame.solid.push_back({uint32_t(which >> 32), uint32_t(which), uint32_t(frame.instances.size()), uint32_t(instances.size())});
    frame.instances.insert(frame.instances.end(), instances.begin(), instances.end());
  }
}

}  // namespace nuri::view
