// Changes that a person makes, each a command that knows what was before. Placing models is in placing.cpp.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include "engine/scene/scene.h"
#include "tools/editor/workbench/command.h"
#include "tools/editor/workbench/history.h"

namespace nuri::editor {
namespace {
using scene::JointType;

std::string in_short(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value == 0 ? 0.0 : value);
  return text;
}

std::string name_or_number(const std::vector<std::string>& names, int index) {
  return names[index].empty() ? '#' + std::to_string(index) : names[index];
}

// "friction of floor" of geom_friction, "gravity 2" of the scene.
std::string label(const std::string& field, const session::FieldName& name) {
  const size_t cut = field.find('_');
  const bool of_thing = name.names != "*" && cut != std::string::npos;
  std::string out = of_thing ? field.substr(cut + 1) : field;
  if (name.component > 0 || (name.component == 0 && !of_thing)) out += ' ' + std::to_string(name.component);
  return of_thing ? out + " of " + name.names : out;
}

// The least that a number can be: mass that moves, and what is no signed quantity.
double least(const std::string& field) {
  for (const char* positive : {"body_mass", "body_inertia", "impratio"})
    if (field == positive) return 1e-12;
  for (const char* part : {"_size", "_friction", "_damping", "_armature", "_frictionloss", "_stiffness", "_margin", "density", "viscosity"})
    if (field.ends_with(part)) return 0;
  return -std::numeric_limits<double>::infinity();
}

// Fields that say where bodies are drawn.
bool moves_bodies(const std::string& field) {
  return field == "body_pos" || field == "body_quat" || field == "joint_pos" || field == "joint_axis" || field == "qpos0";
}

}  // namespace

// The command that a change belongs to: the last one, if the gesture goes on, or a new one that knows the state before.
Workbench::Command& Workbench::change(int kind, const std::string& target, const std::vector<int>& environments) {
  hand_.apply(session_->world(), std::nullopt, 1);   // its force is no part of what is kept; the next step writes it again
  if (gesture_ && done_ > 0 && done_ == commands_.size() && commands_.back()->kind == kind && commands_.back()->target == target)
    return *commands_.back();
  settle();
  commands_.resize(done_);
  entries_.resize(done_);
  Command& c = *commands_.emplace_back(std::make_unique<Command>());
  entries_.push_back({});
  ++done_;
  c.kind = Command::Kind(kind);
  c.target = target;
  c.before = session_->save(environments);
  c.text_before = c.text_after = text_;
  gesture_ = true;
  return c;
}

// What the entry says; and no more memory for the past than was asked for.
void Workbench::tell(const std::string& what) {
  entries_.back() = {what, true};
  size_t bytes = 0, first = commands_.size();
  while (first > 0 && (bytes + commands_[first - 1]->bytes() <= options_.history_bytes || first == commands_.size()))
    bytes += commands_[--first]->bytes();
  commands_.erase(commands_.begin(), commands_.begin() + long(first));
  entries_.erase(entries_.begin(), entries_.begin() + long(first));
  done_ -= first;
}

// After a change of the state: a pinned moment, or, if the clock was set, a new history.
void Workbench::changed_state(uint64_t substep_before) {
  if (session_->substep() == substep_before) history_->record(*session_, hand_, scene_, true);
  else history_->begin(*session_, hand_, scene_);
}

void Workbench::end_gesture() {
  if (session_) settle();
  gesture_ = false;
}

// ---- the running state ---------------------------------------------------------------------------------------------------

void Workbench::set_joint(int joint, int component, double value) {
  if (replay_) return void(refuse_change());
  if (!session_ || !std::isfinite(value)) return;
  focus = std::clamp(focus, 0, session_->environments() - 1);
  settle();
  World& world = session_->world();
  const model::Model& m = world.model(focus);
  if (joint < 0 || joint >= m.joint_count) return;
  const JointType type = JointType(m.joint_type[joint]);
  const int count = type == JointType::free ? 7 : type == JointType::ball ? 4 : 1, first = m.joint_qpos[joint];
  if (component < 0 || component >= count) return;
  const std::string target = std::to_string(focus) + ' ' + std::to_string(joint) + ' ' + std::to_string(component);
  const double present = world.get(StateField::qpos, focus, first + component);
  Command& c = change(Command::joint, target, {focus});
  if (c.after.worlds.empty()) c.from = present;

  world.set(StateField::qpos, focus, first + component, value);
  if (type == JointType::free && component < 3) world.set(StateField::qpos_residual, focus, 3 * m.joint_free[joint] + component, 0);
  if (const int quat = count - 4; count >= 4 && component >= quat) {
    double q[4], norm = 0;
    for (int k = 0; k < 4; ++k) q[k] = world.get(StateField::qpos, focus, first + quat + k), norm += q[k] * q[k];
    norm = std::sqrt(norm);
    for (int k = 0; k < 4; ++k) world.set(StateField::qpos, focus, first + quat + k, norm > 1e-6 ? q[k] / norm : k == 0);
  }
  const int one[] = {focus};
  world.upload(one);
  world.forward(one);
  c.after = session_->save(one);
  std::string what = "joint " + name_or_number(m.joint_name, joint);
  if (count > 1) what += ' ' + std::to_string(component);
  tell(what + ": " + in_short(c.from) + " to " + in_short(value));
  changed_state(session_->substep());
}

void Workbench::set_control(int control, double value) {
  if (replay_) return void(refuse_change());
  if (!session_ || !std::isfinite(value)) return;
  focus = std::clamp(focus, 0, session_->environments() - 1);
  settle();
  World& world = session_->world();
  const model::Model& m = world.model(focus);
  if (control < 0 || control >= m.control_count) return;
  const double present = world.get(StateField::ctrl, focus, control);
  Command& c = change(Command::control, std::to_string(focus) + ' ' + std::to_string(control), {focus});
  if (c.after.worlds.empty()) c.from = present;
  world.set(StateField::ctrl, focus, control, value);
  const int one[] = {focus};
  world.upload(one);
  c.after = session_->save(one);
  tell("control " + name_or_number(m.control_name, control) + ": " + in_short(c.from) + " to " + in_short(value));
  changed_state(session_->substep());
}

void Workbench::reset() {
  if (!session_) return;
  if (replay_) return begin_recording();
  end_gesture();
  Command& c = change(Command::all_reset, "", everyone());
  session_->reset();
  c.after = session_->save(everyone());
  gesture_ = false;
  tell("reset");
  hand_ = {};
  history_->begin(*session_, hand_, scene_);
}

void Workbench::reset_to_key(int key) {
  if (replay_) return void(refuse_change());
  if (!session_) return;
  end_gesture();
  focus = std::clamp(focus, 0, session_->environments() - 1);
  const model::Model& m = session_->world().model(focus);
  if (key < 0 || key >= m.key_count) return;
  Command& c = change(Command::keyframe, "", {focus});
  session_->reset(focus, key);
  const int one[] = {focus};
  c.after = session_->save(one);
  gesture_ = false;
  tell("keyframe " + name_or_number(m.key_name, key));
  changed_state(session_->substep());
}

// ---- the scene -----------------------------------------------------------------------------------------------------------

void Workbench::set_field(const FieldItem& item, double value) {
  errors_.clear();
  if (replay_) return void(refuse_change());
  if (!session_ || !std::isfinite(value)) return;
  focus = std::clamp(focus, 0, session_->environments() - 1);
  settle();
  World& world = session_->world();
  const model::Model& m = world.model(focus);
  if (!Bucket::can_differ(item.field))
    return void(refuse("fixed-field", "'" + item.field + "' is the same for all environments, and cannot be changed while they live",
                       "change it in the file"));
  const auto name = session::name_field(m, item.field, item.item);
  if (!name)
    return void(refuse("unknown-field",
                       "the model has no number '" + item.field + "' " + std::to_string(item.item) + " that a scene file can name"));
  if (value < least(item.field)) return void(refuse("out-of-range", "'" + item.field + "' cannot be " + in_short(value)));

  // the text first: what it cannot say is not done
  const std::string target = item.field + ' ' + name->names + ' ' + std::to_string(name->component);
  const bool joins = gesture_ && done_ > 0 && done_ == commands_.size() && commands_.back()->kind == Command::field &&
      commands_.back()->target == target;
  Result<std::string> text =
      scene_text::with_number(joins ? commands_.back()->text_before : text_, {item.field, name->names, name->component, value});
  if (!text) return void(errors_ = text.errors());

  // then the numbers that it means, in every model
  std::vector<Command::Number> numbers;
  scene::Settings settings;
  scene::RandomField& rule = settings.fields.emplace_back();
  rule.field = item.field, rule.names = {name->names}, rule.component = name->component;
  rule.operation = scene::Operation::set, rule.draw = {value, value};
  std::vector<session::FieldItems> items;
  for (int b = 0; b < session_->world().buckets(); ++b) {
    session::Fit fit;
    fit.begin("");
    items.push_back(session::find_fields(world.bucket(b).model(), settings, fit));
  }
  for (const int e : everyone())
    for (const session::FieldItem& f : items[world.place(e).bucket])
      numbers.push_back({e, f.item, world.overridden(item.field, e, f.item)});
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (world.override_field(item.field, numbers[i].environment, numbers[i].item, value)) continue;
    for (size_t k = 0; k < i; ++k) {
      const auto& [environment, at, before] = numbers[k];
      if (before) world.override_field(item.field, environment, at, *before);
      else world.clear_override(item.field, environment, at);
    }
    return void(refuse("fixed-field", "'" + item.field + "' cannot be changed here: the model has no such row to begin with",
                       "give it a small value in the model's file"));
  }
  if (!joins) {
    double present = 0;
#define NURI_REAL(field_, count, unit, doc) if (item.field == #field_) present = m.field_[item.item];
#include "engine/model/model_fields.inl"
    for (const Command::Number& n : numbers)
      if (n.environment == focus && n.item == item.item) present = n.before.value_or(present);
    Command& c = change(Command::field, target, {});
    c.from = present;
    c.name = item.field;
    c.numbers = std::move(numbers);
  }
  Command& c = *commands_.back();
  c.value = value;
  c.text_after = *text;
  say(std::move(*text));
  if (moves_bodies(item.field)) world.forward();
  redraw(item.field);
  tell(label(item.field, *name) + ": " + in_short(c.from) + " to " + in_short(value));
  changed_state(session_->substep());
}

void Workbench::write_numbers(const Command& c, bool done) {
  World& world = session_->world();
  for (const Command::Number& n : c.numbers) {
    if (n.environment >= world.environments()) continue;
    if (done || n.before) world.override_field(c.name, n.environment, n.item, done ? c.value : *n.before);
    else world.clear_override(c.name, n.environment, n.item);
  }
  say(done ? c.text_after : c.text_before);
  if (moves_bodies(c.name)) world.forward();
  redraw(c.name);
}

// ---- undo and redo -------------------------------------------------------------------------------------------------------

bool Workbench::put_back(const Command& c, bool done) {
  const uint64_t substep = session_->substep();
  hand_.apply(session_->world(), std::nullopt, 1);
  switch (c.kind) {
    case Command::field: write_numbers(c, done); break;
    case Command::place:
    case Command::parts: {
      const auto now = session_->world().hash();
      const auto& [text, saved, hash, clock] = done ? std::tie(c.text_after, c.after, c.hash_before, c.before)
          : std::tie(c.text_before, c.before, c.hash_after, c.after);
      const bool since = now != hash || substep != clock.substep;
      Placement from, to;
      for (const Placement& p : scene_text::placements(text_)) if (p.is(c.name)) from = p;
      for (const Placement& p : scene_text::placements(text)) if (p.is(c.name)) to = p;
      return rebuild(text, &from, &to, since ? nullptr : &saved);
    }
    default: if (!session_->restore(done ? c.after : c.before)) return refuse("cannot-undo", "that was another scene");
  }
  changed_state(substep);
  return true;
}

bool Workbench::undo() {
  if (!session_) return false;
  end_gesture();
  if (done_ == 0) return false;
  if (!put_back(*commands_[done_ - 1], false)) return false;
  entries_[--done_].done = false;
  return true;
}

bool Workbench::redo() {
  if (!session_) return false;
  end_gesture();
  if (done_ == commands_.size()) return false;
  if (!put_back(*commands_[done_], true)) return false;
  entries_[done_++].done = true;
  return true;
}

}  // namespace nuri::editor
