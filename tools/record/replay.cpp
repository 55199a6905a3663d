#include "tools/record/replay.h"

#include <fmt/format.h>
#include <algorithm>
#include <bit>
#include <cstring>
#include <tuple>
#include <nlohmann/json.hpp>
#include "tools/record/schema.h"

namespace nuri::record {
namespace {

constexpr uint64_t rows_at_once = 512;

std::string bits(double value, Precision precision) {
  return precision == Precision::f32 ? fmt::format("0x{:08x}", std::bit_cast<uint32_t>(float(value)))
                                     : fmt::format("0x{:016x}", std::bit_cast<uint64_t>(value));
}

// Rows of one data set, read in blocks.
class Rows {
 public:
  Rows() = default;
  Rows(std::string field, Number type, uint64_t rows, uint64_t columns)
      : field_(std::move(field)), type_(type), rows_(rows), columns_(columns) {}
  // Null: errors() say why.
  const std::byte* row(Recording& recording, int k, uint64_t row) {
    if (row < first_ || row >= first_ + block_.rows() || block_.bytes.empty()) {
      auto some = recording.read(k, field_, row, rows_at_once);
      if (!some) return errors_ = some.errors(), nullptr;
      const uint64_t there = row < rows_ ? std::min(rows_at_once, rows_ - row) : 0;
      if (some->type != type_ || there == 0 || some->rows() != there || some->columns() != columns_ || some->bytes.empty()) {
        errors_ = {recording.damaged(recording.episode(k).name() + "/" + field_ + " has another shape or type than its episode needs")};
        return nullptr;
      }
      block_ = std::move(*some);
      first_ = row;
    }
    return block_.bytes.data() + (row - first_) * columns_ * bytes_of(type_);
  }
  const std::string& field() const { return field_; }
  uint64_t columns() const { return columns_; }
  const std::vector<Diagnostic>& errors() const { return errors_; }

 private:
  std::string field_;
  Number type_ = Number::other;
  uint64_t rows_ = 0, columns_ = 0, first_ = 0;
  Table block_;
  std::vector<Diagnostic> errors_;
};

struct Override { std::string field; int item; double value; };

}  // namespace

// One environment's episodes, and of the one that is at hand its data.
struct Replay::Track {
  std::vector<int> episodes;                     // by time
  int loaded = -1, dressed = -1;                 // which of the recording: data below; numbers of the environment's model
  std::vector<uint64_t> begins;                  // substep of the episode at which each stretch begins; then its end
  std::vector<std::pair<StateField, Rows>> inputs;
  Rows hashes, states;
  std::vector<std::byte> row;                    // World::save of its beginning
  std::vector<Override> overrides;
  std::vector<std::string> columns;              // of states
  bool parted = false;                           // it has left the recording
  int searching = -1;                            // which difference waits for a sample that shows it
};

Replay::~Replay() = default;

std::string to_string(const Difference& d, Precision precision, double timestep) {
  std::string out = fmt::format("environment {}, episode {} (demo_{}): ", d.environment, d.number, d.demo);
  if (d.recorded_hash == d.hash) out += "it does not begin as its first sample says\n";
  else
    out += fmt::format("stretch {} (substeps {} to {} of the episode, {:g} s), state {:016x} instead of the recorded {:016x}\n", d.stretch,
                       d.from, d.to, double(d.from) * timestep, d.hash, d.recorded_hash);
  if (d.field.empty())
    out += "  no recorded sample shows it in positions, velocities or activations: an input, the warm start or a fault differs";
  else
    out += fmt::format("  sample {}, {}[{}]{}: {} = {:.17g}, recorded {} = {:.17g}", d.sample, d.field, d.item,
                       d.column.empty() ? "" : " (" + d.column + ")", bits(d.value, precision), d.value, bits(d.recorded, precision),
                       d.recorded);
  return out;
}

// ---- what is replayed ----------------------------------------------------------------------------------------------------

Result<std::vector<std::unique_ptr<Replay>>> Replay::create(std::shared_ptr<Recording> recording, const Choice& choice, int most) {
  std::vector<int> chosen;
  for (int k = 0; k < recording->episodes(); ++k) {
    const EpisodeInfo& e = recording->episode(k);
    if ((!choice.environment || e.environment == *choice.environment) && (!choice.episode || e.number == *choice.episode)) chosen.push_back(k);
  }
  auto refuse = [&](std::string message, std::string hint) {
    return Diagnostic{Severity::error, "nothing-recorded", std::move(message), std::move(hint), {recording->path(), 0, 0}, {}, {}};
  };
  if (recording->episodes() == 0) return refuse("no episode in it came to its end", "nuri inspect says what there is");
  if (chosen.empty()) return refuse("there is no such episode in it", "nuri inspect lists environments and their episodes");
  std::sort(chosen.begin(), chosen.end(), [&](int a, int b) {
    const EpisodeInfo &x = recording->episode(a), &y = recording->episode(b);
    return std::tie(x.environment, x.began, x.demo) < std::tie(y.environment, y.began, y.demo);
  });

  std::vector<std::unique_ptr<Replay>> out;
  uint64_t last = 0;
  for (const int k : chosen) {
    const EpisodeInfo& e = recording->episode(k);
    const bool same = !out.empty() && e.environment == last;
    if (!same && (out.empty() || e.environment != last + 1 || int(out.back()->tracks_.size()) >= most)) {
      out.emplace_back(new Replay());
      out.back()->recording_ = recording;
      out.back()->first_id_ = e.environment;
    }
    Replay& r = *out.back();
    if (!same) r.tracks_.push_back(std::make_unique<Track>());
    Track& track = *r.tracks_.back();
    if (!track.episodes.empty()) {
      const EpisodeInfo& before = recording->episode(track.episodes.back());
      if (e.began < before.began + before.substeps) return recording->damaged(e.name() + " begins before " + before.name() + " ended, of the same environment");
      if (e.variant != before.variant) return recording->damaged(e.name() + " has another model than " + before.name() + ", of the same environment");
    }
    track.episodes.push_back(k);
    r.episodes_.push_back(k);
    last = e.environment;
  }
  const uint64_t period = uint64_t(recording->info().substeps);
  for (auto& r : out) {
    uint64_t first = ~uint64_t(0), end = 0;
    for (const int k : r->episodes_) first = std::min(first, recording->episode(k).began), end = std::max(end, recording->episode(k).began + recording->episode(k).substeps);
    // what nobody recorded is stepped through unseen; more of it than of what was is no recording
    std::vector<std::pair<uint64_t, uint64_t>> spans;
    uint64_t recorded = 0, reached = first;
    for (const int k : r->episodes_) spans.emplace_back(recording->episode(k).began, recording->episode(k).substeps), recorded += spans.back().second;
    std::sort(spans.begin(), spans.end());
    for (const auto& [began, length] : spans) {
      if (began > reached && began - reached > recorded) return recording->damaged(fmt::format("nothing was recorded from substep {} to {}", reached, began));
      reached = std::max(reached, began + length);
    }
    r->base_ = first - first % period;
    r->end_ = end - r->base_;
    for (int v = 0; v < recording->info().variants; ++v) {
      auto model = recording->model(v);
      if (!model) return model.errors();
      if ((*model)->timestep[0] != recording->info().timestep) return recording->damaged("its model " + std::to_string(v) + " has another timestep than it says");
      r->models_.push_back(std::move(*model));
    }
  }
  return out;
}

Result<std::unique_ptr<session::Session>> Replay::session(WorldOptions options) const {
  const Info& info = recording_->info();
  session::Loaded loaded;
  loaded.path = recording_->path();
  loaded.name = info.name;
  loaded.models = models_;
  loaded.shares.assign(models_.size(), 1.0 / double(models_.size()));
  loaded.facts.resize(models_.size());
  loaded.settings.substeps = info.substeps;
  loaded.settings.seed = info.seed;
  loaded.settings.environments = int(tracks_.size());
  for (const auto& track : tracks_) loaded.which.push_back(recording_->episode(track->episodes.front()).variant);
  options.environments = int(tracks_.size());
  options.precision = info.precision;
  options.seed = info.seed;
  options.first_id = first_id_;
  return session::Session::create(std::move(loaded), options);
}

int Replay::episode_at(int environment, uint64_t substep) const {
  const uint64_t at = base_ + substep;
  for (const int k : tracks_[size_t(environment)]->episodes) {
    const EpisodeInfo& e = recording_->episode(k);
    if (at >= e.began && at - e.began < e.substeps) return k;
  }
  return -1;
}

uint64_t Replay::last_beginning(uint64_t substep) const {
  uint64_t out = 0;
  for (const int k : episodes_)
    if (beginning(k) <= substep && beginning(k) % uint64_t(recording_->info().substeps) == 0) out = std::max(out, beginning(k));
  return out;
}

// ---- one episode ---------------------------------------------------------------------------------------------------------

std::vector<Diagnostic> Replay::load(Track& track, int k) {
  if (track.loaded == k) return {};
  const EpisodeInfo& e = recording_->episode(k);
  const model::Model& m = *models_[size_t(e.variant)];
  const Number number = recording_->info().precision == Precision::f32 ? Number::f32 : Number::f64;
  const auto fields = recording_->fields(k);
  if (!fields) return fields.errors();
  auto entry = [&](const std::string& path) -> const Entry* {
    for (const Field& f : **fields) if (f.path == path) return &f.entry;
    return nullptr;
  };
  track.loaded = -1;
  track.parted = false, track.searching = -1;
  const uint64_t state_columns = uint64_t(m.qpos_count) + uint64_t(m.dof_count) + uint64_t(m.activation_count);
  track.columns.clear();
  if (const Entry* states = entry("states"))
    if (const Attribute* names = states->find("columns"); names && names->type == Number::text) {
      const auto list = nlohmann::json::parse(names->text, nullptr, false);
      if (list.is_array() && list.size() == state_columns)
        for (const auto& name : list) track.columns.push_back(name.is_string() ? name.get<std::string>() : "");
    }
  track.inputs.clear();
  const auto stretches = recording_->read(k, "inputs/substeps");
  if (!stretches) return stretches.errors();
  const uint64_t count = stretches->rows();
  for (const StateField field : inputs) {
    const std::string path = std::string("inputs/") + nuri::info(field).name;
    const int columns = nuri::columns(m, field);
    if (columns > 0 && (field == StateField::ctrl || entry(path))) track.inputs.emplace_back(field, Rows(path, number, count, uint64_t(columns)));
  }
  track.hashes = Rows("hashes", Number::u64, count, 1);
  track.states = Rows("states", number, e.samples, state_columns);

  // stretches, from the episode's beginning to its end
  if (stretches->type != Number::u32 || stretches->shape.size() != 1) return {recording_->damaged(e.name() + "/inputs/substeps is no list of stretches")};
  track.begins.assign(1, 0);
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t length = stretches->whole_at(i);
    if (length == 0 || length > uint64_t(recording_->info().substeps)) return {recording_->damaged(e.name() + ": stretch " + std::to_string(i) + " is longer than a control step, or empty")};
    track.begins.push_back(track.begins.back() + length);
  }
  if (track.begins.back() != e.substeps)
    return {recording_->damaged(fmt::format("{}: its stretches have {} substeps, the episode {}", e.name(), track.begins.back(), e.substeps))};

  // how it began
  auto row = recording_->read(k, "initial_state/row");
  if (!row) return row.errors();
  if (row->type != Number::u8 || row->shape.size() != 1) return {recording_->damaged(e.name() + "/initial_state/row is no list of bytes")};
  track.row = std::move(row->bytes);
  track.overrides.clear();
  if (const Entry* const list = entry("initial_state/overrides"); list && list->rows() > 0) {
    const auto table = recording_->read(k, "initial_state/overrides");
    if (!table) return table.errors();
    bool sound = table->type == Number::named && table->shape.size() == 1;
    for (uint64_t i = 0; sound && i < table->rows(); ++i) {
      double item, value;
      std::memcpy(&item, table->bytes.data() + 16 * i, 8);
      std::memcpy(&value, table->bytes.data() + 16 * i + 8, 8);
      sound = item >= 0 && item < 1e9;
      if (sound) track.overrides.push_back({table->texts[size_t(i)], int(item), value});
    }
    if (!sound) return {recording_->damaged(e.name() + "/initial_state/overrides are no numbers of a model")};
  }
  track.loaded = k;
  return {};
}

// Gives the environment's model the episode's numbers.
std::vector<Diagnostic> Replay::dress(World& world, int e, Track& track) {
  if (track.dressed == track.loaded) return {};
  std::vector<std::pair<std::string, int>> old;
  const World::Place place = world.place(e);
  world.bucket(place.bucket).each_override(place.index, [&](int field, int item, double) { old.emplace_back(parameter_name(field), item); });
  for (const auto& [field, item] : old) world.clear_override(field, e, item);
  for (const Override& o : track.overrides)
    if (!world.override_field(o.field, e, o.item, o.value))
      return {recording_->damaged(fmt::format("{}: its model cannot have another {}[{}]", recording_->episode(track.loaded).name(), o.field, o.item))};
  track.dressed = track.loaded;
  return {};
}

// Puts environments where their episodes began.
std::vector<Diagnostic> Replay::begin(session::Session& session, std::span<const int> environments) {
  World& world = session.world();
  for (const int e : environments) {
    const Track& track = *tracks_[size_t(e)];
    if (track.row.size() != world.saved_bytes(e))
      return {recording_->damaged(fmt::format("{}: its beginning has {} bytes, a state of its model {}", recording_->episode(track.loaded).name(), track.row.size(), world.saved_bytes(e)))};
  }
  session.resume(environments);                  // who watches sees that other episodes begin
  for (const int e : environments) {
    Track& track = *tracks_[size_t(e)];
    world.restore(e, track.row.data());
    track.parted = false, track.searching = -1;
    if (auto errors = compare_sample(world, e, track, base_ + session.substep()); !errors.empty()) return errors;
  }
  return {};
}

Difference* Replay::find(int demo) {
  for (Difference& d : differences_) if (d.demo == demo) return &d;
  return nullptr;
}

// ---- time ----------------------------------------------------------------------------------------------------------------

// Samples are taken at control steps of the run, every so many of them from the episode's first on.
std::optional<uint64_t> Replay::sample_at(const EpisodeInfo& e, uint64_t at) const {
  const uint64_t period = uint64_t(recording_->info().substeps), first = (e.began + period - 1) / period * period, apart = period * recording_->info().every;
  if (at < first || (at - first) % apart != 0 || (at - first) / apart >= e.samples) return std::nullopt;
  return (at - first) / apart;
}

std::vector<Diagnostic> Replay::compare_sample(World& world, int e, Track& track, uint64_t at) {
  const EpisodeInfo& episode = recording_->episode(track.loaded);
  const auto sample = sample_at(episode, at);
  if (!sample || track.states.columns() == 0) return {};
  const std::byte* recorded = track.states.row(*recording_, track.loaded, *sample);
  if (!recorded) return track.states.errors();
  const size_t size = world.options().precision == Precision::f32 ? 4 : 8;
  int column = 0;
  for (const StateField field : {StateField::qpos, StateField::qvel, StateField::act}) {
    const std::span<const std::byte> here = world.bytes(field, e);
    for (int i = 0; i < world.columns(field, e); ++i, ++column) {
      if (std::memcmp(here.data() + size_t(i) * size, recorded + size_t(column) * size, size) == 0) continue;
      double there = 0;
      if (size == 4) {
        float value;
        std::memcpy(&value, recorded + size_t(column) * size, size);
        there = value;
      } else {
        std::memcpy(&there, recorded + size_t(column) * size, size);
      }
      const double value = world.get(field, e, i);
      if ((value == 0 && there == 0) || (value != value && there != there)) continue;   // as hashes have it
      if (track.searching < 0) {                 // the episode's beginning
        track.parted = true;
        if (find(episode.demo)) return {};
        track.searching = int(differences_.size());
        differences_.push_back({episode.demo, episode.environment, episode.number, 0, 0, 0, 0, 0, {}, {}, 0, 0, 0, 0});
      }
      Difference& d = differences_[size_t(track.searching)];
      d.field = nuri::info(field).name, d.item = i, d.sample = *sample, d.recorded = there, d.value = value;
      if (!track.columns.empty()) d.column = track.columns[size_t(column)];
      if (d.column.starts_with(d.field + " ")) d.column.erase(0, d.field.size() + 1);
      track.searching = -1;
      return {};
    }
  }
  return {};
}

Result<int> Replay::before(session::Session& session) {
  World& world = session.world();
  const uint64_t at = base_ + session.substep();
  const uint64_t period = uint64_t(recording_->info().substeps);
  if (session.substep() >= end_) return 0;
  uint64_t until = at - at % period + period;    // a control step at most
  std::vector<int> beginners;
  std::vector<std::pair<int, uint64_t>> stretches;               // environment, which of its episode
  for (int e = 0; e < int(tracks_.size()); ++e) {
    Track& track = *tracks_[size_t(e)];
    const int k = episode_at(e, session.substep());
    if (k < 0) {
      for (const int next : track.episodes)
        if (recording_->episode(next).began > at) until = std::min(until, recording_->episode(next).began);
      continue;
    }
    if (auto errors = load(track, k); !errors.empty()) return errors;
    if (auto errors = dress(world, e, track); !errors.empty()) return errors;
    const uint64_t age = at - recording_->episode(k).began;
    if (age == 0) beginners.push_back(e);
    const auto next = std::upper_bound(track.begins.begin(), track.begins.end(), age);
    const uint64_t stretch = uint64_t(next - track.begins.begin()) - 1;
    until = std::min(until, at + (*next - age));
    stretches.emplace_back(e, stretch);
  }
  if (!beginners.empty())
    if (auto errors = begin(session, beginners); !errors.empty()) return errors;
  std::vector<int> written;
  for (const auto& [e, stretch] : stretches) {
    Track& track = *tracks_[size_t(e)];
    for (auto& [field, rows] : track.inputs) {
      const std::byte* const row = rows.row(*recording_, track.loaded, stretch);
      if (!row) return rows.errors();
      const std::span<std::byte> to = world.bytes(field, e);
      std::memcpy(to.data(), row, to.size());
    }
    written.push_back(e);
  }
  if (!written.empty()) world.upload(written);
  return int(until - at);
}

std::vector<Diagnostic> Replay::after(session::Session& session, int substeps) {
  World& world = session.world();
  const uint64_t at = base_ + session.substep();
  for (int e = 0; e < int(tracks_.size()); ++e) {
    Track& track = *tracks_[size_t(e)];
    const int k = episode_at(e, session.substep() - uint64_t(substeps));
    if (k < 0 || k != track.loaded) continue;
    const EpisodeInfo& episode = recording_->episode(k);
    const uint64_t age = at - episode.began;
    const auto ended = std::lower_bound(track.begins.begin(), track.begins.end(), age);
    if (ended != track.begins.end() && *ended == age && ended != track.begins.begin() && !track.parted) {
      const uint64_t stretch = uint64_t(ended - track.begins.begin()) - 1;
      const std::byte* const row = track.hashes.row(*recording_, k, stretch);
      if (!row) return track.hashes.errors();
      uint64_t recorded = 0;
      std::memcpy(&recorded, row, sizeof recorded);
      const uint64_t hash = world.hash(e);
      ++compared_;
      if (hash != recorded) {
        track.parted = true;
        if (find(episode.demo)) continue;
        track.searching = int(differences_.size());
        differences_.push_back({episode.demo, episode.environment, episode.number, stretch, track.begins[stretch], age, recorded, hash, {}, {}, 0, 0, 0, 0});
      }
    }
    if (track.searching >= 0 && age < episode.substeps)
      if (auto errors = compare_sample(world, e, track, at); !errors.empty()) return errors;
  }
  return {};
}

Result<bool> Replay::step(session::Session& session) {
  const Result<int> length = before(session);
  if (!length) return length.errors();
  if (*length == 0) return false;
  session.step(*length);
  if (auto errors = after(session, *length); !errors.empty()) return errors;
  return true;
}

}  // namespace nuri::record
