// Eyes of a scene file: cameras and lidars whose pictures a policy gets. What they see is computed by render/trace; tools/session reads
// these and finds what they are mounted on. A scene file with neither `cameras` nor `lidars` has none.
//
// Lengths in m, angles in rad, times in s.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>
#include "engine/core/result.h"

namespace nuri::scene {

// What is seen, as bits; the numbers are those of render/trace's outputs.
namespace eye_output {
enum : uint32_t { rgb = 1, depth = 2, range = 4, geom = 8, body = 16, label = 32, normal = 64, intensity = 128, point = 256, all = 511 };
}
enum class EyeLens { pinhole, radial, fisheye };
enum class EyePattern { spinning, raster, rosette };

struct Eye {
  std::string name;
  bool lidar = false;
  std::string camera, body, site;                // of the model: where it is mounted; at most one; none: the world
  std::array<double, 3> pos{};                   // in the frame of body, site or world; a camera of the model brings its own
  std::array<double, 4> quat{1, 0, 0, 0};        // camera: x right, y up, looks along -z; lidar: x ahead, z up
  uint32_t outputs = 0;                          // 0: camera: rgb and depth; lidar: range
  int width = 0, height = 0;                     // pixels; 0: what the camera of the model says, or 64 x 64. Lidar: columns and rows
  double near = 0.01, far = 1000;                // m
  double rate = 0, latency = 0;                  // Hz, 0: every control step; s from taking to arriving
  // camera
  EyeLens lens = EyeLens::pinhole;
  double fovy = 0;                               // rad, vertical; 0: of the camera of the model, or 45 degrees
  std::array<double, 2> focal{}, centre{};       // pixels; 0 0: by fovy; the middle
  std::array<double, 8> distortion{};            // render/trace/lens.h
  // lidar
  EyePattern pattern = EyePattern::spinning;
  std::vector<double> elevations;                // rad, per row; empty: evenly between low and high
  double low = -0.2617993877991494, high = 0.2617993877991494;             // rad
  double from = -3.141592653589793, to = 3.141592653589793;                // rad, azimuth
  // noise; 0: none
  std::array<double, 3> range_noise{};           // m: deviation a + b z + c z^2
  double quantisation = 0;                       // m
  double dropout = 0, grazing = 0;               // chance of a lost reading; cosine of incidence below which it grows to certainty
  double colour_noise = 0, intensity_noise = 0;  // of 0 .. 1
  Place place, mount_place;                      // of the entry; of camera, body or site
};

// A class of geoms, for the output `class`. Later entries win; what none names is 0.
struct Label {
  int number = 0;
  std::string name;
  std::vector<std::string> geoms, bodies;        // patterns; bodies: all geoms of the bodies and of what hangs on them
  Place place;
  std::vector<Place> names_places;               // geoms', then bodies'
};

namespace eye_limits {
constexpr std::size_t eyes = 100, labels = 1000;
constexpr int side = 8192;                       // pixels, rows, columns
constexpr int64_t pixels = int64_t{1} << 26;     // of all eyes together
constexpr int classes = 1'000'000;
}  // namespace eye_limits

}  // namespace nuri::scene
