// Pictures of environments by rays, as people look at them: from a free camera, through a camera of the model or through one of the scene's
// eyes; several rays to a pixel, without an eye's noise and delay. What a policy gets of an eye is session::Eyes' (render_tensor.cpp).
#pragma once
#include <array>
#include <memory>
#include <string>
#include <vector>
#include "engine/shape/image.h"
#include "render/trace/eyes.h"
#include "render/view/frame.h"
#include "tools/cli/cli.h"
#include "tools/session/eyes.h"

namespace nuri::cli {

// What is looked through.
struct Through {
  std::string camera;                  // one of the scene's eyes, else a camera of the model, by name or number; empty: a free camera
  std::vector<double> from;  // of that: azimuth and elevation in degrees, distance in m; what is missing is chosen so that all is seen
  std::array<int, 2> size{};           // pixels; 0 0: the camera's own, of a free one by the number of pictures
  int fine = 3;                        // rays to a pixel in each direction; 1: the tracer's numbers as they are
};

class Pictures {
 public:
  // `outputs`: trace::output bits; 0: rgb, or of a lidar range. Of `environments` those stay whose model has that camera.
  static Result<std::unique_ptr<Pictures>> make(session::Session& session, const Through& through, std::vector<int> environments,
                                                uint32_t outputs);
  ~Pictures();

  int width() const { return width_; }
  int height() const { return height_; }
  int row_repeats() const { return row_repeats_; }   // how often a lidar's row must be shown for right angles
  bool lidar() const { return lidar_; }
  const std::vector<int>& environments() const { return environments_; }
  const char* kernel() const;
  double seconds() const { return seconds_; }    // inside take()
  double rays() const { return rays_; }

  // One environment as it is now.
  void take(int environment);
  // Of the last one taken. Colours are the mean of their rays' light; depths and ranges are those of the ray in the middle.
  void colours(uint8_t* to, size_t row_bytes) const;
  void metres(uint32_t output, float* to, size_t row_floats) const;
  const trace::Tensor& tensor(uint32_t output) const;              // [1][1][fine height][fine width]( [3])

 private:
  struct Bucket { trace::Sensor sensor; std::unique_ptr<trace::Eyes> eyes; bool has = false; };
  explicit Pictures(session::Session& session) : session_(session) {}
  Result<bool> find_eye(const Through& through);
  Result<bool> find_camera(const Through& through);
  void place_free(const Through& through);

  session::Session& session_;
  std::vector<int> environments_;
  std::vector<Bucket> buckets_;
  std::unique_ptr<session::Eyes> scene_eyes_;    // of an eye of the scene: knows its mount in each environment
  size_t last_ = 0;                    // bucket of the last one taken
  int width_ = 0, height_ = 0, fine_ = 1, row_repeats_ = 1;
  bool lidar_ = false;
  double seconds_ = 0, rays_ = 0;
};

const scene::Eye* find_eye(const scene::Settings& settings, const std::string& name);   // null: there is none
// A camera of the model by name, or by number, written out; -1: there is none.
int find_camera(const model::Model& model, const std::string& word);
Diagnostic unknown_camera(session::Session& session, const std::string& word);
// From where a free camera looks; `from` as in Through.
view::Eye free_eye(const view::Scenery& scenery, std::span<const view::Poses> poses, const std::vector<double>& from, float aspect);

// Pictures of several environments as tiles of one, with thin gaps; of one environment, that picture.
class Sheet {
 public:
  static constexpr int most_side = 32768;        // pixels
  Sheet(const Pictures& pictures, bool depth);
  static bool fits(size_t count, int width, int height);

  // Every environment as it is now; false: interrupted, tiles are missing.
  bool take(Pictures& pictures, Progress* progress);
  void take(Pictures& pictures, size_t tile);    // one of them
  // Of a lidar: ranges become greys. After tiles were taken one by one.
  void show_ranges();
  const shape::Pixels& pixels() const { return pixels_; }
  shape::Pixels depth() const;                   // 16 bits of millimetres; 0: nothing there, or beyond 65 m
  std::string legend() const;                    // of a lidar: what is white and what is black

 private:
  int columns_, rows_, width_, height_;
  shape::Pixels pixels_;
  std::vector<float> metres_;                    // depths or ranges
  std::vector<uint8_t> filled_;                  // where there is a picture
  bool lidar_, scaled_ = false;
  float nearest_ = 0, farthest_ = 0;             // m: of the first look, kept for those that follow
};

// Whole, or there is no file.
Result<bool> write_png(const std::string& path, const shape::Pixels& pixels);

struct Written { uint32_t width = 0, height = 0; size_t pictures = 0; std::string kernel, legend; double seconds = 0, rays = 0; };
// A picture, or a sheet of several, of the session as it is now. `depth_path` may be empty.
Result<Written> write_pictures(session::Session& session, const Through& through, std::vector<int> environments, const std::string& path,
                               const std::string& depth_path, bool quiet);

}  // namespace nuri::cli
