// Recorder: a witness that writes what a session does into an HDF5 file, episode by episode. docs/recordings.md describes the file.
//
//   auto recorder = record::Recorder::create(session, {.path = "run.h5"});
//   session.step(..);                             // every stretch is recorded; whatever resets an environment ends its episode
//   (*recorder)->end(some, record::Ended::time);  // before the caller resets them; until they begin again nothing of them is recorded
//   auto totals = (*recorder)->finish();
//
// Physics copies what a stretch was driven by into a frame; a thread of the recorder compresses and writes. The queue between them is
// bounded, and physics waits where it is full, so nothing is lost and memory stays as it is. When the disk is full or broken, the file stays as
// of the last commit, good() turns false, and whatever is stepped after that is not recorded: the caller should stop.
//
// Numbers of the models that are changed during an episode are not seen here; what `vary` draws is fixed before an episode begins.
#pragma once
#include <atomic>
#include <condition_variable>
#include <deque>
#include <thread>
#include "tools/record/writer.h"

namespace nuri::record {

struct Options {
  std::string path;
  std::string version = {};                      // of the program
  Wishes wishes = {};
  int level = 4;                                 // of gzip, 0 to 9
  bool overwrite = false;                        // a file that is there
  session::Port* port = nullptr;           // that acts, besides the session's policy; outlives the recorder
};

class Recorder final : public session::Witness {
 public:
  // Shows itself to the session, which outlives it. Codes: file-exists, cannot-write, no-memory, and those of make_plans() and Eyes::make().
  static Result<std::unique_ptr<Recorder>> create(session::Session& session, const Options& options);
  ~Recorder() override;                          // without finish(): the file stays incomplete, as after a crash

  void before(int substeps) override;
  void after(int substeps) override;
  // The episodes of these environments are over.
  void end(std::span<const int> environments, Ended why);
  bool records(int environment) const { return recording_[size_t(environment)] != 0; }

  bool good() const { return !failed_; }
  // Ends every episode, waits for the writer, completes the file.
  Result<Totals> finish();

  const std::vector<Diagnostic>& doubts() const { return doubts_; }   // about what was asked for: warnings
  double seconds_waited() const { return waited_; }              // of physics, for the writer
  const std::string& path() const { return path_; }

 private:
  Recorder(session::Session& session, const Options& options) : session_(session), path_(options.path), port_(options.port) {}
  void begin(Frame& frame, int environment);
  void copy(Frame& frame);
  void judge();
  void push();                                   // the frame is complete
  void write();                                  // the thread
  void stop();
  std::unique_ptr<Frame> blank();

  session::Session& session_;
  std::string path_;
  session::Port* port_ = nullptr;
  bool of_policy_ = false;                       // actions are the policy's
  std::unique_ptr<session::Eyes> eyes_;
  std::unique_ptr<Writer> writer_;
  std::vector<Plan> plans_;                      // per bucket
  std::vector<std::vector<session::Goal>> goals_;   // likewise
  std::vector<Seat> seats_;
  std::vector<Diagnostic> doubts_;

  std::vector<uint64_t> beginnings_;             // per environment: that were noticed
  std::vector<uint8_t> recording_;
  std::vector<std::array<std::vector<std::byte>, input_count>> inputs_;   // per bucket: as of the last frame
  std::unique_ptr<Frame> frame_;                 // of the present or last stretch

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::unique_ptr<Frame>> queue_;
  std::vector<std::unique_ptr<Frame>> blanks_;
  size_t most_ = 2;                              // frames in the queue
  bool stopping_ = false;
  std::atomic<bool> failed_ = false;
  double waited_ = 0;
  std::thread thread_;
};

}  // namespace nuri::record
