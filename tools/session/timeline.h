// Timeline: the actions of a scene, run by every environment on its own clock, and its goals. An environment passes over the actions
// that name what its model lacks.
//
// At each control step an environment reads its own sensors and joints, goes on with its action (or through several that take no
// time), and its controllers turn setpoints into controls. Nothing is shared but the list of actions: environments are
// worked through by the World's threads in any order, and the same environment does the same among 8 and among 8192.
//
// A move goes along the straight line and about one axis from the present setpoint, with the smoothest profile that keeps
// both speeds and accelerations: s(x) = 10 x^3 - 15 x^4 + 6 x^5 of the share x of its duration T, at rest at both ends
// (T. Flash, N. Hogan, J. Neuroscience 5, 1985: least jerk). Its greatest speed is 15/8 of the mean, its greatest acceleration
// 10/sqrt(3) d/T^2, so T is known in advance and position and orientation arrive together.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include "engine/launch/pool.h"
#include "physics/world.h"
#include "tools/session/controllers.h"

namespace nuri::session {

enum class Progress { running, finished, failed };
enum class Failure { none, late, out_of_reach, frozen };   // not done in time, not even possible; the environment has a fault

struct Script;

// Where one environment is.
struct TimelineState {
  const Script* script = nullptr;                // its model's
  Progress progress = Progress::running;
  Failure failure = Failure::none;
  int action = 0;                                // of the script; its length when finished
  int missed = 0;                                // actions that were late and may be
  int64_t step = 0, began = 0;                   // control steps since the reset; when the action began
  bool begun = false;
  int64_t duration = 0;                          // control steps of the setpoint's way, or of the change of a control
  Pose to;                                       // move: the setpoint's end
  std::vector<double> controls;                  // set: before
  double position_error = 0, angle_error = 0;    // m, rad: of the last move, where the site is from where it should be
  std::vector<ControllerState> controllers;
};

struct Stop { int action; Failure failure; int environments; };   // action: of the scene's list
// Of the environments whose model has some of the actions.
struct TimelineReport {
  int running = 0, finished = 0, failed = 0;
  double actions = 0, missed = 0;                // done, and late ones, per environment
  std::vector<Stop> stops;                       // failures, most environments first
};

// An action with its names found.
struct Act {
  scene::Action action;
  int index = 0;                                 // in the scene's list
  int controller = -1, position_sensor = -1, orientation_sensor = -1, sensor = -1;   // sensors: address in sensordata
  std::vector<int> actuators;
};

// What controllers and actions are for one model: those of them that fit it.
struct Script {
  std::vector<Controller> controllers;
  std::vector<Act> acts;
  std::vector<char> driven;                      // per actuator: 0 nobody, 1 a controller, 2 an action
  std::vector<int> qpos_read, dof_read;          // what the controllers read of a state, ascending
  bool reads_mocap = false;
  bool drives(int actuator) const { return driven[actuator] != 0; }
};
Script make_script(const model::Model& model, const scene::Settings& settings, Fit& fit);

class Timeline {
 public:
  // Of a world with a script for each of its buckets. `period`: of a control step, s.
  Timeline(std::vector<Script> scripts, std::vector<scene::Action> actions, double period)
      : scripts_(std::move(scripts)), actions_(std::move(actions)), period_(period) {}

  void reset(World& world);                      // every environment begins again, from its present state
  void step(World& world);                       // one control step: reads state and sensors, writes controls

  void begin(World& world, int environment);     // this one begins again, from its present state
  // State of one environment, and back into the timeline of a scene with as many controllers, joints and actions; false: this one has others.
  bool fits(World& world, int environment, const TimelineState& state) const;
  void restore(World& world, int environment, const TimelineState& state);

  int actions() const { return int(actions_.size()); }
  const scene::Action& action(int index) const { return actions_[index]; }
  const TimelineState& state(int environment) const { return states_[environment]; }
  TimelineReport report() const;

 private:
  template <class T> void step_one(World& world, int environment, Posture& posture);
  template <class T> void read(World& world, int environment, Posture& posture) const;
  void begin_one(World& world, int environment, Posture& posture);
  void each_environment(World& world, const std::function<void(int environment, Posture& posture)>& work);

  std::vector<Script> scripts_;                  // per bucket
  std::vector<scene::Action> actions_;
  double period_;
  std::vector<TimelineState> states_;
  std::vector<std::vector<Posture>> postures_;   // per thread and bucket
};

// "move arm", "set arm/fingers", ..
std::string describe(const scene::Action& action);

// The pose that a move aims at. `from` is the setpoint when the move began.
Pose target_pose(const Act& act, const Pose& from, const std::function<double(int)>& sensor);
// Which heading (about the vertical, rad) a gripper looking down has: of the x axis of the nearest orientation that looks down.
double yaw_down(const Rot& orientation);
// Heading of an axis (0 x, 1 y, 2 z) of a body, or, if that is steeper than 45 degrees, of the next axis.
double heading(const Rot& orientation, int axis);

struct Goal {
  scene::Goal settings;
  std::vector<int> sensors;                      // addresses in sensordata
};
// Of the environments whose model has the goal's sensors.
struct GoalReport {
  std::string name;
  int environments = 0, sensors = 0;             // sensors: of the model with the most
  double mean = 0, success = 0;                  // sensors inside per environment; share of environments with all inside
};
// As many as the settings have; without sensors where the model has none that fit.
std::vector<Goal> make_goals(const model::Model& model, const scene::Settings& settings, Fit& fit);
int count_inside(World& world, const Goal& goal, int environment);

}  // namespace nuri::session
