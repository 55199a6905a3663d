// Recipes for other engines, and what they played.
//
//   FOLDER/CASE/0.xml    the scene of the case's first job
//   FOLDER/CASE/0.json   {"settle", "steps", "every", "changes": [[at, field, item, value]]}
//   FOLDER/CASE/0.bin    what an engine saw, float64: the numbers of qpos, qvel and sensors; then a record of each moment, the start first
//
// Fields are MuJoCo's (qpos, qvel, ctrl, xfrc_applied ..), and so is their layout. Sensors are those of the state before the last step.
#pragma once
#include "tools/verify/engine.h"

namespace nuri::verify {

// Writes recipes, plays nothing.
class Writer : public Engine {
 public:
  explicit Writer(std::string folder) : folder_(std::move(folder)) {}
  bool play(const Job& job, const See& see) override;
  const std::string& problem() const { return problem_; }          // a file that could not be written; empty: none

 private:
  void began() override { number_ = 0; }
  std::string folder_, problem_;
  int number_ = 0;
};

// Shows what another engine played.
class Reader : public Engine {
 public:
  explicit Reader(std::string folder) : folder_(std::move(folder)) {}
  bool play(const Job& job, const See& see) override;

 private:
  void began() override { number_ = 0; }
  std::string folder_;
  int number_ = 0;
};

// Counts the steps of a case, plays nothing.
class Counter : public Engine {
 public:
  bool play(const Job& job, const See&) override { return steps += job.settle + job.steps, true; }
  int64_t steps = 0;
};

}  // namespace nuri::verify
