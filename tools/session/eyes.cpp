#include "tools/session/eyes.h"

#include <algorithm>
#include <chrono>
#include <new>
#include <optional>
#include "engine/shape/rigid.h"
#include "render/trace/timing.h"
#include "tools/session/find_eyes.h"
#include "tools/session/memory.h"
#include "tools/session/vary_eyes.h"

namespace nuri::session {
namespace {

namespace output = trace::output;
constexpr uint32_t not_of_lidars = output::rgb | output::depth;
const char* const output_names[output::count] = {"rgb", "depth", "range", "geom", "body", "class", "normal", "intensity", "point"};

// How one output of one eye lies in memory.
struct Shelf {
  const char* first = nullptr;                   // of environment 0 of the bucket; null: it gives none
  size_t next = 0;                               // bytes to the next environment's
};

// The eyes that one bucket's model has.
struct View {
  std::optional<trace::Eyes> eyes;
  std::vector<int> environments, rows;           // of the session, and of the bucket, in its order
  bool whole = true;                             // all of the bucket's
  std::vector<int> group, sensor;                // per eye of the session; -1: the model has none
  std::vector<int> site;                         // that it is mounted on; -1: none
  std::vector<std::string> lamps;                // names
  std::vector<float> first_lamps;                // numbers of the lamps that the model has
  std::vector<std::array<Shelf, output::count>> shelves;
  std::vector<uint64_t> begun, steps;            // per environment: beginnings that were noticed; substeps since its own
  std::vector<float> position, rotation;         // of double worlds, and of a part of a bucket

  trace::Poses poses(const Bucket& bucket, const float* at, const float* turned, int passed) const {
    const size_t bodies = environments.size() * size_t(bucket.model().body_count);
    return {{at, 3 * bodies}, {turned, 4 * bodies}, steps, passed};
  }
};

// Rows of a field with as many numbers each as `to` has room for.
template <class T> void convert(const std::byte* field, const std::vector<int>& rows, std::vector<float>& to) {
  const size_t numbers = to.size() / rows.size();
  for (size_t i = 0; i < rows.size(); ++i) {
    const T* const from = reinterpret_cast<const T*>(field) + numbers * size_t(rows[i]);
    for (size_t k = 0; k < numbers; ++k) to[numbers * i + k] = float(from[k]);
  }
}

constexpr double bytes_per_ray = 64;             // of a sensor's table, while it is made
// Bytes that an eye's pictures of one environment take: the one that is shown and those under way.
double bytes_of(const EyeInfo& eye, int delay) {
  double sum = 0;
  for (size_t k = 0; k < output::count; ++k)
    if (eye.outputs >> k & 1) sum += double(picture_bytes(eye, uint32_t(1) << k));
  return sum * (1 + trace::Timing::slots(eye.every, delay));
}

class Clock {
 public:
  explicit Clock(double& sum) : sum_(sum) {}
  ~Clock() { sum_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

 private:
  double& sum_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

Diagnostic refuse(const Session& session, std::string code, std::string message, std::string hint) {
  return {Severity::error, std::move(code), std::move(message), std::move(hint), {session.loaded().path, 0, 0}, {}, {}};
}

// The eyes that were asked for, with their sizes.
Result<std::vector<scene::Eye>> choose(const Session& session, const EyeOptions& options) {
  const Loaded& loaded = session.loaded();
  std::vector<scene::Eye> all = session.settings().eyes;
  if (all.empty() && options.model_cameras) all = eyes_of_cameras(loaded.models);
  if (all.empty()) {
    const char* const why = options.model_cameras ? "neither the scene nor its models have cameras" : "the scene has no cameras and no lidars";
    return refuse(session, "no-eyes", why, "'cameras' and 'lidars' of the scene file list them");
  }
  std::vector<std::string> names;
  for (const scene::Eye& eye : all) names.push_back(eye.name);
  for (const std::string& pattern : options.names)
    if (std::none_of(names.begin(), names.end(), [&](const std::string& name) { return scene::matches({pattern}, name); }))
      return refuse(session, "unknown-name", "no eye of the scene fits '" + pattern + "'", scene::name_hint(pattern, names));
  std::erase_if(all, [&](const scene::Eye& eye) { return !scene::matches(options.names, eye.name); });
  if (all.empty()) return refuse(session, "no-eyes", "no eye was asked for", "name some, or '*'");
  settle_sizes(loaded.models, all);
  return all;
}

EyeInfo describe(const scene::Eye& eye, const EyeOptions& options, double period) {
  const EyeTiming timing = timing_of(eye, period);
  EyeInfo out{eye.name, eye.lidar, eye.width, eye.height, eye.outputs, timing.every, timing.delay, 1 / (timing.every * period), timing.delay * period};
  if (!eye.lidar && options.size[0] > 0 && options.size[1] > 0) out.width = options.size[0], out.height = options.size[1];
  if (!out.outputs) out.outputs = eye.lidar ? uint32_t(output::range) : output::rgb | output::depth;
  if (const uint32_t instead = options.outputs & (eye.lidar ? output::all & ~not_of_lidars : output::all)) out.outputs = instead;
  return out;
}

}  // namespace

struct Eyes::Inside {
  explicit Inside(Session& s) : session(s) {}
  Session& session;
  std::vector<EyeInfo> infos;
  std::vector<scene::Eye> eyes;
  std::vector<int> thing;                        // per eye: its number among those that rules name
  std::vector<EyeRule> rules;
  std::vector<View> views;                       // per bucket
  std::vector<int> row;                          // of each environment in its bucket's view; -1: nobody looks at it
  bool looked = false, fresh = true;             // fresh: some environment begins anew
  uint64_t control_step = 0;                     // of the last look
  double seconds = 0;

  int row_of(int environment) const { return environment >= 0 && environment < int(row.size()) ? row[size_t(environment)] : -1; }
  View& view_of(int environment) { return views[size_t(session.world().place(environment).bucket)]; }
  // Environments that were reset, resumed or restored are seen anew.
  void notice() {
    for (View& v : views) {
      for (size_t i = 0; v.eyes && i < v.begun.size(); ++i) {
        const uint64_t now = session.beginnings(v.environments[i]);
        if (v.begun[i] == now) continue;
        const int one[] = {int(i)};
        v.begun[i] = now;
        vary(v, i);
        v.eyes->reset(one);
        fresh = true;
      }
    }
  }
  // What the noise of this episode has above its step count (of which it leaves 2^32 substeps): 0 in the first one of the world's seed.
  uint64_t episode_mark(int environment) const {
    const uint64_t away = session.episode_seed(environment) - session.world().options().seed;
    return away == 0 ? 0 : mix(away) >> 32 << 32;
  }
  // Where everything is, of one bucket.
  trace::Poses poses(int b, int passed) {
    View& v = views[size_t(b)];
    Bucket& bucket = session.world().bucket(b);
    for (size_t i = 0; i < v.steps.size(); ++i) v.steps[i] = bucket.step_count(v.rows[i]) | episode_mark(v.environments[i]);
    const std::byte *const at = bucket.data(StateField::xpos), *const turned = bucket.data(StateField::xquat);
    const bool single = session.world().options().precision == Precision::f32;
    if (single && v.whole) return v.poses(bucket, reinterpret_cast<const float*>(at), reinterpret_cast<const float*>(turned), passed);
    if (single) convert<float>(at, v.rows, v.position), convert<float>(turned, v.rows, v.rotation);
    else convert<double>(at, v.rows, v.position), convert<double>(turned, v.rows, v.rotation);
    return v.poses(bucket, v.position.data(), v.rotation.data(), passed);
  }
  // Mounts, latencies and lamps of the environment's present episode. Sites whose place is the environment's own take their eyes along.
  void vary(View& v, size_t i) {
    const World& world = session.world();
    const Bucket& bucket = session.world().bucket(world.place(v.environments[i]).bucket);
    const model::Model& m = bucket.model();
    const Drawer drawer{world.options().seed, session.episode_seed(v.environments[i]), bucket.id(v.rows[i])};
    const double period = m.timestep[0] * session.settings().substeps;
    static const int place_field = Bucket::field_number("site_pos"), turn_field = Bucket::field_number("site_quat");
    for (size_t e = 0; e < eyes.size(); ++e) {
      const scene::Eye& eye = eyes[e];
      if (v.sensor[e] < 0) continue;
      const int site = v.site[e];
      double own[7];                             // of the site
      const bool moves = site >= 0 || std::any_of(rules.begin(), rules.end(), [&](const EyeRule& r) { return r.field <= EyeField::rotation && r.fits(eye.name); });
      for (int k = 0; site >= 0 && k < 7; ++k) {
        const bool place = k < 3;
        const int item = place ? 3 * site + k : 4 * site + k - 3;
        const std::optional<double> other = bucket.overridden(place ? place_field : turn_field, v.rows[i], item);
        own[k] = other ? *other : (place ? m.site_pos : m.site_quat)[size_t(item)];
      }
      if (moves) {
        const trace::Sensor& sensor = v.eyes->sensors()[size_t(v.sensor[e])];
        std::array<double, 3> pos = site >= 0 ? eye.pos : sensor.pos;
        std::array<double, 4> quat = site >= 0 ? eye.quat : sensor.quat;
        vary_mount(rules, eye.name, thing[e], drawer, pos, quat);
        if (site >= 0) mount_on_site(own, own + 3, pos, quat);
        quat = shape::unit(quat);
        float* const to = v.eyes->mounts().data() + 7 * (i * v.eyes->sensors().size() + size_t(v.sensor[e]));
        std::copy(pos.begin(), pos.end(), to);
        std::copy(quat.begin(), quat.end(), to + 3);
      }
      if (varies_latency(rules, eye.name)) {
        scene::Eye late;
        late.latency = vary_latency(rules, eye.name, thing[e], drawer, eye.latency);
        v.eyes->set_delay(v.sensor[e], int(i), timing_of(late, period).delay);
      }
    }
    if (std::none_of(rules.begin(), rules.end(), [](const EyeRule& r) { return r.field >= EyeField::light_position; })) return;
    float* const lamps = v.eyes->lamps().data() + i * v.first_lamps.size();
    std::copy(v.first_lamps.begin(), v.first_lamps.end(), lamps);
    for (size_t l = 0; l < v.lamps.size(); ++l) vary_lamp(rules, v.lamps[l], int(l), drawer, lamps + l * trace::lamp_numbers);
  }
  // Finds where the pictures of the bucket's eyes lie.
  static void shelve(View& v) {
    const std::vector<int>& sensors = v.sensor;
    const std::span<const trace::Group> groups = v.eyes->groups();
    for (size_t e = 0; e < sensors.size(); ++e) {
      for (size_t g = 0; sensors[e] >= 0 && g < groups.size(); ++g) {
        const auto place = std::find(groups[g].sensors.begin(), groups[g].sensors.end(), sensors[e]);
        if (place == groups[g].sensors.end()) continue;
        v.group[e] = int(g);
        for (const trace::Tensor& t : groups[g].tensors) {
          int bit = 0;
          while (t.output >> (bit + 1)) ++bit;
          const size_t environment = t.bytes / v.environments.size(), picture = environment / groups[g].sensors.size();
          v.shelves[e][size_t(bit)] = {static_cast<const char*>(t.data) + picture * size_t(place - groups[g].sensors.begin()), environment};
        }
      }
    }
  }
  // The eyes of one bucket. `needed`: bytes of pictures so far. Empty: no error.
  std::vector<Diagnostic> open(int b, int width, double& needed) {
    View& v = views[size_t(b)];
    const Bucket& bucket = session.world().bucket(b);
    const size_t n = v.environments.size(), bodies = size_t(bucket.model().body_count);
    v.group.assign(eyes.size(), -1);
    v.shelves.resize(eyes.size());
    Fit told;                                    // when the session was made
    const std::vector<std::optional<trace::Sensor>> present = find_eyes(bucket.model(), eyes, told);
    std::vector<trace::Sensor> sensors;
    v.sensor.assign(eyes.size(), -1);
    v.site.assign(eyes.size(), -1);
    const std::vector<std::string>& sites = bucket.model().site_name;
    const double period = bucket.model().timestep[0] * session.settings().substeps;
    for (size_t e = 0; e < eyes.size(); ++e) {
      if (!present[e]) continue;
      v.sensor[e] = int(sensors.size());
      if (!eyes[e].site.empty()) v.site[e] = int(std::find(sites.begin(), sites.end(), eyes[e].site) - sites.begin());
      trace::Sensor& s = sensors.emplace_back(*present[e]);
      const EyeInfo& info = infos[e];
      s.outputs = info.outputs, s.every = info.every, s.delay = info.delay;
      if (trace::Lens* const lens = std::get_if<trace::Lens>(&s.optics)) resize(*lens, info.width, info.height);
      if (varies_latency(rules, eyes[e].name)) {
        scene::Eye latest;
        latest.latency = most_latency(rules, eyes[e].name, eyes[e].latency);
        s.most_delay = std::max(s.delay, timing_of(latest, period).delay);
      }
      needed += double(n) * bytes_of(info, std::max(s.delay, s.most_delay)) + bytes_per_ray * info.width * info.height;
    }
    if (sensors.empty() || n == 0) return {};
    const char* const fewer = "use fewer environments, smaller pictures or less latency";
    if (const double free = free_memory(); needed > free)
      return {refuse(session, "no-memory", "the pictures would take " + std::to_string(int64_t(needed / 1e9)) + " GB; " + std::to_string(int64_t(free / 1e9)) + " GB are free", fewer)};

    trace::Options o;
    o.seed = session.world().options().seed;
    o.labels = find_labels(bucket.model(), session.settings().labels, told);
    o.width = width;
    for (const int row : v.rows) o.ids.push_back(bucket.id(row));
    try {
      Result<trace::Eyes> made = trace::Eyes::make(bucket.shared_model(), int(n), std::move(sensors), std::move(o));
      if (!made) {
        std::vector<Diagnostic> errors = made.errors();
        for (Diagnostic& d : errors)
          for (const scene::Eye& eye : eyes)
            if (d.message.starts_with("sensor '" + eye.name + "'")) d.place = eye.place;
        session.loaded().excerpt(errors);
        return errors;
      }
      v.eyes.emplace(std::move(*made));
      v.begun.assign(n, 0), v.steps.assign(n, 0);
      v.whole = n == size_t(bucket.environments());
      if (session.world().options().precision == Precision::f64 || !v.whole) v.position.resize(n * 3 * bodies), v.rotation.resize(n * 4 * bodies);
    } catch (const std::bad_alloc&) {
      return {refuse(session, "no-memory", "there is not enough memory for the pictures", fewer)};
    }
    v.lamps = trace::lamp_names(bucket.model());
    const size_t numbers = size_t(v.eyes->lamp_count()) * trace::lamp_numbers;
    const std::span<const float> lamps = v.eyes->lamps();
    v.first_lamps.assign(lamps.begin(), lamps.begin() + std::ptrdiff_t(numbers));
    shelve(v);
    return {};
  }
};

Eyes::Eyes(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}
Eyes::~Eyes() = default;

Result<std::unique_ptr<Eyes>> Eyes::make(Session& session, const EyeOptions& options) {
  World& world = session.world();
  if (!world.options().publish) return refuse(session, "no-eyes", "the world does not publish where bodies are", "WorldOptions::publish");
  Result<std::vector<scene::Eye>> chosen = choose(session, options);
  if (!chosen) return chosen.errors();
  auto in = std::make_unique<Inside>(session);
  const double period = session.model().timestep[0] * session.settings().substeps;
  in->eyes = std::move(*chosen);
  in->rules = find_eye_rules(session.settings());
  const std::vector<scene::Eye> named = named_eyes(session.loaded().models, session.settings());
  for (const scene::Eye& eye : in->eyes) {
    in->infos.push_back(describe(eye, options, period));
    in->thing.push_back(int(std::find_if(named.begin(), named.end(), [&](const scene::Eye& other) { return other.name == eye.name; }) - named.begin()));
  }

  // who is looked at
  in->views.resize(size_t(world.buckets()));
  in->row.assign(size_t(world.environments()), -1);
  std::vector<bool> wanted(size_t(world.environments()), options.environments.empty());
  for (const int e : options.environments)
    if (e >= 0 && e < world.environments()) wanted[size_t(e)] = true;
  for (int e = 0; e < world.environments(); ++e) {
    if (!wanted[size_t(e)]) continue;
    View& v = in->view_of(e);
    in->row[size_t(e)] = int(v.environments.size());
    v.environments.push_back(e);
    v.rows.push_back(world.place(e).index);
  }
  double needed = 0;                             // bytes
  for (int b = 0; b < world.buckets(); ++b)
    if (std::vector<Diagnostic> errors = in->open(b, options.width, needed); !errors.empty()) return errors;
  return std::unique_ptr<Eyes>(new Eyes(std::move(in)));
}

std::span<const EyeInfo> Eyes::eyes() const { return inside_->infos; }

void Eyes::look() {
  Inside& in = *inside_;
  in.notice();
  const uint64_t now = in.session.substep() / uint64_t(in.session.settings().substeps);
  if (in.looked && !in.fresh && now == in.control_step) return;
  const Clock clock(in.seconds);
  in.session.world().download();
  const int passed = in.looked && now > in.control_step ? int(std::min<uint64_t>(now - in.control_step, 1'000'000'000)) : 0;
  for (int b = 0; b < int(in.views.size()); ++b)
    if (View& v = in.views[size_t(b)]; v.eyes) v.eyes->render(in.session.world().pool(), in.poses(b, passed));
  in.looked = true, in.fresh = false;
  in.control_step = now;
}

void Eyes::begin(std::span<const int> environments) {
  for (const int e : environments) {
    const int row = inside_->row_of(e);
    if (row < 0) continue;
    const int one[] = {row};
    if (View& v = inside_->view_of(e); v.eyes) v.eyes->reset(one);
    inside_->fresh = true;
  }
}

void Eyes::finish(std::span<const int> environments) {
  Inside& in = *inside_;
  const Clock clock(in.seconds);
  in.session.world().download();
  std::vector<std::vector<int>> of(in.views.size());
  for (const int e : environments)
    if (const int row = in.row_of(e); row >= 0) of[size_t(in.session.world().place(e).bucket)].push_back(row);
  for (int b = 0; b < int(of.size()); ++b)
    if (View& v = in.views[size_t(b)]; v.eyes && !of[size_t(b)].empty()) v.eyes->render_now(in.session.world().pool(), in.poses(b, 0), of[size_t(b)]);
}

const void* Eyes::picture(int eye, int environment, uint32_t bit) const {
  const int row = inside_->row_of(environment);
  if (eye < 0 || eye >= int(inside_->infos.size()) || row < 0) return nullptr;
  for (size_t k = 0; k < output::count; ++k) {
    if (bit != uint32_t(1) << k) continue;
    const Shelf& shelf = inside_->view_of(environment).shelves[size_t(eye)][k];
    return shelf.first ? shelf.first + size_t(row) * shelf.next : nullptr;
  }
  return nullptr;
}

uint64_t Eyes::arrived(int eye, int environment) const {
  const int row = inside_->row_of(environment);
  if (eye < 0 || eye >= int(inside_->infos.size()) || row < 0) return 0;
  const View& v = inside_->view_of(environment);
  return v.group[size_t(eye)] < 0 ? 0 : v.eyes->arrived(v.group[size_t(eye)], row);
}

trace::Eyes* Eyes::of_bucket(int bucket) {
  if (bucket < 0 || bucket >= int(inside_->views.size())) return nullptr;
  View& v = inside_->views[size_t(bucket)];
  return v.eyes ? &*v.eyes : nullptr;
}

const char* Eyes::kernel() const {
  for (const View& v : inside_->views)
    if (v.eyes) return v.eyes->kernel();
  return "";
}

double Eyes::seconds() const { return inside_->seconds; }
uint64_t Eyes::images() const {
  uint64_t sum = 0;
  for (const View& v : inside_->views) sum += v.eyes ? v.eyes->work().images : 0;
  return sum;
}
uint64_t Eyes::rays() const {
  uint64_t sum = 0;
  for (const View& v : inside_->views) sum += v.eyes ? v.eyes->work().rays : 0;
  return sum;
}
void Eyes::clear_time() {
  inside_->seconds = 0;
  for (View& v : inside_->views)
    if (v.eyes) v.eyes->clear_work();
}

size_t picture_bytes(const EyeInfo& eye, uint32_t bit) {
  const size_t pixels = size_t(eye.width) * size_t(eye.height);
  return pixels * (bit == output::rgb ? 3 : bit == output::normal || bit == output::point ? 12 : 4);
}

const char* output_name(uint32_t bit) {
  for (size_t k = 0; k < output::count; ++k)
    if (bit == uint32_t(1) << k) return output_names[k];
  return "";
}

}  // namespace nuri::session
