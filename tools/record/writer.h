// From frames to episodes in a file: what the writer's thread does.
//
// A frame is one stretch of all environments: what drove it, what was seen where it began, what came of it, who began with it and who ended
// after it. Frames are taken in order and environments by their number, so the file is a function of the frames alone. Rows are gathered per
// episode and dataset until a chunk is full; an episode of which no chunk was full is written where it belongs when it ends, another one lies in
// /unfinished until then.
//
// Commits go by counts. At the latest `patience` stretches after an episode has ended it is committed, so that a machine that dies takes
// no more than the last moments with it, and many short episodes do not cost a wait for the disk each.
#pragma once
#include <array>
#include <memory>
#include <string>
#include <vector>
#include "tools/record/file.h"
#include "tools/record/schema.h"

namespace nuri::record {

enum class Ended { reset, time, finished, failed, fault, end };
const char* word(Ended ended);

// What is the same for the whole file.
struct Head {
  std::string name, scene, text, version, policy, timeline;      // texts; policy and timeline may be empty
  std::string precision;                                         // "float", "double"
  double control_period = 0, timestep = 0;                       // s
  int substeps = 1, every = 1;                                   // substeps of a control step; control steps from sample to sample
  uint64_t seed = 0, first_id = 0, environments = 0;
  std::vector<std::shared_ptr<const model::Model>> models;
  bool judges = false;                                           // there are goals or a timeline: success means something
};

struct Begin {
  int environment = 0;
  uint64_t seed = 0, episode = 0;
  std::vector<std::byte> row;                                    // World::save
  std::vector<std::byte> qpos, qvel;
  std::vector<File::Parameter> parameters;
};

struct Frame {
  struct Fields {
    std::vector<std::vector<std::byte>> values;                  // of Plan::fields, all environments of the bucket; where a control step begins
    std::array<std::vector<std::byte>, input_count> inputs;      // likewise; empty: as in the frame before. ctrl is always there
    std::vector<std::vector<std::byte>> pictures;                // of Plan::signals, likewise; empty where a signal is none
  };
  uint64_t substep = 0;                                          // where it begins
  uint32_t substeps = 0;
  bool control_step = false;                                     // begins with one
  std::vector<Fields> buckets;
  std::vector<float> actions;                                    // [environment][columns], if a policy or port acts
  std::vector<Begin> begins;                                     // ascending environments
  std::vector<uint64_t> hashes;                                  // after it, per environment, as the following
  std::vector<uint32_t> faults;
  std::vector<uint8_t> success;
  struct End { int environment; Ended why; };
  std::vector<End> ends;                                         // ascending environments
  size_t bytes() const;
};

struct Seat { int bucket, index, variant; uint64_t id; };        // of an environment

struct Totals { uint64_t episodes = 0, samples = 0, successes = 0, dropped = 0; };

class Writer {
 public:
  // The file has its head, and nothing of any episode, when this returns.
  static Result<std::unique_ptr<Writer>> create(const std::string& path, int level, const Head& head, std::vector<Plan> plans, std::vector<Seat> seats);
  ~Writer();
  void take(const Frame& frame);
  void finish();                                 // after the last frame: the file is complete
  const std::optional<Diagnostic>& error() const { return file_->error(); }
  Totals committed() const { return committed_; }

 private:
  struct Table {                                 // rows of a column that are not yet in the file
    std::vector<std::byte> rows;
    uint64_t written = 0, count = 0;             // in the file; in all
  };
  struct Open;                                   // an episode in progress

  Writer(std::unique_ptr<File> file, const Head& head, std::vector<Plan> plans, std::vector<Seat> seats);
  void write_head(const Head& head);
  void add(Open& open, const Frame& frame, int environment);
  void add_inputs(Open& open, const Frame::Fields& fields, const Seat& seat);
  void add_row(Open& open, Table& table, const Column& column, const void* row);
  void settle(Open& open);                       // makes its group in /unfinished
  void write_begin(Open& open, hid_t group);
  void end(Open& open, const Frame& frame, int environment, Ended why);
  template <class F> void each_table(Open& open, F f);
  void commit();

  std::unique_ptr<File> file_;
  bool judges_;
  std::vector<Plan> plans_;                      // per bucket
  std::vector<Seat> seats_;                      // per environment
  int sample_every_;
  std::vector<std::unique_ptr<Open>> open_;      // per environment; null: it is not recorded now
  std::vector<std::array<std::vector<std::byte>, input_count>> inputs_;   // per bucket: as they are now
  std::vector<std::string> good_, bad_;          // names of episodes since the last commit
  uint64_t good_before_ = 0, bad_before_ = 0;
  Totals totals_, committed_;
  uint64_t bytes_ = 0;                           // given to the file since the last commit
  int waiting_ = -1;                             // stretches since an episode ended that is not committed; -1: there is none
};

}  // namespace nuri::record
