// Which trees may fall asleep: those of which the file says so, and all that nothing drives or pulls. MuJoCo documentation, Computation,
// "Sleeping islands", and the attribute body/sleep.
#include <algorithm>

#include "engine/model/compile_parts.h"
#include "engine/model/dual_size.h"
#include "engine/model/model_flags.h"

namespace nuri::model {
using namespace nuri::scene;

namespace {

// Trees that a tendon's string or sum runs through, ascending.
std::vector<int> trees_of(const Compilation& c, const Tendon& t) {
  const Model& m = c.model;
  std::vector<int> trees;
  auto take = [&](int body) { if (m.body_tree[body] >= 0) trees.push_back(m.body_tree[body]); };
  for (const auto& joint : t.joints) take(m.joint_body[joint.joint]);
  for (const auto& via : t.path) {
    if (via.kind == Tendon::Pass::site) take(m.site_body[via.object]);
    if (via.kind == Tendon::Pass::geom) take(m.geom_body[via.object]);
  }
  std::sort(trees.begin(), trees.end());
  trees.erase(std::unique(trees.begin(), trees.end()), trees.end());
  return trees;
}

std::vector<int> trees_of(const Compilation& c, const Actuator& a) {
  const Model& m = c.model;
  std::vector<int> bodies;
  switch (a.transmission) {
    case Transmission::joint: case Transmission::joint_in_parent: bodies = {m.joint_body[a.target]}; break;
    case Transmission::tendon: return trees_of(c, c.scene.tendons[size_t(a.target)]);
    case Transmission::body: bodies = {a.target}; break;
    case Transmission::so3:
      if (a.reference < 0) { bodies = {m.joint_body[a.target]}; break; }
      [[fallthrough]];
    case Transmission::site: case Transmission::slidercrank:
      bodies = {m.site_body[a.target]};
      if (a.reference >= 0) bodies.push_back(m.site_body[a.reference]);
  }
  std::vector<int> trees;
  for (int body : bodies) if (m.body_tree[body] >= 0) trees.push_back(m.body_tree[body]);
  return trees;
}

}  // namespace

void compile_sleep(Compilation& c) {
  Model& m = c.model;
  const Scene& s = c.scene;
  std::vector<SleepPolicy> policy(size_t(m.tree_count), SleepPolicy::automatic);
  for (size_t b = 0; b < s.bodies.size(); ++b) {
    if (s.bodies[b].sleep == SleepPolicy::automatic) continue;
    const int tree = m.body_tree[b];
    if (tree < 0 || m.tree_body[m.tree_body_adr[tree]] != int(b))
      c.error("sleep-below", label("body", s.bodies[b].name, b) + " cannot say when its tree sleeps: only the topmost body that moves can", s.bodies[b].place, "move 'sleep' there");
    else
      policy[size_t(tree)] = s.bodies[b].sleep;
  }
  if (!c.errors.empty() || !s.option.flags.sleep) return;
  if (has_dual(m) || m.solver != solver_newton) {
    c.report.push_back({Severity::warning, "sleep-idle", "no tree falls asleep: that needs solver Newton without noslip and diagexact", "", {}, "", {}});
    return;
  }
  auto drive = [&](const std::vector<int>& trees) {
    for (int t : trees) if (policy[size_t(t)] == SleepPolicy::automatic) policy[size_t(t)] = SleepPolicy::never;
  };
  for (const Actuator& a : s.actuators) drive(trees_of(c, a));
  for (size_t i = 0; i < s.tendons.size(); ++i) {
    const Tendon& t = s.tendons[i];
    const std::vector<int> trees = trees_of(c, t);
    const bool pulls = t.stiffness != 0 || t.damping != 0;
    if (trees.size() < 2 || (trees.size() == 2 && !pulls)) continue;
    for (int tree : trees)
      if (policy[size_t(tree)] == SleepPolicy::allowed || policy[size_t(tree)] == SleepPolicy::asleep)
        c.error("sleep-tied", label("tendon", t.name, i) + (pulls ? " pulls at" : " ties more than two trees, also") + " one that shall sleep: "
                + label("body", m.body_name[size_t(m.tree_body[m.tree_body_adr[tree]])], size_t(m.tree_body[m.tree_body_adr[tree]])), t.place, "take 'sleep' away there, or say never");
    drive(trees);
  }
  m.tree_sleep.resize(size_t(m.tree_count), never_asleep);
  for (int t = 0; t < m.tree_count; ++t)
    m.tree_sleep[t] = policy[size_t(t)] == SleepPolicy::never ? never_asleep : policy[size_t(t)] == SleepPolicy::asleep ? begins_asleep : may_sleep;
  if (std::any_of(m.tree_sleep.begin(), m.tree_sleep.end(), [](int how) { return how != never_asleep; })) m.flags |= flag_sleep;
}

}  // namespace nuri::model
