#include "tools/session/touching.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <set>
#include "engine/core/random.h"
#include "engine/model/compile.h"
#include "physics/world.h"

namespace nuri::session {
namespace {
using namespace scene;

constexpr uint64_t seed = 1;

double clamped(const Joint& j, double q) { return j.limited ? std::clamp(q, j.range[0], j.range[1]) : q; }

// Positions of hinges and slides, by joint; random ones of pose `pose`, or the reference pose (-1). Those that follow others follow.
std::vector<double> positions(const Scene& s, int pose) {
  std::vector<double> out(s.joints.size(), 0);
  for (size_t j = 0; j < s.joints.size(); ++j) {
    const Joint& joint = s.joints[j];
    const bool hinge = joint.type == JointType::hinge;
    if (!hinge && joint.type != JointType::slide) continue;
    const double low = joint.limited ? joint.range[0] : hinge ? -std::numbers::pi : 0, high = joint.limited ? joint.range[1] : hinge ? std::numbers::pi : 0;
    out[j] = pose < 0 ? clamped(joint, joint.ref) : low + (high - low) * uniform(seed, uint64_t(pose), 0, 0, uint32_t(j));
  }
  for (size_t turn = 0; turn < s.equalities.size(); ++turn) {   // chains of them end after as many turns as there are links
    bool moved = false;
    for (const Equality& e : s.equalities) {
      if (e.type != EqualityType::joint || !e.active || e.object1 < 0) continue;
      const double x = e.object2 < 0 ? 0 : out[size_t(e.object2)] - s.joints[size_t(e.object2)].ref;
      const double y = s.joints[size_t(e.object1)].ref + e.polycoef[0] + x * (e.polycoef[1] + x * (e.polycoef[2] + x * (e.polycoef[3] + x * e.polycoef[4])));
      moved |= y != out[size_t(e.object1)];
      out[size_t(e.object1)] = y;
    }
    if (!moved) break;
  }
  return out;
}

}  // namespace

void exclude_touching(Scene& s) {
  if (std::none_of(s.bodies.begin(), s.bodies.end(), [](const Body& b) { return b.unlisted > 0; })) return;
  Result<model::Model> compiled = model::compile(s);
  if (!compiled) return;                                        // the errors come when it is compiled for use
  const auto model = std::make_shared<const model::Model>(std::move(*compiled));
  auto of_one_robot = [&](int b1, int b2) { return s.bodies[size_t(b1)].unlisted > 0 && s.bodies[size_t(b1)].unlisted == s.bodies[size_t(b2)].unlisted; };
  int asked = 0;
  for (int p = 0; p < model->pair_count; ++p) asked += of_one_robot(s.geoms[size_t(model->pair_geom1[size_t(p)])].body, s.geoms[size_t(model->pair_geom2[size_t(p)])].body);
  if (asked == 0) return;
  if (model->pair_count > touching::most_pairs) {
    s.report.push_back({Severity::warning, "touching-not-searched", "links that always touch were not looked for: there are " + std::to_string(model->pair_count) + " pairs of geoms",
                        "list them in an SRDF beside the URDF", s.bodies[0].place, {}, {}});
    return;
  }

  // one environment, posed again and again
  WorldOptions options;
  options.backend = "cpu";
  options.precision = Precision::f64;
  options.threads = 1;
  auto made = World::create(model, options);
  if (!made) return;
  World& world = **made;
  std::map<std::pair<int, int>, int> touched;
  std::set<std::pair<int, int>> overlap;
  for (int pose = -1; pose < touching::poses; ++pose) {
    const std::vector<double> q = positions(s, pose);
    for (size_t j = 0; j < q.size(); ++j)
      if (s.joints[j].type == JointType::hinge || s.joints[j].type == JointType::slide) world.set(StateField::qpos, 0, model->joint_qpos[j], q[j]);
    std::set<std::pair<int, int>> now;
    for (const ContactRecord& contact : world.probe(0).contacts) {
      const std::pair<int, int> bodies = std::minmax(s.geoms[size_t(contact.geom1)].body, s.geoms[size_t(contact.geom2)].body);
      if (!of_one_robot(bodies.first, bodies.second) || !(contact.dist < 0)) continue;
      if (pose >= 0) now.insert(bodies);
      else if (contact.dist < -touching::least_overlap) overlap.insert(bodies);
    }
    for (const auto& bodies : now) ++touched[bodies];
  }

  std::map<std::pair<int, int>, std::string> found;
  for (const auto& bodies : overlap) found[bodies] = "they overlap at the reference pose";
  for (const auto& [bodies, times] : touched)
    if (times >= touching::nearly_all * touching::poses)
      found[bodies] = "they touch in " + std::to_string(int(std::lround(100.0 * times / touching::poses))) + " % of " + std::to_string(touching::poses) + " random poses within the limits";
  for (const auto& [bodies, why] : found) {
    const Body &b1 = s.bodies[size_t(bodies.first)], &b2 = s.bodies[size_t(bodies.second)];
    s.excludes.push_back({"", bodies.first, bodies.second, b2.place, why});
    s.report.push_back({Severity::note, "touching-pair", "bodies '" + b1.name + "' and '" + b2.name + "' do not collide: " + why, "an SRDF beside the URDF says it otherwise", b2.place, {}, {}});
  }
}

}  // namespace nuri::session
