#include "tools/editor/workbench/workbench.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <numeric>
#include "engine/core/hash.h"
#include "engine/core/new_file.h"
#include "engine/scene/mjcf.h"
#include "tools/editor/workbench/carry.h"
#include "tools/editor/workbench/command.h"
#include "tools/editor/workbench/history.h"
#include "tools/editor/workbench/streams.h"
#include "tools/record/replay.h"
#include "tools/session/poses.h"

namespace nuri::editor {
namespace {
namespace fs = std::filesystem;

constexpr double state_memory = double(size_t{1} << 30);   // bytes of all environments' states, where the scene says how many there are
constexpr double look_pause = 0.25;              // s between two looks at the files' times

bool is_scene(const std::string& path) {
  const std::string extension = fs::path(path).extension().string();
  return extension == ".yaml" || extension == ".yml";
}
bool is_compiled(const std::string& path) { return fs::path(path).extension() == ".model"; }
bool is_urdf(const std::string& path) { return fs::path(path).extension() == ".urdf"; }
std::string folder_of(const std::string& path) { return fs::path(path).parent_path().string(); }

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

}  // namespace

Workbench::Workbench(Options options) : options_(std::move(options)), history_(std::make_unique<History>(options_.history_bytes)),
    streams_(std::make_unique<Streams>(*this)) {}
Workbench::~Workbench() = default;

bool Workbench::refuse(std::string code, std::string message, std::string hint) {
  errors_ = {{Severity::error, std::move(code), std::move(message), std::move(hint), {path_, 0, 0}, {}, {}}};
  return false;
}

void Workbench::say(std::string text) {
  text_ = std::move(text);
  scene_ = Hash().add(std::string_view(text_)).value();
}

std::vector<int> Workbench::everyone() const {
  std::vector<int> out(size_t(session_->environments()));
  std::iota(out.begin(), out.end(), 0);
  return out;
}

// ---- opening -------------------------------------------------------------------------------------------------------------

Result<session::Loaded> Workbench::load(const std::string& path, const std::string& text) const {
  if (!is_compiled(path)) return session::load_scene_text(text, path, options_.paths);
  Result<session::Loaded> loaded = session::load(path, options_.paths);
  if (loaded) loaded->settings = {};
  return loaded;
}

Result<std::unique_ptr<session::Session>> Workbench::make(session::Loaded loaded, std::shared_ptr<const session::PolicyFile> policy) const {
  if (policy) session::set_policy(loaded, std::move(policy));
  WorldOptions options = options_.world;
  if (options.environments <= 0) {
    const double bytes = session::bytes_per_environment(loaded, options.precision == Precision::f32 ? 4 : 8);
    options.environments = int(std::clamp(state_memory / bytes, 1.0, double(loaded.settings.environments)));
  }
  if (options.seed == 0) options.seed = loaded.settings.seed;
  return session::Session::create(std::move(loaded), options);
}

bool Workbench::open(const std::string& path) {
  if (is_recording(path)) return open_recording(path, replay_ && path == path_ ? recorded_environment() : options_.recorded);
  errors_.clear();
  const bool again = session_ && path == path_;
  auto fail = [&](const std::vector<Diagnostic>& errors) {
    errors_ = errors;
    if (again) look_at_files();                  // until they change once more
    return false;
  };
  std::string text;
  Result<session::Loaded> loaded = Diagnostic{};
  if (is_urdf(path) || scene::is_mjcf(path) || is_compiled(path)) {
    text = scene_text::around(fs::path(path).filename().string(), is_urdf(path));
    loaded = load(path, text);
    if (!loaded)                                 // the file alone says it without the scene around it
      if (const Result<session::Loaded> alone = session::load(path, options_.paths); !alone) return fail(alone.errors());
  } else {
    loaded = session::load(path, options_.paths);
    if (loaded) text = loaded->text;
  }
  if (!loaded) return fail(loaded.errors());
  std::shared_ptr<const session::PolicyFile> policy;
  if (again && policy_) {
    auto file = session::read_policy(policy_->path);
    if (!file) return fail(file.errors());
    policy = std::make_shared<const session::PolicyFile>(std::move(*file));
  }
  auto made = make(std::move(*loaded), policy);
  if (!made) return fail(made.errors());

  // from here on nothing fails
  placing_.reset();
  if (again) {
    hand_.apply(session_->world(), std::nullopt, 1);
    if (carry_state(*session_, **made)) (*made)->world().forward();
    if (selected.environment < std::min((*made)->environments(), session_->environments())) {
      const model::Model &from = session_->world().model(selected.environment), &to = (*made)->world().model(selected.environment);
      selected.body = carry_index(selected.body, from.body_name, to.body_name);
      selected.geom = selected.body < 0 ? -1 : carry_index(selected.geom, from.geom_name, to.geom_name);
    } else {
      selected = {};
    }
  } else {
    selected = {};
    focus = 0;
  }
  settle_nothing();                              // what was held may be another body now
  path_ = path;
  policy_ = std::move(policy);
  say(std::move(text));
  saved_text_ = text_;
  hand_ = {};
  adopt(std::move(*made));
  return true;
}

void Workbench::adopt(std::unique_ptr<session::Session> session) {
  streams_->leave();
  session_ = std::move(session);
  scenery_ = session::scenery_of(session_->world());
  drawn_ = {};
  for (const scene::RandomField& rule : session_->settings().fields) redraw(rule.field);
  ++generation_;
  owed_ = 0;
  focus = std::clamp(focus, 0, session_->environments() - 1);
  touches_.reset();
  look_at_files();
  history_->begin(*session_, hand_, scene_);
}

void Workbench::look_at_files() {
  files_.clear();
  std::vector<std::string> files = session_->loaded().files;
  if (policy_) files.push_back(policy_->path);
  for (const std::string& file : files) {
    std::error_code error;
    const Time time = fs::last_write_time(file, error);
    files_[file] = error ? Time::min() : time;
  }
}

bool Workbench::files_changed() {
  if (!session_ || now() - looked_ < look_pause) return false;
  looked_ = now();
  return std::any_of(files_.begin(), files_.end(), [](const auto& file) {
    std::error_code error;
    const Time time = fs::last_write_time(file.first, error);
    return (error ? Time::min() : time) != file.second;
  });
}

// ---- saving --------------------------------------------------------------------------------------------------------------

bool Workbench::changed() const { return text_ != saved_text_; }

bool Workbench::save(const std::string& path) {
  errors_.clear();
  if (!session_) return refuse("nothing-open", "there is no scene to save");
  if (replay_) return refuse_change();
  if (is_compiled(path_)) return save_model(path);
  if (!is_scene(path))
    return refuse("not-a-scene", "a scene is saved as a file that ends in .yaml", "robots are not written, only the scene around them");
  settle();
  const std::string from = folder_of(path_), to = folder_of(path);
  const Result<std::string> text = scene_text::moved(text_, from, to);
  if (!text) return errors_ = text.errors(), false;

  if (const Result<bool> written = write_whole(path, *text); !written)
    return refuse("unwritable", path + " cannot be written: " + written.errors().front().message, written.errors().front().hint);
  for (const auto& command : commands_)          // what was done before is undone in the new folder too
    for (std::string* kept : {&command->text_before, &command->text_after})
      if (command->of_scene())
        if (Result<std::string> there = scene_text::moved(*kept, from, to)) *kept = std::move(*there);
  path_ = path;
  say(*text);
  saved_text_ = text_;
  look_at_files();
  std::error_code error;
  files_[path] = fs::last_write_time(path, error);
  return true;
}

// A compiled model with the numbers that were changed, all that follows from them derived anew: opened again, it runs as this one does.
bool Workbench::save_model(const std::string& path) {
  if (!is_compiled(path))
    return refuse("compiled-model", "a compiled model is saved as a file that ends in .model: scene files cannot hold it",
                  "open the MJCF or URDF file that it was compiled from to make a scene");
  end_gesture();
  const World& world = session_->world();
  model::Model changed = session_->model();
#define NURI_REAL(name, count, unit, doc)    \
  if (Bucket::can_differ(#name))             \
    for (size_t i = 0; i < changed.name.size(); ++i) changed.name[i] = world.overridden(#name, 0, int(i)).value_or(changed.name[i]);
#include "engine/model/model_fields.inl"
  for (std::vector<double>* quats : {&changed.body_quat, &changed.body_iquat, &changed.geom_quat, &changed.site_quat})
    for (size_t i = 0; i + 3 < quats->size(); i += 4) {   // as the world makes them unit
      double* const q = quats->data() + i;
      const double n = std::sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3]);
      if (n > 0 && std::abs(n - 1) > 1e-9) for (int k = 0; k < 4; ++k) q[k] /= n;
    }
  model::derive(changed);
  if (const Result<bool> written = model::write_file(changed, path); !written) return errors_ = written.errors(), false;
  path_ = path;
  saved_text_ = text_;
  look_at_files();
  std::error_code error;
  files_[path] = fs::last_write_time(path, error);
  return true;
}

}  // namespace nuri::editor
