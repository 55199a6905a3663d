// Meshes that collide as convex parts. The compiler puts the parts of a geom behind it, as geoms with meshes "NAME~0" and on (docs/scene-format.md),
// so geoms have other numbers then: those that are no parts stay in their order.
#include <algorithm>
#include "engine/scene/yaml.h"
#include "tools/editor/workbench/command.h"

namespace nuri::editor {
namespace {
using model::MeshFacts;

const session::Facts* facts_of(const session::Loaded& loaded, const model::Model& m) {
  for (size_t i = 0; i < loaded.models.size() && i < loaded.facts.size(); ++i)
    if (loaded.models[i].get() == &m) return &loaded.facts[i];
  return nullptr;
}

const MeshFacts* find(const std::vector<MeshFacts>& meshes, const std::string& name) {
  const auto found = std::find_if(meshes.begin(), meshes.end(), [&](const MeshFacts& mesh) { return mesh.name == name; });
  return found == meshes.end() ? nullptr : &*found;
}

// The mesh that this one is a part of; null: it is a whole one.
const MeshFacts* whole_of(const MeshFacts& mesh, const std::vector<MeshFacts>& meshes) {
  const size_t mark = mesh.name.rfind('~');
  const bool part = mesh.file.empty() && mark != std::string::npos && mark + 1 < mesh.name.size() &&
      mesh.name.find_first_not_of("0123456789", mark + 1) == std::string::npos;
  return part ? find(meshes, mesh.name.substr(0, mark)) : nullptr;
}

// Ascending.
std::vector<int> geoms_that_are_no_parts(const model::Model& m, const std::vector<MeshFacts>& meshes) {
  std::vector<bool> part(size_t(m.geom_count), false);
  for (const MeshFacts& mesh : meshes)
    if (whole_of(mesh, meshes))
      for (const int g : mesh.geoms) part[size_t(g)] = true;
  std::vector<int> out;
  for (int g = 0; g < m.geom_count; ++g)
    if (!part[size_t(g)]) out.push_back(g);
  return out;
}

}  // namespace

int Workbench::carry_geom(int geom, session::Session& to) const {
  if (geom < 0 || selected.environment < 0 || selected.environment >= std::min(session_->environments(), to.environments())) return -1;
  const model::Model &was = session_->world().model(selected.environment), &is = to.world().model(selected.environment);
  const session::Facts *before = facts_of(session_->loaded(), was), *now = facts_of(to.loaded(), is);
  if (!before || !now) return geom < is.geom_count ? geom : -1;
  const std::vector<int> from = geoms_that_are_no_parts(was, before->meshes), there = geoms_that_are_no_parts(is, now->meshes);
  const auto at = std::upper_bound(from.begin(), from.end(), geom);   // of a part, the geom that it stands behind
  return from.size() == there.size() && at != from.begin() ? there[size_t(at - from.begin()) - 1] : -1;
}

std::optional<Workbench::Parts> Workbench::parts_of(const Pick& pick) const {
  const std::optional<Placement> where = placement_of(pick);
  if (!where || pick.geom < 0) return std::nullopt;
  const model::Model& m = session_->world().model(pick.environment);
  const session::Facts* const facts = facts_of(session_->loaded(), m);
  if (!facts || pick.geom >= m.geom_count) return std::nullopt;
  for (const MeshFacts& mesh : facts->meshes) {
    if (std::find(mesh.geoms.begin(), mesh.geoms.end(), pick.geom) == mesh.geoms.end()) continue;
    const MeshFacts* const whole = whole_of(mesh, facts->meshes);
    const MeshFacts& of = whole ? *whole : mesh;
    const std::string prefix = where->name.empty() ? "" : where->name + '/';
    if (!of.name.starts_with(prefix) || of.name.size() == prefix.size()) return std::nullopt;
    Parts out{of.name.substr(prefix.size()), false, of.closed, 0};
    out.on = scene::matches(scene_text::parts(text_, where->name.empty() ? where->file : where->name), out.mesh);
    for (const MeshFacts& other : facts->meshes) out.count += whole_of(other, facts->meshes) == &of;
    return out.on || m.geom_collides[size_t(pick.geom)] ? std::optional(out) : std::nullopt;
  }
  return std::nullopt;
}

void Workbench::set_parts(const Pick& pick, bool on) {
  errors_.clear();
  if (!session_) return;
  if (replay_) return void(refuse_change());
  settle();
  gesture_ = false;
  const std::optional<Parts> now = parts_of(pick);
  if (!now) return void(refuse("no-mesh", "what is selected has no mesh that collides", "select a geom of a mesh"));
  if (now->on == on) return;
  const Placement where = *placement_of(pick);
  const std::string name = where.name.empty() ? where.file : where.name, prefix = where.name.empty() ? "" : where.name + '/';

  // the others that are wanted, each by its name: a pattern may mean this one too
  const std::vector<std::string> patterns = scene_text::parts(text_, name);
  const std::vector<MeshFacts>& meshes = facts_of(session_->loaded(), session_->world().model(pick.environment))->meshes;
  const std::vector<Placement> models = placements();
  auto is_theirs = [&](const MeshFacts& mesh) {   // of a model with a name, where this one has none
    return prefix.empty() && std::any_of(models.begin(), models.end(), [&](const Placement& p) { return !p.name.empty() && mesh.name.starts_with(p.name + '/'); });
  };
  std::vector<std::string> wanted;
  for (const MeshFacts& mesh : meshes) {
    if (!mesh.name.starts_with(prefix) || whole_of(mesh, meshes) || is_theirs(mesh)) continue;
    const std::string own = mesh.name.substr(prefix.size());
    if (own == now->mesh ? on : scene::matches(patterns, own)) wanted.push_back(own);
  }
  const Result<std::string> text = scene_text::with_parts(text_, name, wanted);
  if (!text) return void(errors_ = text.errors());

  // the scene of that text in this one's state; only then it is a change
  hand_.apply(session_->world(), std::nullopt, 1);
  session::Saved before = session_->save(everyone());
  const std::string text_before = text_;
  const uint64_t hash_before = session_->world().hash();
  if (!rebuild(*text, nullptr, nullptr, nullptr)) return;
  Command& c = change(Command::parts, name + ' ' + now->mesh, {});
  gesture_ = false;
  c.name = name;
  c.text_before = text_before;
  c.before = std::move(before);
  c.hash_before = hash_before;
  c.after = session_->save(everyone());
  c.hash_after = session_->world().hash();
  tell((on ? "convex parts of " : "hull of ") + prefix + now->mesh);
}

}  // namespace nuri::editor
