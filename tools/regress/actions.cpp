#include "tools/regress/actions.h"

#include <algorithm>
#include <cmath>
#include "engine/shape/rigid.h"
#include "tools/session/vary_eyes.h"

namespace nuri::regress {
namespace {
using scene::JointType;
using shape::Rot;
using shape::Vec;

constexpr double rounding = 1e-6;                // of a control step: 0.3 s / 0.1 s is 2.9999999999999996 steps
constexpr double away_height = 1000, away_spacing = 50;   // m: where bodies wait, above everything, apart

bool is_free(const model::Model& m, int body) {
  return m.body_joint_num[body] == 1 && m.joint_type[m.body_joint_adr[body]] == int(JointType::free);
}

// The control of the servo on a joint: its force is gain * control + bias0 + bias1 * length with bias1 below 0. -1: there is none.
int servo_of(const model::Model& m, int joint) {
  for (int a = 0; a < m.actuator_count; ++a) {
    const bool on = (m.actuator_transmission[a] == int(scene::Transmission::joint) ||
                     m.actuator_transmission[a] == int(scene::Transmission::joint_in_parent)) &&
                    m.actuator_target[a] == joint;
    if (on && m.actuator_gain[a] == int(scene::Gain::fixed) && m.actuator_gainprm[model::actuator_parameters * size_t(a)] != 0 &&
        m.actuator_bias[a] == int(scene::Bias::affine) && m.actuator_biasprm[model::actuator_parameters * size_t(a) + 1] < 0 &&
        m.actuator_dynamics[a] != int(scene::Dynamics::integrator))
      return m.actuator_control_adr[a];
  }
  return -1;
}

}  // namespace

int64_t control_step(double time, double period) { return int64_t(std::ceil(time / period - rounding)); }

Result<std::unique_ptr<Actions>> Actions::make(session::Session& session, const Script& script) {
  std::unique_ptr<Actions> out(new Actions(session));
  session::Fit fit;
  out->find(script, fit);
  if (std::vector<Diagnostic> errors = fit.errors(); !errors.empty()) return errors;
  return out;
}

void Actions::find(const Script& script, session::Fit& fit) {
  const double period = session_.model().timestep[0] * session_.settings().substeps;
  for (const Action& action : script.actions) {
    Bound bound{&action, control_step(action.at, period), std::numeric_limits<int64_t>::max(), {}, {}, {}};
    if (action.duration >= 0) bound.until = bound.step + std::max<int64_t>(control_step(action.duration, period), 1);
    for (int e = 0; e < session_.environments(); ++e)
      if (action.environments.empty() ||
          std::find(action.environments.begin(), action.environments.end(), world_.id(e)) != action.environments.end())
        bound.environments.push_back(e);
    bounds_.push_back(std::move(bound));
  }
  // bucket by bucket, because a rule needs to fit one of them only
  for (int b = 0; b < world_.buckets(); ++b) {
    fit.begin(world_.buckets() > 1 ? world_.bucket(b).model().name : "");
    for (Bound& bound : bounds_) find_items(bound, world_.bucket(b).model(), fit);
  }
  std::stable_sort(bounds_.begin(), bounds_.end(), [](const Bound& a, const Bound& b) { return a.step < b.step; });
  for (const Bound& bound : bounds_) {
    if (bound.action->type == ActionType::push) pushes_.push_back(&bound);
    if (bound.action->type == ActionType::fault)
      for (const int e : bound.environments) drilled_[size_t(e)] = 1;
  }
}

void Actions::find_items(Bound& bound, const model::Model& m, session::Fit& fit) {
  const Action& a = *bound.action;
  std::vector<int>& items = bound.items.emplace_back();
  session::FieldItems& fields = bound.fields.emplace_back();
  auto choose = [&](const std::vector<std::string>& names, const char* what, auto good) {
    std::vector<std::string> fitting;
    for (size_t i = 0; i < names.size(); ++i) {
      if (!good(int(i))) continue;
      fitting.push_back(names[i]);
      if (scene::matches(a.names.patterns, names[i])) items.push_back(int(i));
    }
    fit.fits(a.names.patterns, fitting, what, a.names.places, a.place);
  };
  const auto any = [](int) { return true; };
  const auto single = [&](int j) { return m.joint_type[j] >= int(JointType::slide); };
  switch (a.type) {
    case ActionType::push: choose(m.body_name, "body that can move", [&](int b) { return m.body_tree[b] >= 0; }); break;
    case ActionType::control: choose(m.control_name, "actuator", any); break;
    case ActionType::target:
      choose(m.joint_name, "joint with a servo", [&](int j) { return single(j) && servo_of(m, j) >= 0; });
      for (int& item : items) item = servo_of(m, item);
      break;
    case ActionType::teleport:
      if (a.of_joint) {
        choose(m.joint_name, "hinge or slide", single);
      } else {
        choose(m.body_name, "free body or mocap body", [&](int b) { return is_free(m, b) || m.body_mocap[b] >= 0; });
        for (const int b : items)
          if (m.body_mocap[b] >= 0 && (a.linear_velocity || a.angular_velocity))
            fit.add(&a, "not-free", "'" + m.body_name[b] + "' is a mocap body and has no velocity", "it goes where it is put", a.place);
      }
      break;
    case ActionType::spawn: choose(m.body_name, "free body", [&](int b) { return is_free(m, b); }); break;
    case ActionType::equality: choose(m.equality_name, "equality", any); break;
    case ActionType::set: {
      scene::Settings settings;
      settings.fields.push_back(a.field);
      session::Fit own;                          // find_fields tells rules apart by their addresses: these must outlive the finding
      own.begin("");
      fields = session::find_fields(m, settings, own);
      for (Diagnostic& d : own.errors()) fit.add(&a.field, std::move(d));
      if (session::find_eye_field(a.field.field))
        fit.add(&a.field, "fixed-field", "'" + a.field.field + "' is of what sees, and cannot be set while a case runs",
                "vary it in the scene", a.field.field_place);
      break;
    }
    case ActionType::fault:
      if (m.dof_count == 0) fit.add(&a, "unknown-name", "nothing in this model can move, so nothing can go wrong in it", {}, a.place);
      break;
    case ActionType::nudge:
      for (int f = 0; f < state_field_count; ++f)
        if (a.state_field == info(StateField(f)).name && a.item >= columns(m, StateField(f)))
          fit.add(&a, "out-of-range", a.state_field + " has " + std::to_string(columns(m, StateField(f))) + " items", {}, a.place);
      break;
  }
}

void Actions::begin() {
  for (const Bound& bound : bounds_) {
    if (bound.action->type != ActionType::spawn) continue;
    for (const int e : bound.environments)
      for (const int body : items(bound, e)) {
        const model::Model& m = world_.model(e);
        Away away{e, m.body_joint_adr[body], {}};
        if (std::any_of(away_.begin(), away_.end(), [&](const Away& other) { return other.environment == e && other.joint == away.joint; }))
          continue;
        for (int k = 0; k < 7; ++k) away.pose.push_back(world_.get(StateField::qpos, e, m.joint_qpos[away.joint] + k));
        away_.push_back(std::move(away));
      }
  }
  hold();
  if (away_.empty()) return;
  std::vector<int> changed;
  for (const Away& away : away_) changed.push_back(away.environment);
  std::sort(changed.begin(), changed.end());
  changed.erase(std::unique(changed.begin(), changed.end()), changed.end());
  world_.upload(changed);
  world_.forward(changed);
}

void Actions::put_away(const Away& away, size_t place) {
  const model::Model& m = world_.model(away.environment);
  const int q = m.joint_qpos[away.joint], v = m.joint_dof[away.joint], free = m.joint_free[away.joint];
  const double pose[7] = {0, 0, away_height + away_spacing * double(place), 1, 0, 0, 0};
  for (int k = 0; k < 7; ++k) world_.set(StateField::qpos, away.environment, q + k, pose[k]);
  for (int k = 0; k < 3; ++k) world_.set(StateField::qpos_residual, away.environment, 3 * free + k, 0);
  for (int k = 0; k < 6; ++k)
    world_.set(StateField::qvel, away.environment, v + k, 0), world_.set(StateField::warmstart, away.environment, v + k, 0);
}

void Actions::hold() {
  for (const Away& away : away_) put_away(away, size_t(world_.model(away.environment).joint_free[away.joint]));
}

bool Actions::act(int64_t step) {
  std::vector<int> changed, healthy;
  end_controls(step);
  for (; next_ < bounds_.size() && bounds_[next_].step <= step; ++next_) {
    const Bound& bound = bounds_[next_];
    const ActionType type = bound.action->type;
    if (type == ActionType::control || type == ActionType::target) begin_controls(bound);
    if (type == ActionType::push || type == ActionType::control || type == ActionType::target) continue;
    for (const int e : bound.environments) {
      write(bound, e);
      changed.push_back(e);
      if (type != ActionType::fault) healthy.push_back(e);
    }
  }
  push(step);
  for (std::vector<int>* list : {&changed, &healthy}) {
    std::sort(list->begin(), list->end());
    list->erase(std::unique(list->begin(), list->end()), list->end());
  }
  if (!changed.empty()) world_.upload(changed);
  if (!healthy.empty()) world_.forward(healthy);
  return !changed.empty();
}

void Actions::write(const Bound& bound, int e) {
  const model::Model& m = world_.model(e);
  const Action& a = *bound.action;
  switch (a.type) {
    case ActionType::teleport: case ActionType::spawn:
      for (const int item : items(bound, e)) {
        if (a.of_joint) {
          world_.set(StateField::qpos, e, m.joint_qpos[item], a.value);
          world_.set(StateField::qvel, e, m.joint_dof[item], a.speed);
        } else {
          teleport(a, e, item, a.type == ActionType::spawn);
        }
      }
      break;
    case ActionType::set: set_field(bound, e); break;
    case ActionType::equality:
      for (const int item : items(bound, e)) world_.set(StateField::equality_active, e, item, a.active ? 1 : 0);
      break;
    case ActionType::fault: world_.set(StateField::qvel, e, 0, std::numeric_limits<double>::quiet_NaN()); break;
    case ActionType::nudge:
      for (int f = 0; f < state_field_count; ++f) {
        if (a.state_field != info(StateField(f)).name) continue;
        const double x = world_.get(StateField(f), e, a.item), to = x < 0 ? -INFINITY : INFINITY;
        const bool single = world_.options().precision == Precision::f32;
        world_.set(StateField(f), e, a.item, single ? double(std::nextafterf(float(x), float(to))) : std::nextafter(x, to));
      }
      break;
    case ActionType::push: case ActionType::control: case ActionType::target: break;
  }
}

void Actions::teleport(const Action& a, int e, int body, bool spawned) {
  const model::Model& m = world_.model(e);
  if (const int mocap = m.body_mocap[body]; mocap >= 0) {
    for (int k = 0; k < 3 && a.position; ++k) world_.set(StateField::mocap_pos, e, 3 * mocap + k, (*a.position)[size_t(k)]);
    for (int k = 0; k < 4 && a.orientation; ++k) world_.set(StateField::mocap_quat, e, 4 * mocap + k, (*a.orientation)[size_t(k)]);
    return;
  }
  const int joint = m.body_joint_adr[body], q = m.joint_qpos[joint], v = m.joint_dof[joint];
  if (spawned) {                                 // back to where it begins, at rest; then what the script says
    const auto away = std::find_if(away_.begin(), away_.end(), [&](const Away& one) { return one.environment == e && one.joint == joint; });
    if (away == away_.end()) return;             // spawned before
    for (int k = 0; k < 7; ++k) world_.set(StateField::qpos, e, q + k, away->pose[size_t(k)]);
    for (int k = 0; k < 6; ++k) world_.set(StateField::qvel, e, v + k, 0);
    away_.erase(away);
  }
  if (a.position)
    for (int k = 0; k < 3; ++k) {
      world_.set(StateField::qpos, e, q + k, (*a.position)[size_t(k)]);
      world_.set(StateField::qpos_residual, e, 3 * m.joint_free[joint] + k, 0);
    }
  for (int k = 0; k < 4 && a.orientation; ++k) world_.set(StateField::qpos, e, q + 3 + k, (*a.orientation)[size_t(k)]);
  for (int k = 0; k < 3 && a.linear_velocity; ++k) world_.set(StateField::qvel, e, v + k, (*a.linear_velocity)[size_t(k)]);
  if (a.angular_velocity) {                      // the state has it in the body's axes
    Rot r;
    for (int k = 0; k < 4; ++k) r[size_t(k)] = world_.get(StateField::qpos, e, q + 3 + k);
    const Vec spin = shape::rotate(shape::conjugate(shape::unit(r)), *a.angular_velocity);
    for (int k = 0; k < 3; ++k) world_.set(StateField::qvel, e, v + 3 + k, spin[size_t(k)]);
  }
}

void Actions::set_field(const Bound& bound, int e) {
  const auto [b, index] = world_.place(e);
  Bucket& bucket = world_.bucket(b);
  const double number = bound.action->field.draw.a;
  for (const session::FieldItem& item : bound.fields[size_t(b)]) {
    const double now = bucket.overridden(item.field, index, item.item).value_or(item.value);
    const scene::Operation operation = bound.action->field.operation;
    bucket.override_number(item.field, index, item.item,
                           operation == scene::Operation::set   ? number
                           : operation == scene::Operation::add ? now + number
                                                                : now * number);
  }
}

// A body feels the sum of the pushes that act on it; it is written where one of them begins or ends.
void Actions::push(int64_t step) {
  for (const Bound* edge : pushes_) {
    if (edge->step != step && edge->until != step) continue;
    for (const int e : edge->environments)
      for (const int body : items(*edge, e)) {
        double sum[6] = {};
        for (const Bound* one : pushes_) {
          const std::vector<int>& bodies = items(*one, e);
          if (step < one->step || step >= one->until || !std::binary_search(one->environments.begin(), one->environments.end(), e) ||
              std::find(bodies.begin(), bodies.end(), body) == bodies.end())
            continue;
          for (size_t k = 0; k < 3; ++k) sum[k] += one->action->force[k], sum[3 + k] += one->action->torque[k];
        }
        for (int k = 0; k < 6; ++k) world_.set(StateField::xfrc_applied, e, 6 * body + k, sum[k]);
      }
  }
}

void Actions::begin_controls(const Bound& bound) {
  for (const int e : bound.environments)
    for (const int actuator : items(bound, e)) {
      const auto found =
          std::find_if(held_.begin(), held_.end(), [&](const Held& held) { return held.environment == e && held.actuator == actuator; });
      if (found != held_.end()) found->by = &bound;   // what was before stays what it was before
      else held_.push_back({e, actuator, world_.get(StateField::ctrl, e, actuator), &bound});
    }
}

// What a script lets go is what it was; where the scene's control changes with time, it is renewed in the same control step.
void Actions::end_controls(int64_t step) {
  std::erase_if(held_, [&](const Held& held) {
    if (step < held.by->until) return false;
    world_.set(StateField::ctrl, held.environment, held.actuator, held.before);
    return true;
  });
}

double Actions::control_of(const Bound& bound, int e, int control) const {
  const double value = bound.action->value;
  if (bound.action->type == ActionType::control) return value;
  const auto [b, index] = world_.place(e);
  const Bucket& bucket = world_.bucket(b);
  const model::Model& m = bucket.model();
  const int actuator = m.control_actuator[control], at = model::actuator_parameters * actuator;
  auto own = [&, index = index](const char* field, const std::vector<double>& values, int item) {
    return bucket.overridden(field, index, item).value_or(values[size_t(item)]);
  };
  const double gain = own("actuator_gainprm", m.actuator_gainprm, at),
               constant = own("actuator_biasprm", m.actuator_biasprm, at);
  const double per_length = own("actuator_biasprm", m.actuator_biasprm, at + 1),
               length = own("actuator_gear", m.actuator_gear, 6 * actuator) * value;
  return gain == 0 ? 0 : -(constant + per_length * length) / gain;   // where the force of a servo at rest is 0
}

void Actions::before(int) {
  for (const Held& held : held_)
    world_.set(StateField::ctrl, held.environment, held.actuator, control_of(*held.by, held.environment, held.actuator));
}

}  // namespace nuri::regress
