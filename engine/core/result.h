// Bad input is a value, not an exception: a Result holds what was asked for, or the diagnostics that say why not.
// (Simulation events are status bits per environment.)
#pragma once
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace nuri {

// A place in a text file; line and column count from 1, 0 = unknown.
struct Place {
  std::string file;
  int line = 0, column = 0;
};

enum class Severity { note, warning, error };

// The line a finding is about, cut to what fits a terminal, and the part of it that is meant: columns from 0, width 0: none.
struct Excerpt {
  std::string line;
  int column = 0, width = 0;
};

// One finding about an input. `code` is stable and lower-kebab ("unknown-attribute"); `hint` says what to do.
struct Diagnostic {
  Severity severity = Severity::error;
  std::string code, message, hint;
  Place place;
  std::string element;                 // path of the element: mujoco/worldbody/body[torso]/geom
  std::vector<Place> included_from;    // innermost first
  Excerpt excerpt = {};                // where the text is at hand
};

//   robot.xml:4:22: error: message [code]
//     in mujoco/worldbody/body[torso]/geom
//     included from scene.xml:7:3
//     4 | <geom size='1' mas='2'/>
//       |                ^~~
//     hint: did you mean 'mass'?
std::string to_string(const Diagnostic& diagnostic);

template <class T> class Result {
 public:
  Result(T value) : content_(std::move(value)) {}
  Result(Diagnostic d) : content_(std::vector<Diagnostic>{std::move(d)}) {}
  Result(std::vector<Diagnostic> d) : content_(std::move(d)) {}
  explicit operator bool() const { return content_.index() == 0; }
  T& operator*() { return std::get<0>(content_); }
  const T& operator*() const { return std::get<0>(content_); }
  T* operator->() { return &std::get<0>(content_); }
  const T* operator->() const { return &std::get<0>(content_); }
  const std::vector<Diagnostic>& errors() const { return std::get<1>(content_); }

 private:
  std::variant<T, std::vector<Diagnostic>> content_;
};

}  // namespace nuri
