// Pairs of links that cannot help touching, for robots whose files do not say.
//
// A URDF lists no pairs; the SRDF beside it does. Without one, links that overlap by construction (a wrist in its forearm's hull, a
// hand in its cover) push each other apart forever. As MoveIt's setup assistant does, such pairs are found from poses and
// excluded, each with a line in the import report:
//   - at the reference pose, 0 or the nearest position within the limits, if they overlap by more than drawings do by rounding;
//   - in nearly all of `poses` random poses within the limits (a turn each way where there are none), mimicking joints following.
// Adjacent links (a body and its parent) never touch anyway. Touching at a drawn pose alone is not enough: closed fingers touch,
// and have to. The draws have a fixed seed, so a model compiles to the same bytes everywhere.
#pragma once
#include <vector>
#include "engine/scene/scene.h"

namespace nuri::session {

namespace touching {
// By the binomial distribution: a pair that touches in 98 % of all poses is missed once in 400 models, one that does in 90 % is
// excluded once in 120; ten times the poses would narrow this to 96 % and 93.5 %, and take seconds.
constexpr int poses = 200;
constexpr double nearly_all = 0.95;              // share of poses; MoveIt's
constexpr double least_overlap = 1e-4;           // m, at the reference pose
constexpr int most_pairs = 20'000;               // of geoms; with more, the search would take longer than people wait
}  // namespace touching

// Adds to the scene's excludes and report. Nothing to do, or a scene that does not compile: unchanged.
void exclude_touching(scene::Scene& scene);

}  // namespace nuri::session
