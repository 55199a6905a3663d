#include "engine/core/result.h"

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

}  // namespace

std::string to_string(const Diagnostic& diagnostic) {
  std::string text = to_string(diagnostic.place) + ": " + word(diagnostic.severity) + ": " + diagnostic.message;
  if (!diagnostic.code.empty()) text += " [" + diagnostic.code + "]";
  if (!diagnostic.element.empty()) text += "\n  in " + diagnostic.element;
  for (const Place& place : diagnostic.included_from) text += "\n  included from " + to_string(place);
  if (!diagnostic.hint.empty()) text += "\n  hint: " + diagnostic.hint;
  return text;
}

}  // namespace nuri
