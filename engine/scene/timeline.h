// What a scene does: controllers that follow poses, a timeline of actions, goals. docs/scene-format.md is the schema.
//
// A timeline is a list, not a program: no branches, no variables that change. `repeat` is written out while reading, with its
// words put in, so what remains is a flat list of checked actions, each with its place in the file, and an environment's
// progress is one number. Behaviour that decides belongs to whoever drives the session from outside.
#pragma once
#include <limits>
#include <string>
#include <vector>
#include "engine/core/result.h"
#include "engine/scene/scene.h"

namespace nuri::scene {

// A name, and where it was written.
struct Name {
  std::string text;
  Place place;
};

enum class ControllerType { pose, operational_space };

struct Controller {
  std::string name;
  ControllerType type = ControllerType::pose;
  Name site;
  std::vector<std::string> joints, actuators;    // patterns; pose: joints with servos, operational_space: motors. Empty: all of the site's chain
  std::string keyframe;                          // rest posture: of a keyframe, or
  std::vector<double> rest;                      //   these (rad or m, along the chain), or where the environment begins
  double linear_speed = 0.5, angular_speed = 2, joint_speed = 3;          // m/s, rad/s, rad/s or m/s
  double linear_acceleration = 2, angular_acceleration = 8;               // m/s^2, rad/s^2
  double position_tolerance = 0.005, angle_tolerance = 0.03490658503988659;   // m, rad
  double rest_rate = 1;                          // pose: 1/s
  double damping = 1e-3;                         // pose: m, of the inverse kinematics
  bool compensation = true;                      // weight and springs (operational_space: and velocity forces) are fed forward
  double linear_stiffness = 0, angular_stiffness = 0, linear_damping = 0, angular_damping = 0;   // operational_space: N/m, N m/rad, N s/m, N m s/rad
  double rest_stiffness = 0, rest_damping = 0;   // operational_space: N m/rad (N/m), N m s/rad (N s/m)
  Place place, rest_place;
  std::vector<Place> names_places;               // of each pattern; empty: none is written
};

// Where a move ends. A sensor if it is named, otherwise the numbers, otherwise (not `given`) what it is now.
struct MoveTarget {
  bool position_given = false;
  Name position_sensor;
  Array3 position{0, 0, 0}, offset{0, 0, 0};     // m, world
  enum class Orientation { keep, sensor, quaternion, down } orientation = Orientation::keep;
  Name orientation_sensor;                       // sensor: the orientation; down: its heading, if named
  Array4 quaternion{1, 0, 0, 0};
  bool yaw_given = false;
  int axis = 0;                                  // down: the axis whose heading is taken: 0 x, 1 y, 2 z
  double yaw = 0, symmetry = 6.283185307179586;  // down: rad, added to the heading; rad
};

enum class ActionType { move, set, wait, wait_for };

struct Action {
  ActionType type = ActionType::wait;
  Name controller;                               // move
  MoveTarget to;
  bool follow = false;                           //   the target is read at every control step, not once, until the controller's next move
  double speed = 1;                              //   share of the controller's speed
  double position_tolerance = -1, angle_tolerance = -1;   // m, rad; negative: the controller's
  std::vector<std::string> actuators;            // set: patterns
  double value = 0;
  double seconds = 0;                            // wait; set: how long the control takes to change
  Name sensor;                                   // wait_for
  int component = 0;
  double above = -std::numeric_limits<double>::infinity(), below = std::numeric_limits<double>::infinity();
  double within = -1;                            // s; negative: a move's own duration and 2 s more, wait_for: without end
  bool may_fail = false;                         // otherwise: continue
  std::string repeat;                            // "part = bolt_2" of the innermost repeat, for reports
  Place place;
  std::vector<Place> names_places;
};

struct Goal {
  std::string name;
  std::vector<std::string> sensors;              // patterns
  std::vector<double> low, high;                 // one number per value of the sensors
  Place place;
  std::vector<Place> names_places;
};

namespace timeline_limits {
constexpr std::size_t actions = 10'000;          // after `repeat` is written out
constexpr std::size_t controllers = 100, goals = 1000;
}  // namespace timeline_limits

}  // namespace nuri::scene
