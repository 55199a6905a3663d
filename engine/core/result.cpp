#include "engine/core/result.h"
#include <algorithm>

namespace nuri {
namespace {

std::string to_string(const Place& place) {
  std::string text = place.file.empty() ? "<input>" : place.file;
  if (place.line > 0) text += ':' + std::to_string(place.line);
  if (place.line > 0 && place.column > 0) text += ':' + std::to_string(place.column);
  return text;
}

const char* word(Severity severity) {
  switch (severity) {
    case Severity::note: return "note";
    case Severity::warning: return "warning";
    case Severity::error: break;
  }
  return "error";
}

std::size_t blanks(int count) { return static_cast<std::size_t>(std::max(0, count)); }

}  // namespace

std::string to_string(const Diagnostic& diagnostic) {
  std::string text = to_string(diagnostic.place) + ": " + word(diagnostic.severity) + ": " + diagnostic.message;
  if (!diagnostic.code.empty()) text += " [" + diagnostic.code + "]";
  if (!diagnostic.element.empty()) text += "\n  in " + diagnostic.element;
  for (const Place& place : diagnostic.included_from) text += "\n  included from " + to_string(place);
  if (const Excerpt& excerpt = diagnostic.excerpt; !excerpt.line.empty()) {
    const std::string number = std::to_string(diagnostic.place.line);
    text += "\n  " + number + " | " + excerpt.line;
    if (excerpt.width > 0)
      text += "\n  " + std::string(number.size(), ' ') + " | " + std::string(blanks(excerpt.column), ' ') + '^' + std::string(blanks(excerpt.width - 1), '~');
  }
  if (!diagnostic.hint.empty()) text += "\n  hint: " + diagnostic.hint;
  return text;
}

}  // namespace nuri
