// Lenses and scan patterns: which direction each pixel looks in, as a table made once.
//
// A table makes tracing blind to lenses: a distorted pixel costs what a straight one costs, models without closed inverse are solved in
// double precision once, and a spinning lidar is one more table. Its price is 12 bytes per pixel read for each picture. Rejected:
// undistorting in the kernel (an iteration per ray and picture).
//
// Cameras: pixel (column i, row j) has its centre at (i + 1/2, j + 1/2); x to the right, y down the picture, z ahead, as OpenCV. With
// x' = x / z, y' = y / z, r^2 = x'^2 + y'^2:
//   pinhole   u = fx x' + cx,  v = fy y' + cy
//   radial    x'' = x' q + 2 p1 x' y' + p2 (r^2 + 2 x'^2),  y'' = y' q + p1 (r^2 + 2 y'^2) + 2 p2 x' y',
//             q = (1 + k1 r^2 + k2 r^4 + k3 r^6) / (1 + k4 r^2 + k5 r^4 + k6 r^6);  coefficients k1 k2 p1 p2 k3 k4 k5 k6
//   fisheye   a = atan r,  a' = a (1 + k1 a^2 + k2 a^4 + k3 a^6 + k4 a^8),  (x'', y'') = (x', y') a' / r; up to the whole sphere
// (OpenCV's documentation of calib3d and of fisheye; J. Kannala, S. Brandt, A generic camera model, 2006.)
// A pixel that no direction falls on (beyond where the distortion turns back) sees nothing.
#pragma once
#include <array>
#include <cstdint>
#include <vector>
#include "engine/core/result.h"

namespace nuri::trace {

struct Lens {
  enum class Model { pinhole, radial, fisheye };
  Model model = Model::pinhole;
  int width = 64, height = 64;                   // pixels
  double fovy = 0;                               // rad, vertical, used if fx is 0; 0: of the camera of the model, or 45 degrees (fisheye: fy = height / fovy)
  double fx = 0, fy = 0, cx = 0, cy = 0;         // pixels; centre 0 0: the middle
  std::array<double, 8> distortion{};
};

// The same view in other pixels.
void resize(Lens& lens, int width, int height);

// A lidar in its own axes: x ahead, y left, z up. Range images have a row per beam, the highest first.
struct Scan {
  enum class Pattern { spinning, raster, rosette };
  Pattern pattern = Pattern::spinning;
  std::vector<double> elevations;                // rad, per row; spinning. Empty: `rows` evenly between low and high
  int rows = 16, columns = 512;                  // rosette: rows x columns points along its curve
  double low = -0.2617993877991494, high = 0.2617993877991494;                         // rad
  double from = -3.141592653589793, to = 3.141592653589793;                            // azimuth, rad; of a full turn the last column is left out
  double first_turns = 7, second_turns = 17.3;   // rosette: turns of its two prisms while it draws one picture; each bends by half of `high`
};

// Unit directions of all pixels, rows from the top. Cameras: x right, y up, looking along -z; 0 0 0 where nothing is seen.
struct Directions {
  int width = 0, height = 0;
  std::vector<std::array<double, 3>> each;
};
Result<Directions> directions(const Lens& lens);
Result<Directions> directions(const Scan& scan);

// Where the point (x right, y up, -z ahead; m) falls in the picture, in pixels; false: behind a pinhole or radial lens.
bool project(const Lens& lens, const std::array<double, 3>& point, double& out_u, double& out_v);

// Blocks of 64 neighbours as kernels read them: 8 x 8 pixels, within them in the order of their interleaved bits, so that 4, 8 and 16
// rays in a row are tiles of 2 x 2, 4 x 2 and 4 x 4 pixels. Edges of the picture repeat their last pixel.
struct RayTable {
  int blocks = 0;
  std::vector<float> direction, cone;            // 3 x 64 and 5 per block
  std::vector<int32_t> pixel;
  float spread = 0;                              // rad between neighbours, the median
};
RayTable make_rays(const Directions& directions);

}  // namespace nuri::trace
