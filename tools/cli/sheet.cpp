// Sheets: tiles, gaps, ranges as grey, files.
#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <cstring>
#include "engine/core/new_file.h"
#include "tools/cli/pictures.h"

namespace nuri::cli {
namespace {

constexpr double furthest_shown = 65.535;        // m: what 16 bits of millimetres hold
constexpr uint8_t paper[3] = {24, 27, 32};       // sRGB, between the tiles
constexpr uint8_t farthest_grey = 40, nothing_grey = 0;

int columns_of(size_t count) { return int(std::ceil(std::sqrt(double(count)))); }
int gap_of(size_t count) { return count > 1 ? 2 : 0; }                                            // pixels
int side_of(int tiles, int size, int gap) { return tiles * (size + gap) - gap; }

}  // namespace

bool Sheet::fits(size_t count, int width, int height) {
  const double columns = columns_of(count), rows = std::ceil(double(count) / columns), gap = gap_of(count);
  return columns * (width + gap) <= most_side && rows * (height + gap) <= most_side;
}

Sheet::Sheet(const Pictures& pictures, bool depth)
    : width_(pictures.width()), height_(pictures.height() * pictures.row_repeats()), lidar_(pictures.lidar()) {
  const size_t count = pictures.environments().size();
  columns_ = columns_of(count), rows_ = (int(count) + columns_ - 1) / columns_;
  const int gap = gap_of(count);
  pixels_ = {uint32_t(side_of(columns_, width_, gap)), uint32_t(side_of(rows_, height_, gap)), lidar_ ? 1 : 3, 8, {}};
  const size_t size = size_t(pixels_.width) * pixels_.height;
  pixels_.bytes.resize(size * size_t(pixels_.channels));
  for (size_t i = 0; i < pixels_.bytes.size(); ++i) pixels_.bytes[i] = lidar_ ? paper[0] : paper[i % 3];
  if (depth || lidar_) metres_.resize(size);
  if (lidar_) filled_.resize(size);
}

bool Sheet::take(Pictures& pictures, Progress* progress) {
  for (size_t i = 0; i < pictures.environments().size(); ++i) {
    if (interrupted()) return false;
    take(pictures, i);
    if (progress) progress->at(int64_t(i) + 1);
  }
  show_ranges();
  return true;
}

void Sheet::take(Pictures& pictures, size_t tile) {
  const size_t width = pixels_.width, gap = size_t(gap_of(pictures.environments().size()));
  const size_t x = tile % size_t(columns_) * (size_t(width_) + gap), y = tile / size_t(columns_) * (size_t(height_) + gap),
               at = y * width + x;
  pictures.take(pictures.environments()[tile]);
  if (!lidar_) pictures.colours(pixels_.bytes.data() + 3 * at, 3 * width);
  if (!lidar_ && !metres_.empty()) pictures.metres(trace::output::depth, metres_.data() + at, width);
  if (!lidar_) return;
  const size_t repeats = size_t(pictures.row_repeats());
  pictures.metres(trace::output::range, metres_.data() + at, width * repeats);
  for (size_t row = 0; row < size_t(height_); ++row) {
    if (row % repeats) std::copy_n(metres_.data() + at + (row - row % repeats) * width, width_, metres_.data() + at + row * width);
    std::memset(filled_.data() + at + row * width, 1, size_t(width_));
  }
}

// The nearest white, the farthest dark, by the logarithm: what is twice as far away is darker by the same step everywhere.
void Sheet::show_ranges() {
  if (!lidar_) return;
  if (!scaled_) {
    for (float r : metres_) {
      if (!(r > 0)) continue;
      if (farthest_ <= 0) nearest_ = r;
      nearest_ = std::min(nearest_, r), farthest_ = std::max(farthest_, r);
    }
    scaled_ = farthest_ > 0;
  }
  const double span = scaled_ && farthest_ > nearest_ ? std::log(double(farthest_) / double(nearest_)) : 1;
  for (size_t i = 0; i < metres_.size(); ++i) {
    if (!filled_[i]) continue;
    const double r = double(metres_[i]), share = r > 0 ? std::clamp(std::log(r / double(nearest_)) / span, 0.0, 1.0) : 0;
    pixels_.bytes[i] = r > 0 ? uint8_t(std::lround(255 - share * (255 - farthest_grey))) : nothing_grey;
  }
}

std::string Sheet::legend() const {
  if (!lidar_) return "";
  if (!scaled_) return "nothing in range";
  return fmt::format("white {:.3g} m to dark {:.3g} m by the logarithm, black nothing", nearest_, farthest_);
}

shape::Pixels Sheet::depth() const {             // big endian
  shape::Pixels to{pixels_.width, pixels_.height, 1, 16, {}};
  to.bytes.reserve(2 * metres_.size());
  for (float m : metres_) {
    const unsigned mm = double(m) <= furthest_shown ? unsigned(std::lround(1000 * double(m))) : 0;
    to.bytes.push_back(uint8_t(mm >> 8));
    to.bytes.push_back(uint8_t(mm));
  }
  return to;
}

Result<bool> write_png(const std::string& path, const shape::Pixels& pixels) {
  const std::string bytes = shape::encode_png(pixels);
  if (bytes.empty())
    return Diagnostic{Severity::error, "cannot-write", "the picture cannot be coded", "is it too large?", {path, 0, 0}, {}, {}};
  return write_whole(path, bytes);
}

Result<Written> write_pictures(session::Session& session, const Through& through, std::vector<int> environments, const std::string& path,
                               const std::string& depth_path, bool quiet) {
  const scene::Eye* const eye = find_eye(session.settings(), through.camera);
  if (eye && eye->lidar && !depth_path.empty())
    return Diagnostic{Severity::error, "bad-request", "a lidar gives no depth", "leave --depth out, its picture shows ranges", {}, {}, {}};
  const uint32_t outputs = depth_path.empty() ? 0u : uint32_t(trace::output::rgb) | uint32_t(trace::output::depth);
  auto made = Pictures::make(session, through, std::move(environments), outputs);
  if (!made) return made.errors();
  Pictures& pictures = **made;
  const size_t count = pictures.environments().size();
  if (!Sheet::fits(count, pictures.width(), pictures.height() * pictures.row_repeats()))
    return Diagnostic{Severity::error,
                      "too-large",
                      fmt::format("a sheet of {} pictures of {} x {} pixels is too large", count, pictures.width(), pictures.height()),
                      fmt::format("no side may exceed {} pixels: fewer --envs, or a smaller --size", Sheet::most_side),
                      {path, 0, 0},
                      {},
                      {}};
  Sheet sheet(pictures, !depth_path.empty());
  {
    Progress progress("render", int64_t(count), quiet);
    if (!sheet.take(pictures, &progress)) return Diagnostic{Severity::error, "interrupted", "interrupted", "", {}, {}, {}};
  }
  Result<bool> written = write_png(path, sheet.pixels());
  if (written && !depth_path.empty()) written = write_png(depth_path, sheet.depth());
  if (!written) return written.errors();
  return Written{sheet.pixels().width, sheet.pixels().height, count,          pictures.kernel(),
                 sheet.legend(),       pictures.seconds(),    pictures.rays()};
}

}  // namespace nuri::cli
