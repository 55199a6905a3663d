// XML with places. A file and what it includes become one tree of plain elements, each knowing the file, line and column
// of itself and of its attributes, so that every later finding can point at the text that caused it.
//
// Our own small tree rather than the parser's: included files are spliced in where they are named, limits are checked
// once, here, and the readers of formats (MJCF, URDF) do not depend on the parser (pugixml).
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>
#include "engine/core/result.h"

namespace nuri::scene::xml {

// What one load may cost. Beyond these a file is far more likely an attack or a mistake than a scene.
namespace limits {
constexpr std::size_t file_bytes = std::size_t{64} << 20;       // of one file
constexpr std::size_t total_bytes = std::size_t{128} << 20;     // of a file and all its inclusions
constexpr std::size_t elements = 1'000'000;
constexpr int attributes = 256;                                 // of one element
constexpr int element_depth = 256;                              // a chain of 100 links nests 100 deep
constexpr int include_depth = 16;
constexpr int inclusions = 1000;
constexpr std::size_t shown_bytes = 60;                         // of a value quoted in a message
constexpr int errors = 20;                                      // collected per run; further ones are only counted
}  // namespace limits

struct Source {
  std::string name;                       // as shown in diagnostics
  std::vector<Place> included_from;       // innermost first
  std::string text;                       // for excerpts
  std::vector<std::size_t> line_starts;   // offsets into it
  // The line around a place, the part from there to the next blank or the end of a quoted value marked.
  Excerpt excerpt(int line, int column) const;
};

struct Attribute {
  std::string name, value;
  int line = 0, column = 0;
};

struct Element {
  std::string name;
  std::vector<Attribute> attributes;
  std::vector<std::unique_ptr<Element>> children;
  const Element* parent = nullptr;        // null: root
  const Source* source = nullptr;
  int line = 0, column = 0;

  const Attribute* find(std::string_view attribute) const;
  Place place() const { return {source->name, line, column}; }
  Attribute* find(std::string_view attribute);
  // Changes or adds an attribute; an added one stands where the element does.
  void set(std::string_view attribute, std::string value);
  std::string path() const;               // mujoco/worldbody/body[torso]/geom
};

struct Document {
  std::vector<std::unique_ptr<Source>> sources;
  std::unique_ptr<Element> root;
  std::vector<Diagnostic> report;         // warnings that do not prevent reading
};

// What files that belong together have cost so far: a scene, its inclusions and the models that it attaches.
struct Spent {
  std::size_t bytes = 0, elements = 0;
  int files = 0;
};

struct LoadOptions {
  std::vector<std::string> roots;         // further folders (canonical) that included files may lie in
  std::vector<Place> included_from;       // who asked for this file
  Spent* spent = nullptr;                 // shared with other loads
  std::string shown;                      // its name in diagnostics; "": `path`
};

// Loads `path`; <include file="..."/> is replaced by the children of the root of that file, whose name is relative to the
// folder of `path` and must lie in that folder or below it, or in one of `roots`.
Result<Document> load(const std::string& path, const LoadOptions& options = {});

// The same from memory; <include> is an error.
Result<Document> parse(const std::string& text, const std::string& name);

// Of the attribute if it is written, otherwise of the element.
Place place_of(const Element& element, std::string_view attribute);

// A finding about an element, or, where it has the attribute, about that attribute.
Diagnostic finding(Severity severity, const Element& element, std::string_view attribute, std::string code, std::string message,
                   std::string hint = {});

// The excerpt of a text that is no XML tree.
Excerpt excerpt_of(const std::string& text, int line, int column);

// Findings of later steps know a place only. Those whose place is in one of the documents get what is missing: the element's path,
// the inclusions, the excerpt.
void locate(std::vector<Diagnostic>& findings, const std::vector<std::shared_ptr<const Document>>& documents);

// Errors of one run: keeps the first `limits::errors`, counts the rest.
struct Errors {
  std::vector<Diagnostic> kept;
  std::size_t count = 0;
  void add(Diagnostic diagnostic);
  bool full() const { return count >= static_cast<std::size_t>(limits::errors); }  // the next is only counted: spare the hint
  std::vector<Diagnostic> finished() const;  // with a last note if some were left out
};

// The candidate within two edits of `name` (one for short names), or "".
std::string nearest(std::string_view name, const std::vector<std::string>& candidates);
// A hint made of it: "did you mean 'mass'?", or "known here: a, b, c".
std::string nearest_hint(std::string_view name, const std::vector<std::string>& candidates);

std::string shown(std::string_view value);  // quoted, shortened, control characters replaced

}  // namespace nuri::scene::xml
