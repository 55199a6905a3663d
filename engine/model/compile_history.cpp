// Tracks: what actuators and sensors keep of their past.
#include "engine/model/compile_parts.h"

namespace nuri::model {
using namespace scene;
namespace {

constexpr int64_t most_kept = int64_t(1) << 20;            // numbers of one track
constexpr double longest_interval = 1 << 20;               // steps

void check_history(Compilation& c, const History& h, int values, const std::string& who, const Place& place) {
  const double step = c.scene.option.timestep;
  auto refuse = [&](const std::string& what, const std::string& hint = "") { c.error("bad-history", who + ": " + what, place, hint); };
  if (h.samples < 0 || int64_t(h.samples) * values > most_kept) refuse("samples x values is from 0 to " + std::to_string(most_kept));
  if (!(h.delay >= 0)) refuse("the delay must not be negative");
  if (h.delay > 0 && h.samples == 0) refuse("a delay needs samples to look back on", "nsample = delay / timestep, rounded up");
  if (!(h.interval[0] >= 0) || h.interval[0] > longest_interval * step)
    refuse("the period is from 0 to " + std::to_string(int(longest_interval)) + " time steps");
  if (h.interval[0] > 0 && !(h.interval[1] <= 0 && h.interval[1] > -h.interval[0])) refuse("the phase is 0, or less than a period before 0");
  if (h.interval[0] > 0 && h.samples == 0) c.note("no-interval", who + " is computed in every step: without samples its interval has no effect", place);
  if (h.samples > 0 && h.delay > (h.samples + 1e-6) * (h.interval[0] > step ? h.interval[0] : step))
    c.note("short-history", who + ": its samples do not reach back as far as its delay; the oldest one is shown", place);
}
}  // namespace

void compile_history(Compilation& c) {
  Model& m = c.model;
  m.track_adr = {0};
  const auto add_track = [&](const History& h, int control, int sensor, int values) {
    if (h.samples <= 0) return -1;
    m.track_control.push_back(control);
    m.track_sensor.push_back(sensor);
    m.track_samples.push_back(h.samples);
    m.track_values.push_back(values);
    m.track_interpolation.push_back(int(h.interpolation));
    m.history_count += 2 + h.samples * values;
    m.track_adr.push_back(m.history_count);
    return m.track_count++;
  };
  for (size_t a = 0; a < c.scene.actuators.size(); ++a) {
    const Actuator& actuator = c.scene.actuators[a];
    const int first = m.actuator_control_adr[a], controls = m.actuator_control_adr[a + 1] - first;
    check_history(c, actuator.history, controls, label("actuator", actuator.name, a), actuator.place);
    if (!c.errors.empty()) return;
    m.actuator_track.push_back(add_track(actuator.history, first, -1, controls));
    m.actuator_delay.push_back(actuator.history.delay);
  }
  for (size_t i = 0; i < c.scene.sensors.size(); ++i) {
    const Sensor& sensor = c.scene.sensors[i];
    const int values = m.sensor_adr[i + 1] - m.sensor_adr[i];
    check_history(c, sensor.history, values, label("sensor", sensor.name, i), sensor.place);
    if (!c.errors.empty()) return;
    m.sensor_track.push_back(add_track(sensor.history, -1, int(i), values));
    m.sensor_delay.push_back(sensor.history.delay);
    append(m.sensor_interval, sensor.history.interval);
  }
}

}  // namespace nuri::model
