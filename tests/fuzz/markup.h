// Mutation of XML as XML, for the targets that include this: bytes alone break a tag far more often than they change a scene.
// Half of the time elements are taken out, doubled or moved, or numbers and values exchanged; otherwise libFuzzer's own
// mutations, which know the dictionary and what the readers compare with.
#pragma once
#include <algorithm>
#include <cstring>
#include <random>
#include <string_view>
#include <vector>
#include "tests/fuzz/fuzz.h"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

namespace nuri::fuzz {

struct Span { std::size_t begin = 0, end = 0; };

// What stands between quotes.
inline std::vector<Span> values(const std::string& text) {
  std::vector<Span> out;
  for (std::size_t at = 0; (at = text.find_first_of("\"'", at)) != std::string::npos;) {
    const std::size_t close = text.find(text[at], at + 1);
    if (close == std::string::npos) break;
    out.push_back({at + 1, close});
    at = close + 1;
  }
  return out;
}

// Elements from '<' to behind their end, as far as their tags fit together.
inline std::vector<Span> elements(const std::string& text) {
  std::vector<Span> out;
  std::vector<std::size_t> open;
  for (std::size_t at = 0; (at = text.find('<', at)) != std::string::npos;) {
    const std::size_t close = text.find('>', at);
    if (close == std::string::npos) break;
    const bool is_end = text[at + 1] == '/', is_whole = text[close - 1] == '/', is_tag = std::isalpha(static_cast<unsigned char>(text[at + 1]));
    if (is_end && !open.empty()) out.push_back({open.back(), close + 1}), open.pop_back();
    else if (is_tag && is_whole) out.push_back({at, close + 1});
    else if (is_tag) open.push_back(at);
    at = close + 1;
  }
  return out;
}

// Another number, or another of the words of a value.
inline std::string other_value(std::string value, const std::string& another, std::mt19937& random) {
  static const char* const numbers[] = {"0", "1", "-1", "0.5", "2", "3", "1e-9", "1e9", "-1e9", "1e308", "1e-320", "nan", "inf", "-0", "2147483647", "4294967296", "1000", "0 0 0", ""};
  const std::string number = numbers[random() % std::size(numbers)];
  const std::size_t blanks = std::size_t(std::count(value.begin(), value.end(), ' '));
  switch (random() % 4) {
    case 0: return another;
    case 1: return number;
    case 2: return value + " " + number;
    default: {   // one of its words
      std::size_t begin = 0;
      for (std::size_t skip = random() % (blanks + 1); skip > 0; --skip) begin = value.find(' ', begin) + 1;
      return value.replace(begin, std::min(value.find(' ', begin), value.size()) - begin, number);
    }
  }
}

inline void mutate(std::string& text, std::mt19937& random) {
  if (random() % 2) {
    const auto all = values(text);
    if (all.empty()) return;
    const Span to = all[random() % all.size()], from = all[random() % all.size()];
    text.replace(to.begin, to.end - to.begin, other_value(text.substr(to.begin, to.end - to.begin), text.substr(from.begin, from.end - from.begin), random));
    return;
  }
  const auto all = elements(text);
  if (all.empty()) return;
  const Span from = all[random() % all.size()], to = all[random() % all.size()];
  const std::string moved = text.substr(from.begin, from.end - from.begin);
  switch (random() % 3) {
    case 0: text.erase(from.begin, from.end - from.begin); break;
    case 1: text.insert(to.begin, moved); break;
    default: text.replace(to.begin, to.end - to.begin, moved);
  }
}

}  // namespace nuri::fuzz

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
  std::mt19937 random(seed);
  if (random() % 2) return LLVMFuzzerMutate(data, size, most);
  std::string text = nuri::fuzz::text(data, size);
  for (unsigned left = 1 + random() % 3; left > 0; --left) nuri::fuzz::mutate(text, random);
  text.resize(std::min(text.size(), most));
  std::memcpy(data, text.data(), text.size());
  return text.size();
}
