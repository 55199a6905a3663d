// Several models in one scene: each gets a pose and a prefix for its names.
//
// A model's world body becomes the scene's; what is fixed to it moves with the pose, like its top bodies. Bodies, joints and
// actuators keep their order, model after model. Keyframes keep their meaning too: one of a model leaves the others at
// their initial state.
#pragma once
#include <string>
#include <vector>
#include "engine/core/result.h"
#include "engine/scene/scene.h"

namespace nuri::scene {

struct Part {
  Scene scene;
  std::string prefix;                            // "" or "name/"
  Array3 pos{0, 0, 0};                           // m, in the world
  Array4 quat{1, 0, 0, 0};                       // unit
  std::vector<std::string> without;              // patterns: geoms that are left out
  bool is_model = true;                          // false: the ground, whose compiler settings say nothing
  Place place;
};

// Option, name and ground are the caller's. Errors: names that meet, options of the compiler that disagree.
Result<Scene> merge(std::vector<Part> parts);

}  // namespace nuri::scene
