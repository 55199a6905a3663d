// Goldens: what the state of a case was when somebody last looked and found it right. One text file per script, scripts/golden/NAME.golden,
// made by `nuri regress --update` alone; a ledger beside it says why each one changed.
//
//   nuri-golden 1
//   case float 8 seed=7                          precision, environments, seed: what decides the bits. Width, threads and backend do not
//   fields qpos qvel warmstart
//   0 9c80e53f8aee546a 01234567 89abcdef 00000000     substep, hash of the world, of each state field in all environments
//   picture overview 4 9c80e53f8aee546a
//
// A trace has at most some hundred lines: moments are thinned, the last one always stays. The hash of the world says that something
// differs, the fields say what.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>
#include "engine/core/result.h"
#include "tools/session/session.h"

namespace nuri::regress {

struct Trace {
  struct Mark { uint64_t substep, hash; std::vector<uint32_t> fields; };
  std::string key;                               // "float 8 seed=7"
  std::vector<std::string> fields;
  std::vector<Mark> marks;
  std::map<std::string, uint64_t> pictures;      // by what they are of
};

namespace trace_limits {
constexpr int64_t marks = 100;
constexpr std::size_t file_bytes = std::size_t{32} << 20, traces = 10'000;
}  // namespace trace_limits

// Which state fields the session has, and their hashes now.
void begin_trace(session::Session& session, Trace& out);
void mark(session::Session& session, Trace& out);
// Whether control step `step` of `last` is marked.
bool is_marked(int64_t step, int64_t last);

// Where two traces of one case part. Empty: they do not.
struct Parting { bool parted = false; uint64_t substep = 0; std::string what; };
Parting compare(const Trace& golden, const Trace& now);

struct Golden {
  std::vector<Trace> traces;                     // in the order of the matrix
  const Trace* find(const std::string& key) const;
  void put(Trace trace);
  std::string text() const;
  uint64_t hash() const;                         // of the text
};
// What is damaged is an error, with its line. A file that is not there: an empty golden.
Result<Golden> read_golden_text(const std::string& text, const std::string& name);
Result<Golden> read_golden(const std::string& path);

// scripts/boxes.yaml: scripts/golden/boxes.golden, scripts/golden/boxes_WHAT.png
std::string golden_path(const std::string& script);
std::string picture_path(const std::string& script, const std::string& what);

// A line of the ledger beside, whose folder is there: NAME | old | new | version | reason.
Result<bool> add_to_ledger(const std::string& script, const std::string& name, uint64_t old_hash, uint64_t new_hash,
                           const std::string& version, const std::string& reason);

}  // namespace nuri::regress
