#include "engine/scene/mjcf_attributes.h"
#include <algorithm>
#include <charconv>
#include <cmath>

namespace nuri::scene::mjcf {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Next word of `text` from `at`, which moves behind it.
std::string_view next_word(std::string_view text, std::size_t& at) {
  while (at < text.size() && is_space(text[at])) ++at;
  std::size_t begin = at;
  while (at < text.size() && !is_space(text[at])) ++at;
  return text.substr(begin, at - begin);
}

// from_chars does not depend on the locale; it has no leading plus, MJCF files do.
template <class T> std::from_chars_result convert(std::string_view word, T& out) {
  if (word.size() > 1 && word[0] == '+' && word[1] != '-' && word[1] != '+') word.remove_prefix(1);
  std::from_chars_result result = std::from_chars(word.data(), word.data() + word.size(), out);
  if (result.ec == std::errc() && result.ptr != word.data() + word.size()) result.ec = std::errc::invalid_argument;
  return result;
}

std::string how_many(std::size_t least, std::size_t most) {
  return least == most ? std::to_string(least) : std::to_string(least) + " to " + std::to_string(most);
}

}  // namespace

void Findings::keep(const std::string& what, const xml::Element& at) {
  Counted& counted = kept[what];
  if (counted.count++ == 0) counted.first = at.place();
}

void Findings::idle_at(const std::string& what, const xml::Element& at) {
  Counted& counted = idle[what];
  if (counted.count++ == 0) counted.first = at.place();
}

void Findings::only_drawn(const std::string& what, const xml::Element& at) {
  Counted& counted = drawn[what];
  if (counted.count++ == 0) counted.first = at.place();
}

void Findings::finish() {
  auto times = [](std::size_t n) { return n == 1 ? std::string("once") : std::to_string(n) + " times"; };
  for (const auto& [what, counted] : kept)
    report.push_back({Severity::note, "kept-for-later", what + ": kept, not used by the dynamics (" + times(counted.count) + ")", {}, counted.first, {}, {}});
  for (const auto& [what, counted] : idle)
    report.push_back({Severity::note, "no-effect", what + ": accepted, has no effect here (" + times(counted.count) + ")", {}, counted.first, {}, {}});
  for (const auto& [what, counted] : drawn)
    report.push_back({Severity::note, "drawn-only", what + ": ignored, it is only drawn (" + times(counted.count) + ")", {}, counted.first, {}, {}});
}

const xml::Attribute* Attributes::ask(const std::string& name) {
  known_.push_back(name);
  return element_.find(name);
}

void Attributes::error(const std::string& name, const std::string& code, const std::string& message, const std::string& hint) {
  findings_.errors.add(xml::finding(Severity::error, element_, name, code, message, hint));
}

void Attributes::note(const std::string& name, const std::string& code, const std::string& message) {
  findings_.report.push_back(xml::finding(Severity::note, element_, name, code, message));
}

bool Attributes::parse(const xml::Attribute& attribute, std::vector<double>& out, std::size_t most) {
  for (std::size_t at = 0;;) {
    std::string_view word = next_word(attribute.value, at);
    if (word.empty()) return true;
    double value = 0;
    std::from_chars_result result = convert(word, value);
    if (result.ec == std::errc::result_out_of_range) {
      error(attribute.name, "number-out-of-range", subject(attribute.name) + " holds " + xml::shown(word) + ", which a double cannot hold");
      return false;
    }
    if (result.ec != std::errc()) {
      error(attribute.name, "bad-number", subject(attribute.name) + " must hold numbers, got " + xml::shown(word),
            word.find(',') != std::string_view::npos ? "numbers are separated by blanks; the decimal sign is a point" : "");
      return false;
    }
    if (!std::isfinite(value)) {
      error(attribute.name, "not-finite", subject(attribute.name) + " must hold finite numbers, got " + xml::shown(word));
      return false;
    }
    if (out.size() > most) return true;  // the caller complains of the count
    out.push_back(value);
  }
}

int Attributes::numbers(const std::string& name, double* out, std::size_t least, std::size_t most) {
  const xml::Attribute* attribute = ask(name);
  if (!attribute) return 0;
  std::vector<double> values;
  if (!parse(*attribute, values, most)) return 0;
  if (values.size() < least || values.size() > most) {
    std::string got = values.empty() ? "none" : values.size() > most ? "more" : std::to_string(values.size());
    error(name, "wrong-count", subject(name) + " must hold " + how_many(least, most) + (most == 1 ? " number" : " numbers") + ", got " + got);
    return 0;
  }
  std::copy(values.begin(), values.end(), out);
  return static_cast<int>(values.size());
}

bool Attributes::list(const std::string& name, std::vector<double>& out) {
  const xml::Attribute* attribute = ask(name);
  if (!attribute) return false;
  std::vector<double> values;
  if (!parse(*attribute, values, xml::limits::elements)) return false;
  out = std::move(values);
  return true;
}

bool Attributes::colour(const std::string& name, std::array<float, 4>& out) {
  std::array<double, 4> values{};
  if (!vector(name, values)) return false;
  for (std::size_t i = 0; i < 4; ++i) out[i] = static_cast<float>(values[i]);
  return true;
}

bool Attributes::integers(const std::string& name, int* out, std::size_t count) {
  const xml::Attribute* attribute = ask(name);
  if (!attribute) return false;
  std::vector<int> values;
  for (std::size_t at = 0;;) {
    std::string_view word = next_word(attribute->value, at);
    if (word.empty()) break;
    int value = 0;
    std::from_chars_result result = convert(word, value);
    if (result.ec != std::errc()) {
      bool range = result.ec == std::errc::result_out_of_range;
      error(name, range ? "number-out-of-range" : "bad-number",
            subject(name) + (range ? " holds a whole number that is too large, " : " must hold whole numbers, got ") + xml::shown(word));
      return false;
    }
    if (values.size() <= count) values.push_back(value);
  }
  if (values.size() != count) {
    error(name, "wrong-count", subject(name) + " must hold " + std::to_string(count) + " whole number" + (count == 1 ? "" : "s") + ", got " + xml::shown(attribute->value));
    return false;
  }
  std::copy(values.begin(), values.end(), out);
  return true;
}

bool Attributes::text(const std::string& name, std::string& out) {
  const xml::Attribute* attribute = ask(name);
  if (!attribute || attribute->value.empty()) return false;
  out = attribute->value;
  return true;
}

int Attributes::word_index(const std::string& name, const std::vector<std::string>& words) {
  const xml::Attribute* attribute = ask(name);
  if (!attribute) return -1;
  auto found = std::find(words.begin(), words.end(), attribute->value);
  if (found != words.end()) return static_cast<int>(found - words.begin());
  error(name, "bad-keyword", subject(name) + " cannot be " + xml::shown(attribute->value), xml::nearest_hint(attribute->value, words));
  return -1;
}

bool Attributes::polynomial(const std::string& name, double& out, std::array<double, 2>& out_higher) {
  std::array<double, 3> coefficients{out, out_higher[0], out_higher[1]};
  if (up_to(name, coefficients) == 0) return false;
  out = coefficients[0];
  out_higher = {coefficients[1], coefficients[2]};
  return true;
}

void Attributes::require(const std::string& name) {
  if (!has(name)) error(name, "missing-attribute", "<" + element_.name + "> needs attribute '" + name + "'");
}

void Attributes::accept(std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (ask(name)) findings_.idle_at(subject(name), element_);
}

void Attributes::accept_zero(std::initializer_list<const char*> names) {
  for (const char* name : names) {
    std::vector<double> values;
    if (!list(name, values)) continue;
    if (std::any_of(values.begin(), values.end(), [](double value) { return value != 0; }))
      error(name, "not-supported-yet", subject(name) + " is not supported yet, got " + xml::shown(element_.find(name)->value));
  }
}

void Attributes::refuse(std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (const xml::Attribute* attribute = ask(name))
      error(name, "not-supported-yet", subject(name) + " is not supported yet, got " + xml::shown(attribute->value));
}

void Attributes::finish() {
  for (const xml::Attribute& attribute : element_.attributes)
    if (std::find(known_.begin(), known_.end(), attribute.name) == known_.end())
      error(attribute.name, "unknown-attribute", "<" + element_.name + "> has no attribute '" + attribute.name + "' (it is " + xml::shown(attribute.value) + " here)",
            findings_.errors.full() ? "" : xml::nearest_hint(attribute.name, known_));
}

bool Attributes::check(bool holds, const std::string& name, const std::string& must) {
  if (holds) return true;
  const xml::Attribute* written = element_.find(name);
  error(name, "bad-value", subject(name) + " must " + must + (written ? ", got " + xml::shown(written->value) : " (it is not written here: its default applies)"));
  return false;
}

}  // namespace nuri::scene::mjcf
