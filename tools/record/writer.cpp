#include "tools/record/writer.h"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

namespace nuri::record {
namespace {

using hdf5::Handle;
using Json = nlohmann::ordered_json;

constexpr int patience = 10;                     // stretches
constexpr uint64_t much = 32 << 20;              // bytes after which is committed, whoever ended
constexpr int format = 1;

const char* const words[] = {"reset", "time", "finished", "failed", "fault", "end"};

}  // namespace

const char* word(Ended ended) { return words[int(ended)]; }

size_t Frame::bytes() const {
  size_t sum = sizeof(Frame) + actions.size() * 4 + hashes.size() * 13;
  for (const Fields& f : buckets) {
    for (const auto& list : {&f.values, &f.pictures})
      for (const auto& v : *list) sum += v.size();
    for (const auto& v : f.inputs) sum += v.size();
  }
  for (const Begin& b : begins) sum += b.row.size() + b.parameters.size() * sizeof(File::Parameter);
  return sum;
}

struct Writer::Open {
  Begin begin;
  const Plan* plan = nullptr;
  bool settled = false;                          // its group is there
  uint64_t began = 0, substeps = 0;
  uint64_t control_steps = 0, samples = 0, stretches = 0;
  Table actions, rewards, dones, steps, hashes;
  std::array<Table, input_count> input;
  std::array<bool, input_count> changed{};
  std::array<std::vector<std::byte>, input_count> first;         // rows of inputs that have not changed so far
  std::vector<Table> signals;
  std::string folder(const Seat& seat) const { return "/unfinished/" + std::to_string(seat.id); }
};

template <class F> void Writer::each_table(Open& open, F f) {
  f(open.actions, open.plan->actions), f(open.rewards, open.plan->rewards), f(open.dones, open.plan->dones);
  for (size_t s = 0; s < open.signals.size(); ++s) f(open.signals[s], open.plan->signals[s].column);
  f(open.steps, open.plan->substeps);
  for (int i = 0; i < input_count; ++i)
    if (i == 0 || open.changed[size_t(i)]) f(open.input[size_t(i)], open.plan->input[i]);
  f(open.hashes, open.plan->hashes);
}

Writer::Writer(std::unique_ptr<File> file, const Head& head, std::vector<Plan> plans, std::vector<Seat> seats)
    : file_(std::move(file)), judges_(head.judges), plans_(std::move(plans)), seats_(std::move(seats)), sample_every_(head.every), open_(seats_.size()), inputs_(plans_.size()) {}

Writer::~Writer() = default;

Result<std::unique_ptr<Writer>> Writer::create(const std::string& path, int level, const Head& head, std::vector<Plan> plans, std::vector<Seat> seats) {
  const auto held = hdf5::lock();
  auto file = File::create(path, level);
  if (!file) return file.errors();
  std::unique_ptr<Writer> out(new Writer(std::move(*file), head, std::move(plans), std::move(seats)));
  out->write_head(head);
  if (out->error()) return *out->error();
  return out;
}

void Writer::write_head(const Head& head) {
  File& f = *file_;
  const Handle root = f.root(), data = f.group(root, "data"), mask = f.group(root, "mask"), unfinished = f.group(root, "unfinished");
  f.put(data, "total", int64_t(0));
  const Json env{{"env_name", head.name}, {"type", 2}, {"env_version", head.version}, {"env_kwargs", {{"seed", head.seed}, {"control_period", head.control_period}}}};
  f.put(data, "env_args", env.dump());
  const Handle own = f.group(root, "nuri"), models = f.group(own, "models");
  f.put(own, "format", int64_t(format));
  f.put(own, "version", head.version), f.put(own, "name", head.name), f.put(own, "scene", head.scene);
  if (!head.policy.empty()) f.put(own, "policy", head.policy);
  if (!head.timeline.empty()) f.put(own, "timeline", head.timeline);
  f.put(own, "control_period", head.control_period), f.put(own, "timestep", head.timestep), f.put(own, "substeps", int64_t(head.substeps));
  f.put(own, "every", int64_t(head.every));
  f.put(own, "every", int64_t(sample_every_)), f.put(own, "precision", head.precision);
  f.put(own, "seed", head.seed), f.put(own, "first_id", head.first_id), f.put(own, "environments", head.environments);
  f.put(own, "complete", uint8_t(0));
  for (size_t v = 0; v < head.models.size(); ++v) {
    const std::string bytes = model::serialize(*head.models[v]);
    f.bytes(models, std::to_string(v), std::as_bytes(std::span(bytes)));
  }
  f.text(own, "scene", head.text);
  f.commit();
}

// Room is made before a row comes rather than after, so that the last row of an episode can still be changed.
void Writer::add_row(Open& open, Table& table, const Column& column, const void* row) {
  const size_t bytes = column.row_bytes();
  if (bytes > 0 && table.rows.size() >= column.chunk * bytes) {
    settle(open);
    const Handle root = file_->root(), group = file_->open(root, open.folder(seats_[size_t(open.begin.environment)]));
    file_->append(group, column, table.written, table.count - table.written, table.rows.data());
    bytes_ += table.rows.size();
    table.written = table.count;
    table.rows.clear();
  }
  const auto* const from = static_cast<const std::byte*>(row);
  table.rows.insert(table.rows.end(), from, from + bytes);
  ++table.count;
}

void Writer::settle(Open& open) {
  if (open.settled) return;
  const Handle root = file_->root(), group = file_->group(root, open.folder(seats_[size_t(open.begin.environment)]));
  write_begin(open, group);
  open.settled = true;
}

// What an episode has from its beginning.
void Writer::write_begin(Open& open, hid_t group) {
  File& f = *file_;
  const Seat& seat = seats_[size_t(open.begin.environment)];
  f.put(group, "seed", open.begin.seed), f.put(group, "environment", seat.id), f.put(group, "episode", open.begin.episode);
  f.put(group, "variant", int32_t(seat.variant)), f.put(group, "began", open.began);
  const Handle obs = f.group(group, "obs"), inputs = f.group(group, "inputs"), initial = f.group(group, "initial_state");
  const bool has_signals = std::any_of(open.plan->signals.begin(), open.plan->signals.end(), [](const Signal& s) { return s.column.every > 0; });
  const Handle signals = has_signals ? f.group(group, "signals") : Handle();
  f.bytes(initial, "row", open.begin.row);
  f.parameters(initial, "overrides", open.begin.parameters);
  const Type real = open.plan->input[0].type;
  for (const auto& [name, values] : {std::pair("qpos", &open.begin.qpos), std::pair("qvel", &open.begin.qvel)})
    f.write(initial, {name, real, {}, values->size() / bytes_of(real) + 1, {}, 0, 0}, values->size() / bytes_of(real), values->data());
}

void Writer::add_inputs(Open& open, const Frame::Fields& fields, const Seat& seat) {
  const auto& now = inputs_[size_t(seat.bucket)];
  for (size_t i = 0; i < size_t(input_count); ++i) {
    const Column& column = open.plan->input[i];
    const size_t bytes = column.row_bytes();
    const std::byte* const row = now[i].data() + bytes * size_t(seat.index);
    if (i == 0 || open.changed[i]) {
      add_row(open, open.input[i], column, row);
    } else if (open.stretches == 0) {
      open.first[i].assign(row, row + bytes);
    } else if (!fields.inputs[i].empty() && std::memcmp(open.first[i].data(), row, bytes) != 0) {
      open.changed[i] = true;
      for (uint64_t s = 0; s < open.stretches; ++s) add_row(open, open.input[i], column, open.first[i].data());
      add_row(open, open.input[i], column, row);
    }
  }
}

void Writer::add(Open& open, const Frame& frame, int environment) {
  const Seat& seat = seats_[size_t(environment)];
  const Plan& plan = *open.plan;
  const Frame::Fields& fields = frame.buckets[size_t(seat.bucket)];
  add_inputs(open, fields, seat);
  add_row(open, open.steps, plan.substeps, &frame.substeps);
  add_row(open, open.hashes, plan.hashes, &frame.hashes[size_t(environment)]);
  ++open.stretches;
  open.substeps += frame.substeps;
  if (!frame.control_step) return;

  const bool sample = open.control_steps % uint64_t(sample_every_) == 0;
  std::vector<std::byte> row;
  for (size_t s = 0; s < plan.signals.size(); ++s) {
    const Signal& signal = plan.signals[s];
    const size_t bytes = signal.column.row_bytes();
    if (signal.column.every > 0 ? open.control_steps % uint64_t(signal.column.every) != 0 : !sample) continue;
    if (signal.eye >= 0) {
      add_row(open, open.signals[s], signal.column, fields.pictures[s].data() + bytes * size_t(seat.index));
      continue;
    }
    row.clear();
    for (const Part& part : signal.parts) {
      const size_t number = bytes_of(signal.column.type);
      const std::byte* const from = fields.values[part.slot].data() + plan.fields[part.slot].row_bytes * size_t(seat.index) + number * size_t(part.first);
      row.insert(row.end(), from, from + number * size_t(part.count));
    }
    add_row(open, open.signals[s], signal.column, row.data());
  }
  ++open.control_steps;
  if (!sample) return;

  ++open.samples;
  const size_t count = plan.actions.labels.size();
  std::vector<float> actions(count);
  if (plan.scales.empty() && count > 0) {
    std::copy_n(frame.actions.begin() + ptrdiff_t(count) * environment, count, actions.begin());
  } else {
    const std::byte* const from = inputs_[size_t(seat.bucket)][0].data() + plan.input[0].row_bytes() * size_t(seat.index);
    for (size_t a = 0; a < count; ++a) {
      const double u = plan.input[0].type == Type::f32 ? double(reinterpret_cast<const float*>(from)[a]) : reinterpret_cast<const double*>(from)[a];
      actions[a] = float((u - plan.scales[a].centre) / plan.scales[a].half);
    }
  }
  const float nothing = 0;
  const uint8_t goes_on = 0;
  add_row(open, open.actions, plan.actions, actions.data());
  add_row(open, open.rewards, plan.rewards, &nothing);
  add_row(open, open.dones, plan.dones, &goes_on);
}

void Writer::end(Open& open, const Frame& frame, int environment, Ended why) {
  File& f = *file_;
  const Seat& seat = seats_[size_t(environment)];
  if (open.samples == 0) {                       // it began and ended between two control steps: a loader could do nothing with it
    if (open.settled) f.remove(open.folder(seat));
    ++totals_.dropped;
    return;
  }
  const bool success = frame.success[size_t(environment)] != 0;
  const float reward = success ? 1 : 0;
  std::memcpy(open.rewards.rows.data() + open.rewards.rows.size() - sizeof reward, &reward, sizeof reward);
  open.dones.rows.back() = std::byte{1};

  const std::string name = "demo_" + std::to_string(totals_.episodes), path = "/data/" + name;
  const Handle root = f.root();
  if (open.settled) f.move(open.folder(seat), path);
  const Handle group = open.settled ? f.open(root, path) : f.group(root, path);
  if (!open.settled) write_begin(open, group);
  each_table(open, [&](Table& table, const Column& column) {
    if (table.written > 0) f.append(group, column, table.written, table.count - table.written, table.rows.data());
    else f.write(group, column, table.count, table.rows.data());
    bytes_ += table.rows.size();
  });
  f.put(group, "num_samples", int64_t(open.samples));
  f.put(group, "success", uint8_t(success)), f.put(group, "fault", frame.faults[size_t(environment)]);
  f.put(group, "substeps", open.substeps), f.put(group, "ended", std::string(word(why)));
  ++totals_.episodes;
  totals_.samples += open.samples;
  totals_.successes += success;
  if (judges_) (success ? good_ : bad_).push_back(name);
  if (waiting_ < 0) waiting_ = 0;
}

void Writer::take(const Frame& frame) {
  if (error()) return;
  const auto held = hdf5::lock();
  for (size_t b = 0; b < frame.buckets.size(); ++b)
    for (size_t i = 0; i < size_t(input_count); ++i)
      if (!frame.buckets[b].inputs[i].empty()) inputs_[b][i] = frame.buckets[b].inputs[i];
  for (const Begin& begin : frame.begins) {
    auto& open = open_[size_t(begin.environment)] = std::make_unique<Open>();
    open->begin = begin;
    open->plan = &plans_[size_t(seats_[size_t(begin.environment)].bucket)];
    open->began = frame.substep;
    open->signals.resize(open->plan->signals.size());
  }
  for (size_t e = 0; e < open_.size(); ++e)
    if (open_[e]) add(*open_[e], frame, int(e));
  for (const Frame::End& one : frame.ends) {
    auto& open = open_[size_t(one.environment)];
    if (open) end(*open, frame, one.environment, one.why);
    open.reset();
  }
  if (waiting_ >= 0) ++waiting_;
  if (waiting_ > patience || bytes_ >= much) commit();
}

void Writer::commit() {
  File& f = *file_;
  const Handle root = f.root(), data = f.open(root, "data"), mask = f.open(root, "mask");
  f.put(data, "total", int64_t(totals_.samples));
  f.names(mask, "success", good_before_, good_), f.names(mask, "failure", bad_before_, bad_);
  good_before_ += good_.size(), bad_before_ += bad_.size();
  good_.clear(), bad_.clear();
  f.commit();
  bytes_ = 0, waiting_ = -1;
  if (!error()) committed_ = totals_;
}

void Writer::finish() {
  const auto held = hdf5::lock();
  if (!error()) {
    const Handle root = file_->root(), own = file_->open(root, "nuri");
    file_->put(own, "complete", uint8_t(1));
    commit();
  }
  file_->close();
}

}  // namespace nuri::record
