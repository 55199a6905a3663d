// Models that are attached: loading them, and what of them does not travel with their elements: keyframes and options.
#include <algorithm>
#include <filesystem>
#include <limits>
#include "engine/core/paths.h"
#include "engine/scene/actuators.h"
#include "engine/scene/mjcf_reader.h"

namespace nuri::scene::mjcf {
namespace {

constexpr std::size_t most_key_numbers = 10'000'000;    // of all attached keyframes
constexpr std::size_t freedoms[] = {6, 3, 1, 1};

std::vector<double> initial(const Scene& scene, const Joint& joint) {
  if (joint.type == JointType::ball) return {1, 0, 0, 0};
  if (joint.type != JointType::free) return {joint.ref};
  const Body& body = scene.bodies[static_cast<std::size_t>(joint.body)];
  return {body.pos[0], body.pos[1], body.pos[2], body.quat[0], body.quat[1], body.quat[2], body.quat[3]};
}

// Where the numbers of a keyframe belong: one entry for each thing that has some, in order.
struct Slot { const xml::Element* element; std::vector<double> otherwise; };
using Layout = std::vector<Slot>;
struct Layouts { Layout qpos, qvel, act, ctrl, mpos, mquat, plastic; };

Layouts layouts_of(const Reader& r) {
  Layouts l;
  for (std::size_t j = 0; j < r.scene.joints.size(); ++j) {
    const Joint& joint = r.scene.joints[j];
    l.qpos.push_back({r.joints[j], initial(r.scene, joint)});
    l.plastic.push_back({r.joints[j], std::vector<double>(plastic_count(joint), std::numeric_limits<double>::quiet_NaN())});
    l.qvel.push_back({r.joints[j], std::vector<double>(freedoms[static_cast<std::size_t>(joint.type)], 0.0)});
  }
  for (std::size_t i = 0; i < r.scene.actuators.size(); ++i) {
    l.ctrl.push_back({r.actuators[i], neutral_controls(r.scene.actuators[i])});
    l.act.push_back({r.actuators[i], std::vector<double>(static_cast<std::size_t>(activation_count(r.scene.actuators[i])))});
  }
  for (std::size_t t = 0; t < r.scene.tendons.size(); ++t)
    l.plastic.push_back({r.tendons[t], std::vector<double>(plastic_count(r.scene.tendons[t]), std::numeric_limits<double>::quiet_NaN())});
  for (std::size_t b = 1; b < r.scene.bodies.size(); ++b) {
    const Body& body = r.scene.bodies[b];
    if (!body.mocap) continue;
    l.mpos.push_back({r.bodies[b], {body.pos.begin(), body.pos.end()}});
    l.mquat.push_back({r.bodies[b], {body.quat.begin(), body.quat.end()}});
  }
  return l;
}

std::size_t size_of(const Layout& layout) {
  std::size_t size = 0;
  for (const Slot& slot : layout) size += slot.otherwise.size();
  return size;
}

// The numbers of the model's keyframe, put where its parts have come to stand; initial values elsewhere. False: wrong count.
bool place(const std::vector<double>& from, const Layout& model, const Layout& whole, const Attachment& attachment, std::vector<double>& out) {
  if (from.empty()) return true;
  if (from.size() != size_of(model)) return false;
  std::unordered_map<const xml::Element*, std::size_t> begins;
  std::size_t at = 0;
  for (const Slot& slot : model) {
    if (auto copy = attachment.copies.find(slot.element); copy != attachment.copies.end()) begins[copy->second] = at;
    at += slot.otherwise.size();
  }
  for (const Slot& slot : whole) {
    const auto found = begins.find(slot.element);
    const double* values = found == begins.end() ? slot.otherwise.data() : from.data() + found->second;
    out.insert(out.end(), values, values + slot.otherwise.size());
  }
  return true;
}

}  // namespace

void load_models(Reader& reader, const xml::Element& root) {
  for (const auto& section : root.children) {
    if (section->name != "asset") continue;
    for (const auto& child : section->children) {
      if (child->name != "model") continue;
      Attributes a(*child, reader.findings);
      std::string name;
      a.require("file");
      a.text("name", name);
      a.accept({"content_type"});
      const std::string path = reader.find_file(a, "file", {}, xml::limits::file_bytes);
      a.finish();
      reader.no_children(*child);
      if (!name.empty()) reader.models.try_emplace(name, nullptr);
      if (path.empty()) continue;

      // no cycles, not too deep, not too many
      if (auto open = std::find(reader.open_files.begin(), reader.open_files.end(), path); open != reader.open_files.end()) {
        a.error("file", "include-cycle", "the model attaches itself: " + xml::shown(child->find("file")->value) + " is being read");
        continue;
      }
      if (reader.open_files.size() > static_cast<std::size_t>(xml::limits::include_depth)) {
        a.error("file", "include-too-deep", "models attach models more than " + std::to_string(xml::limits::include_depth) + " deep");
        continue;
      }
      if (++reader.spent->files > xml::limits::inclusions) {
        if (reader.spent->files == xml::limits::inclusions + 1) a.error("file", "too-many-inclusions", "more than " + std::to_string(xml::limits::inclusions) + " inclusions and models");
        continue;
      }

      // a model is read as a scene of its own first: what is wrong with it is said in its own words
      auto model = std::make_unique<Reader>();
      model->roots = reader.roots;
      model->spent = reader.spent;
      model->open_files = reader.open_files;
      model->open_files.push_back(path);
      model->settings.folder = std::filesystem::path(path).parent_path().string();
      std::vector<Place> asked{child->place()};
      asked.insert(asked.end(), child->source->included_from.begin(), child->source->included_from.end());
      const auto shown = (std::filesystem::path(reader.document->sources.front()->name).parent_path() / child->find("file")->value).lexically_normal();
      Result<xml::Document> document = xml::load(path, {reader.roots, std::move(asked), reader.spent.get(), shown.string()});
      if (document) model->document = std::make_unique<xml::Document>(std::move(*document));
      if (!document || !read_document(*model)) {
        for (const Diagnostic& d : document ? model->findings.errors.finished() : document.errors())
          if (d.severity == Severity::error) reader.findings.errors.add(d);
        continue;
      }
      if (name.empty()) name = model->scene.name;
      std::unique_ptr<Reader>& entry = reader.models[name];
      if (!entry) entry = std::move(model);
      else a.error(a.has("name") ? "name" : "file", "repeated-name", "there is a model named " + xml::shown(name) + " already");
    }
  }
}

void add_attached_keys(Reader& reader) {
  if (reader.attachments.empty() || reader.findings.errors.count > 0) return;
  const Layouts whole = layouts_of(reader);
  std::size_t numbers = 0;
  for (const Attachment& attachment : reader.attachments) {
    if (attachment.model->scene.keys.empty()) continue;
    const Layouts model = layouts_of(*attachment.model);
    for (const Key& from : attachment.model->scene.keys) {
      Key key;
      key.name = attachment.prefix + from.name;
      key.time = from.time;
      key.place = from.place;
      numbers += size_of(whole.qpos) + size_of(whole.qvel) + size_of(whole.act) + size_of(whole.ctrl) + size_of(whole.mpos) + size_of(whole.mquat) + size_of(whole.plastic);
      if (numbers > most_key_numbers)
        return reader.error(*attachment.at, "too-many-elements", "keyframes of attached models hold more than " + std::to_string(most_key_numbers) + " numbers");
      const bool good = place(from.qpos, model.qpos, whole.qpos, attachment, key.qpos) && place(from.qvel, model.qvel, whole.qvel, attachment, key.qvel) &&
                        place(from.act, model.act, whole.act, attachment, key.act) && place(from.ctrl, model.ctrl, whole.ctrl, attachment, key.ctrl) &&
                        place(from.mpos, model.mpos, whole.mpos, attachment, key.mpos) && place(from.mquat, model.mquat, whole.mquat, attachment, key.mquat) &&
                        place(from.plastic, model.plastic, whole.plastic, attachment, key.plastic);
      if (!good) {
        reader.error(*attachment.at, "bad-keyframe", "keyframe " + xml::shown(from.name) + " of the attached model has not as many numbers as that model");
        continue;
      }
      auto& names = reader.names[static_cast<std::size_t>(Kind::key)];
      if (!names.try_emplace(key.name, Reader::Named{static_cast<int>(reader.scene.keys.size()), from.place}).second) {
        if (!from.name.empty()) reader.error(*attachment.at, "repeated-name", "there is a key named " + xml::shown(key.name) + " already");
        key.name.clear();
      }
      reader.scene.keys.push_back(std::move(key));
    }
  }
}

void report_attached_options(Reader& reader) {
  std::vector<const Reader*> seen;
  for (const Attachment& attachment : reader.attachments) {
    if (std::find(seen.begin(), seen.end(), attachment.model) != seen.end()) continue;
    seen.push_back(attachment.model);
    const Option &here = reader.scene.option, &there = attachment.model->scene.option;
    const Compiler &own = reader.scene.compiler, &other = attachment.model->scene.compiler;
    std::string different;
    auto compare = [&](bool same, const char* name) { if (!same) different += (different.empty() ? "" : ", ") + std::string(name); };
    compare(here.timestep == there.timestep, "timestep");
    compare(here.gravity == there.gravity, "gravity");
    compare(here.wind == there.wind, "wind");
    compare(here.magnetic == there.magnetic, "magnetic");
    compare(here.density == there.density, "density");
    compare(here.viscosity == there.viscosity, "viscosity");
    compare(here.impratio == there.impratio, "impratio");
    compare(here.integrator == there.integrator, "integrator");
    compare(here.cone == there.cone, "cone");
    compare(here.solver == there.solver, "solver");
    compare(here.iterations == there.iterations, "iterations");
    compare(here.noslip_iterations == there.noslip_iterations, "noslip_iterations");
    compare(own.boundmass == other.boundmass, "boundmass");
    compare(own.boundinertia == other.boundinertia, "boundinertia");
    compare(own.settotalmass == other.settotalmass, "settotalmass");
    compare(own.balanceinertia == other.balanceinertia, "balanceinertia");
    compare(own.inertiafromgeom == other.inertiafromgeom, "inertiafromgeom");
    compare(own.inertiagrouprange == other.inertiagrouprange, "inertiagrouprange");
    if (different.empty()) continue;
    const std::string message = "the attached model has other settings than this one: " + different;
    if (reader.settings.keeps_options)
      reader.findings.report.push_back(xml::finding(Severity::warning, *attachment.at, {}, "attached-settings", message + "; those of this one count"));
    else
      reader.error(*attachment.at, reader.settings.merges_options ? "not-supported-yet" : "conflicting-settings", message,
                   reader.settings.merges_options ? "settings are not merged yet: give both the same, or conflict=\"warning\"" : "conflict=\"warning\" takes those of this model");
  }
}

}  // namespace nuri::scene::mjcf
