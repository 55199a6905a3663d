// Replay: what was recorded is done again, and every hash compared. The same inputs must give the same bits; where they do not, the first
// place is told.
//
// A replay is a function of the substep: before() finds the episode and the stretch that lie there, puts the environment where it began if one
// begins, and writes the recorded inputs; after() compares what became of it. Nothing is remembered between the two but which episode's numbers the
// environment's model has, so the editor goes back and forth in a recording, and the program from its beginning to its end.
//
// The environments of a replay have ids in a row; each has the model of its episodes, and all their stretches run together, as they did. An
// environment whose next episode is not in the file steps on unseen until one begins.
#pragma once
#include <optional>
#include <span>
#include "tools/record/recording.h"
#include "tools/session/session.h"

namespace nuri::record {

// Where a replayed episode first left the recorded one.
struct Difference {
  int demo = 0;
  uint64_t environment = 0, number = 0;          // id; which episode of it
  uint64_t stretch = 0, from = 0, to = 0;        // of the episode; its substeps
  uint64_t recorded_hash = 0, hash = 0;          // after it; equal: the episode does not begin as its first sample says
  // from the recorded samples; empty: none of them differs (the warm start does, an input, a fault, or the episode ended with this stretch)
  std::string field, column;                     // qpos, qvel, act; what the recording calls the number
  int item = 0;
  uint64_t sample = 0;
  double recorded = 0, value = 0;
};
// "environment 3, episode 0 (demo_5): ..", a line for each thing known.
std::string to_string(const Difference& difference, Precision precision, double timestep);

struct Choice {
  std::optional<uint64_t> environment;           // id; all otherwise
  std::optional<uint64_t> episode;               // of each environment; all otherwise
};

class Replay {
 public:
  // Replays of all that was chosen, environments with ids in a row in one, `most` at most. Codes: nothing-recorded, damaged-recording.
  static Result<std::vector<std::unique_ptr<Replay>>> create(std::shared_ptr<Recording> recording, const Choice& choice, int most = 1024);
  ~Replay();

  // A session that it can drive: `options` say on which machine, the rest is the recording's.
  Result<std::unique_ptr<session::Session>> session(WorldOptions options) const;
  Recording& recording() { return *recording_; }
  const std::vector<int>& episodes() const { return episodes_; } // of the recording, by environment and time

  // Substeps of the session: 0 is where the first of these episodes began, or the control step before it.
  uint64_t end() const { return end_; }
  // Readies the session's world for the stretch at its present substep. The substeps that follow from it alone; 0: the recording is over.
  Result<int> before(session::Session& session);
  // They were made.
  std::vector<Diagnostic> after(session::Session& session, int substeps);
  // Both, and the steps between them. False: it is over.
  Result<bool> step(session::Session& session);

  const std::vector<Difference>& differences() const {
    return differences_;
  }                                                              // the first of each episode, in the order in which they were found
  uint64_t compared() const { return compared_; }                // hashes
  uint64_t beginning(int episode) const { return recording_->episode(episode).began - base_; }   // substep of the session
  int episode_at(int environment, uint64_t substep) const;       // of the recording; -1: none
  uint64_t last_beginning(uint64_t substep) const;               // of some episode with a control step, at this substep of the session or before; 0: none

 private:
  struct Track;
  Replay() = default;
  std::vector<Diagnostic> load(Track& track, int k);
  std::vector<Diagnostic> begin(session::Session& session, std::span<const int> environments);
  Difference* find(int demo);                                    // null: none yet
  std::vector<Diagnostic> dress(World& world, int environment, Track& track);
  std::vector<Diagnostic> compare_sample(World& world, int environment, Track& track, uint64_t substep);
  std::optional<uint64_t> sample_at(const EpisodeInfo& episode, uint64_t substep) const;

  std::shared_ptr<Recording> recording_;
  std::vector<int> episodes_;
  std::vector<std::unique_ptr<Track>> tracks_;                   // per environment
  std::vector<std::shared_ptr<const model::Model>> models_;
  uint64_t first_id_ = 0, base_ = 0, end_ = 0, compared_ = 0;
  std::vector<Difference> differences_;
};

}  // namespace nuri::record
