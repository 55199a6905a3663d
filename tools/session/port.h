// Port: what a policy reads of every environment and what it moves, as three float tables whose addresses never change.
//
//   observation [environment][column] <- sensors, joints, controls, the last actions, commands
//   action      [environment][column] -> controls
//
// A trainer fills `action` from `observation` in Python, a trained policy does so in C++ (policy.h), and both go through this text: what was
// learned is what runs. A column is (value - offset) * scale, in double, rounded to float once; a control likewise. Columns stand in the order in
// which the inputs are written, within an input in the model's order. Threads share environments, never a column, so none of it shows in the bits.
//
// Where the scene has a `link`, observations and controls go over it (link.h): what observe() gives has arrived by then, and act() sends. `last` is what
// was sent. An increment goes by the last control that was sent.
//
// A scene's variants have one table, so they must agree in every column: the same things under the same names.
//
// In a resident world the tables may lie in the GPU's memory, where the state is: then observe() and act() are launches on its stream, and nothing
// is copied. Links keep their packets on the host, so with a link the tables stay there, and why_host() says so.
#pragma once
#include <array>
#include <memory>
#include <span>
#include <string>
#include <vector>
#include "engine/core/result.h"

namespace nuri::session {

class CudaPort;
class Session;

// sensor: all numbers of the sensors that fit; position, offset, velocity: hinges and slides, m and rad, offset from the initial state (keyframe or
// qpos0, before anything random); control: of actuators; action: the last one of actuators, as it was clipped, 0 after begin(); command: all.
enum class InputKind { sensor, position, offset, velocity, control, action, command };
inline constexpr std::array input_kinds{"sensor", "position", "offset", "velocity", "control", "action", "command"};
struct Input {
  InputKind kind = InputKind::sensor;
  std::vector<std::string> names{"*"};           // patterns, as scene files have them
  double scale = 1;
  Place place = {};                              // in a policy file
};

// How an action a, clipped to [-limit, limit], becomes a control u, clipped to the control range of an actuator that has one:
//   range      u = centre + half scale a, of the control range
//   around     u = initial + scale a
//   increment  u = present u + scale a
// The initial control is that of the scene's keyframe (if it has controls), else of the scene's `hold`, else, for a servo, the one that holds its
// joint where it begins, else 0.
enum class OutputMap { range, around, increment };
inline constexpr std::array output_maps{"range", "around", "increment"};
struct Output {
  std::vector<std::string> actuators{"*"};
  OutputMap map = OutputMap::range;
  double scale = 1, limit = 1;
  Place place = {};
};

namespace port_limits {
constexpr int commands = 1024;
constexpr int columns = 1 << 20;                 // of an observation
}  // namespace port_limits

class Port {
 public:
  // Codes: unknown-name, no-output, no-range, two-drivers, bad-number, too-many, no-memory, variants-differ. The session must outlive the port.
  // Without memory for tables on the GPU: gpu-memory, cuda-failed. `on_device`: the tables may lie where the world is stepped.
  static Result<std::unique_ptr<Port>> make(Session& session, std::vector<Input> inputs, std::vector<Output> outputs, int commands = 0, bool on_device = false);
  ~Port();

  int environments() const;
  int inputs() const;                            // columns of the observation
  int outputs() const;                           // of the action
  int commands() const;
  const std::vector<std::string>& labels() const;          // of the observation's columns: "sensor gyro 2", "velocity knee", "command 0"
  const std::vector<std::string>& actuators() const;       // of the action's columns
  std::span<const float> limits() const;                   // [outputs]

  CudaPort* on_gpu();                            // holds the tables; then the four spans below are empty. Null: they lie on the host
  const std::string& why_host() const;           // though the world is on a GPU; empty otherwise

  std::span<float> observation();                // [environment][inputs]
  std::span<float> action();                     // [environment][outputs]: for the caller to write
  std::span<float> command();                    // [environment][commands]: likewise; 0 at first
  std::span<float> last();                       // [environment][outputs]: what act() made of the last action

  void observe();
  void act();
  void begin(std::span<const int> environments);   // their last action is 0
  void begin();                                    // of all

  // Which actuators of the environment's model are outputs, in the order of the action's columns.
  std::span<const int> driven(int environment) const;

 private:
  struct Inside;
  explicit Port(std::unique_ptr<Inside> inside);
  std::unique_ptr<Inside> inside_;
};

// The number of a word, -1: no such word.
int find_input(const std::string& word);
int find_output(const std::string& word);

}  // namespace nuri::session
