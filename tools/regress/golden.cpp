#include "tools/regress/golden.h"

#include <fmt/format.h>
#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>
#include "engine/core/hash.h"
#include "engine/core/new_file.h"

namespace nuri::regress {
namespace {

constexpr const char* magic = "nuri-golden 1";

// One state field of all environments, in the order of their ids.
uint32_t hash_of(World& world, StateField field) {
  Hash h;
  for (int e = 0; e < world.environments(); ++e) {
    if (world.options().precision == Precision::f32) h.add(std::span<const float>(world.row<float>(field, e)));
    else h.add(std::span<const double>(world.row<double>(field, e)));
  }
  const uint64_t value = h.value();
  return uint32_t(value ^ (value >> 32));
}

bool has(World& world, StateField field) {
  for (int b = 0; b < world.buckets(); ++b)
    if (world.bucket(b).columns(field) > 0) return true;
  return false;
}

template <class T> bool whole(const std::string& text, T& out, int base) {
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  return !text.empty() && code == std::errc() && end == text.data() + text.size();
}

}  // namespace

void begin_trace(session::Session& session, Trace& out) {
  for (int f = 0; f < state_field_count; ++f)
    if (!info(StateField(f)).output && has(session.world(), StateField(f))) out.fields.push_back(info(StateField(f)).name);
}

void mark(session::Session& session, Trace& out) {
  Trace::Mark& now = out.marks.emplace_back(Trace::Mark{session.substep(), session.world().hash(), {}});
  for (int f = 0; f < state_field_count; ++f)
    if (!info(StateField(f)).output && has(session.world(), StateField(f))) now.fields.push_back(hash_of(session.world(), StateField(f)));
}

bool is_marked(int64_t step, int64_t last) {
  const int64_t every = (last + trace_limits::marks - 1) / trace_limits::marks;
  return step == last || step % std::max<int64_t>(1, every) == 0;
}

Parting compare(const Trace& golden, const Trace& now) {
  if (golden.fields != now.fields) return {true, 0, "the state has other fields"};
  for (size_t i = 0; i < std::min(golden.marks.size(), now.marks.size()); ++i) {
    const Trace::Mark &a = golden.marks[i], &b = now.marks[i];
    if (a.substep != b.substep)
      return {true, a.substep, "other moments are looked at: the case is longer or shorter, or its control steps are"};
    if (a.hash == b.hash) continue;
    std::string fields;
    for (size_t f = 0; f < std::min(a.fields.size(), b.fields.size()); ++f)
      if (a.fields[f] != b.fields[f]) fields += (fields.empty() ? "" : ", ") + golden.fields[f];
    return {true, a.substep, fields.empty() ? "step counters or faults" : fields};
  }
  if (golden.marks.size() != now.marks.size())
    return {true, now.marks.empty() ? 0 : now.marks.back().substep, "one case is longer than the other"};
  return {};
}

const Trace* Golden::find(const std::string& key) const {
  const auto found = std::find_if(traces.begin(), traces.end(), [&](const Trace& trace) { return trace.key == key; });
  return found == traces.end() ? nullptr : &*found;
}

void Golden::put(Trace trace) {
  const auto found = std::find_if(traces.begin(), traces.end(), [&](const Trace& other) { return other.key == trace.key; });
  if (found == traces.end()) traces.push_back(std::move(trace));
  else *found = std::move(trace);
}

std::string Golden::text() const {
  std::string out = std::string(magic) + "\n";
  for (const Trace& trace : traces) {
    out += "case " + trace.key + "\nfields";
    for (const std::string& field : trace.fields) out += " " + field;
    out += "\n";
    for (const Trace::Mark& m : trace.marks) {
      out += fmt::format("{} {:016x}", m.substep, m.hash);
      for (const uint32_t field : m.fields) out += fmt::format(" {:08x}", field);
      out += "\n";
    }
    for (const auto& [what, hash] : trace.pictures) out += fmt::format("picture {} {:016x}\n", what, hash);
  }
  return out;
}

uint64_t Golden::hash() const { return Hash().add(std::string_view(text())).value(); }

Result<Golden> read_golden_text(const std::string& text, const std::string& name) {
  Golden out;
  std::istringstream lines(text);
  int number = 0;
  auto refuse = [&](std::string message) {
    return Diagnostic{Severity::error,
                      "damaged-golden",
                      std::move(message),
                      "make it anew: nuri regress --update --reason '..'",
                      {name, number, 1},
                      {},
                      {}};
  };
  for (std::string line; std::getline(lines, line);) {
    ++number;
    std::istringstream stream(line);
    std::vector<std::string> words;
    for (std::string word; stream >> word;) words.push_back(word);
    if (number == 1) {
      if (line != magic) return refuse("this is no golden of this version: it begins with '" + std::string(magic) + "'");
    } else if (words.empty()) {
      return refuse("an empty line");
    } else if (words[0] == "case") {
      if (words.size() != 4 || out.traces.size() >= trace_limits::traces)
        return refuse("a case is named by its precision, environments and seed");
      out.traces.emplace_back().key = words[1] + " " + words[2] + " " + words[3];
    } else if (out.traces.empty()) {
      return refuse("a line before the first case");
    } else if (words[0] == "fields") {
      out.traces.back().fields.assign(words.begin() + 1, words.end());
    } else if (words[0] == "picture") {
      uint64_t hash;
      if (words.size() != 3 || !whole(words[2], hash, 16)) return refuse("a picture has a name and a hash");
      out.traces.back().pictures[words[1]] = hash;
    } else {
      Trace& trace = out.traces.back();
      Trace::Mark m{};
      bool good = words.size() == trace.fields.size() + 2 && whole(words[0], m.substep, 10) && whole(words[1], m.hash, 16);
      for (size_t i = 2; good && i < words.size(); ++i) good = whole(words[i], m.fields.emplace_back(), 16);
      if (!good) return refuse("a moment has its substep, a hash of the world and one of each field");
      if (!trace.marks.empty() && m.substep <= trace.marks.back().substep) return refuse("moments are in order");
      trace.marks.push_back(std::move(m));
    }
  }
  if (number == 0) return refuse("the file is empty");
  return out;
}

Result<Golden> read_golden(const std::string& path) {
  std::error_code code;
  if (!std::filesystem::exists(path, code)) return Golden{};
  auto refuse = [&](const char* why) { return Diagnostic{Severity::error, "unreadable", why, {}, {path, 0, 0}, {}, {}}; };
  if (!std::filesystem::is_regular_file(path, code)) return refuse("this is not a file");
  if (std::filesystem::file_size(path, code) > trace_limits::file_bytes) return refuse("a golden is not that large");
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  if (!stream) return refuse("it cannot be read");
  return read_golden_text(text.str(), path);
}

std::string golden_path(const std::string& script) {
  const std::filesystem::path path(script);
  return (path.parent_path() / "golden" / (path.stem().string() + ".golden")).string();
}

std::string picture_path(const std::string& script, const std::string& what) {
  const std::filesystem::path path(script);
  std::string safe = what;
  for (char& c : safe)
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '-' && c != '.' && c != '=') c = '_';
  return (path.parent_path() / "golden" / (path.stem().string() + "_" + safe + ".png")).string();
}

Result<bool> add_to_ledger(const std::string& script, const std::string& name, uint64_t old_hash, uint64_t new_hash,
                           const std::string& version, const std::string& reason) {
  const std::string path = (std::filesystem::path(golden_path(script)).parent_path() / "ledger.txt").string();
  std::string text;
  if (std::ifstream stream(path, std::ios::binary); stream) {
    std::ostringstream all;
    all << stream.rdbuf();
    text = all.str();
  }
  if (text.empty()) text = "# Why goldens changed: name | hash before | hash after | version | reason\n";
  std::string line = reason;
  for (char& c : line)
    if (c == '\n' || c == '\r' || c == '|') c = ' ';
  text += fmt::format("{} | {} | {:016x} | {} | {}\n", name, old_hash ? fmt::format("{:016x}", old_hash) : "none", new_hash, version, line);
  return write_whole(path, text);
}

}  // namespace nuri::regress
