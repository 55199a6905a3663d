// nuri inspect: what a scene became: sizes, tables, candidate pairs and their owners, rows, the import report, memory. Of recordings:
// inspect_recording.cpp.
#include <fmt/format.h>
#include <algorithm>
#include "physics/scratch_layout.h"
#include "tools/cli/cli.h"

namespace nuri::cli {
namespace {

constexpr const char* joint_types[] = {"free", "ball", "slide", "hinge"};
constexpr const char* geom_types[] = {"plane", "hfield", "sphere", "capsule", "ellipsoid", "cylinder", "box", "mesh"};
constexpr const char* row_kinds[] = {"connect", "weld", "joint equality", "tendon equality", "dof friction", "tendon friction", "joint limit", "ball limit", "tendon limit"};

constexpr const char* collisions[] = {"no", "by its z axis", "yes"};
constexpr const char* sensor_types[] = {
    "touch", "accelerometer", "velocimeter", "gyro", "force", "torque", "magnetometer",
    "jointpos", "jointvel", "tendonpos", "tendonvel", "actuatorpos", "actuatorvel", "actuatorfrc", "jointactuatorfrc", "tendonactuatorfrc",
    "ballquat", "ballangvel", "jointlimitpos", "jointlimitvel", "jointlimitfrc", "tendonlimitpos", "tendonlimitvel", "tendonlimitfrc",
    "framepos", "framequat", "framexaxis", "frameyaxis", "framezaxis", "framelinvel", "frameangvel", "framelinacc", "frameangacc",
    "subtreecom", "subtreelinvel", "subtreeangmom", "e_potential", "e_kinetic", "clock",
    "rangefinder", "contact", "distance", "normal", "fromto", "insidesite", "camprojection", "user"};
static_assert(std::size(sensor_types) == size_t(scene::SensorType::user) + 1);

template <size_t N> std::string word(const char* const (&words)[N], int index) { return index >= 0 && index < int(N) ? words[index] : std::to_string(index); }

std::string name_of(const std::vector<std::string>& names, int index) {
  if (index < 0 || index >= int(names.size())) return "-";
  return names[index].empty() ? "#" + std::to_string(index) : names[index];
}

std::string type_of(const model::Model& m, int geom) { return word(geom_types, m.geom_type[geom]); }

Json sizes(const model::Model& m) {
  Json object;
#define NURI_COUNT(name, doc) object[#name] = m.name;
#include "engine/model/model_fields.inl"
  return object;
}

Json bodies(const model::Model& m) {
  Json list = Json::array();
  for (int b = 0; b < m.body_count; ++b)
    list.push_back({{"body", name_of(m.body_name, b)}, {"parent", name_of(m.body_name, m.body_parent[b])}, {"tree", m.body_tree[b]}, {"joints", m.body_joint_num[b]},
                    {"dofs", m.body_dof_num[b]}, {"mass", m.body_mass[b]}, {"subtree_mass", m.body_subtree_mass[b]}});
  return list;
}

Json joints(const model::Model& m) {
  Json list = Json::array();
  for (int j = 0; j < m.joint_count; ++j) {
    Json row{{"joint", name_of(m.joint_name, j)}, {"type", word(joint_types, m.joint_type[j])}, {"body", name_of(m.body_name, m.joint_body[j])}, {"qpos", m.joint_qpos[j]},
             {"dof", m.joint_dof[j]}, {"armature", m.dof_armature[m.joint_dof[j]]}, {"damping", m.dof_damping[m.joint_dof[j]]}};
    row["range"] = m.joint_limited[j] ? Json::array({m.joint_range[2 * j], m.joint_range[2 * j + 1]}) : Json();
    list.push_back(row);
  }
  return list;
}

Json geoms(const model::Model& m) {
  Json list = Json::array();
  for (int g = 0; g < m.geom_count; ++g)
    list.push_back({{"geom", name_of(m.geom_name, g)}, {"type", type_of(m, g)}, {"body", name_of(m.body_name, m.geom_body[g])}, {"condim", m.geom_condim[g]},
                    {"size", std::vector<double>(m.geom_size.begin() + 3 * g, m.geom_size.begin() + 3 * g + 3)}, {"friction", m.geom_friction[3 * g]}, {"collides", word(collisions, m.geom_collides[g])}});
  return list;
}

Json actuators(const model::Model& m) {
  Json list = Json::array();
  for (int a = 0; a < m.actuator_count; ++a) {
    const auto transmission = scene::Transmission(m.actuator_transmission[a]);
    const bool on_joint = transmission <= scene::Transmission::joint_in_parent || (transmission == scene::Transmission::so3 && m.actuator_reference[a] < 0);
    const auto& targets = transmission == scene::Transmission::tendon ? m.tendon_name : transmission == scene::Transmission::body ? m.body_name : on_joint ? m.joint_name : m.site_name;
    const int u = m.actuator_control_adr[a];
    Json row{{"actuator", name_of(m.actuator_name, a)}, {"target", name_of(targets, m.actuator_target[a])}, {"gear", m.actuator_gear[6 * a]},
             {"gain", m.actuator_gainprm[model::actuator_parameters * a]}};
    row["range"] = u < m.actuator_control_adr[a + 1] && m.control_limited[u] ? Json::array({m.actuator_ctrlrange[2 * u], m.actuator_ctrlrange[2 * u + 1]}) : Json();
    list.push_back(row);
  }
  return list;
}

Json pairs(const model::Model& m) {
  Json list = Json::array();
  for (int p = 0; p < m.pair_count; ++p)
    list.push_back({{"geom1", name_of(m.geom_name, m.pair_geom1[p])}, {"geom2", name_of(m.geom_name, m.pair_geom2[p])},
                    {"types", type_of(m, m.pair_geom1[p]) + "-" + type_of(m, m.pair_geom2[p])}, {"owner", m.pair_owner[p]}, {"friction", m.pair_friction[5 * p]}});
  return list;
}

Json owners(const model::Model& m) {
  Json list = Json::array();
  for (int o = 0; o < m.owner_count; ++o)
    list.push_back({{"owner", o}, {"body1", name_of(m.body_name, m.owner_body1[o])}, {"body2", name_of(m.body_name, m.owner_body2[o])}, {"dim", m.owner_dim[o]},
                    {"dofs", m.owner_dof_adr[o + 1] - m.owner_dof_adr[o]}});
  return list;
}

Json rows(const model::Model& m) {
  Json list = Json::array();
  for (int r = 0; r < m.row_count; ++r) {
    const int source = m.row_source[r];
    std::string name;
    switch (m.row_kind[r]) {
      case model::row_dof_friction: name = name_of(m.joint_name, m.dof_joint[source]); break;
      case model::row_joint_limit: case model::row_ball_limit: name = name_of(m.joint_name, source); break;
      case model::row_tendon_friction: case model::row_tendon_limit: name = name_of(m.tendon_name, source); break;
      default: name = name_of(m.equality_name, source);
    }
    list.push_back({{"row", r}, {"kind", word(row_kinds, m.row_kind[r])}, {"source", name}, {"component", m.row_component[r]}, {"dofs", m.row_dof_adr[r + 1] - m.row_dof_adr[r]}});
  }
  return list;
}

Json sensors(const model::Model& m) {
  Json list = Json::array();
  for (int s = 0; s < m.sensor_count; ++s)
    list.push_back({{"sensor", name_of(m.sensor_name, s)}, {"type", word(sensor_types, m.sensor_type[s])}, {"address", m.sensor_adr[s]}, {"values", m.sensor_adr[s + 1] - m.sensor_adr[s]}});
  return list;
}

Json meshes(const std::vector<model::MeshFacts>& facts) {
  Json list = Json::array();
  for (const model::MeshFacts& mesh : facts) {
    Json row{{"mesh", mesh.name}, {"vertices", mesh.vertices}, {"triangles", mesh.triangles}, {"watertight", mesh.closed}, {"volume", mesh.volume}};
    row["hull_vertices"] = mesh.hull_vertices > 0 ? Json(mesh.hull_vertices) : Json();
    row["hull_volume"] = mesh.hull_vertices > 0 ? Json(mesh.hull_volume) : Json();
    row["file"] = mesh.file.empty() ? Json() : Json(mesh.file);
    list.push_back(row);
  }
  return list;
}

Json frames(const session::Facts& facts) {
  Json list = Json::array();
  for (const auto& frame : facts.frames) list.push_back({{"fixed_link", frame.link}, {"body", frame.body}});
  return list;
}

Json disabled(const session::Facts& facts) {
  Json list = Json::array();
  for (const auto& pair : facts.disabled) list.push_back({{"body1", pair.body1}, {"body2", pair.body2}, {"why", pair.why}});
  return list;
}

// Scratch of one pack in bytes, for the widths that a CPU has in single precision; the environments of a heap stand alone.
Json scratch(const model::Model& m) {
  Json object;
  for (int width : {1, 4, 8, 16}) {
    if (m.heap && width > 1) break;
    const ScratchLayout layout = lay_out(m, first_room(m, width), 4 * width, 4 * width);
    object[std::to_string(width)] = layout.bytes;
  }
  return object;
}

std::string cell(const Json& value) {
  if (value.is_null()) return "-";
  if (value.is_string()) return value;
  if (value.is_number_float()) return fmt::format("{:.4g}", double(value));
  if (!value.is_array()) return value.dump();
  std::string text;
  for (const Json& entry : value) text += (text.empty() ? "" : " ") + cell(entry);
  return text;
}

// By code, in the order in which codes appear; the hint of the first stands for all.
void print_report(const std::vector<Diagnostic>& report, size_t most) {
  fmt::print("\nAdjusted and guessed ({})\n", report.size());
  std::vector<std::pair<std::string, std::vector<const Diagnostic*>>> groups;
  for (const Diagnostic& d : report) {
    auto group = std::find_if(groups.begin(), groups.end(), [&](const auto& g) { return g.first == d.code; });
    if (group == groups.end()) group = groups.insert(groups.end(), {d.code, {}});
    group->second.push_back(&d);
  }
  for (const auto& [code, members] : groups) {
    fmt::print("  {} ({})\n", code, members.size());
    for (size_t i = 0; i < members.size() && i < most; ++i) {
      const Diagnostic& d = *members[i];
      std::string place = d.place.file.empty() ? "" : d.place.file;
      if (d.place.line > 0) place += fmt::format(":{}:{}", d.place.line, d.place.column);
      fmt::print("    {}{}{}{}\n", place, place.empty() ? "" : ": ", d.severity == Severity::warning ? "warning: " : "", d.message);
    }
    if (members.size() > most) fmt::print("    .. and {} more (--all)\n", members.size() - most);
    if (!members[0]->hint.empty()) fmt::print("    hint: {}\n", members[0]->hint);
  }
}

// What one model is, and what it was made of.
Json describe(const model::Model& m, const session::Facts& facts) {
  return {{"name", m.name},
          {"model_hash", hex(model::hash(m))},
          {"timestep", m.timestep[0]},
          {"sizes", sizes(m)},
          {"bytes_per_environment", {{"f32", session::bytes_per_environment(m, 4)}, {"f64", session::bytes_per_environment(m, 8)}}},
          {"scratch_bytes_by_width", scratch(m)},
          {"bodies", bodies(m)},
          {"joints", joints(m)},
          {"geoms", geoms(m)},
          {"meshes", meshes(facts.meshes)},
          {"frames", frames(facts)},
          {"disabled_collisions", disabled(facts)},
          {"actuators", actuators(m)},
          {"sensors", sensors(m)},
          {"pairs", pairs(m)},
          {"owners", owners(m)},
          {"rows", rows(m)}};
}

void print_model(const Json& model, const std::string& environments, bool all) {
  const Json& count = model["sizes"];
  fmt::print("{}: {}, {} bodies, {} degrees of freedom, {} actuators, timestep {:g} ms\n", std::string(model["name"]), environments, int(count["body_count"]), int(count["dof_count"]),
             int(count["actuator_count"]), 1e3 * double(model["timestep"]));
  fmt::print("model hash {}, {} bytes of state per environment (f32)\n", std::string(model["model_hash"]), model["bytes_per_environment"]["f32"].dump());
  fmt::print("scratch of a pack (f32), bytes by width:");
  for (const auto& [width, bytes] : model["scratch_bytes_by_width"].items()) fmt::print("  {}: {}", width, bytes.dump());
  fmt::print("\n\nsizes\n");
  for (const auto& [name, value] : count.items())
    if (value != 0) fmt::print("  {:<20} {}\n", name, value.dump());
  for (const char* table : {"bodies", "joints", "geoms", "meshes", "frames", "disabled_collisions", "actuators", "sensors", "pairs", "owners", "rows"})
    print_table(table, model[table], all ? size_t(-1) : 30);
}

int inspect(const std::string& scene, const scene::PackagePaths& paths, bool json, bool all) {
  if (is_recording(scene)) return inspect_recording(scene, json, all);
  Result<session::Loaded> loaded = session::load(scene, paths);
  if (!loaded) return report(loaded.errors(), json);
  Json findings = Json::array();
  for (const Diagnostic& d : loaded->report) findings.push_back(to_json(d));
  const int environments = loaded->settings.environments;
  const bool several = loaded->models.size() > 1;
  Json result{{"ok", true}, {"scene", scene}, {"name", loaded->name}, {"environments", environments}};
  if (several && !json) fmt::print("{}: {} of {} variants\n\n", loaded->name, cli::environments(environments), loaded->models.size());
  for (size_t v = 0; v < loaded->models.size(); ++v) {
    Json model = describe(*loaded->models[v], loaded->facts[v]);
    if (!json) print_model(model, several ? fmt::format("share {:g}", loaded->shares[v]) : cli::environments(environments), all);
    if (!json && several) fmt::print("\n");
    if (several) model["share"] = loaded->shares[v], result["variants"].push_back(std::move(model));
    else result.update(model);
  }
  result["report"] = findings;
  if (json) {
    print(result);
    return good;
  }
  if (!loaded->report.empty()) print_report(loaded->report, all ? size_t(-1) : 20);
  return good;
}

}  // namespace

void print_table(const char* title, const Json& list, size_t most) {
  if (list.empty()) return;
  fmt::print("\n{} ({})\n", title, list.size());
  std::vector<size_t> widths;
  for (const auto& [key, unused] : list[0].items()) widths.push_back(key.size());
  const size_t shown = std::min(most, list.size());
  for (size_t i = 0; i < shown; ++i) {
    size_t column = 0;
    for (const auto& [unused, value] : list[i].items()) widths[column] = std::max(widths[column], cell(value).size()), ++column;
  }
  size_t column = 0;
  for (const auto& [key, unused] : list[0].items()) fmt::print("  {:<{}}", key, widths[column++]);
  fmt::print("\n");
  for (size_t i = 0; i < shown; ++i) {
    column = 0;
    for (const auto& [unused, value] : list[i].items()) fmt::print("  {:<{}}", cell(value), widths[column++]);
    fmt::print("\n");
  }
  if (shown < list.size()) fmt::print("  .. and {} more (--all)\n", list.size() - shown);
}

void add_inspect(CLI::App& app, int& status) {
  struct Asked { std::string scene; scene::PackagePaths paths; bool json = false, all = false; };
  auto asked = std::make_shared<Asked>();
  CLI::App* command = app.add_subcommand("inspect", "What a scene became: sizes, tables, meshes, pairs, rows, what was adjusted and guessed, memory");
  command->add_option("scene", asked->scene, "Scene (.yaml), model (.xml MJCF, .urdf), compiled model (.model) or recording (.h5)")->required()->type_name("SCENE");
  add_loading(*command, asked->paths);
  command->add_flag("--json", asked->json, "One JSON object on standard output");
  command->add_flag("--all", asked->all, "Whole tables and reports instead of their first 30 and 20 lines");
  command->callback([=, &status] { status = inspect(asked->scene, asked->paths, asked->json, asked->all); });
}

}  // namespace nuri::cli
