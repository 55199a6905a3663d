#include "tools/session/json.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include "engine/scene/xml.h"

namespace nuri::session::json {
namespace {

using Kind = Value::Kind;

constexpr size_t shown_bytes = 120;              // of what the parser says
constexpr size_t most_keys = 100;                // of one object: they are compared with each other
constexpr size_t most_errors = 20;

// Characters of a text; says how far the parser has read.
struct Cursor {
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;
  const char* at = nullptr;
  const char** read = nullptr;
  reference operator*() const { return *at; }
  Cursor& operator++() {
    *read = ++at;
    return *this;
  }
  Cursor operator++(int) {
    Cursor before = *this;
    ++*this;
    return before;
  }
  bool operator==(const Cursor& other) const { return at == other.at; }
  bool operator!=(const Cursor& other) const { return at != other.at; }
};

bool of_number(char c) { return (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.' || c == 'e' || c == 'E'; }

class Builder {
 public:
  using Json = nlohmann::json;
  Builder(const std::string& text, const std::string& name, const Bounds& bounds) : text_(text), name_(name), bounds_(bounds), read_(text.data()) {}
  Cursor begin() { return {text_.data(), &read_}; }
  Cursor end() { return {text_.data() + text_.size(), &read_}; }

  bool null() { return add({}, read() - 4); }
  bool boolean(bool truth) {
    Value v;
    v.kind = Kind::truth, v.truth = truth;
    return add(std::move(v), read() - (truth ? 4 : 5));
  }
  bool number_integer(Json::number_integer_t x) { return number(double(x)); }
  bool number_unsigned(Json::number_unsigned_t x) { return number(double(x)); }
  bool number_float(Json::number_float_t x, const std::string&) { return number(x); }
  bool string(std::string& text) {
    Value v;
    v.kind = Kind::text, v.text = std::move(text);
    return add(std::move(v), opening_quote());
  }
  bool binary(Json::binary_t&) { return false; }
  bool start_object(size_t) { return open(Kind::object); }
  bool start_array(size_t) { return open(Kind::numbers); }
  bool key(std::string& key) {
    Value& object = *open_.back();
    if (object.keys.size() == most_keys) return refuse(opening_quote(), "too-large", "more than " + std::to_string(most_keys) + " keys in one object");
    if (std::find(object.keys.begin(), object.keys.end(), key) != object.keys.end())
      return refuse(opening_quote(), "repeated-key", scene::xml::shown(key) + " is written twice");
    if (!count()) return false;
    object.keys.push_back(std::move(key));
    return true;
  }
  bool end_object() { return open_.pop_back(), true; }
  bool end_array() { return open_.pop_back(), true; }

  bool parse_error(size_t position, const std::string& token, const Json::exception& exception) {
    const size_t at = position > 0 ? std::min(position - 1, text_.size()) : 0;
    if (exception.id == 406) return refuse(at - std::min(at, token.size()), "huge-number", "the number " + scene::xml::shown(token) + " is too large");
    for (const std::string word : {"NaN", "Infinity"}) {     // as Python writes what JSON lacks
      const size_t found = text_.find(word, at - std::min(at, word.size()));
      if (found != std::string::npos && found <= at)
        return refuse(found, "not-finite", word + " is not a number", "a training that ends with such numbers has diverged");
    }
    std::string why = exception.what();                      // [json.exception.parse_error.101] parse error at line 1, column 5: syntax error ..
    if (const size_t colon = why.find(": "); colon != std::string::npos) why = why.substr(colon + 2);
    why.resize(std::min(why.size(), shown_bytes));
    std::replace_if(why.begin(), why.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
    return refuse(at, "bad-json", (at >= text_.size() ? "the file ends early: " : "") + why);
  }

  std::optional<Diagnostic> refused;
  Value root;

 private:
  size_t read() const { return size_t(read_ - text_.data()); }
  size_t opening_quote() const {
    size_t at = read() - 1;                                  // the closing one
    for (bool inside = true; inside && at > 0;) {
      at = text_.rfind('"', at - 1);
      if (at == std::string::npos) return 0;
      size_t slashes = 0;
      while (slashes < at && text_[at - 1 - slashes] == '\\') ++slashes;
      inside = slashes % 2 == 1;
    }
    return at;
  }
  bool refuse(size_t offset, std::string code, std::string message, std::string hint = {}) {
    refused = {Severity::error, std::move(code), std::move(message), std::move(hint), place_of(text_, name_, offset), {}, {}};
    return false;
  }
  bool count() {
    return ++values_ <= bounds_.values || refuse(read() - 1, "too-large", "more than " + std::to_string(bounds_.values) + " values");
  }
  bool number(double x) {
    size_t begin = read();                                   // the parser looks one character ahead
    while (begin > 0 && (begin >= text_.size() || !of_number(text_[begin]))) --begin;
    while (begin > 0 && of_number(text_[begin - 1])) --begin;
    if (!(std::abs(x) <= bounds_.largest))
      return refuse(begin, "huge-number", "the number is too large", "numbers here are at most 1e" + std::to_string(int(std::log10(bounds_.largest))) + " in magnitude");
    if (!open_.empty() && open_.back()->kind == Kind::numbers) {
      if (++numbers_ > bounds_.numbers) return refuse(begin, "too-large", "more than " + std::to_string(bounds_.numbers) + " numbers");
      open_.back()->numbers.push_back(x);
      return true;
    }
    Value v;
    v.kind = Kind::number, v.number = x;
    return add(std::move(v), begin);
  }
  bool open(Kind kind) {
    if (int(open_.size()) >= bounds_.depth) return refuse(read() - 1, "too-deep", "nested deeper than " + std::to_string(bounds_.depth));
    Value v;
    v.kind = kind;
    if (!add(std::move(v), read() - 1)) return false;
    open_.push_back(last_);
    return true;
  }
  bool add(Value v, size_t offset) {
    if (!count()) return false;
    v.offset = offset;
    if (open_.empty()) return root = std::move(v), last_ = &root, true;
    Value& outer = *open_.back();
    if (outer.kind == Kind::numbers && outer.numbers.empty()) outer.kind = Kind::list;
    if (outer.kind == Kind::numbers || (outer.kind == Kind::list && v.kind == Kind::number))
      return refuse(offset, "mixed-list", "a list holds numbers or something else, not both");
    outer.items.push_back(std::move(v));
    last_ = &outer.items.back();
    return true;
  }

  const std::string &text_, &name_;
  const Bounds& bounds_;
  const char* read_;
  std::vector<Value*> open_;                                 // innermost last; an item is added only when those before it are closed
  Value* last_ = nullptr;
  size_t values_ = 0, numbers_ = 0;
};

}  // namespace

Place place_of(const std::string& text, const std::string& name, size_t offset) {
  offset = std::min(offset, text.size());
  const size_t line_start = offset == 0 ? std::string::npos : text.rfind('\n', offset - 1);
  return {name, 1 + int(std::count(text.begin(), text.begin() + ptrdiff_t(offset), '\n')), 1 + int(line_start == std::string::npos ? offset : offset - line_start - 1)};
}

const Value* Value::find(const std::string& key) const {
  const auto at = std::find(keys.begin(), keys.end(), key);
  return at == keys.end() ? nullptr : &items[size_t(at - keys.begin())];
}

Result<Value> read(const std::string& text, const std::string& name, const Bounds& bounds) {
  if (text.size() > bounds.bytes)
    return Diagnostic{Severity::error, "too-large", "the file has " + std::to_string(text.size()) + " bytes, " + std::to_string(bounds.bytes) + " are allowed", {}, {name, 0, 0}, {}, {}};
  Builder builder(text, name, bounds);
  if (nlohmann::json::sax_parse(builder.begin(), builder.end(), &builder)) return std::move(builder.root);
  Diagnostic& d = *builder.refused;
  if (text.find('\0') == std::string::npos) d.excerpt = scene::xml::excerpt_of(text, d.place.line, d.place.column);
  return d;
}

void Map::Errors::add(size_t offset, std::string code, std::string message, std::string hint) {
  if (list.size() == most_errors) return;
  const Place place = place_of(text, name, offset);
  list.push_back({Severity::error, std::move(code), std::move(message), std::move(hint), place, {}, {}, scene::xml::excerpt_of(text, place.line, place.column)});
}

Map::Map(Errors& errors, const Value& value, std::string what) : errors_(errors), value_(value), what_(std::move(what)) {
  if (value.kind != Kind::object) errors.add(value.offset, "wrong-kind", what_ + " must be an object {\"key\": value}");
}

const Value* Map::child(const std::string& key) {
  known_.push_back(key);
  return value_.find(key);
}

const Value* Map::require(const std::string& key) {
  const Value* const found = child(key);
  if (!found && value_.kind == Kind::object) errors_.add(value_.offset, "missing-key", what_ + " needs '" + key + "'");
  return found;
}

void Map::text(const std::string& key, std::string& out) {
  const Value* const v = child(key);
  if (v && v->kind == Kind::text) out = v->text;
  else if (v) error(key, "wrong-kind", "'" + key + "' must be a text");
}

void Map::number(const std::string& key, double& out) {
  const Value* const v = child(key);
  if (v && v->kind == Kind::number) out = v->number;
  else if (v) error(key, "wrong-kind", "'" + key + "' must be a number");
}

void Map::whole(const std::string& key, int& out, int least, int most) {
  double x = least;
  number(key, x);
  if (!value_.find(key) || value_.find(key)->kind != Kind::number) return;
  if (x < least || x > most || x != std::floor(x))
    error(key, "out-of-range", "'" + key + "' must be a whole number between " + std::to_string(least) + " and " + std::to_string(most));
  else out = int(x);
}

void Map::patterns(const std::string& key, std::vector<std::string>& out) {
  const Value* const v = child(key);
  if (!v) return;
  std::vector<std::string> names;
  bool good = v->kind == Kind::text || v->kind == Kind::list;
  if (v->kind == Kind::text) names.push_back(v->text);
  for (const Value& item : v->items) good = good && item.kind == Kind::text, names.push_back(item.text);
  if (good) out = std::move(names);
  else error(key, "wrong-kind", "'" + key + "' must be a name or a list of names", "* stands for any text, ? for any letter");
}

void Map::floats(const std::string& key, std::vector<float>& out) {
  const Value* const v = child(key);
  if (v && v->kind == Kind::numbers) out.assign(v->numbers.begin(), v->numbers.end());
  else if (v) error(key, "wrong-kind", "'" + key + "' must be a list of numbers");
}

bool Map::choice(const std::string& key, int& out, const std::vector<std::string>& words) {
  const Value* const v = require(key);
  if (!v) return false;
  const auto at = v->kind == Kind::text ? std::find(words.begin(), words.end(), v->text) : words.end();
  if (at == words.end()) return error(key, "unknown-word", "'" + key + "' is none of the words it may be", scene::xml::nearest_hint(v->text, words)), false;
  out = int(at - words.begin());
  return true;
}

void Map::error(const std::string& key, std::string code, std::string message, std::string hint) {
  const Value* const v = value_.find(key);
  errors_.add(v ? v->offset : value_.offset, std::move(code), std::move(message), std::move(hint));
}

Place Map::place() const { return place_of(errors_.text, errors_.name, value_.offset); }

void Map::finish() {
  for (size_t i = 0; i < value_.keys.size() && i < value_.items.size(); ++i)
    if (std::find(known_.begin(), known_.end(), value_.keys[i]) == known_.end())
      errors_.add(value_.items[i].offset, "unknown-key", what_ + " has no key " + scene::xml::shown(value_.keys[i]), scene::xml::nearest_hint(value_.keys[i], known_));
}

}  // namespace nuri::session::json
