// Two worlds of one scene side by side: the same start, the same controls, other mathematics. Where and when they part, how they come to
// rest, what touches, how deep, and what becomes of the energy.
//
// `a` is driven as it always is; `b` gets a's inputs (controls, applied forces, mocap poses, which equalities act), so that what differs
// is the engines' doing. With `react` b is driven by its own controllers, policy and timeline instead, from what they see there.
//
// Depth and energy are measured by one ruler on both: Nuri's own narrow phase and mass matrix, at each world's state. What touches is each
// engine's own word.
#pragma once
#include <functional>
#include <string>
#include <utility>
#include <vector>
#include "tools/session/session.h"

namespace nuri::compare {

struct Bounds {
  double position = 0.01;  // m
  double angle = 0.05;     // rad
};

struct Asked {
  int64_t substeps = 0;
  double every = 0.05;   // s between looks
  bool react = false;    // b's own controls
  bool at_rest = false;  // only the last look is judged
  Bounds bounds;
};

// How far a body is from where it is in the other world.
struct Apart {
  int environment = -1, body = 0;            // -1: nobody is
  double time = 0, position = 0, angle = 0;  // s, m, rad
};

double in_bounds(const Apart& apart, const Bounds& bounds);  // of the bounds, the greater share; above 1: beyond them

using BodyPair = std::pair<int, int>;      // the lower number first
struct Look {                              // of one environment of one world
  double time = 0, energy = 0, depth = 0;  // s, J, m; depth by the ruler, 0: nothing overlaps
  double own_depth = 0;                    // m: of the engine's own contacts
  double speed = 0;                        // m/s and (1 m) rad/s: of the fastest body since the look before
};

struct Side {
  std::string backend;
  std::vector<std::vector<Look>> looks;                  // [environment]
  std::vector<double> settled;                           // s: from when on no body was fast; negative: it moved at the end
  std::vector<std::vector<BodyPair>> touching, touched;  // [environment]: at the end; ever
  int faults = 0;
};

struct Comparison {
  Bounds bounds;       // as asked for
  double seconds = 0;  // as far as it went
  bool finished = true;
  Side a, b;
  Apart parted;                           // the first look beyond the bounds
  Apart farthest, last;                   // of all looks; at the end
  std::vector<std::vector<Apart>> apart;  // [environment][look]: whose body is farthest, in units of the bounds
  bool within = true;                     // what is judged
};

// Speeds below which a body counts as still, and the overlap below which bodies count as touching.
namespace still {
constexpr double speed = 0.02;  // m/s, and rad/s at an arm of 0.1 m
constexpr double arm = 0.1;     // m
}  // namespace still

// The two sessions are of one scene, in double, and have not begun. `go_on` hears the substeps done; false ends the comparison.
Result<Comparison> run(session::Session& a, session::Session& b, const Asked& asked, const std::function<bool(int64_t done)>& go_on);

// Why engines may rightly differ on this model: sentences.
std::vector<std::string> known_differences(const model::Model& model, const std::string& with);

// Series of all environments of the world: time, environment, then both sides' energy, depth and speed, and how far they are apart.
std::string to_csv(const Comparison& comparison, const World& world);
// The same as curves, and where they part, a row of plots for each environment: one page that needs no network.
std::string to_html(const Comparison& comparison, const World& world, const std::string& title);

}  // namespace nuri::compare
