// Reader of URDF (ROS robot descriptions) and of the SRDF beside it.
//
// What URDF leaves open is decided here, and every decision is an entry of Scene::report:
// - Base. `automatic`: a root link named "world" is the world, and the joints below it say what moves; else the root stands
//   still if a floating joint hangs on it or its mass is written as 0 (Bullet's convention); else it floats, by a free joint
//   "<root>_free_joint". MuJoCo fixes the base of such a file, Isaac Sim floats it. `fixed` and `floating` overrule that, also for what the link "world"
//   holds by fixed or floating joints. A base that stands still is a body without joints, not part of the world: it has a
//   name, and it is excluded from contact with its children without excluding the floor from them.
// - Fixed joints. Their child is merged into the parent's body, for speed; its frame stays as a site of the link's name.
//   A link stays a body of its own, without joint, where one of the two weighs what its meshes weigh (not known before compiling)
//   and the other what its file says.
// - Mass. A link without <inertial>, or with mass 0, weighs what its collision geometry weighs at 1000 kg/m^3. A written mass
//   with inertia 0 takes the distribution of that geometry. Moments with A + B < C are changed least: the negative second
//   moment becomes 0, which keeps C and raises A and B equally. (MuJoCo's balanceinertia sets all three to their mean.)
// - Visual geometry is kept, in group 1; nothing touches it. Collision geometry is in group 0.
// - Limits: effort bounds the force of actuators; velocity is read, not enforced. lower = upper locks the joint by an equality.
// - Collisions: a body and its parent do not touch; pairs that the SRDF disables do not. A body can hold several links: if only
//   some of their pairs are disabled, the whole bodies are, with a warning. Without an SRDF bodies are marked (Body::unlisted), and
//   pairs that cannot help touching are found before the scene is run (tools/session/touching.h).
// Foreign elements (<gazebo>, <transmission>, ...) are ignored with one note per name; a misspelt element is an error.
#pragma once
#include <array>
#include <string>
#include <vector>
#include "engine/core/result.h"
#include "engine/scene/packages.h"
#include "engine/scene/scene.h"

namespace nuri::scene {

enum class UrdfBase { automatic, fixed, floating };
// One per moving joint that mimics no other, named like it, within its effort. motor: control = force or torque. position: a servo,
// control = position, force = stiffness (control - q) - damping v.
enum class UrdfActuators { none, motor, position };

struct UrdfOptions {
  PackagePaths paths;
  std::vector<Place> included_from = {};             // who asked for the file, for findings; innermost first
  UrdfBase base = UrdfBase::automatic;
  UrdfActuators actuators = UrdfActuators::none;
  double stiffness = 0, damping = 0;                 // of servos: N m/rad, N m s/rad; N/m, N s/m
  std::string srdf;                                  // "": the .srdf of the same stem beside the file, if there is one
  std::vector<std::array<std::string, 2>> disabled_collisions;   // names of links, beside those of the SRDF
};

// Errors: every finding of the run, at most 20 (more are counted in a last note).
Result<Scene> read_urdf(const std::string& path, const UrdfOptions& options = {});

// The same from memory; `name` stands in diagnostics, relative file names start in `folder` ("": there is none).
Result<Scene> parse_urdf(const std::string& text, const std::string& name, const UrdfOptions& options = {}, const std::string& folder = {});

}  // namespace nuri::scene
