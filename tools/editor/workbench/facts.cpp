// What panels and pictures show of the running world.
#include <algorithm>
#include <chrono>
#include <cmath>
#include "engine/core/hash.h"
#include "engine/scene/scene.h"
#include "tools/editor/workbench/command.h"
#include "tools/session/poses.h"

namespace nuri::editor {
namespace {

constexpr int most_looks = 64;                   // environments that outliers() looks inside,
constexpr double look_seconds = 0.05;            //   and how long
constexpr double apart = 2.5;                    // radii of the scene between two environments of the grid
constexpr double edge = 1e-3;                    // share of a cone's size that counts as its edge

// The fields of the model, in the order of their list.
struct FieldFacts { const char *name, *unit, *doc; const std::vector<double>* values; };
std::vector<FieldFacts> fields_of(const model::Model& m) {
  return {
#define NURI_REAL(name, count, unit, doc) {#name, unit, doc, &m.name},
#include "engine/model/model_fields.inl"
  };
}

// Force in world axes, on the second geom, and whether its friction can grow no more: |f_t| / mu reaches the normal force, summed for
// pyramids, as a length for elliptic cones.
view::Touch touch_of(const ContactRecord& c, bool elliptic) {
  view::Touch out{};
  for (int k = 0; k < 3; ++k) {
    out.position[k] = float(c.pos[k]);
    out.normal[k] = float(c.frame[k]);
    out.force[k] = float(c.frame[k] * c.force[0] + c.frame[3 + k] * c.force[1] + c.frame[6 + k] * c.force[2]);
  }
  out.depth = float(-c.dist);
  double used = 0;
  for (int k = 1; k < c.dim; ++k) {
    const double share = c.friction[k - 1] > 0 ? std::abs(c.force[k]) / c.friction[k - 1] : 0;
    used = elliptic ? std::hypot(used, share) : used + share;
  }
  out.slips = c.dim > 1 && c.force[0] > 0 && used >= (1 - edge) * c.force[0];
  return out;
}

}  // namespace

std::vector<view::Poses> Workbench::poses() const {
  std::vector<view::Poses> out;
  if (!session_) return out;
  follow_numbers();
  World& world = session_->world();
  const int count = std::clamp(shown, 1, world.environments()), side = int(std::ceil(std::sqrt(double(count))));
  const int first = std::clamp(focus - count / 2, 0, world.environments() - count),
      middle = std::clamp(focus, 0, world.environments() - 1) - first;
  double radius = 0;
  for (const auto& of : scenery_.models) radius = std::max(radius, double(of.radius));
  const double step = apart * radius;
  for (int i = 0; i < count; ++i) {
    const int e = first + i;
    out.push_back(session::poses_of(world, e, {float(step * (i % side - middle % side)), float(step * (i / side - middle / side)), 0}));
  }
  return out;
}

std::vector<view::Touch> Workbench::touches() const {
  if (!session_ || focus < 0 || focus >= session_->environments()) return {};
  World& world = session_->world();
  const uint64_t state = Hash().add(world.hash(focus)).add(scene_).add(focus).add(generation_).value();
  if (touches_ && touches_->first == state) return touches_->second;
  std::vector<view::Touch> out;
  for (const ContactRecord& c : world.probe(focus).contacts) out.push_back(touch_of(c, world.model(focus).elliptic != 0));
  touches_ = {state, out};
  return out;
}

std::vector<Workbench::Outlier> Workbench::outliers(Worst what, int most) const {
  std::vector<Outlier> out;
  if (!session_ || most <= 0) return out;
  World& world = session_->world();
  if (what == Worst::faulted) {
    for (int e = 0; e < world.environments() && int(out.size()) < most; ++e)
      if (const uint32_t fault = world.fault(e); fault != 0) out.push_back({e, double(fault)});
    return out;
  }
  std::vector<int> order = everyone();
  const size_t looks = std::min<size_t>(most_looks, order.size());
  std::partial_sort(order.begin(), order.begin() + long(looks), order.end(), [&](int a, int b) {
    return world.contacts(a) != world.contacts(b) ? world.contacts(a) > world.contacts(b) : a < b;
  });
  const auto start = std::chrono::steady_clock::now();
  for (size_t i = 0; i < looks; ++i) {
    const Probe probe = world.probe(order[i]);
    double value = what == Worst::slowest ? probe.iterations : 0;
    for (const ContactRecord& c : probe.contacts) {
      if (what == Worst::deepest) value = std::max(value, -c.dist);
      if (what == Worst::largest_force) value = std::max(value, std::hypot(c.force[0], c.force[1], c.force[2]));
    }
    if (value > 0) out.push_back({order[i], value});
    if (std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() > look_seconds) break;
  }
  std::stable_sort(out.begin(), out.end(), [](const Outlier& a, const Outlier& b) { return a.value > b.value; });
  if (int(out.size()) > most) out.resize(size_t(most));
  return out;
}

std::vector<Workbench::Number> Workbench::numbers(const Pick& of) const {
  std::vector<Number> out;
  if (!session_ || of.environment < 0 || of.environment >= session_->environments()) return out;
  const World& world = session_->world();
  const model::Model& m = world.model(of.environment);
  if (of.body >= m.body_count || of.geom >= m.geom_count) return out;

  // the things it has
  std::vector<int> joints, dofs, geoms, actuators;
  for (int j = 0; j < m.joint_count; ++j) if (m.joint_body[j] == of.body) joints.push_back(j);
  for (int d = 0; d < m.dof_count; ++d) if (m.dof_body[d] == of.body) dofs.push_back(d);
  for (int g = 0; g < m.geom_count; ++g) if (of.geom >= 0 ? g == of.geom : m.geom_body[g] == of.body) geoms.push_back(g);
  for (int a = 0; a < m.actuator_count; ++a) {
    const auto transmission = scene::Transmission(m.actuator_transmission[a]);
    const bool on_joint = transmission == scene::Transmission::joint || transmission == scene::Transmission::joint_in_parent;
    if (on_joint ? std::find(joints.begin(), joints.end(), m.actuator_target[a]) != joints.end()
        : transmission == scene::Transmission::body && m.actuator_target[a] == of.body)
      actuators.push_back(a);
  }

  for (const FieldFacts& field : fields_of(m)) {
    const std::string name = field.name;
    if (!Bucket::can_differ(name)) continue;
    auto add = [&](const std::vector<int>& things, int total) {
      const int per_thing = total > 0 ? int(field.values->size()) / total : 0;
      for (const int thing : things)
        for (int k = 0; k < per_thing; ++k) {
          const int item = thing * per_thing + k;
          const double model = (*field.values)[item], value = world.overridden(name, of.environment, item).value_or(model);
          double first = value;
          for (size_t c = done_; c-- > 0 && commands_[c]->kind != Command::parts;)   // before the earliest change of it; parts renumber geoms
            if (commands_[c]->kind == Command::field && commands_[c]->name == name)
              for (const Command::Number& n : commands_[c]->numbers)
                if (n.environment == of.environment && n.item == item) first = n.before.value_or(model);
          out.push_back({{name, item}, value, first, field.unit, field.doc});
        }
    };
    if (of.body < 0) {
      if (name == "gravity" || name == "wind" || name == "magnetic" || name == "density" || name == "viscosity" || name == "impratio")
        add({0}, 1);
    } else if (name.starts_with("body_")) {
      add({of.body}, m.body_count);
    } else if (name.starts_with("joint_")) {
      add(joints, m.joint_count);
    } else if (name.starts_with("dof_")) {
      add(dofs, m.dof_count);
    } else if (name.starts_with("geom_")) {
      add(geoms, m.geom_count);
    } else if (name == "actuator_ctrlrange") {
      std::vector<int> controls;
      for (int u = 0; u < m.control_count; ++u)
        if (std::find(actuators.begin(), actuators.end(), m.control_actuator[u]) != actuators.end()) controls.push_back(u);
      add(controls, m.control_count);
    } else if (name.starts_with("actuator_")) {
      add(actuators, m.actuator_count);
    }
  }
  return out;
}

// By the prefix of its names, or, if one model alone has none, that.
std::optional<Placement> Workbench::placement_of(const Pick& pick) const {
  if (!session_ || pick.environment < 0 || pick.environment >= session_->environments()) return std::nullopt;
  const model::Model& m = session_->world().model(pick.environment);
  if (pick.body < 0 || pick.body >= m.body_count) return std::nullopt;
  const std::string& body = m.body_name[pick.body];
  const std::vector<Placement> all = placements();
  std::optional<Placement> nameless;
  int count = 0;
  for (const Placement& p : all) {
    if (!p.name.empty() &&
        (body.starts_with(p.name + '/') ||
         (pick.geom >= 0 && pick.geom < m.geom_count && m.geom_name[pick.geom].starts_with(p.name + '/')))) return p;
    if (p.name.empty()) nameless = p, ++count;
  }
  return pick.body > 0 && count == 1 ? nameless : std::nullopt;
}

}  // namespace nuri::editor
