#include "render/trace/eyes.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "render/trace/flat_look.h"
#include "render/trace/machine.h"
#include "render/trace/timing.h"
#ifdef NURI_WITH_CUDA
#include "render/trace/cuda_machine.h"
#endif

namespace nuri::trace {
namespace {
constexpr uint32_t first_stream = 0x45790000;    // of random numbers; one per sensor

struct Kept {                                    // what an output is kept as
  Tensor::Type type;
  int channels, bytes;                           // channels 0: no axis of their own; bytes per pixel
};
Kept kept(uint32_t bit) {
  switch (bit) {
    case output::rgb: return {Tensor::Type::u8, 3, 3};
    case output::normal: case output::point: return {Tensor::Type::f32, 3, 12};
    case output::geom: case output::body: case output::label: return {Tensor::Type::i32, 0, 4};
  }
  return {Tensor::Type::f32, 0, 4};
}

Result<std::unique_ptr<Machine>> make_machine(const Options& options) {
  if (options.device == Device::cuda) {
#ifdef NURI_WITH_CUDA
    return make_cuda_machine(options.gpu, options.stream);
#else
    return Diagnostic{Severity::error, "no-gpu", "this program was built without CUDA", "see on the CPU", {}, "", {}};
#endif
  }
  if (auto cpu = make_cpu_machine(options.width)) return cpu;
  const std::string message = "no tracing kernel of width " + std::to_string(options.width) + " runs on this CPU";
  return Diagnostic{Severity::error, "no-kernel", message, "leave the width open", {}, "", {}};
}

// What the model says of its camera's lens, where the sensor says nothing.
void adopt(Lens& lens, const model::Look::Camera& c) {
  if (lens.fovy != 0 || lens.fx > 0) return;
  lens.fovy = c.fovy;
  if (!(c.focal[0] > 0 && c.resolution[0] > 0 && c.resolution[1] > 0)) return;
  const double across = double(lens.width) / c.resolution[0], down = double(lens.height) / c.resolution[1];   // the same view in other pixels
  lens.fx = c.focal[0] * across, lens.fy = (c.focal[1] > 0 ? c.focal[1] : c.focal[0]) * down;
  if (lens.cx == 0 && lens.cy == 0) lens.cx = 0.5 * lens.width + c.principal[0] * across, lens.cy = 0.5 * lens.height + c.principal[1] * down;
}

struct Optics {                                  // of a sensor
  RayTable table;
  Rays rays{};
  int width = 0, height = 0;
  bool noisy = false;
};

// A group's pictures: slot 0 is the tensor; where pictures arrive late, the others hold those under way.
struct Store {
  uint32_t outputs = 0;
  int width = 0, height = 0;
  std::vector<char*> base;                       // per tensor, of slot 0; the others follow
  Timing timing;
};
}  // namespace

struct Eyes::Inside {
  std::unique_ptr<FlatLook> look;                // outlives the machine
  std::unique_ptr<Machine> machine;
  std::string name;
  std::shared_ptr<const model::Model> model;
  int environments = 0;
  std::vector<Sensor> sensors;
  Options options;
  std::vector<Optics> optics;
  std::vector<Mount> eyes;
  std::vector<float> mounts, lamps;
  bool moved_mounts = true, moved_lamps = true;
  std::vector<Group> groups;
  std::vector<Store> stores;
  std::vector<int> group_of, place_in;           // of a sensor
  std::vector<uint8_t> fresh;                    // per environment: begins anew
  std::vector<int64_t> clock;                    // per environment: since it began
  Work work;
  std::vector<int32_t> active, slots;            // environments of which a picture is taken in this call; [group][environment]: where to
  std::vector<uint64_t> steps;

  Outputs outputs(size_t sensor) const {         // of environment 0 in slot 0
    const Store& s = stores[size_t(group_of[sensor])];
    const size_t first = size_t(place_in[sensor]) * size_t(s.width) * size_t(s.height);
    Outputs out{};
    size_t k = 0;
    const auto next = [&](uint32_t bit) -> char* { return s.outputs & bit ? s.base[k++] + first * size_t(kept(bit).bytes) : nullptr; };
    out.rgb = reinterpret_cast<uint8_t*>(next(output::rgb));
    out.depth = reinterpret_cast<float*>(next(output::depth));
    out.range = reinterpret_cast<float*>(next(output::range));
    out.geom = reinterpret_cast<int32_t*>(next(output::geom));
    out.body = reinterpret_cast<int32_t*>(next(output::body));
    out.label = reinterpret_cast<int32_t*>(next(output::label));
    out.normal = reinterpret_cast<float*>(next(output::normal));
    out.intensity = reinterpret_cast<float*>(next(output::intensity));
    out.point = reinterpret_cast<float*>(next(output::point));
    return out;
  }
  Setting setting() const {
    Setting to{look.get(), {}, {}, eyes, options.ids, environments, int(model->body_count), options.seed};
    if (to.ids.empty()) for (int e = 0; e < environments; ++e) to.ids.push_back(uint64_t(e));
    int first = 0;
    for (size_t i = 0; i < sensors.size(); ++i) {
      const Store& s = stores[size_t(group_of[i])];
      const int64_t picture = int64_t(groups[size_t(group_of[i])].sensors.size()) * s.width * s.height;
      to.watches.push_back({optics[i].rays, sensors[i].noise, optics[i].noisy, group_of[i], int32_t(i), first, outputs(i), picture, environments * picture, sensors[i].nothing,
                            first_stream + uint32_t(i)});
      to.columns.push_back(optics[i].table.blocks);
      first += optics[i].table.blocks;
    }
    return to;
  }
  bool fits(const Poses& p) const {
    const size_t n = size_t(environments), bodies = size_t(model->body_count);
    return p.position.size() == n * 3 * bodies && p.rotation.size() == n * 4 * bodies && (p.steps.empty() || p.steps.size() == n) && p.passed >= 0;
  }
  // Carries out what the groups' timings say.
  void run(Pool& pool, const Poses& poses) {
    active.clear();
    for (int e = 0; e < environments; ++e) {
      bool due = false;
      for (size_t g = 0; g < stores.size(); ++g) {
        const int to = stores[g].timing.target[size_t(e)];
        slots[g * size_t(environments) + size_t(e)] = to;
        due |= to >= 0;
      }
      if (due) active.push_back(e);
      steps[size_t(e)] = poses.steps.empty() ? uint64_t(clock[size_t(e)]) : poses.steps[size_t(e)];
    }
    for (size_t g = 0; g < stores.size(); ++g) {
      const Store& s = stores[g];
      if (std::all_of(s.timing.arriving.begin(), s.timing.arriving.end(), [](int from) { return from < 0; })) continue;
      for (size_t k = 0; k < s.base.size(); ++k) {
        const size_t bytes = groups[g].tensors[k].bytes;
        machine->deliver(pool, {s.base[k], bytes, bytes / size_t(environments), s.timing.arriving});
      }
    }
    if (!active.empty()) machine->look(pool, {poses.position.data(), poses.rotation.data(), mounts, lamps, moved_mounts, moved_lamps, active, slots, steps});
    for (size_t g = 0; g < stores.size(); ++g) {
      const Timing& t = stores[g].timing;
      bool news = false;
      uint64_t taken = 0;
      for (size_t e = 0; e < t.target.size(); ++e) news |= t.arriving[e] >= 0 || t.target[e] == 0, taken += t.target[e] >= 0;
      groups[g].pictures += news;
      work.images += taken * groups[g].sensors.size();
      work.rays += taken * groups[g].sensors.size() * uint64_t(stores[g].width) * uint64_t(stores[g].height);
    }
  }
};

Eyes::Eyes(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}
Eyes::Eyes(Eyes&&) noexcept = default;
Eyes& Eyes::operator=(Eyes&&) noexcept = default;
Eyes::~Eyes() = default;

Result<Eyes> Eyes::make(std::shared_ptr<const model::Model> model, int environments, std::vector<Sensor> sensors, Options options) {
  Result<std::unique_ptr<Machine>> machine = make_machine(options);
  if (!machine) return machine.errors();
  try {
    return make(std::move(model), environments, std::move(sensors), std::move(options), std::move(*machine));
  } catch (const std::runtime_error& e) {        // of a GPU
    return Diagnostic{Severity::error, "cuda-failed", e.what(), "fewer environments or smaller pictures need less memory; see on the CPU", {}, "", {}};
  }
}

Result<Eyes> Eyes::make(std::shared_ptr<const model::Model> model, int environments, std::vector<Sensor> sensors, Options options, std::unique_ptr<Machine> machine) {
  const auto bad = [](std::string message, std::string hint) { return Diagnostic{Severity::error, "bad-sensor", std::move(message), std::move(hint), {}, "", {}}; };
  auto in = std::make_unique<Inside>();
  Inside& o = *in;
  o.machine = std::move(machine);
  o.name = o.machine->name();
  if (environments < 1) return bad("there are no environments to look at", "give at least 1");
  if (!options.ids.empty() && options.ids.size() != size_t(environments)) return bad("there must be one id per environment", "give none, or all");
  if (sensors.empty()) return bad("there is no sensor", "give at least one");
  if (model->look.parts.size() != size_t(model->geom_count)) return bad("the model has no look", "compile it again");
  Result<std::unique_ptr<FlatLook>> look = FlatLook::make(*model, options);
  if (!look) return look.errors();
  o.look = std::move(*look);
  o.model = model, o.environments = environments, o.options = std::move(options);

  for (Sensor& s : sensors) {
    const std::string who = "sensor '" + s.name + "': ";
    const auto& cameras = model->look.cameras;
    if (s.camera >= int(cameras.size()) || s.body < 0 || s.body >= model->body_count)
      return bad(who + "its camera or body is not in the model", "the model has " + std::to_string(cameras.size()) + " cameras");
    if (s.outputs == 0 || s.outputs & ~output::all) return bad(who + "it must give some of the known outputs", "see trace::output");
    const Lens* const lens = std::get_if<Lens>(&s.optics);
    if (!lens && s.outputs & (output::rgb | output::depth)) return bad(who + "a lidar gives no colours and no depth", "ask for range and intensity");
    if (!(s.near >= 0 && s.near < s.far && s.far < 1e6)) return bad(who + "near and far must be 0 <= near < far < 1000 km", "give both in m");
    if (s.every < 1 || s.delay < 0 || std::max(s.delay, s.most_delay) / s.every > 1000 || (s.most_delay >= 0 && s.most_delay < s.delay)) return bad(who + "its rate and latency must be at least one step and none, with no more than 1000 pictures under way", "both count steps");
    const Distortion& n = s.noise;
    for (float v : {n.range_sigma, n.range_sigma_linear, n.range_sigma_square, n.range_step, n.dropout, n.grazing, n.colour_sigma, n.intensity_sigma})
      if (!(v >= 0 && v < 1e6f)) return bad(who + "a number of its noise is negative or not finite", "0 switches a kind of noise off");
    if (s.camera >= 0) {
      const model::Look::Camera& c = cameras[size_t(s.camera)];
      s.body = c.body, s.pos = c.pos, s.quat = c.quat;
      if (Lens* const own = std::get_if<Lens>(&s.optics)) adopt(*own, c);
      o.eyes.push_back(mount_on(*model, c.body, c.target, c.track, c.pos, c.quat));
    } else {
      o.eyes.push_back(mount_on(*model, s.body, -1, model::Look::Track::fixed, s.pos, s.quat));
    }
    Result<Directions> d = lens ? directions(std::get<Lens>(s.optics)) : directions(std::get<Scan>(s.optics));
    if (!d) {
      std::vector<Diagnostic> errors = d.errors();
      for (Diagnostic& e : errors) e.message = who + e.message;
      return errors;
    }
    Optics p;
    p.table = make_rays(*d);
    p.width = d->width, p.height = d->height;
    p.noisy = n.range_sigma > 0 || n.range_sigma_linear > 0 || n.range_sigma_square > 0 || n.range_step > 0 || n.dropout > 0 || n.grazing > 0 ||
              n.colour_sigma > 0 || n.intensity_sigma > 0;
    p.rays.near = float(s.near), p.rays.far = float(s.far);
    p.rays.along_ray = !lens || lens->model == Lens::Model::fisheye;
    o.optics.push_back(std::move(p));
  }
  o.sensors = std::move(sensors);

  // groups, in the order of their first sensor
  int64_t blocks = 0;
  for (size_t i = 0; i < o.sensors.size(); ++i) {
    const Sensor& s = o.sensors[i];
    Optics& p = o.optics[i];
    p.rays.blocks = p.table.blocks, p.rays.spread = p.table.spread;
    p.rays.direction = p.table.direction.data(), p.rays.pixel = p.table.pixel.data(), p.rays.cone = p.table.cone.data();
    blocks += p.table.blocks;
    size_t g = 0;
    for (; g < o.stores.size(); ++g) {
      const Store& t = o.stores[g];
      if (s.most_delay >= 0 || o.sensors[size_t(o.groups[g].sensors[0])].most_delay >= 0) continue;
      if (t.outputs == s.outputs && t.timing.every == s.every && t.timing.delay == s.delay && t.width == p.width && t.height == p.height) break;
    }
    if (g == o.stores.size()) {
      Store t;
      t.outputs = s.outputs, t.width = p.width, t.height = p.height;
      t.timing.every = s.every, t.timing.delay = std::max(s.delay, s.most_delay);
      t.timing.begin(environments);
      t.timing.own.assign(size_t(environments), s.delay);
      o.stores.push_back(std::move(t));
      o.groups.emplace_back();
    }
    o.group_of.push_back(int(g));
    o.place_in.push_back(int(o.groups[g].sensors.size()));
    o.groups[g].sensors.push_back(int(i));
  }
  if (blocks * environments > (int64_t{1} << 30))
    return bad("so many pictures do not fit into one call", "use fewer environments or smaller pictures");
  for (size_t g = 0; g < o.groups.size(); ++g) {
    Store& s = o.stores[g];
    for (uint32_t bit = 1; bit & output::all; bit <<= 1) {
      if (!(s.outputs & bit)) continue;
      const Kept k = kept(bit);
      Tensor t{bit, k.type, {environments, int64_t(o.groups[g].sensors.size()), s.height, s.width}, nullptr, 0};
      t.bytes = size_t(k.bytes);
      for (int64_t n : t.shape) t.bytes *= size_t(n);
      if (k.channels) t.shape.push_back(k.channels);
      s.base.push_back(o.machine->memory(t.bytes * size_t(1 + s.timing.waiting)));
      t.data = s.base.back();
      o.groups[g].tensors.push_back(std::move(t));
    }
  }

  const size_t n = size_t(environments);
  for (size_t e = 0; e < n; ++e)
    for (const Mount& m : o.eyes) {
      o.mounts.insert(o.mounts.end(), m.pos, m.pos + 3);
      o.mounts.insert(o.mounts.end(), m.quat, m.quat + 4);
    }
  for (size_t e = 0; e < n; ++e)
    for (size_t l = 0; l < o.look->lamps.size(); ++l) {
      const Mount& m = o.look->lamp_mounts[l];
      const Lamp& lamp = o.look->lamps[l];
      o.lamps.insert(o.lamps.end(), m.pos, m.pos + 3);
      o.lamps.insert(o.lamps.end(), m.quat, m.quat + 4);
      for (const float* colour : {lamp.diffuse, lamp.specular, lamp.ambient}) o.lamps.insert(o.lamps.end(), colour, colour + 3);
    }
  o.fresh.assign(n, 1);
  o.clock.assign(n, 0);
  o.active.reserve(n);
  o.slots.assign(n * o.stores.size(), -1);
  o.steps.assign(n, 0);
  o.machine->begin(o.setting());
  return Eyes(std::move(in));
}

bool Eyes::render(Pool& pool, const Poses& poses) {
  Inside& o = *inside_;
  if (!o.fits(poses)) return false;
  for (int e = 0; e < o.environments; ++e) {
    const bool fresh = o.fresh[size_t(e)] != 0;
    int64_t& now = o.clock[size_t(e)];
    now = fresh ? 0 : now + poses.passed;
    for (Store& s : o.stores) s.timing.advance(e, now, poses.passed, fresh);
  }
  o.run(pool, poses);
  std::fill(o.fresh.begin(), o.fresh.end(), uint8_t(0));
  return true;
}

bool Eyes::render_now(Pool& pool, const Poses& poses, std::span<const int> environments) {
  Inside& o = *inside_;
  if (!o.fits(poses)) return false;
  for (Store& s : o.stores) {
    for (int e = 0; e < o.environments; ++e) s.timing.at_once(e, false);
    for (int e : environments)
      if (e >= 0 && e < o.environments && s.timing.target[size_t(e)] < 0) s.timing.at_once(e, true);
  }
  o.run(pool, poses);
  return true;
}

void Eyes::reset(std::span<const int> environments) {
  for (int e : environments) if (e >= 0 && e < inside_->environments) inside_->fresh[size_t(e)] = 1;
}
std::span<const Group> Eyes::groups() const { return inside_->groups; }
std::span<const Sensor> Eyes::sensors() const { return inside_->sensors; }
uint64_t Eyes::arrived(int group, int environment) const { return inside_->stores[size_t(group)].timing.arrived[size_t(environment)]; }
const Eyes::Work& Eyes::work() const { return inside_->work; }
void Eyes::clear_work() { inside_->work = {}; }
std::span<float> Eyes::mounts() {
  inside_->moved_mounts = true;                  // from now on nobody says when
  return inside_->mounts;
}
std::span<float> Eyes::lamps() {
  inside_->moved_lamps = true;
  return inside_->lamps;
}
int Eyes::lamp_count() const { return int(inside_->look->lamps.size()); }
bool Eyes::set_delay(int sensor, int environment, int steps) {
  if (sensor < 0 || sensor >= int(inside_->sensors.size()) || environment < 0 || environment >= inside_->environments) return false;
  if (steps < 0 || steps > inside_->sensors[size_t(sensor)].most_delay) return false;
  inside_->stores[size_t(inside_->group_of[size_t(sensor)])].timing.own[size_t(environment)] = steps;
  return true;
}
const char* Eyes::kernel() const { return inside_->name.c_str(); }

}  // namespace nuri::trace
