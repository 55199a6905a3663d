// What is kept of a change, so that it can be undone and done again.
#pragma once
#include "tools/editor/workbench/workbench.h"

namespace nuri::editor {

struct Workbench::Command {
  enum Kind { joint, control, all_reset, keyframe, policy, told, field, place, parts };
  Kind kind = joint;
  std::string target;                            // with the kind: what it changes. Changes of the same thing join
  double from = 0;                               // the number before, for the entry

  // of the running state: everything of the environments that it affects
  session::Saved before, after;
  // of the scene
  std::string text_before, text_after;
  struct Number { int environment, item; std::optional<double> before; };   // before: overridden, or the model's
  std::string name;                              // of the field; of the model that is placed, or of whose mesh
  std::vector<Number> numbers;
  double value = 0;
  uint64_t hash_before = 0, hash_after = 0;      // place, parts: of the world, to know whether anything has happened since

  bool of_scene() const { return kind == field || kind == place || kind == parts; }
  size_t bytes() const {
    return sizeof *this + before.bytes() + after.bytes() + text_before.size() + text_after.size() + numbers.size() * sizeof(Number);
  }
};

// A gesture that moves a model: which things of each bucket's model go along, and where the model is.
struct Workbench::Placing {
  struct Things { std::vector<int> bodies, geoms, sites, free_joints, mocaps; };
  std::vector<Things> things;                    // per bucket
  Placement first, now;
  // geoms of it stand on the world: pictures take their place from the model, so it is made anew now and then
  bool fixed = false;
  double made = 0, cost = 0;                     // s of the steady clock: when, and how long that took
};

}  // namespace nuri::editor
