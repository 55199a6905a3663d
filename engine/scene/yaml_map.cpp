#include "engine/scene/yaml_map.h"

#include <yaml-cpp/eventhandler.h>
#include <algorithm>
#include <charconv>
#include <numbers>
#include <sstream>

namespace nuri::scene::yaml {
namespace {

constexpr double degree = std::numbers::pi / 180;

// yaml-cpp counts from 0, and has -1 for nodes without a place.
Place place_of(const std::string& name, const YAML::Mark& mark) { return {name, mark.is_null() ? 0 : mark.line + 1, mark.is_null() ? 0 : mark.column + 1}; }

template <class T> bool parse_whole(const std::string& text, T& out) {
  const char *first = text.data(), *last = first + text.size();
  if (first != last && *first == '+') ++first;
  auto [end, code] = std::from_chars(first, last, out);
  return code == std::errc() && end == last && first != last;
}

// Sees the events of the parser, which builds nothing.
class Checker : public YAML::EventHandler {
 public:
  struct Refused { YAML::Mark mark; std::string code, message; };

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { count(mark); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { throw Refused{mark, "alias", "aliases are not part of the scene format"}; }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, const std::string&) override { check_tag(mark, tag), count(mark); }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, YAML::EmitterStyle::value) override { enter(mark, tag); }
  void OnSequenceEnd() override { --depth_; }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, YAML::EmitterStyle::value) override { enter(mark, tag); }
  void OnMapEnd() override { --depth_; }

 private:
  void count(const YAML::Mark& mark) {
    if (++nodes_ > yaml_limits::nodes) throw Refused{mark, "too-large", "more than " + std::to_string(yaml_limits::nodes) + " values"};
  }
  void enter(const YAML::Mark& mark, const std::string& tag) {
    check_tag(mark, tag);
    count(mark);
    if (++depth_ > yaml_limits::depth) throw Refused{mark, "too-deep", "nested deeper than " + std::to_string(yaml_limits::depth)};
  }
  void check_tag(const YAML::Mark& mark, const std::string& tag) {
    if (tag.size() > 1) throw Refused{mark, "tag", "tags (" + xml::shown(tag) + ") are not part of the scene format"};   // "?" and "!" mean none
  }
  std::size_t nodes_ = 0;
  int depth_ = 0;
};

std::string quoted(const YAML::Node& node) { return node.IsScalar() ? xml::shown(node.Scalar()) : node.IsSequence() ? "a list" : node.IsMap() ? "a mapping" : "nothing"; }

}  // namespace

bool parse(const std::string& text, double& out) {
  double value;
  if (!parse_whole(text, value) || !std::isfinite(value)) return false;
  out = value;
  return true;
}
bool parse(const std::string& text, int64_t& out) { return parse_whole(text, out); }

Place Input::place(const YAML::Node& node) const { return node.IsDefined() ? place_of(name, node.Mark()) : Place{name, 0, 0}; }

void Input::error(const YAML::Node& node, std::string code, std::string message, std::string hint) {
  errors.add({Severity::error, std::move(code), std::move(message), std::move(hint), place(node), {}, {}});
}

std::string Input::text(const YAML::Node& node) {
  const std::string& written = node.Scalar();
  if (!words) return written;
  std::string out;
  for (std::size_t at = 0;;) {
    const std::size_t open = written.find("${", at), close = open == std::string::npos ? open : written.find('}', open);
    out += written.substr(at, close == std::string::npos ? close : open - at);
    if (close == std::string::npos) return out;
    const std::string word = written.substr(open + 2, close - open - 2);
    const auto found = std::find_if(words->rbegin(), words->rend(), [&](const auto& entry) { return entry.first == word; });
    if (found != words->rend()) {
      out += found->second;
    } else {
      std::vector<std::string> known;
      for (const auto& entry : *words) known.push_back(entry.first);
      error(node, "unknown-word", "nothing is put in for " + xml::shown(word), known.empty() ? "'repeat' names the words" : xml::nearest_hint(word, known));
    }
    at = close + 1;
  }
}

bool check_text(Input& input, const std::string& text) {
  auto refuse = [&](Place place, std::string code, std::string message, std::string hint = {}) {
    input.errors.add({Severity::error, std::move(code), std::move(message), std::move(hint), std::move(place), {}, {}});
    return false;
  };
  if (text.size() > yaml_limits::file_bytes) return refuse({input.name, 0, 0}, "too-large", "a scene file has at most " + std::to_string(yaml_limits::file_bytes) + " bytes");
  if (text.find('\0') != std::string::npos) return refuse({input.name, 0, 0}, "bad-text", "the file holds a zero byte: it is not text");
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    Checker checker;
    if (!parser.HandleNextDocument(checker)) return refuse({input.name, 1, 1}, "empty-file", "the file holds nothing");
    if (parser.HandleNextDocument(checker)) return refuse({input.name, 0, 0}, "several-documents", "a scene file holds one document");
  } catch (const Checker::Refused& refused) {
    return refuse(place_of(input.name, refused.mark), refused.code, refused.message);
  } catch (const YAML::Exception& exception) {
    return refuse(place_of(input.name, exception.mark), "bad-yaml", exception.msg, "YAML indents with spaces, and a colon is followed by one");
  }
  return true;
}

Map::Map(Input& input, const YAML::Node& node, std::string what) : input_(input), node_(node), what_(std::move(what)) {
  if (node.IsMap()) return;
  input.error(node, "wrong-kind", what_ + " must be a mapping (key: value), not " + quoted(node));
  node_.reset(YAML::Node(YAML::NodeType::Map));
}

YAML::Node Map::value(const std::string& key) const {
  for (const auto& entry : node_)
    if (entry.first.IsScalar() && entry.first.Scalar() == key) return entry.second;
  return YAML::Node(YAML::NodeType::Undefined);
}

YAML::Node Map::child(const std::string& key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.push_back(key);
  return value(key);
}

bool Map::has(const std::string& key) { return child(key).IsDefined(); }

Place Map::place(const std::string& key) const {
  const YAML::Node found = value(key);
  return input_.place(found.IsDefined() ? found : node_);
}

void Map::error(const std::string& key, std::string code, std::string message, std::string hint) {
  YAML::Node value = child(key);
  input_.error(value.IsDefined() ? value : node_, std::move(code), std::move(message), std::move(hint));
}

void Map::require(const std::string& key) {
  if (!has(key)) input_.error(node_, "missing-key", what_ + " needs '" + key + "'");
}

void Map::finish() {
  std::vector<std::string> seen;
  for (const auto& entry : node_) {
    const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "";
    if (std::find(known_.begin(), known_.end(), key) == known_.end())
      input_.error(entry.first, "unknown-key", what_ + " has no key " + xml::shown(key), xml::nearest_hint(key, known_));
    else if (std::find(seen.begin(), seen.end(), key) != seen.end())
      input_.error(entry.first, "repeated-key", "'" + key + "' is written twice");
    seen.push_back(key);
  }
}

bool Map::text(const std::string& key, std::string& out) {
  YAML::Node value = child(key);
  if (!value.IsDefined()) return false;
  if (!value.IsScalar() || value.Scalar().empty()) return error(key, "wrong-kind", "'" + key + "' must be a text, not " + quoted(value)), false;
  out = input_.text(value);
  return true;
}

bool Map::name(const std::string& key, Name& out) {
  if (!text(key, out.text)) return false;
  out.place = input_.place(child(key));
  return true;
}

bool Map::flag(const std::string& key, bool& out) {
  YAML::Node value = child(key);
  if (!value.IsDefined()) return false;
  if (!value.IsScalar() || (value.Scalar() != "true" && value.Scalar() != "false"))
    return error(key, "wrong-kind", "'" + key + "' must be true or false, not " + quoted(value)), false;
  out = value.Scalar() == "true";
  return true;
}

bool Map::number(const std::string& key, double& out, double least, double most) {
  YAML::Node value = child(key);
  if (!value.IsDefined()) return false;
  double x;
  if (!value.IsScalar() || !parse(input_.text(value), x)) return error(key, "wrong-kind", "'" + key + "' must be a number, not " + quoted(value)), false;
  if (x < least || x > most) {
    std::ostringstream range;
    range << "'" << key << "' must lie between " << least << " and " << most;
    return error(key, "out-of-range", range.str()), false;
  }
  out = x;
  return true;
}

bool Map::integer(const std::string& key, int& out, int64_t least, int64_t most) {
  YAML::Node value = child(key);
  if (!value.IsDefined()) return false;
  int64_t x;
  if (!value.IsScalar() || !parse(value.Scalar(), x)) return error(key, "wrong-kind", "'" + key + "' must be a whole number, not " + quoted(value)), false;
  if (x < least || x > most)
    return error(key, "out-of-range", "'" + key + "' must lie between " + std::to_string(least) + " and " + std::to_string(most)), false;
  out = int(x);
  return true;
}

bool Map::seed(const std::string& key, uint64_t& out) {
  YAML::Node value = child(key);
  if (!value.IsDefined()) return false;
  uint64_t x = 0;
  if (!value.IsScalar() || !parse_whole(value.Scalar(), x)) return error(key, "wrong-kind", "'" + key + "' must be a whole number from 0 on, not " + quoted(value)), false;
  out = x;
  return true;
}

bool Map::list(const std::string& key, std::vector<double>& out) {
  YAML::Node value = child(key);
  if (!value.IsDefined()) return false;
  std::vector<double> read(value.IsSequence() ? value.size() : 1);
  bool good = !read.empty() && (value.IsSequence() || value.IsScalar());
  for (std::size_t i = 0; good && i < read.size(); ++i) {
    const YAML::Node entry = value.IsSequence() ? value[i] : value;
    good = entry.IsScalar() && parse(input_.text(entry), read[i]);
  }
  if (!good) return error(key, "wrong-kind", "'" + key + "' must be a number or a list of numbers"), false;
  out = read;
  return true;
}

bool Map::numbers(const std::string& key, double* out, std::size_t count, double least, double most) {
  YAML::Node value = child(key);
  if (!value.IsDefined()) return false;
  std::vector<double> read(count);
  bool good = value.IsSequence() && value.size() == count;
  for (std::size_t i = 0; good && i < count; ++i) good = value[i].IsScalar() && parse(input_.text(value[i]), read[i]);
  if (!good) return error(key, "wrong-kind", "'" + key + "' must be a list of " + std::to_string(count) + " numbers"), false;
  if (std::any_of(read.begin(), read.end(), [&](double x) { return x < least || x > most; })) {
    std::ostringstream range;
    range << "the numbers of '" << key << "' must lie between " << least << " and " << most;
    return error(key, "out-of-range", range.str()), false;
  }
  std::copy(read.begin(), read.end(), out);
  return true;
}

bool Map::quaternion(const std::string& key, Array4& out) {
  Array4 q;
  if (!numbers(key, q.data(), 4)) return false;
  const double norm = std::sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3]);
  if (!(norm > 1e-9)) return error(key, "bad-orientation", "a quaternion (w x y z) must not be zero"), false;
  if (std::abs(norm - 1) > 1e-15) for (double& x : q) x /= norm;
  out = q;
  return true;
}

bool Map::orientation(Array4& out) {
  Array3 euler;
  const bool given = quaternion("orientation", out);
  if (!numbers("euler", euler.data(), 3)) return given;
  if (has("orientation")) return error("euler", "two-orientations", "write 'orientation' or 'euler', not both"), false;
  double c[3], s[3];
  for (std::size_t i = 0; i < 3; ++i) c[i] = std::cos(euler[i] * degree / 2), s[i] = std::sin(euler[i] * degree / 2);
  out = {c[0] * c[1] * c[2] + s[0] * s[1] * s[2], s[0] * c[1] * c[2] - c[0] * s[1] * s[2], c[0] * s[1] * c[2] + s[0] * c[1] * s[2], c[0] * c[1] * s[2] - s[0] * s[1] * c[2]};
  return true;
}

bool Map::patterns(const std::string& key, std::vector<std::string>& out, std::vector<Place>* out_places) {
  YAML::Node value = child(key);
  if (!value.IsDefined()) return false;
  std::vector<std::string> read;
  std::vector<Place> places{input_.place(value)};
  if (value.IsSequence()) places.clear();
  bool good = value.IsScalar() || (value.IsSequence() && value.size() > 0);
  if (value.IsScalar()) read.push_back(input_.text(value));
  for (std::size_t i = 0; good && value.IsSequence() && i < value.size(); ++i) {
    good = value[i].IsScalar();
    if (good) read.push_back(input_.text(value[i])), places.push_back(input_.place(value[i]));
  }
  if (!good) return error(key, "wrong-kind", "'" + key + "' must be a name or a list of names; * stands for any text"), false;
  out = read;
  if (out_places) *out_places = std::move(places);
  return true;
}

bool Map::draw_of(const YAML::Node& node, const std::string& key, Draw& out, double unit) {
  Draw read;
  double mean, deviation;
  if (node.IsScalar() && parse(node.Scalar(), mean)) {
    read = {mean * unit, mean * unit, false};
  } else if (node.IsSequence() && node.size() == 2 && node[0].IsScalar() && node[1].IsScalar() && parse(node[0].Scalar(), read.a) && parse(node[1].Scalar(), read.b)) {
    if (read.a > read.b) return input_.error(node, "out-of-range", "'" + key + "' must have its lower value first"), false;
    read.a *= unit, read.b *= unit;
  } else if (node.IsMap()) {
    Map map(input_, node, "'" + key + "'");
    map.require("mean");
    map.require("deviation");
    bool good = map.number("mean", mean), also = map.number("deviation", deviation, 0);
    map.finish();
    if (!good || !also) return false;
    read = {mean * unit, deviation * unit, true};
  } else {
    return input_.error(node, "wrong-kind", "'" + key + "' must be a number, [low, high] or {mean: m, deviation: s}, not " + quoted(node)), false;
  }
  out = read;
  return true;
}

bool Map::draw(const std::string& key, Draw& out, double unit) {
  YAML::Node value = child(key);
  return value.IsDefined() && draw_of(value, key, out, unit);
}

bool Map::draws(const std::string& key, std::array<Draw, 3>& out) {
  YAML::Node value = child(key);
  if (!value.IsDefined()) return false;
  if (!value.IsSequence() || value.size() != 3)
    return error(key, "wrong-kind", "'" + key + "' must be a list of three (x, y, z)", "each is a number, [low, high] or {mean: m, deviation: s}"), false;
  bool good = true;
  for (std::size_t i = 0; i < 3; ++i) good = draw_of(value[i], key, out[i], 1) && good;
  return good;
}

bool Map::choose(const std::string& key, int& out, const std::vector<std::string>& words) {
  std::string word;
  if (!text(key, word)) return false;
  auto found = std::find(words.begin(), words.end(), word);
  if (found == words.end()) return error(key, "bad-keyword", "'" + key + "' cannot be " + xml::shown(word), xml::nearest_hint(word, words)), false;
  out = int(found - words.begin());
  return true;
}

}  // namespace nuri::scene::yaml
