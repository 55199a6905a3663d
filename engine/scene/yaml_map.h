// One mapping of a YAML file, read key by key. Every getter names a key that is known; `finish` reports the others, with
// the nearest known name. A getter leaves its output alone if the key is missing or wrong (then there is an error).
#pragma once
#include <yaml-cpp/yaml.h>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <string>
#include <vector>
#include "engine/scene/xml.h"
#include "engine/scene/yaml.h"

namespace nuri::scene::yaml {

using xml::Errors;

struct Input {
  std::string name;      // of the file, in diagnostics
  Errors errors;
  // Words that stand for others inside `repeat`; inner ones last. Null where ${..} means nothing.
  const std::vector<std::pair<std::string, std::string>>* words = nullptr;
  PackagePaths paths = {};
  // The text of a scalar, with words put in; an unknown word is an error.
  std::string text(const YAML::Node& node);
  Place place(const YAML::Node& node) const;
  void error(const YAML::Node& node, std::string code, std::string message, std::string hint = {});
};

class Map {
 public:
  Map(Input& input, const YAML::Node& node, std::string what);   // an error if `node` is not a mapping; then it is empty

  bool has(const std::string& key);
  YAML::Node child(const std::string& key);                      // undefined node if missing
  bool text(const std::string& key, std::string& out);
  bool flag(const std::string& key, bool& out);
  bool number(const std::string& key, double& out, double least = -infinite, double most = infinite);
  bool integer(const std::string& key, int& out, int64_t least, int64_t most);
  bool seed(const std::string& key, uint64_t& out);
  bool numbers(const std::string& key, double* out, std::size_t count, double least = -infinite, double most = infinite);
  bool quaternion(const std::string& key, Array4& out);          // made unit
  bool orientation(Array4& out);                                 // `orientation`, a quaternion, or `euler`, degrees about the fixed x, then y, then z axis
  bool list(const std::string& key, std::vector<double>& out);   // a number or a list of them
  bool patterns(const std::string& key, std::vector<std::string>& out, std::vector<Place>* out_places = nullptr);
  bool name(const std::string& key, Name& out);
  // A number, [low, high], or {mean, deviation}.
  bool draw(const std::string& key, Draw& out, double unit = 1);
  bool draws(const std::string& key, std::array<Draw, 3>& out);  // a list of three of them
  template <class E> bool choice(const std::string& key, E& out, const std::vector<std::string>& words) {
    int index = int(out);
    if (!choose(key, index, words)) return false;
    out = E(index);
    return true;
  }
  void require(const std::string& key);
  void finish();
  Place place() const { return input_.place(node_); }
  Place place(const std::string& key) const;                     // of the key's value, or of the mapping
  void error(const std::string& key, std::string code, std::string message, std::string hint = {});   // at the key's value

 private:
  YAML::Node value(const std::string& key) const;
  static constexpr double infinite = std::numeric_limits<double>::infinity();
  bool choose(const std::string& key, int& out, const std::vector<std::string>& words);
  bool draw_of(const YAML::Node& node, const std::string& key, Draw& out, double unit);
  Input& input_;
  YAML::Node node_;
  std::string what_;
  std::vector<std::string> known_;
};

// Calls `read` for each entry of a list.
template <class F> void each(Input& input, const YAML::Node& node, const std::string& key, F read) {
  if (!node.IsDefined()) return;
  if (!node.IsSequence()) return input.error(node, "wrong-kind", "'" + key + "' must be a list", "every entry begins with '- '");
  for (std::size_t i = 0; i < node.size(); ++i) read(node[i]);
}

// What the scene does, in timeline.cpp.
void read_controllers(Input& input, const YAML::Node& node, Settings& out);
void read_timeline(Input& input, const YAML::Node& node, Settings& out);
void read_goals(Input& input, const YAML::Node& node, Settings& out);
// What it sees with, in yaml_eyes.cpp.
void read_eyes(Input& input, const YAML::Node& cameras, const YAML::Node& lidars, Settings& out);
void read_labels(Input& input, const YAML::Node& node, Settings& out);

// The whole text as one finite real number or integer.
bool parse(const std::string& text, double& out);
bool parse(const std::string& text, int64_t& out);

// Refuses what no scene needs before a tree is built: other than one document, aliases, tags, deep nesting, very many nodes.
// True if the text passes.
bool check_text(Input& input, const std::string& text);

}  // namespace nuri::scene::yaml
