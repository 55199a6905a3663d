// Eyes: what the cameras and lidars of a session's scene see, exactly as a policy gets it: at their rates, late by their latency, with
// their noise, of the state at control steps.
//
//   auto eyes = session::Eyes::make(session);
//   session.step(session.settings().substeps), (*eyes)->look();           // once per control step; also once before the first
//   (*eyes)->picture(0, environment, trace::output::rgb)                  // [height][width][3]; the address stays
//
// A scene's variants have a tensor each; a picture is found by its environment. Its bits depend on the scene, the seed, the environment's id
// and what it did since it began, not on batch, place, threads, width or when others began: rates and latencies go by the environment's own
// control steps, and noise is drawn by its episode and its own step (World::step_count), so that an episode that is run again is seen again.
// Control steps at which nobody looks pass all the same; a picture that was due at one of them is taken at the next look.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>
#include "render/trace/eyes.h"
#include "tools/session/session.h"

namespace nuri::session {

struct EyeOptions {
  std::vector<std::string> names{"*"};           // which of the scene's eyes: patterns
  bool model_cameras = false;                    // if the scene has no eyes: each camera of the models as one, 64 x 64 where it says nothing
  uint32_t outputs = 0;                          // instead of each eye's own, as far as it can give them; 0: its own
  std::array<int, 2> size{};                     // instead of cameras' own width and height; 0 0: their own
  int width = 0;                                 // rays side by side; 0: by rule
  std::vector<int> environments{};               // of which there are pictures; empty: all
};

struct EyeInfo {
  std::string name;
  bool lidar = false;
  int width = 0, height = 0;                     // pixels; lidar: columns, rows
  uint32_t outputs = 0;
  int every = 1, delay = 0;                      // control steps from picture to picture, and until one arrives
  double rate = 0, latency = 0;                  // Hz and s, as they come out
};

class Eyes {
 public:
  // Diagnostics: no-eyes, unknown-name, no-memory and what trace::Eyes::make says, with places in the scene file. The session must outlive it.
  static Result<std::unique_ptr<Eyes>> make(Session& session, const EyeOptions& options = {});
  ~Eyes();

  std::span<const EyeInfo> eyes() const;
  // Takes the pictures that are due and delivers those that have arrived. Costs nothing if called again at the same control step
  // without begin() or finish() between.
  void look();
  // These environments begin anew: their next look() delivers pictures of the new state, whatever was under way. What the session resets,
  // resumes or restores is noticed without this; it is for states that were written from outside.
  void begin(std::span<const int> environments);
  // Pictures of these environments as they are now, delivered at once: the last ones of an episode, taken before it is reset.
  void finish(std::span<const int> environments);

  // One output of one eye in one environment: u8, i32 or f32 as trace::Tensor; null if its model has no such eye or it does not give that.
  const void* picture(int eye, int environment, uint32_t output) const;
  uint64_t arrived(int eye, int environment) const;   // how many pictures

  // The tensors of a bucket's model, whole; null if that model has no eyes. Environments in the order of the bucket, those that were asked for.
  trace::Eyes* of_bucket(int bucket);
  const char* kernel() const;                    // "avx2 x 8"

  double seconds() const;                        // wall time inside look() and finish(), since clear_time()
  uint64_t images() const;                       // pictures taken, likewise
  uint64_t rays() const;
  void clear_time();

 private:
  struct Inside;
  explicit Eyes(std::unique_ptr<Inside> inside);
  std::unique_ptr<Inside> inside_;
};

// Bytes of one output of one picture.
size_t picture_bytes(const EyeInfo& eye, uint32_t output);
const char* output_name(uint32_t output);        // "rgb", "class": as scene files say

}  // namespace nuri::session
