// Hand: a spring with a damper from a point of a body to a point in the world, as a person holds a thing with the mouse.
//
//   F = m (w^2 (to - p) - 2 w v),   m: mass of the body and all below it, w: 10 rad/s, or less where control steps are long
// It is critically damped for a free body, in the manner of MuJoCo's perturbation. The force is renewed at every control step and applied
// at the body's centre of mass with the torque of the point about it. v comes from the joints' velocities, so that the force is a function
// of the state alone: what a history computes again has the same bits.
#pragma once
#include <array>
#include <optional>
#include "physics/world.h"

namespace nuri::editor {

namespace hand {
constexpr double frequency = 10;                 // rad/s: a free body follows in 0.2 s and hangs g / w^2 = 10 cm below the hand
constexpr double most_turn = 0.25;               // of frequency * control step: an explicit damper is unstable near 1
}  // namespace hand

// What is held, and where to.
struct Hold {
  int environment = 0, body = 0;
  std::array<double, 3> point{}, to{};           // m: in the body's frame; in the world
  bool operator==(const Hold&) const = default;
};

class Hand {
 public:
  // Takes back what it wrote into xfrc_applied for anything else, then writes the force of `hold`, if there is one.
  void apply(World& world, const std::optional<Hold>& hold, double control_seconds);
  double force() const { return force_; }        // N, of the last apply

 private:
  struct Written { int environment, body; std::array<double, 6> before; };   // what the scene had there
  std::optional<Written> written_;
  double force_ = 0;
};

// Velocity of a point (world, m) that moves with a body, m/s, from the poses and joint velocities of the present state.
std::array<double, 3> point_velocity(const World& world, int environment, int body, const std::array<double, 3>& point);

}  // namespace nuri::editor
