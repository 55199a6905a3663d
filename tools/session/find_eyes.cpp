#include "tools/session/find_eyes.h"

#include <algorithm>
#include <cmath>
#include <sstream>
#include "engine/shape/rigid.h"

namespace nuri::session {
namespace {

using model::Model;

constexpr int usual_side = 64;                   // pixels
constexpr double near_enough = 0.01;             // of a rate
constexpr double least_step = 1e-6;              // of quantisation (m) and grazing: what is less is nothing, and they are divided by
constexpr double rounding = 1e-9;                // of a latency that is meant to be whole control steps

std::string camera_name(const Model& m, size_t camera) {
  const std::string& name = m.look.cameras[camera].name;
  return name.empty() ? "#" + std::to_string(camera) : name;
}

int find(const std::vector<std::string>& names, const std::string& name) {
  const auto found = std::find(names.begin(), names.end(), name);
  return found == names.end() ? -1 : int(found - names.begin());
}

std::vector<std::string> camera_names(const Model& m) {
  std::vector<std::string> names;
  for (size_t c = 0; c < m.look.cameras.size(); ++c) names.push_back(camera_name(m, c));
  return names;
}

// False: the model has no such thing.
bool mount(const Model& m, const scene::Eye& eye, trace::Sensor& out, Fit& fit) {
  const auto found = [&](const char* what, const std::vector<std::string>& names, const std::string& name) {
    const int at = find(names, name);
    if (at < 0) fit.add(&eye, "unknown-name", std::string("the model has no ") + what + " '" + name + "'", scene::name_hint(name, names), eye.mount_place);
    return at;
  };
  out.pos = eye.pos, out.quat = shape::unit(eye.quat);
  if (!eye.camera.empty()) return (out.camera = found("camera", camera_names(m), eye.camera)) >= 0;
  if (!eye.body.empty()) return (out.body = found("body", m.body_name, eye.body)) >= 0;
  if (eye.site.empty()) return true;
  const int site = found("site", m.site_name, eye.site);
  if (site < 0) return false;
  out.body = m.site_body[size_t(site)];
  out.quat = eye.quat;
  mount_on_site(&m.site_pos[size_t(site) * 3], &m.site_quat[size_t(site) * 4], out.pos, out.quat);
  return true;
}

trace::Lens lens_of(const scene::Eye& eye) {
  trace::Lens lens;
  lens.model = trace::Lens::Model(int(eye.lens));
  lens.width = eye.width > 0 ? eye.width : usual_side, lens.height = eye.height > 0 ? eye.height : usual_side;
  lens.fovy = eye.fovy;
  lens.fx = eye.focal[0], lens.fy = eye.focal[1], lens.cx = eye.centre[0], lens.cy = eye.centre[1];
  lens.distortion = eye.distortion;
  return lens;
}

trace::Scan scan_of(const scene::Eye& eye) {
  trace::Scan scan;
  scan.pattern = trace::Scan::Pattern(int(eye.pattern));
  scan.elevations = eye.elevations;
  scan.rows = eye.height, scan.columns = eye.width;
  scan.low = eye.low, scan.high = eye.high, scan.from = eye.from, scan.to = eye.to;
  return scan;
}

}  // namespace

void mount_on_site(const double* site_pos, const double* site_quat, std::array<double, 3>& pos, std::array<double, 4>& quat) {
  const shape::Rot turned = shape::unit(shape::rot(site_quat));
  pos = shape::add(shape::vec(site_pos), shape::rotate(turned, pos));
  quat = shape::mul(turned, shape::unit(quat));
}

std::vector<std::optional<trace::Sensor>> find_eyes(const Model& m, const std::vector<scene::Eye>& eyes, Fit& fit) {
  std::vector<std::optional<trace::Sensor>> out;
  for (const scene::Eye& eye : eyes) {
    trace::Sensor s;
    s.name = eye.name;
    if (eye.lidar) s.optics = scan_of(eye);
    else s.optics = lens_of(eye);
    s.outputs = eye.outputs ? eye.outputs : eye.lidar ? uint32_t(trace::output::range) : trace::output::rgb | trace::output::depth;
    s.near = eye.near, s.far = eye.far;
    trace::Distortion& n = s.noise;
    n.range_sigma = float(eye.range_noise[0]), n.range_sigma_linear = float(eye.range_noise[1]), n.range_sigma_square = float(eye.range_noise[2]);
    n.range_step = eye.quantisation < least_step ? 0 : float(eye.quantisation);
    n.dropout = float(eye.dropout), n.grazing = eye.grazing < least_step ? 0 : float(eye.grazing);
    n.colour_sigma = float(eye.colour_noise), n.intensity_sigma = float(eye.intensity_noise);
    if (mount(m, eye, s, fit)) out.emplace_back(std::move(s));
    else out.emplace_back();
  }
  return out;
}

std::vector<int32_t> find_labels(const Model& m, const std::vector<scene::Label>& labels, Fit& fit) {
  if (labels.empty()) return {};
  std::vector<int32_t> out(size_t(m.geom_count), 0);
  for (const scene::Label& label : labels) {
    const auto bodies_begin = label.names_places.begin() + std::ptrdiff_t(std::min(label.geoms.size(), label.names_places.size()));
    fit.fits(label.geoms, m.geom_name, "geom", {label.names_places.begin(), bodies_begin}, label.place);
    fit.fits(label.bodies, m.body_name, "body", {bodies_begin, label.names_places.end()}, label.place);
    std::vector<char> body(size_t(m.body_count), 0);
    for (size_t b = 0; b < body.size(); ++b)     // parents come first
      body[b] = scene::matches(label.bodies, m.body_name[b]) || (b > 0 && body[size_t(m.body_parent[b])]);
    for (size_t g = 0; g < out.size(); ++g)
      if (body[size_t(m.geom_body[g])] || scene::matches(label.geoms, m.geom_name[g])) out[g] = label.number;
  }
  return out;
}

void settle_sizes(const std::vector<std::shared_ptr<const Model>>& models, std::vector<scene::Eye>& eyes) {
  for (scene::Eye& eye : eyes) {
    if (eye.width > 0) continue;
    eye.width = eye.height = usual_side;
    if (eye.camera.empty()) continue;
    for (const auto& m : models) {
      const int camera = find(camera_names(*m), eye.camera);
      if (camera < 0) continue;
      const auto& resolution = m->look.cameras[size_t(camera)].resolution;
      if (resolution[0] > 0 && resolution[1] > 0)
        eye.width = std::min(resolution[0], scene::eye_limits::side), eye.height = std::min(resolution[1], scene::eye_limits::side);
      break;
    }
  }
}

std::vector<scene::Eye> eyes_of_cameras(const std::vector<std::shared_ptr<const Model>>& models) {
  std::vector<scene::Eye> eyes;
  for (const auto& m : models)
    for (const std::string& name : camera_names(*m)) {
      if (eyes.size() >= scene::eye_limits::eyes || std::any_of(eyes.begin(), eyes.end(), [&](const scene::Eye& eye) { return eye.name == name; })) continue;
      scene::Eye& eye = eyes.emplace_back();
      eye.name = eye.camera = name;
      eye.outputs = scene::eye_output::rgb | scene::eye_output::depth | scene::eye_output::geom;
    }
  return eyes;
}

EyeTiming timing_of(const scene::Eye& eye, double period) {
  const double every = eye.rate > 0 ? std::round(1 / (eye.rate * period)) : 1, delay = std::ceil(eye.latency / period - rounding);
  return {int(std::clamp(every, 1.0, 1e9)), int(std::clamp(delay, 0.0, 1e9))};
}

std::vector<Diagnostic> doubts(const scene::Settings& settings, double period) {
  std::vector<Diagnostic> out;
  for (const scene::Eye& eye : settings.eyes) {
    const double rate = 1 / (timing_of(eye, period).every * period);
    if (!(eye.rate > 0) || std::abs(rate - eye.rate) <= near_enough * eye.rate) continue;
    std::ostringstream message;
    message << "'" << eye.name << "' takes " << rate << " pictures per second, not " << eye.rate << ": control steps are " << 1 / period << " per second";
    out.push_back({Severity::warning, "rate-rounded", message.str(), "choose the control rate divided by a whole number", eye.place, {}, {}});
  }
  for (const scene::RandomField& field : settings.fields)
    if (!settings.eyes.empty() && (field.field == "geom_size" || field.field == "geom_pos" || field.field == "geom_quat"))
      out.push_back({Severity::warning, "vary-unseen", "cameras and lidars do not see what 'vary' makes of " + field.field,
                     "they see the model's own; variants may differ in their geoms", field.field_place, {}, {}});
  return out;
}

}  // namespace nuri::session
