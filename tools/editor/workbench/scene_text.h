// Edits of a scene file's text that leave everything else of it, comments and spaces too, as it is: a number is put in another's place, a
// key or an entry is added in the style of those beside it, block or flow. What the text means before and after is read by the YAML
// library, whose marks say where things begin; an edit that did not give the meaning asked for is refused.
#pragma once
#include <array>
#include <string>
#include <vector>
#include "engine/core/result.h"

namespace nuri::editor {

// A model as the scene places it.
struct Placement {
  std::string name, file;                        // name: "" if the scene gives none
  std::array<double, 3> position{0, 0, 0};       // m
  std::array<double, 4> rotation{1, 0, 0, 0};    // unit quaternion w x y z
  bool is(const std::string& asked) const { return name.empty() ? file == asked : name == asked; }
};

// A number of the model that all environments have alike: an entry of `vary` with `set`.
struct FixedNumber {
  std::string field, names;
  int component = -1;                            // -1: none is written
  double value = 0;
};

namespace scene_text {

// A scene of one model, which lies in the scene's folder.
std::string around(const std::string& file, bool urdf);
// Models, then variants, in the order of the text.
std::vector<Placement> placements(const std::string& text);

Result<std::string> with_number(const std::string& text, const FixedNumber& number);
Result<std::string> with_placement(const std::string& text, const std::string& name, const std::array<double, 3>& position,
                                   const std::array<double, 4>& rotation);
// Meshes of a model that collide as convex parts: names and patterns of its 'decompose', empty without one.
std::vector<std::string> parts(const std::string& text, const std::string& name);
// These alone do, each by its name; what else 'decompose' says stays, and without meshes it goes.
Result<std::string> with_parts(const std::string& text, const std::string& name, const std::vector<std::string>& meshes);
// The same scene for another folder: relative names of files, of models and of their parts, begin there.
Result<std::string> moved(const std::string& text, const std::string& from_folder, const std::string& to_folder);

std::string number(double value);                // the shortest text that reads back as this number
std::string quoted(const std::string& word);     // as a YAML scalar, quoted where it must be

}  // namespace scene_text
}  // namespace nuri::editor
