// Things that have a name in a model, and which of them a finding of the import report speaks of.
#pragma once
#include <optional>
#include <span>
#include <string>
#include "engine/core/result.h"
#include "engine/model/model.h"
#include "tools/editor/workbench/scene_text.h"

namespace nuri::editor {

// What a name in the outliner stands for.
enum class Kind { body, joint, geom, site, actuator, sensor };
struct Thing {
  Kind kind = Kind::body;
  int index = -1;                                  // -1: nothing
  bool operator==(const Thing&) const = default;
};

// Never empty: "torso", "geom 3".
std::string name_of(const model::Model& model, const Thing& thing);
int body_of(const model::Model& model, const Thing& thing);   // -1: of none
const char* word(Kind kind);

// Findings name things as the model's file does (in the path of the element, and in quotation marks), models of a scene have `NAME/` before
// that; `placements` tell which file is whose. Where a scene has one file twice, its first model is meant. None: it speaks of no thing of
// this model.
std::optional<Thing> thing_of(const model::Model& model, std::span<const Placement> placements, const Diagnostic& finding);
// "folder/robot.xml:12:3", as editors and terminals take it; empty: it has no place.
std::string place_text(const Place& place);

}  // namespace nuri::editor
