// JSON that others wrote, read within bounds and with places: what is refused is told with line and column.
//
// The library's parser hands over events, and nothing is kept that the bounds do not allow; its own tree would take 16 bytes for every number of a
// file of weights, would say nothing of places, and keeps the last of two equal keys in silence. A list of numbers is one array here.
#pragma once
#include <string>
#include <vector>
#include "engine/core/result.h"

namespace nuri::session::json {

struct Bounds {
  size_t bytes = 1 << 20, numbers = 100'000, values = 10'000;    // numbers in lists of numbers; everything else
  int depth = 8;
  double largest = 1e10;                         // magnitude of a number
};

struct Value {
  enum class Kind { nothing, truth, number, text, numbers, list, object };
  Kind kind = Kind::nothing;
  bool truth = false;
  double number = 0;
  std::string text;
  std::vector<double> numbers;                   // a list of them; an empty list too
  std::vector<std::string> keys;                 // of an object
  std::vector<Value> items;                      // of an object or a list
  size_t offset = 0;                             // where it begins in the text
  const Value* find(const std::string& key) const;
};

// Codes: too-large, too-deep, bad-json, not-finite, huge-number, mixed-list, repeated-key.
Result<Value> read(const std::string& text, const std::string& name, const Bounds& bounds);

// One object, read key by key; `finish` reports keys that nobody asked for. A getter leaves its output alone if the key is missing or wrong.
class Map {
 public:
  struct Errors {
    const std::string& text;
    const std::string& name;
    std::vector<Diagnostic> list = {};
    void add(size_t offset, std::string code, std::string message, std::string hint = {});
  };
  Map(Errors& errors, const Value& value, std::string what);

  const Value* child(const std::string& key);    // null: missing
  const Value* require(const std::string& key);
  void text(const std::string& key, std::string& out);
  void number(const std::string& key, double& out);
  void whole(const std::string& key, int& out, int least, int most);
  void patterns(const std::string& key, std::vector<std::string>& out);   // a text or a list of them
  void floats(const std::string& key, std::vector<float>& out);
  bool choice(const std::string& key, int& out, const std::vector<std::string>& words);
  void error(const std::string& key, std::string code, std::string message, std::string hint = {});   // at the key's value
  Place place() const;
  void finish();

 private:
  Errors& errors_;
  const Value& value_;
  std::string what_;
  std::vector<std::string> known_;
};

Place place_of(const std::string& text, const std::string& name, size_t offset);

}  // namespace nuri::session::json
