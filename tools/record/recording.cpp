#include "tools/record/recording.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include "engine/scene/xml.h"

namespace nuri::record {
namespace {

constexpr uint64_t most_packing = 1100;          // deflate's best is 1032 to 1
constexpr uint64_t slack = 1 << 20;              // bytes that may come of nothing
constexpr uint64_t block = 64 << 20;             // bytes of one answer
constexpr uint64_t largest_model = uint64_t{1} << 32;
constexpr size_t kept_fields = 8192;             // episodes whose fields are remembered
constexpr int deepest = 4;                       // groups below an episode

// Reads attributes of one group: those that are missing or of another type are told by wrong().
class Reader {
 public:
  Reader(const Entry& entry, std::string where) : entry_(entry), where_(std::move(where)) {}
  template <class T> void whole(const char* name, T& out, bool needed = true) {
    const Attribute* const a = entry_.find(name);
    if (!a && !needed) return;
    const bool is_whole = a && a->type < Number::f32;
    const bool is_unsigned = a && a->type == Number::u64;
    if (!is_whole || (is_unsigned ? !std::in_range<T>(uint64_t(a->whole)) : !std::in_range<T>(a->whole))) return miss(name);
    out = T(a->whole);
  }
  void real(const char* name, double& out) {
    const Attribute* const a = entry_.find(name);
    if (!a || (a->type != Number::f64 && a->type != Number::f32) || !std::isfinite(a->real)) return miss(name);
    out = a->real;
  }
  void text(const char* name, std::string& out, bool needed = true) {
    const Attribute* const a = entry_.find(name);
    if (!a && !needed) return;
    if (!a || a->type != Number::text) return miss(name);
    out = a->text;
  }
  void miss(const char* name) {
    if (wrong_.empty()) wrong_ = where_ + " has no usable attribute '" + name + "'";
  }
  const std::string& wrong() const { return wrong_; }

 private:
  const Entry& entry_;
  std::string where_, wrong_;
};

// The number of "demo_17"; -1: something else.
int demo_of(const std::string& name) {
  if (!name.starts_with("demo_") || name.size() > 5 + 9 || name.size() == 5) return -1;
  const std::string digits = name.substr(5);
  if (digits.find_first_not_of("0123456789") != std::string::npos || (digits.size() > 1 && digits[0] == '0')) return -1;
  return std::stoi(digits);
}

}  // namespace

Diagnostic Recording::damaged(std::string message) const {
  return {
      Severity::error, "damaged-recording", std::move(message), "the file is damaged, or another program wrote it", {path(), 0, 0}, {}, {}};
}

void Recording::note(std::string code, std::string message, std::string hint) {
  notes_.push_back({Severity::warning, std::move(code), std::move(message), std::move(hint), {path(), 0, 0}, {}, {}});
}

Result<std::unique_ptr<Recording>> Recording::open(const std::string& path) {
  auto vault = Vault::open(path);
  if (!vault) return vault.errors();
  std::unique_ptr<Recording> out(new Recording());
  out->vault_ = std::move(*vault);
  if (auto errors = out->read_info(); !errors.empty()) return errors;
  if (auto errors = out->read_episodes(); !errors.empty()) return errors;
  return out;
}

std::vector<Diagnostic> Recording::read_info() {
  const auto root = vault_->list("/");
  if (!root) return root.errors();
  if (std::none_of(root->begin(), root->end(), [](const Entry& e) { return e.group && e.name == "nuri"; }))
    return {{Severity::error,
             "not-a-recording",
             "it is an HDF5 file, but no recording of Nuri's: it has no group 'nuri'",
             "nuri run SCENE --record FILE.h5 writes recordings",
             {path(), 0, 0},
             {},
             {}}};
  const auto group = vault_->list("/nuri");
  if (!group) return group.errors();
  Reader reader(group->front(), "the group 'nuri'");
  int format = 0, complete = 0;
  reader.whole("format", format);
  if (format > recording_format)
    return {{Severity::error,
             "newer-recording",
             "its format is " + std::to_string(format) + ", this program knows " + std::to_string(recording_format),
             "a newer Nuri reads it",
             {path(), 0, 0},
             {},
             {}}};
  std::string precision;
  reader.text("version", info_.version), reader.text("name", info_.name), reader.text("scene", info_.scene),
      reader.text("precision", precision);
  reader.real("control_period", info_.control_period), reader.real("timestep", info_.timestep);
  reader.whole("substeps", info_.substeps), reader.whole("seed", info_.seed), reader.whole("first_id", info_.first_id);
  reader.whole("environments", info_.environments), reader.whole("complete", complete), reader.whole("every", info_.every, false);
  if (format < 1) reader.miss("format");
  if (info_.substeps < 1 || info_.substeps > 1'000'000) reader.miss("substeps");
  if (info_.every < 1 || info_.every > 1'000'000'000) reader.miss("every");
  if (!(info_.timestep > 0)) reader.miss("timestep");
  if (!(std::fabs(info_.control_period - info_.timestep * info_.substeps) <= 1e-9 * info_.control_period)) reader.miss("control_period");
  if (precision != "float" && precision != "double") reader.miss("precision");
  if (!reader.wrong().empty()) return {damaged(reader.wrong())};
  info_.precision = precision == "double" ? Precision::f64 : Precision::f32;
  info_.complete = complete != 0;

  const auto models = vault_->list("/nuri/models");
  if (!models) return models.errors();
  while (std::any_of(models->begin(), models->end(), [&](const Entry& e) { return !e.group && e.name == std::to_string(info_.variants); }))
    ++info_.variants;
  if (info_.variants == 0) return {damaged("there is no model in it")};
  return {};
}

std::vector<Diagnostic> Recording::read_episodes() {
  const auto root = vault_->list("/");
  if (!root) return root.errors();
  auto has = [&](const char* name) {
    return std::any_of(root->begin(), root->end(), [&](const Entry& e) { return e.group && e.name == name; });
  };
  if (!has("data")) return {damaged("there is no group 'data' in it")};
  const auto data = vault_->list("/data");
  if (!data) return data.errors();
  for (size_t i = 1; i < data->size(); ++i) {
    const Entry& entry = (*data)[i];
    EpisodeInfo e;
    e.demo = demo_of(entry.name);
    if (!entry.group || e.demo < 0) continue;
    Reader reader(entry, "data/" + entry.name);
    int success = 0;
    reader.whole("num_samples", e.samples), reader.whole("seed", e.seed), reader.whole("environment", e.environment), reader.whole("episode", e.number);
    reader.whole("variant", e.variant), reader.whole("success", success), reader.whole("fault", e.fault), reader.whole("began", e.began);
    reader.whole("substeps", e.substeps), reader.text("ended", e.ended);
    e.success = success != 0;
    constexpr uint64_t much = uint64_t{1} << 53;
    if (e.variant < 0 || e.variant >= info_.variants) reader.miss("variant");
    if (e.samples > much || e.samples > e.substeps) reader.miss("num_samples");
    if (e.began > much) reader.miss("began");
    if (e.substeps > (vault_->size() / sizeof(uint64_t) + 1) * uint64_t(info_.substeps)) reader.miss("substeps");   // a hash for each stretch, hardly compressible
    if (e.environment < info_.first_id || e.environment - info_.first_id >= info_.environments) reader.miss("environment");
    if (!reader.wrong().empty()) note("damaged-episode", reader.wrong(), "it is left out");
    else episodes_.push_back(std::move(e));
  }
  std::sort(episodes_.begin(), episodes_.end(), [](const EpisodeInfo& a, const EpisodeInfo& b) { return a.demo < b.demo; });

  if (has("unfinished")) {
    const auto unfinished = vault_->list("/unfinished");
    if (!unfinished) return unfinished.errors();
    for (size_t i = 1; i < unfinished->size(); ++i) {
      const std::string& name = (*unfinished)[i].name;
      if (!name.empty() && name.size() <= 19 && name.find_first_not_of("0123456789") == std::string::npos) unfinished_.push_back(std::stoull(name));
    }
    std::sort(unfinished_.begin(), unfinished_.end());
  }
  if (!info_.complete) note("incomplete-recording", "its writer did not come to its end", "what it had finished is here");
  if (!unfinished_.empty())
    note("unfinished-episodes", std::to_string(unfinished_.size()) + (unfinished_.size() == 1 ? " episode was" : " episodes were") + " not finished and " + (unfinished_.size() == 1 ? "is" : "are") + " left out");
  return {};
}

int Recording::find(int demo) const {
  const auto found = std::lower_bound(episodes_.begin(), episodes_.end(), demo, [](const EpisodeInfo& e, int number) { return e.demo < number; });
  return found != episodes_.end() && found->demo == demo ? int(found - episodes_.begin()) : -1;
}

// ---- data ----------------------------------------------------------------------------------------------------------------

Result<Table> Recording::rows(const std::string& path, const Entry& entry, uint64_t first, uint64_t count) {
  const uint64_t all = entry.shape.empty() ? 1 : entry.shape[0];
  if (entry.type == Number::text) return vault_->read(path, first, count);
  uint64_t row = bytes_of(entry.type), whole = 0, most = 0;
  bool sound = row > 0 && entry.stored <= vault_->size();
  for (size_t i = 1; i < entry.shape.size(); ++i) sound = sound && !__builtin_mul_overflow(row, entry.shape[i], &row);
  sound = sound && !__builtin_mul_overflow(row, all, &whole) && !__builtin_mul_overflow(vault_->size(), most_packing, &most) && whole <= most + slack && row <= block;
  if (!sound) return damaged(path + " is not as large as it says, or no list of numbers");
  first = std::min(first, all);
  count = std::min(count, all - first);
  Table out;
  out.type = entry.type;
  out.shape = entry.shape;
  if (!out.shape.empty()) out.shape[0] = count;
  const uint64_t piece = row == 0 ? std::max<uint64_t>(count, 1) : std::max<uint64_t>(1, block / row);
  for (uint64_t done = 0; done < count; done += piece) {
    const uint64_t wanted = std::min(piece, count - done);
    auto some = vault_->read(path, first + done, wanted);
    if (!some) return some.errors();
    if (some->type != out.type || some->bytes.size() != wanted * row) return damaged(path + " cannot be read");
    if (piece >= count) out.bytes = std::move(some->bytes);
    else out.bytes.insert(out.bytes.end(), some->bytes.begin(), some->bytes.end());
    out.texts.insert(out.texts.end(), std::make_move_iterator(some->texts.begin()), std::make_move_iterator(some->texts.end()));
  }
  return out;
}

std::vector<Diagnostic> Recording::walk(const std::string& group, const std::string& below, int depth, std::vector<Field>& out) {
  const auto members = vault_->list(group);
  if (!members) return members.errors();
  for (size_t i = 1; i < members->size(); ++i) {
    const Entry& entry = (*members)[i];
    if (!entry.group) out.push_back({below + entry.name, entry});
    else if (depth < deepest)
      if (auto errors = walk(group + "/" + entry.name, below + entry.name + "/", depth + 1, out); !errors.empty()) return errors;
  }
  return {};
}

Result<const std::vector<Field>*> Recording::fields(int k) {
  if (const auto known = fields_.find(k); known != fields_.end()) return &known->second;
  std::vector<Field> out;
  if (auto errors = walk("/data/" + episode(k).name(), "", 1, out); !errors.empty()) return errors;
  std::sort(out.begin(), out.end(), [](const Field& a, const Field& b) { return a.path < b.path; });
  if (fields_.size() >= kept_fields) fields_.clear();
  return &(fields_[k] = std::move(out));
}

Result<Table> Recording::read(int k, const std::string& field, uint64_t first, uint64_t count) {
  const auto all = fields(k);
  if (!all) return all.errors();
  for (const Field& f : **all)
    if (f.path == field) return rows("/data/" + episode(k).name() + "/" + field, f.entry, first, count);
  std::vector<std::string> names;
  for (const Field& f : **all) names.push_back(f.path);
  const std::string near = scene::xml::nearest(field, names);
  return Diagnostic{Severity::error, "unknown-name", episode(k).name() + " has no field '" + field + "'", near.empty() ? "" : "did you mean '" + near + "'?", {path(), 0, 0}, {}, {}};
}

Result<std::shared_ptr<const model::Model>> Recording::model(int variant) {
  if (const auto known = models_.find(variant); known != models_.end()) return known->second;
  const std::string where = "/nuri/models/" + std::to_string(variant);
  const auto group = vault_->list("/nuri/models");
  if (!group) return group.errors();
  for (size_t i = 1; i < group->size(); ++i) {
    const Entry& entry = (*group)[i];
    if (entry.name != std::to_string(variant)) continue;
    if (entry.type != Number::u8 || entry.shape.size() != 1 || entry.shape[0] > largest_model) return damaged(where + " holds no model");
    const auto bytes = rows(where, entry, 0, entry.shape[0]);
    if (!bytes) return bytes.errors();
    auto model = model::deserialize({reinterpret_cast<const char*>(bytes->bytes.data()), bytes->bytes.size()}, path() + where);
    if (!model) return model.errors();
    return models_[variant] = std::make_shared<const model::Model>(std::move(*model));
  }
  return damaged("there is no model " + std::to_string(variant) + " in it");
}

Result<std::string> Recording::scene_text() {
  const auto group = vault_->list("/nuri");
  if (!group) return group.errors();
  for (size_t i = 1; i < group->size(); ++i)
    if ((*group)[i].name == "scene" && !(*group)[i].group && (*group)[i].type == Number::text) {
      const auto text = vault_->read("/nuri/scene", 0, 1);
      if (!text) return text.errors();
      return text->texts.size() == 1 ? text->texts[0] : std::string();
    }
  return std::string();
}

}  // namespace nuri::record
