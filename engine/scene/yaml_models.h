// What is there in a scene file: models with their places, the ground, and the options that all of them share.
#pragma once
#include <filesystem>
#include "engine/scene/merge.h"
#include "engine/scene/yaml_map.h"

namespace nuri::scene::yaml {

// The models that a scene places, and of those that are variants what makes them so.
struct Models {
  std::vector<Part> parts;                       // those of all variants, then one of each variant
  std::vector<std::string> names;                // of variants
  std::vector<double> shares;
};

// Reads an entry of `models` or `variants`. `settings`: what the scene wants driven, for a warning where nothing can be.
void read_model(Input& input, const YAML::Node& node, const std::filesystem::path& folder, bool is_variant, const Settings& settings, Models& out);
void read_ground(Input& input, const YAML::Node& node, Part& out);
// The scene's own options, and where it has none what its models agree on.
void read_option(Input& input, const YAML::Node& node, const std::vector<Part>& parts, Option& out);

}  // namespace nuri::scene::yaml
