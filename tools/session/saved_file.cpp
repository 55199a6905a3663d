#include "tools/session/saved_file.h"

#include <iterator>
#include <numeric>
#include "engine/core/hash.h"
#include "engine/model/bytes.h"

namespace nuri::session {
namespace {

using model::Reader, model::Writer;

constexpr uint64_t magic = 0x31564153'4952554E;  // "NURISAV1"

constexpr const char* field_names[] = {           // numbers of models, as buckets count them
#define NURI_REAL(name, count, unit, doc) #name,
#define NURI_DERIVED(name, count, unit, doc) #name,
#include "engine/model/model_fields.inl"
};
struct Override { int field, item; double value; };
using Overrides = std::vector<Override>;

Overrides overrides_of(const World& world, int environment) {
  Overrides out;
  const auto place = world.place(environment);
  world.bucket(place.bucket).each_override(place.index, [&](int field, int item, double value) { out.push_back({field, item, value}); });
  return out;
}

// Instead of those that are there. False: the environment's model has no such numbers.
bool put_overrides(World& world, int environment, const Overrides& overrides) {
  for (const Override& o : overrides_of(world, environment)) world.clear_override(field_names[o.field], environment, o.item);
  for (const Override& o : overrides)
    if (o.field < 0 || o.field >= int(std::size(field_names)) || !world.override_field(field_names[o.field], environment, o.item, o.value)) return false;
  return true;
}

// What a snapshot fits: precision, models, and who has which.
uint64_t fingerprint(Session& session) {
  const World& world = session.world();
  Hash h;
  h.add(int(world.options().precision)).add(world.environments()).add(session.settings().substeps);
  for (int b = 0; b < world.buckets(); ++b) h.add(model::hash(world.bucket(b).model()));
  for (int e = 0; e < world.environments(); ++e) h.add(world.place(e).bucket).add(world.id(e));
  return h.value();
}

template <class T> void put_list(Writer& out, const std::vector<T>& list) { out.put(uint32_t(list.size())), out.array(list); }
template <class T> void get_list(Reader& in, std::vector<T>& out) { in.array(out, in.get<uint32_t>()); }

void put_pose(Writer& out, const Pose& pose) {
  for (const double x : pose.position) out.put(x);
  for (const double x : pose.orientation) out.put(x);
}
Pose get_pose(Reader& in) {
  Pose out;
  for (double& x : out.position) x = in.get<double>();
  for (double& x : out.orientation) x = in.get<double>();
  return out;
}

void put_timeline(Writer& out, const TimelineState& s) {
  out.put(int32_t(s.progress)), out.put(int32_t(s.failure)), out.put(int32_t(s.action)), out.put(int32_t(s.missed));
  out.put(s.step), out.put(s.began), out.put(int32_t(s.begun)), out.put(s.duration);
  put_pose(out, s.to);
  put_list(out, s.controls);
  out.put(s.position_error), out.put(s.angle_error);
  out.put(uint32_t(s.controllers.size()));
  for (const ControllerState& c : s.controllers) {
    put_list(out, c.joints), put_list(out, c.rest);
    put_pose(out, c.setpoint), put_pose(out, c.origin);
    out.put(int32_t(c.followed));
  }
}

bool get_timeline(Reader& in, TimelineState& s) {
  const int progress = in.get<int32_t>(), failure = in.get<int32_t>();
  s.progress = Progress(progress), s.failure = Failure(failure), s.action = in.get<int32_t>(), s.missed = in.get<int32_t>();
  s.step = in.get<int64_t>(), s.began = in.get<int64_t>(), s.begun = in.get<int32_t>() != 0, s.duration = in.get<int64_t>();
  s.to = get_pose(in);
  get_list(in, s.controls);
  s.position_error = in.get<double>(), s.angle_error = in.get<double>();
  const uint32_t controllers = in.get<uint32_t>();
  for (uint32_t c = 0; c < controllers && !in.broken; ++c) {
    ControllerState& state = s.controllers.emplace_back();
    get_list(in, state.joints), get_list(in, state.rest);
    state.setpoint = get_pose(in), state.origin = get_pose(in);
    state.followed = in.get<int32_t>();
    if (state.followed < -1) return false;
  }
  return !in.broken && progress >= 0 && progress <= int(Progress::failed) && failure >= 0 && failure <= int(Failure::frozen) && s.action >= 0;
}

}  // namespace

std::string snapshot(Session& session) {
  std::vector<int> everyone(size_t(session.environments()));
  std::iota(everyone.begin(), everyone.end(), 0);
  const Saved saved = session.save(everyone);
  Writer out;
  out.put(magic), out.put(fingerprint(session));
  out.put(saved.substep), out.put(saved.timeline_next);
  for (const Episode& e : saved.episodes) out.put(e.seed), out.put(e.number), out.put(e.began);
  out.array(saved.worlds);
  for (const TimelineState& s : saved.timelines) put_timeline(out, s);
  for (const int e : everyone) {
    const Overrides overrides = overrides_of(session.world(), e);
    out.put(uint32_t(overrides.size()));
    for (const Override& o : overrides) out.put(int32_t(o.field)), out.put(int32_t(o.item)), out.put(o.value);
  }
  out.put(Hash().add(std::string_view(out.out)).value());
  return std::move(out.out);
}

std::optional<Diagnostic> put_back(Session& session, const std::string& bytes) {
  auto refuse = [](std::string code, std::string message, std::string hint) { return Diagnostic{Severity::error, std::move(code), std::move(message), std::move(hint), {}, {}, {}}; };
  if (bytes.size() < 3 * sizeof(uint64_t)) return refuse("not-a-snapshot", "these are not the bytes of a snapshot", "World.save makes them");
  const size_t end = bytes.size() - sizeof(uint64_t);
  Reader in(bytes, end);
  if (in.get<uint64_t>() != magic) return refuse("not-a-snapshot", "these are not the bytes of a snapshot of this version", "World.save makes them");
  const std::string tail = bytes.substr(end);
  if (Reader(tail, tail.size()).get<uint64_t>() != Hash().add(std::string_view(bytes).substr(0, end)).value()) return refuse("damaged-snapshot", "the snapshot is damaged", "");
  if (in.get<uint64_t>() != fingerprint(session))
    return refuse("other-scene", "the snapshot is of another scene, precision, or number of environments", "make the world as the one that was saved");

  World& world = session.world();
  Saved saved;
  saved.substep = in.get<uint64_t>(), saved.timeline_next = in.get<uint64_t>();
  size_t rows = 0;
  for (int e = 0; e < world.environments(); ++e) {
    saved.environments.push_back(e);
    Episode& episode = saved.episodes.emplace_back();
    episode.seed = in.get<uint64_t>(), episode.number = in.get<uint64_t>(), episode.began = in.get<uint64_t>();
    rows += world.saved_bytes(e);
  }
  in.array(saved.worlds, int64_t(rows));
  const auto damaged = refuse("damaged-snapshot", "the snapshot is damaged", "");
  for (int e = 0; session.timeline() && e < world.environments(); ++e)
    if (!get_timeline(in, saved.timelines.emplace_back())) return damaged;
  std::vector<Overrides> overrides(size_t(world.environments()));
  for (auto& list : overrides) {
    const uint32_t count = in.get<uint32_t>();
    for (uint32_t i = 0; i < count && !in.broken; ++i) {
      const int field = in.get<int32_t>(), item = in.get<int32_t>();
      list.push_back({field, item, in.get<double>()});
    }
  }
  if (in.broken || in.left() > 0) return damaged;
  std::vector<Overrides> before;
  bool fits = true;
  for (int e = 0; e < world.environments() && fits; ++e) {
    before.push_back(overrides_of(world, e));
    fits = put_overrides(world, e, overrides[size_t(e)]);
  }
  if (fits && session.restore(saved)) {          // which draws what belongs to the episodes: what was set instead comes after
    for (int e = 0; e < world.environments(); ++e) put_overrides(world, e, overrides[size_t(e)]);
    return std::nullopt;
  }
  for (size_t e = 0; e < before.size(); ++e) put_overrides(world, int(e), before[e]);
  return damaged;
}

}  // namespace nuri::session
