// Names of a timeline and of goals, found in a model.
#include <algorithm>
#include "engine/scene/xml.h"
#include "tools/session/session.h"

namespace nuri::session {
namespace {

using model::Model;

// Where findings about one action or goal go.
struct Teller {
  Fit& fit;
  const void* rule;
  void operator()(const Place& place, std::string code, std::string message, std::string hint = {}) const {
    fit.add(rule, std::move(code), std::move(message), std::move(hint), place);
  }
};

int values_of(const Model& m, int sensor) { return m.sensor_adr[sensor + 1] - m.sensor_adr[sensor]; }

// Address of the sensor's values, which must be `values` many (0: any number above `component`).
int find_sensor(const Model& m, const scene::Name& name, int values, int component, const Teller& error) {
  const auto found = std::find(m.sensor_name.begin(), m.sensor_name.end(), name.text);
  if (found == m.sensor_name.end()) {
    error(name.place, "unknown-name", "the model has no sensor '" + name.text + "'", scene::name_hint(name.text, m.sensor_name));
    return -1;
  }
  const int sensor = int(found - m.sensor_name.begin()), given = values_of(m, sensor);
  if (values > 0 && given != values)
    error(name.place, "wrong-size", "the sensor '" + name.text + "' has " + std::to_string(given) + " values, not " + std::to_string(values),
          values == 4 ? "an orientation comes from framequat" : "a position comes from framepos");
  if (component >= given) error(name.place, "out-of-range", "the sensor '" + name.text + "' has " + std::to_string(given) + " values; 'component' counts from 0");
  return m.sensor_adr[sensor];
}

void find_move(const Model& m, const scene::Settings& settings, const std::vector<Controller>& controllers, Act& act, const Teller& error) {
  using Orientation = scene::MoveTarget::Orientation;
  const scene::Action& a = act.action;
  std::vector<std::string> names;
  for (const scene::Controller& c : settings.controllers) names.push_back(c.name);
  if (std::find(names.begin(), names.end(), a.controller.text) == names.end()) {
    return error(a.controller.place, "unknown-name", "the scene has no controller '" + a.controller.text + "'",
                 names.empty() ? "'controllers' lists them" : scene::xml::nearest_hint(a.controller.text, names));
  }
  const auto found = std::find_if(controllers.begin(), controllers.end(), [&](const Controller& c) { return c.settings.name == a.controller.text; });
  if (found == controllers.end()) return error.fit.lacks(error.rule);   // why, the controller has told
  act.controller = int(found - controllers.begin());
  if (!a.to.position_sensor.text.empty()) act.position_sensor = find_sensor(m, a.to.position_sensor, 3, 0, error);
  if (a.to.orientation == Orientation::sensor || !a.to.orientation_sensor.text.empty()) act.orientation_sensor = find_sensor(m, a.to.orientation_sensor, 4, 0, error);
}

void find_actuators(const Model& m, const scene::Action& a, Act& act, std::vector<char>& driven, const Teller& error) {
  for (int i = 0; i < m.control_count; ++i) {
    if (!scene::matches(a.actuators, m.control_name[i])) continue;
    act.actuators.push_back(i);
    if (driven[i] == 1) error(a.place, "two-drivers", "'" + m.control_name[i] + "' belongs to a controller");
    else driven[i] = 2;
    if (m.control_limited[i] && (a.value < m.actuator_ctrlrange[2 * i] || a.value > m.actuator_ctrlrange[2 * i + 1]))
      error(a.place, "out-of-range", "'value' lies outside the control range of '" + m.control_name[i] + "'");
  }
  error.fit.fits(a.actuators, m.control_name, "actuator", a.names_places, a.place);
  if (act.actuators.empty()) error.fit.lacks(error.rule);
}

// Kept once each, ascending.
void sort_once(std::vector<int>& list) {
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
}

}  // namespace

Script make_script(const Model& m, const scene::Settings& settings, Fit& fit) {
  Script out;
  out.driven.assign(size_t(m.control_count), 0);
  out.controllers = make_controllers(m, settings, fit);
  for (const Controller& c : out.controllers) {
    for (const Drive& d : c.drives) out.driven[d.actuator] = 1;
    out.qpos_read.insert(out.qpos_read.end(), c.chain.qpos_read.begin(), c.chain.qpos_read.end());
    out.dof_read.insert(out.dof_read.end(), c.chain.dof_read.begin(), c.chain.dof_read.end());
    out.reads_mocap = out.reads_mocap || !c.chain.mocap_read.empty();
  }
  sort_once(out.qpos_read);
  sort_once(out.dof_read);
  for (size_t i = 0; i < settings.timeline.size(); ++i) {
    const scene::Action& action = settings.timeline[i];
    const Teller error{fit, &action};
    Act act;
    act.action = action;
    act.index = int(i);
    if (action.type == scene::ActionType::move) find_move(m, settings, out.controllers, act, error);
    else if (action.type == scene::ActionType::set) find_actuators(m, action, act, out.driven, error);
    else if (action.type == scene::ActionType::wait_for)
      if (const int at = find_sensor(m, action.sensor, 0, action.component, error); at >= 0) act.sensor = at + action.component;
    if (fit.acts(&action)) out.acts.push_back(std::move(act));
  }
  return out;
}

std::vector<Goal> make_goals(const Model& m, const scene::Settings& settings, Fit& fit) {
  std::vector<Goal> out;
  for (const scene::Goal& settings_of : settings.goals) {
    const Teller error{fit, &settings_of};
    Goal& goal = out.emplace_back(Goal{settings_of, {}});
    for (int s = 0; s < m.sensor_count; ++s) {
      if (!scene::matches(settings_of.sensors, m.sensor_name[s])) continue;
      goal.sensors.push_back(m.sensor_adr[s]);
      if (values_of(m, s) != int(settings_of.low.size()))
        error(settings_of.place, "wrong-size", "the sensor '" + m.sensor_name[s] + "' has " + std::to_string(values_of(m, s)) + " values, 'low' and 'high' have " + std::to_string(settings_of.low.size()));
    }
    fit.fits(settings_of.sensors, m.sensor_name, "sensor", settings_of.names_places, settings_of.place);
  }
  return out;
}

}  // namespace nuri::session
