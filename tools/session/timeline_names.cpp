// Names of a timeline and of goals, found in a model.
#include <algorithm>
#include "engine/scene/xml.h"
#include "tools/session/timeline.h"

namespace nuri::session {
namespace {

using model::Model;
using Errors = std::vector<Diagnostic>;

void error(Errors& out, const Place& place, std::string code, std::string message, std::string hint = {}) {
  out.push_back({Severity::error, std::move(code), std::move(message), std::move(hint), place, {}, {}});
}

int values_of(const Model& m, int sensor) { return m.sensor_adr[sensor + 1] - m.sensor_adr[sensor]; }

// Address of the sensor's values, which must be `values` many (0: any number above `component`).
int find_sensor(const Model& m, const scene::Name& name, int values, int component, Errors& errors) {
  const auto found = std::find(m.sensor_name.begin(), m.sensor_name.end(), name.text);
  if (found == m.sensor_name.end()) {
    error(errors, name.place, "unknown-name", "the model has no sensor '" + name.text + "'", name_hint(name.text, m.sensor_name));
    return -1;
  }
  const int sensor = int(found - m.sensor_name.begin()), given = values_of(m, sensor);
  if (values > 0 && given != values)
    error(errors, name.place, "wrong-size", "the sensor '" + name.text + "' has " + std::to_string(given) + " values, not " + std::to_string(values),
          values == 4 ? "an orientation comes from framequat" : "a position comes from framepos");
  if (component >= given) error(errors, name.place, "out-of-range", "the sensor '" + name.text + "' has " + std::to_string(given) + " values; 'component' counts from 0");
  return m.sensor_adr[sensor];
}

void find_move(const Model& m, const scene::Settings& settings, Act& act, Errors& errors) {
  using Orientation = scene::MoveTarget::Orientation;
  const scene::Action& a = act.action;
  std::vector<std::string> names;
  for (const scene::Controller& c : settings.controllers) names.push_back(c.name);
  const auto found = std::find(names.begin(), names.end(), a.controller.text);
  if (found == names.end()) {
    return error(errors, a.controller.place, "unknown-name", "the scene has no controller '" + a.controller.text + "'",
                 names.empty() ? "'controllers' lists them" : scene::xml::nearest_hint(a.controller.text, names));
  }
  act.controller = int(found - names.begin());
  if (!a.to.position_sensor.text.empty()) act.position_sensor = find_sensor(m, a.to.position_sensor, 3, 0, errors);
  if (a.to.orientation == Orientation::sensor || !a.to.orientation_sensor.text.empty()) act.orientation_sensor = find_sensor(m, a.to.orientation_sensor, 4, 0, errors);
}

void find_actuators(const Model& m, Act& act, std::vector<char>& driven, Errors& errors) {
  const scene::Action& a = act.action;
  for (int i = 0; i < m.actuator_count; ++i) {
    if (!scene::matches(a.actuators, m.actuator_name[i])) continue;
    act.actuators.push_back(i);
    if (driven[i] == 1) error(errors, a.place, "two-drivers", "'" + m.actuator_name[i] + "' belongs to a controller");
    else driven[i] = 2;
    if ((m.actuator_limits[i] & 1) && (a.value < m.actuator_ctrlrange[2 * i] || a.value > m.actuator_ctrlrange[2 * i + 1]))
      error(errors, a.place, "out-of-range", "'value' lies outside the control range of '" + m.actuator_name[i] + "'");
  }
  if (act.actuators.empty()) error(errors, a.place, "unknown-name", "no actuator fits '" + a.actuators.front() + "'", name_hint(a.actuators.front(), m.actuator_name));
}

// Kept once each, ascending.
void sort_once(std::vector<int>& list) {
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
}

}  // namespace

Result<std::unique_ptr<Timeline>> Timeline::create(const Model& m, const scene::Settings& settings, int threads) {
  if (settings.controllers.empty() && settings.timeline.empty()) return std::unique_ptr<Timeline>();
  std::unique_ptr<Timeline> out(new Timeline(threads));
  Errors errors;
  out->period_ = m.timestep[0] * settings.substeps;
  out->driven_.assign(size_t(m.actuator_count), 0);
  Result<std::vector<Controller>> controllers = make_controllers(m, settings);
  if (controllers) out->controllers_ = std::move(*controllers);
  else errors = controllers.errors();
  for (const Controller& c : out->controllers_) {
    for (const Drive& d : c.drives) out->driven_[d.actuator] = 1;
    out->qpos_read_.insert(out->qpos_read_.end(), c.chain.qpos_read.begin(), c.chain.qpos_read.end());
    out->dof_read_.insert(out->dof_read_.end(), c.chain.dof_read.begin(), c.chain.dof_read.end());
    out->reads_mocap_ = out->reads_mocap_ || !c.chain.mocap_read.empty();
  }
  sort_once(out->qpos_read_);
  sort_once(out->dof_read_);
  for (const scene::Action& action : settings.timeline) {
    Act& act = out->acts_.emplace_back();
    act.action = action;
    if (action.type == scene::ActionType::move) find_move(m, settings, act, errors);
    else if (action.type == scene::ActionType::set) find_actuators(m, act, out->driven_, errors);
    else if (action.type == scene::ActionType::wait_for)
      if (const int at = find_sensor(m, action.sensor, 0, action.component, errors); at >= 0) act.sensor = at + action.component;
    if (errors.size() > 20) break;               // the same mistake, repeated
  }
  if (!errors.empty()) return errors;
  return out;
}

Result<std::vector<Goal>> make_goals(const Model& m, const scene::Settings& settings) {
  std::vector<Goal> out;
  Errors errors;
  for (const scene::Goal& settings_of : settings.goals) {
    Goal& goal = out.emplace_back(Goal{settings_of, {}});
    for (int s = 0; s < m.sensor_count; ++s) {
      if (!scene::matches(settings_of.sensors, m.sensor_name[s])) continue;
      goal.sensors.push_back(m.sensor_adr[s]);
      if (values_of(m, s) != int(settings_of.low.size()))
        error(errors, settings_of.place, "wrong-size", "the sensor '" + m.sensor_name[s] + "' has " + std::to_string(values_of(m, s)) + " values, 'low' and 'high' have " + std::to_string(settings_of.low.size()));
    }
    if (goal.sensors.empty())
      error(errors, settings_of.place, "unknown-name", "no sensor fits '" + settings_of.sensors.front() + "'", name_hint(settings_of.sensors.front(), m.sensor_name));
  }
  if (!errors.empty()) return errors;
  return out;
}

}  // namespace nuri::session
