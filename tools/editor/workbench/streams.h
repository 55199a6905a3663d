// Streams: what the cameras and lidars of the focused environment deliver, the very tensors that a policy gets (session::Eyes), as pictures
// and clouds of points for people. They follow time as a policy's do: one look per control step, at the scene's rates and latencies. When
// the state is changed otherwise (a step back, a reset, a joint set, another focus), the eyes begin anew, so that what is shown is of the
// state that is shown.
//
// Looking costs time. Nothing looks unless somebody wants it, and only the focused environment is looked at, whatever the world's size.
//
// What a reset begins, a policy's eyes begin too; after any other new beginning the count of looks, and with it noise and the phase of slow
// sensors, starts at that moment and not at the last reset.
#pragma once
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <vector>
#include "tools/editor/workbench/false_colour.h"
#include "tools/session/eyes.h"

namespace nuri::editor {

class Workbench;

class Streams {
 public:
  explicit Streams(Workbench& bench) : bench_(bench) {}

  // Once a frame, `now` in s of any clock. Not wanted: nothing is computed from now on; the pictures stay as they are.
  void follow(bool wanted, double now);
  // For the workbench: time made a control step; the session is about to go.
  void stepped();
  void leave();

  // What there is; empty until somebody wanted it, or where errors() say why.
  std::span<const session::EyeInfo> eyes() const;
  const std::vector<Diagnostic>& errors() const { return errors_; }
  bool of_model() const { return of_model_; }      // the scene has no eyes of its own: these are the model's cameras
  const char* kernel() const { return eyes_ ? eyes_->kernel() : ""; }

  // One output of one eye as it is now: as the tensor has it, as RGBA. Null, empty: none.
  const void* data(int eye, uint32_t output) const;
  uint64_t version() const { return version_; }    // another one if pictures may have changed
  false_colour::Scale scale(int eye, uint32_t output) const;
  std::vector<uint8_t> image(int eye, uint32_t output) const;
  // What stands at a pixel: "1.234 m", "geom cup", "class 2 part".
  std::string under(int eye, uint32_t output, int column, int row) const;

  // What a lidar's ranges mean: points in the world, m, seen from where it was when the picture was taken. Empty: it gives no ranges.
  struct Dot { std::array<float, 3> at; false_colour::Rgb colour; };
  std::vector<Dot> cloud(int eye) const;

  // Of the last two seconds of the clock.
  double pictures_per_second(int eye) const;
  double bytes_per_second(int eye, uint32_t output) const;
  double seconds_per_picture() const;              // of computing, on average over all eyes
  double share_of_time() const;                    // that looking took

 private:
  struct Pose { std::array<float, 3> position; std::array<float, 4> rotation; };
  struct Of {                                      // one eye
    uint64_t arrived = 0, total = 0;               // as the eyes count; since they were made
    std::deque<Pose> poses;                        // of its body, at the last looks; lidars alone
    Pose taken{};                                  //   and when the picture was taken
    std::vector<std::array<double, 3>> directions; // of a lidar's pixels, in its axes
    int sensor = -1;                               // of the bucket's trace::Eyes
  };
  void make();
  void look(bool anew);
  uint64_t state() const;
  Pose pose_of(int body) const;

  Workbench& bench_;
  std::unique_ptr<session::Eyes> eyes_;
  std::vector<Of> of_;
  std::vector<Diagnostic> errors_;
  bool wanted_ = false, of_model_ = false;
  uint64_t generation_ = ~uint64_t{0}, state_ = 0, version_ = 0;
  int focus_ = -1;                                 // whose eyes these are
  struct Sample { double now, computing; uint64_t images; std::vector<uint64_t> total; };
  std::deque<Sample> samples_;                     // of the last two seconds
};

}  // namespace nuri::editor
