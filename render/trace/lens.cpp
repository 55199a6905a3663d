#include "render/trace/lens.h"

#include <algorithm>
#include <cmath>

#include "engine/math/elementary.h"
#include "render/trace/view.h"

namespace nuri::trace {
namespace {
using D = Wide<double, 1>;                       // own functions: the same table on every machine
using Point = std::array<double, 2>;
using Triple = std::array<double, 3>;

constexpr double pi = 3.141592653589793, solved = 1e-12, usual_fovy = pi / 4;
constexpr int most_pixels = 1 << 26, most_steps = 60;

double sine(double x) { return sin(D(x)).v; }
double cosine(double x) { return cos(D(x)).v; }
double angle(double y, double x) { return atan2(D(y), D(x)).v; }

struct Focus { double fx, fy, cx, cy; };
Focus focus_of(const Lens& lens) {
  Focus f{lens.fx, lens.fy, lens.cx, lens.cy};
  if (!(f.fx > 0)) {
    const double fovy = lens.fovy == 0 ? usual_fovy : lens.fovy, half = 0.5 * fovy;
    f.fy = lens.model == Lens::Model::fisheye ? lens.height / fovy : 0.5 * lens.height * cosine(half) / sine(half);
    f.fx = f.fy;
  }
  if (!(f.fy > 0)) f.fy = f.fx;
  if (f.cx == 0 && f.cy == 0) f.cx = 0.5 * lens.width, f.cy = 0.5 * lens.height;
  return f;
}

// (x'', y'') of (x', y'), and its derivatives by x' and y'.
Point radial(const std::array<double, 8>& k, double x, double y, double (&out_by)[4]) {
  const double r = x * x + y * y, top = 1 + r * (k[0] + r * (k[1] + r * k[4])), low = 1 + r * (k[5] + r * (k[6] + r * k[7])), q = top / low;
  const double dq = ((k[0] + r * (2 * k[1] + 3 * r * k[4])) - q * (k[5] + r * (2 * k[6] + 3 * r * k[7]))) / low;   // by r^2
  out_by[0] = q + 2 * x * x * dq + 2 * k[2] * y + 6 * k[3] * x;
  out_by[1] = 2 * x * y * dq + 2 * k[2] * x + 2 * k[3] * y;
  out_by[2] = out_by[1];
  out_by[3] = q + 2 * y * y * dq + 6 * k[2] * y + 2 * k[3] * x;
  return {x * q + 2 * k[2] * x * y + k[3] * (r + 2 * x * x), y * q + k[2] * (r + 2 * y * y) + 2 * k[3] * x * y};
}

// Newton from the distorted point. Only the branch that begins at the middle counts, where the picture has not yet turned back.
bool undistort(const std::array<double, 8>& k, Point to, Point& out) {
  double x = to[0], y = to[1], by[4];
  for (int step = 0; step < most_steps; ++step) {
    const Point got = radial(k, x, y, by);
    const double ex = to[0] - got[0], ey = to[1] - got[1], det = by[0] * by[3] - by[1] * by[2];
    if (!(std::abs(det) > 1e-9)) return false;
    const double dx = (by[3] * ex - by[1] * ey) / det, dy = (by[0] * ey - by[2] * ex) / det;
    const double length = std::sqrt(dx * dx + dy * dy), reach = 0.5 + 0.5 * std::sqrt(x * x + y * y), scale = length > reach ? reach / length : 1;
    x += scale * dx, y += scale * dy;
    if (!(std::abs(x) < 1e3 && std::abs(y) < 1e3)) return false;
    if (length < solved) break;
    if (step + 1 == most_steps) return false;
  }
  // the way from the middle must be one along which the lens never folds
  for (int i = 1; i <= 16; ++i) {
    radial(k, x * i / 16, y * i / 16, by);
    if (!(by[0] * by[3] - by[1] * by[2] > 0 && by[0] + by[3] > 0)) return false;
  }
  out = {x, y};
  return true;
}

double bent(const std::array<double, 8>& k, double a) { const double b = a * a; return a * (1 + b * (k[0] + b * (k[1] + b * (k[2] + b * k[3])))); }
double bent_by(const std::array<double, 8>& k, double a) { const double b = a * a; return 1 + b * (3 * k[0] + b * (5 * k[1] + b * (7 * k[2] + b * 9 * k[3]))); }

// The angle in [0, last] that the fisheye takes to `to`, where `last` is the end of the rising branch; by halving, which cannot go astray.
bool unbend(const std::array<double, 8>& k, double to, double last, double& out) {
  if (!(to <= bent(k, last))) return false;
  double low = 0, high = last;
  for (int step = 0; step < 80; ++step) {
    const double middle = 0.5 * (low + high);
    (bent(k, middle) < to ? low : high) = middle;
  }
  out = 0.5 * (low + high);
  return true;
}
double rising_until(const std::array<double, 8>& k) {
  constexpr int steps = 2048;
  for (int i = 1; i <= steps; ++i) if (!(bent_by(k, pi * i / steps) > 0)) return pi * (i - 1) / steps;
  return pi;
}

Diagnostic bad(const std::string& message, const std::string& hint) { return {Severity::error, "bad-sensor", message, hint, {}, "", {}}; }
bool finite(std::initializer_list<double> numbers) { return std::all_of(numbers.begin(), numbers.end(), [](double x) { return std::isfinite(x); }); }
bool sized(int width, int height) { return width > 0 && height > 0 && int64_t(width) * height <= most_pixels; }
}  // namespace

void resize(Lens& lens, int width, int height) {
  const double across = double(width) / lens.width, down = double(height) / lens.height;
  lens.fx *= across, lens.cx *= across, lens.fy *= down, lens.cy *= down;
  lens.width = width, lens.height = height;
}

Result<Directions> directions(const Lens& lens) {
  if (!sized(lens.width, lens.height)) return bad("a camera needs a width and a height, of no more than 64 million pixels together", "give both in pixels");
  if (!finite({lens.fovy, lens.fx, lens.fy, lens.cx, lens.cy}) || !std::all_of(lens.distortion.begin(), lens.distortion.end(), [](double x) { return std::isfinite(x); }))
    return bad("a number of the lens is not finite", "check fovy, intrinsics and distortion");
  const bool fisheye = lens.model == Lens::Model::fisheye;
  if (!(lens.fx > 0) && lens.fovy != 0 && !(lens.fovy > 1e-6 && lens.fovy < (fisheye ? 2 * pi : pi - 1e-6)))
    return bad("the field of view must lie between 0 and 180 degrees (fisheye: 360)", "fovy is in rad, vertical");
  const Focus f = focus_of(lens);
  const double last = fisheye ? rising_until(lens.distortion) : 0;
  Directions out{lens.width, lens.height, {}};
  out.each.reserve(size_t(lens.width) * size_t(lens.height));
  for (int j = 0; j < lens.height; ++j)
    for (int i = 0; i < lens.width; ++i) {
      Point p{(i + 0.5 - f.cx) / f.fx, (j + 0.5 - f.cy) / f.fy};
      Triple d{0, 0, 0};
      if (fisheye) {
        const double r = std::sqrt(p[0] * p[0] + p[1] * p[1]);
        double a;
        if (unbend(lens.distortion, r, last, a)) {
          const double side = r > 0 ? sine(a) / r : 0;
          d = {p[0] * side, -p[1] * side, -cosine(a)};
        }
      } else if (lens.model == Lens::Model::pinhole || undistort(lens.distortion, p, p)) {
        const double n = std::sqrt(p[0] * p[0] + p[1] * p[1] + 1);
        d = {p[0] / n, -p[1] / n, -1 / n};
      }
      out.each.push_back(d);
    }
  return out;
}

bool project(const Lens& lens, const std::array<double, 3>& point, double& out_u, double& out_v) {
  const double x = point[0], y = -point[1], z = -point[2];
  const Focus f = focus_of(lens);
  Point p;
  if (lens.model == Lens::Model::fisheye) {
    const double r = std::sqrt(x * x + y * y), a = angle(r, z), s = r > 0 ? bent(lens.distortion, a) / r : 0;
    p = {x * s, y * s};
  } else {
    if (!(z > 0)) return false;
    double by[4];
    p = {x / z, y / z};
    if (lens.model == Lens::Model::radial) p = radial(lens.distortion, p[0], p[1], by);
  }
  out_u = f.fx * p[0] + f.cx;
  out_v = f.fy * p[1] + f.cy;
  return true;
}

Result<Directions> directions(const Scan& scan) {
  const int rows = scan.pattern == Scan::Pattern::spinning && !scan.elevations.empty() ? int(scan.elevations.size()) : scan.rows;
  if (!sized(scan.columns, rows)) return bad("a lidar needs rows and columns, of no more than 64 million points together", "give both");
  if (!finite({scan.low, scan.high, scan.from, scan.to, scan.first_turns, scan.second_turns}) ||
      !std::all_of(scan.elevations.begin(), scan.elevations.end(), [](double x) { return std::isfinite(x); }))
    return bad("an angle of the lidar is not finite", "angles are in rad");
  Directions out{scan.columns, rows, {}};
  out.each.reserve(size_t(rows) * size_t(scan.columns));
  const bool turn = scan.to - scan.from >= 2 * pi - 1e-9;
  for (int j = 0; j < rows; ++j)
    for (int i = 0; i < scan.columns; ++i) {
      double across, up;
      if (scan.pattern == Scan::Pattern::rosette) {                                    // two prisms, small angles
        const double at = 2 * pi * (double(j) * scan.columns + i) / (double(rows) * scan.columns), one = at * scan.first_turns, two = -at * scan.second_turns;
        across = 0.5 * scan.high * (cosine(one) + cosine(two));
        up = 0.5 * scan.high * (sine(one) + sine(two));
      } else {
        const int steps = turn ? scan.columns : scan.columns - 1;
        across = steps > 0 ? scan.to - (scan.to - scan.from) * i / steps : 0.5 * (scan.from + scan.to);   // from left to right
        up = scan.pattern == Scan::Pattern::spinning && !scan.elevations.empty() ? scan.elevations[size_t(j)]
             : rows > 1 ? scan.high - (scan.high - scan.low) * j / (rows - 1) : 0.5 * (scan.low + scan.high);
      }
      out.each.push_back({cosine(up) * cosine(across), cosine(up) * sine(across), sine(up)});
    }
  return out;
}

RayTable make_rays(const Directions& from) {
  RayTable out;
  const int across = (from.width + 7) / 8, down = (from.height + 7) / 8;
  const auto at = [&](int x, int y) -> const Triple& { return from.each[size_t(y) * size_t(from.width) + size_t(x)]; };
  const auto product = [](const Triple& a, const Triple& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; };
  out.blocks = across * down;
  for (int b = 0; b < out.blocks; ++b) {
    std::array<std::array<float, block_rays>, 3> d;
    Triple sum{0, 0, 0};
    for (int k = 0; k < block_rays; ++k) {
      const int ox = (k & 1) | (k >> 1 & 2) | (k >> 2 & 4), oy = (k >> 1 & 1) | (k >> 2 & 2) | (k >> 3 & 4);
      const int x = 8 * (b % across) + ox, y = 8 * (b / across) + oy;
      const Triple& v = at(std::min(x, from.width - 1), std::min(y, from.height - 1));
      for (size_t i = 0; i < 3; ++i) d[i][size_t(k)] = float(v[i]), sum[i] += v[i];
      out.pixel.push_back(x < from.width && y < from.height ? y * from.width + x : -1);
    }
    for (const auto& axis : d) out.direction.insert(out.direction.end(), axis.begin(), axis.end());
    const double length = std::sqrt(product(sum, sum));
    double least = length > 1 ? 1 : -1;
    Triple axis{0, 0, -1};
    if (length > 1) {
      for (size_t i = 0; i < 3; ++i) axis[i] = sum[i] / length;
      for (size_t k = 0; k < block_rays; ++k) {
        const Triple v{d[0][k], d[1][k], d[2][k]};
        if (product(v, v) > 0.5) least = std::min(least, product(v, axis));
      }
    }
    least = std::max(-1.0, std::min(1.0, least - 1e-6));                               // wider than rounding
    for (double v : axis) out.cone.push_back(float(v));
    out.cone.push_back(least > 0 ? float(least) : -1.0f);
    out.cone.push_back(float(std::sqrt(1 - least * least)));
  }
  std::vector<double> steps;
  for (int y = 0; y < from.height; ++y)
    for (int x = 0; x + 1 < from.width; ++x) {
      const Triple &a = at(x, y), &b = at(x + 1, y);
      const Triple c{a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
      const double s = std::sqrt(product(c, c));
      if (s > 0) steps.push_back(s);
    }
  if (!steps.empty()) {
    std::nth_element(steps.begin(), steps.begin() + std::ptrdiff_t(steps.size() / 2), steps.end());
    out.spread = float(steps[steps.size() / 2]);
  } else {
    out.spread = 1e-3f;
  }
  return out;
}

}  // namespace nuri::trace
