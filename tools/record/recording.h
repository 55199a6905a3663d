// A recording that is read: what it was made from, its episodes, and rows of their data. Layout: docs/recordings.md.
//
// A file may be cut short, damaged or of somebody else: what it says of itself is checked before memory is spent on it, and a wish that it cannot
// answer is an error with its place. Of a file whose writer did not come to its end the whole episodes are there; notes() say what is not.
#pragma once
#include <map>
#include <memory>
#include "physics/world.h"
#include "tools/record/vault.h"

namespace nuri::record {

constexpr int recording_format = 1;

// The run that was recorded.
struct Info {
  std::string name, scene, version;              // the scene's name and path; Nuri's version
  double control_period = 0, timestep = 0;       // s
  int substeps = 1;                              // of a control step
  Precision precision = Precision::f32;
  uint64_t seed = 0, first_id = 0, environments = 0;
  uint64_t every = 1;                            // control steps from one sample to the next
  bool complete = false;                         // its writer came to its end
  std::string driven;                            // by which policy or timeline, where there is one
  int variants = 0;                              // models in the file
};

struct EpisodeInfo {
  int demo = 0;                                  // data/demo_N
  uint64_t samples = 0, seed = 0, environment = 0, number = 0;   // number: the environment's how manyth; environment: its id
  int variant = 0;
  bool success = false;
  uint32_t fault = 0;
  uint64_t began = 0, substeps = 0;              // substep of the run; how long it is
  std::string ended;                             // reset, time, finished, failed, fault, end
  std::string name() const { return "demo_" + std::to_string(demo); }
};

// One data set of an episode; its path is below the episode's group: "obs/tip_pos".
struct Field {
  std::string path;
  Entry entry;
};

class Recording {
 public:
  // Finishes what a writer that died had begun (journal.h). Codes: cannot-read, not-a-recording, newer-recording, damaged-recording; in-use, damaged-file,
  // cannot-write of a journal.
  static Result<std::unique_ptr<Recording>> open(const std::string& path);

  const std::string& path() const { return vault_->path(); }
  uint64_t bytes() const { return vault_->size(); }              // of the file
  const Info& info() const { return info_; }
  int episodes() const { return int(episodes_.size()); }
  const EpisodeInfo& episode(int k) const { return episodes_[size_t(k)]; }   // in the order of their numbers
  int find(int demo) const;                                      // which episode is data/demo_N; -1: none
  const std::vector<uint64_t>& unfinished() const { return unfinished_; }    // ids of environments whose last episode did not end
  const std::vector<Diagnostic>& notes() const { return notes_; }

  Result<std::shared_ptr<const model::Model>> model(int variant);
  Result<const std::vector<Field>*> fields(int k);               // of an episode, by path; until the next call
  // Rows of one of them. Codes: unknown-name, damaged-recording.
  Result<Table> read(int k, const std::string& field, uint64_t first = 0, uint64_t count = ~uint64_t(0));
  Result<std::string> scene_text();                              // as it was when it was recorded; empty where there was none

  Diagnostic damaged(std::string message) const;                 // an error about this file

 private:
  Recording() = default;
  std::vector<Diagnostic> read_info();
  std::vector<Diagnostic> read_episodes();
  std::vector<Diagnostic> walk(const std::string& group, const std::string& below, int depth, std::vector<Field>& out);
  Result<Table> rows(const std::string& path, const Entry& entry, uint64_t first, uint64_t count);
  void note(std::string code, std::string message, std::string hint = {});

  std::unique_ptr<Vault> vault_;
  Info info_;
  std::vector<EpisodeInfo> episodes_;
  std::vector<uint64_t> unfinished_;
  std::vector<Diagnostic> notes_;
  std::map<int, std::shared_ptr<const model::Model>> models_;
  std::map<int, std::vector<Field>> fields_;                     // of episodes that were asked for, the last few
};

}  // namespace nuri::record
