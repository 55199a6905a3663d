// A YAML text, what it means, and replacements in it. Ends of values are found in the text, since the library marks beginnings only.
#pragma once
#include <yaml-cpp/yaml.h>
#include <string>
#include <vector>

namespace nuri::editor {

class TextPatch {
 public:
  // Throws YAML::Exception where the text cannot be read, and Unfit where an edit finds something it does not understand.
  struct Unfit {};
  explicit TextPatch(const std::string& text);
  const YAML::Node& root() const { return root_; }

  void replace(const YAML::Node& scalar, const std::string& by);
  // The key and its value.
  void replace_entry(const YAML::Node& map, const std::string& key, const std::string& by);
  // The key and its value, with what a comment on their line says; not the only one of a mapping.
  void remove_entry(const YAML::Node& map, const std::string& key);
  // After the last entry of a mapping: on its line in flow style, on a line of its own in block style.
  void add_key(const YAML::Node& map, const std::string& key, const std::string& value);
  // A list of one entry, at the end of a scene in block style.
  void add_section(const std::string& key, const std::string& entry);
  // After the last entry of a list.
  void append(const YAML::Node& list, const std::string& value);
  std::string done() const;

  // The value of a key; undefined if there is none.
  static YAML::Node find(const YAML::Node& map, const std::string& key);

 private:
  size_t begin_of(const YAML::Node& node) const;
  size_t end_of(const YAML::Node& node, bool in_flow) const;
  bool is_flow(const YAML::Node& node) const;
  size_t line_end(size_t at) const;              // of the line's text, its break not included
  std::string new_line(int column) const;
  void put(size_t begin, size_t end, std::string by) { edits_.push_back({begin, end, std::move(by)}); }

  struct Edit { size_t begin, end; std::string by; };
  std::string text_;
  size_t mark_ = 0;                              // bytes of a byte order mark, which the library's positions leave out
  YAML::Node root_;
  std::vector<Edit> edits_;                      // do not overlap
};

}  // namespace nuri::editor
