// What a case of `nuri verify` asks of an engine: to play a scene. A recipe (Job) and the measure that looks at what was played do not
// know who plays: Nuri steps it here (Stepped), another engine plays the same files elsewhere and its trajectory is measured by the same
// lines (tools/verify/played.h). So nothing is written twice, and a difference between two engines is none between two scripts.
#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>
#include "physics/world.h"

namespace nuri::verify {

// A number written into the state before step `at`, and kept.
struct Change {
  int64_t at = 0;
  StateField field{};
  int item = 0;
  double value = 0;
};

struct Job {
  std::string scene = {};              // MJCF
  int64_t settle = 0;                  // steps first, after which all velocities are set to zero; step 0 comes after them
  std::vector<Change> changes = {};    // in the order of `at`
  int64_t steps = 0, every = 1;        // what is seen: the start, and the state after each `every` steps
};

struct Moment {
  int64_t step = 0;
  double time = 0;                     // s, since step 0
  std::span<const double> qpos, qvel;  // MuJoCo's layout; m, rad, m/s, rad/s
  std::span<const double> sensors;     // of the state before the last step, as MJCF's sensors are; empty at step 0
};

class Engine {
 public:
  using See = std::function<void(const Moment&)>;
  virtual ~Engine() = default;
  // False: it did not come to its end, trouble() says why, and nothing is to be measured. An engine that only collects recipes shows
  // nothing, so which jobs a measure plays must not depend on what it sees.
  virtual bool play(const Job& job, const See& see) = 0;
  const std::string& trouble() const { return trouble_; }
  void begin(const std::string& which) { case_ = which, trouble_.clear(), began(); }   // the jobs to come are this case's

 protected:
  virtual void began() {}
  bool fails(std::string why) { return trouble_ = std::move(why), false; }
  std::string case_, trouble_;
};

// A model that is wrong on purpose: every item of a model's field times `factor`, plus `add`.
struct Fault {
  std::string field;
  double factor = 1, add = 0;
  bool known() const;                  // whether models have such a field of numbers
};

// Nuri on this machine's CPU, one thread. More environments than one are copies, and must end with the bits of the first.
class Stepped : public Engine {
 public:
  using Watch = std::function<bool(int64_t steps)>;                // steps done since it was last called; false: stop
  explicit Stepped(Precision precision, int environments = 1, std::vector<Fault> faults = {}, Watch watch = {})
      : precision_(precision), environments_(environments), faults_(std::move(faults)), watch_(std::move(watch)) {}
  bool play(const Job& job, const See& see) override;

 private:
  Precision precision_;
  int environments_;
  std::vector<Fault> faults_;
  Watch watch_;
};

}  // namespace nuri::verify
