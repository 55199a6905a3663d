// nuri dump: every stage's numbers at given states, the window through which oracles compare them with other programs.
//
//   states X.npy     [n][columns] float64: qpos, qvel, act, warmstart, ctrl; then, if there, equality_active; then, if there,
//                    mocap positions (3 each), mocap quaternions (4 each), plastic
//   contacts FILE    JSON lines, one per state: [{"geom1", "geom2", "dist", "pos": [3], "frame": [9]}, ..]; they replace the
//                    found ones in the stages (not in the step after them). Also understood: {"contacts": [..]}
//   out DIR          FIELD.npy [n][count] for every stage field; contacts.jsonl, rows.jsonl: one line per state; model.json;
//                    next_qpos.npy, next_qvel.npy, next_act.npy, next_plastic.npy: one substep later
#include <fmt/format.h>
#include <filesystem>
#include <fstream>
#include <map>
#include "tools/cli/cli.h"
#include "tools/cli/npy.h"

namespace nuri::cli {
namespace {

struct Asked {
  std::string scene, states, contacts, out, precision = "double";
  scene::PackagePaths paths;
  int width = 0;
  bool stages = false, json = false;
};

using Contacts = std::vector<std::vector<ContactRecord>>;

// One line per state; an empty text or what is wrong.
std::string read_contacts(const std::string& path, const model::Model& model, size_t states, Contacts& out) {
  std::ifstream stream(path);
  if (!stream) return "it cannot be read";
  std::string line;
  while (std::getline(stream, line)) {
    if (line.empty()) continue;
    const std::string where = fmt::format("line {}: ", out.size() + 1);
    Json list = Json::parse(line, nullptr, false);
    if (list.is_object() && list.contains("contacts")) list = Json(list["contacts"]);
    if (!list.is_array()) return where + "not a list of contacts";
    std::vector<ContactRecord>& contacts = out.emplace_back();
    for (const Json& entry : list) {
      ContactRecord c{};
      try {
        c.geom1 = entry.at("geom1").get<int>(), c.geom2 = entry.at("geom2").get<int>(), c.dist = entry.at("dist").get<double>();
        const auto pos = entry.at("pos").get<std::vector<double>>(), frame = entry.at("frame").get<std::vector<double>>();
        if (pos.size() != 3 || frame.size() != 9) return where + "pos has 3 numbers, frame has 9";
        std::copy(pos.begin(), pos.end(), c.pos);
        std::copy(frame.begin(), frame.end(), c.frame);
      } catch (const Json::exception& exception) {
        return where + exception.what();
      }
      if (c.geom1 < 0 || c.geom2 < 0 || c.geom1 >= model.geom_count || c.geom2 >= model.geom_count) return where + "there is no such geom";
      contacts.push_back(c);
    }
  }
  if (out.size() != states) return fmt::format("{} lines for {} states", out.size(), states);
  return "";
}

Json contacts_line(const Probe& probe) {
  Json line = Json::array();
  for (const ContactRecord& c : probe.contacts)
    line.push_back({{"geom1", c.geom1}, {"geom2", c.geom2}, {"dim", c.dim}, {"dist", c.dist}, {"pos", c.pos}, {"frame", c.frame}, {"friction", c.friction}, {"force", c.force}});
  return line;
}

Json rows_line(const Probe& probe) {
  Json line = Json::array();
  for (const RowRecord& r : probe.rows) line.push_back({{"kind", r.kind}, {"id", r.id}, {"D", r.D}, {"aref", r.aref}, {"jar", r.jar}, {"force", r.force}, {"J", r.J}});
  return line;
}

Json model_object(const model::Model& m) {
  Json object;
  object["name"] = m.name;
#define NURI_COUNT(name, doc) object["counts"][#name] = m.name;
#include "engine/model/model_fields.inl"
  object["timestep"] = m.timestep[0];
  object["body_name"] = m.body_name, object["joint_name"] = m.joint_name, object["geom_name"] = m.geom_name, object["site_name"] = m.site_name;
  object["tendon_name"] = m.tendon_name, object["actuator_name"] = m.actuator_name, object["control_name"] = m.control_name, object["equality_name"] = m.equality_name;
  object["sensor_name"] = m.sensor_name, object["sensor_adr"] = m.sensor_adr, object["key_name"] = m.key_name;
  object["joint_type"] = m.joint_type, object["joint_qpos"] = m.joint_qpos, object["joint_dof"] = m.joint_dof;
  object["row_kind"] = m.row_kind, object["row_source"] = m.row_source, object["row_component"] = m.row_component;
  return object;
}

int dump(const Asked& asked) {
  Result<session::Loaded> loaded = session::load(asked.scene, asked.paths);
  if (!loaded) return report(loaded.errors(), asked.json);
  if (const std::string wrong = refuse_variants(*loaded); !wrong.empty()) return report(wrong, asked.json);
  const model::Model& m = *loaded->models[0];
  Result<Table> states = read_npy(asked.states);
  if (!states) return report(states.errors(), asked.json);

  // columns: the state fields that are there, in order
  std::vector<StateField> fields = {StateField::qpos, StateField::qvel, StateField::act, StateField::warmstart, StateField::ctrl};
  size_t columns = 0;
  for (StateField field : fields) columns += size_t(nuri::columns(m, field));
  const size_t least = columns;
  for (StateField field : {StateField::equality_active, StateField::mocap_pos, StateField::mocap_quat, StateField::plastic}) {
    if (columns == states->columns) break;
    fields.push_back(field);
    columns += size_t(nuri::columns(m, field));
  }
  if (states->rows == 0) return report(asked.states + ": there is no state in it", asked.json);
  if (columns != states->columns)
    return report(fmt::format("{}: {} columns, this model has {} (qpos {}, qvel {}, act {}, warmstart {}, ctrl {}), or {} with equalities {} and mocap {}, and {} where springs rest", asked.states, states->columns,
                              least, m.qpos_count, m.dof_count, m.activation_count, m.dof_count, m.control_count, least + m.equality_count + 7 * m.mocap_count, m.equality_count,
                              7 * m.mocap_count, m.plastic_count), asked.json);
  Contacts injected;
  if (!asked.contacts.empty())
    if (std::string wrong = read_contacts(asked.contacts, m, states->rows, injected); !wrong.empty()) return report(asked.contacts + ": " + wrong, asked.json);

  WorldOptions options;
  options.precision = precision_of(asked.precision);
  options.backend = "cpu";
  options.threads = 1;
  options.width = asked.width;
  auto created = World::create(loaded->models[0], options);
  if (!created) return report(created.errors(), asked.json);
  World& world = **created;
  std::error_code error;
  const std::filesystem::path out = asked.out;
  std::filesystem::create_directories(out, error);
  std::ofstream contact_lines(out / "contacts.jsonl"), row_lines(out / "rows.jsonl");
  if (error || !contact_lines || !row_lines) return report("cannot write into " + asked.out, asked.json, failed);

  std::map<std::string, Table> tables;
  std::map<std::string, std::string> stages;
  std::vector<double> iterations;
  auto append = [&](const std::string& name, const std::vector<double>& values) {
    Table& table = tables[name];
    if (table.rows++ == 0) table.columns = values.size();
    if (values.size() == table.columns) table.values.insert(table.values.end(), values.begin(), values.end());
    else table.columns = size_t(-1);                        // ragged: not written
  };
  auto append_state = [&](const std::string& name, StateField field) {
    std::vector<double> values;
    for (int i = 0; i < world.columns(field); ++i) values.push_back(world.get(field, 0, i));
    append(name, values);
  };
  constexpr int first[] = {0};
  auto put = [&](size_t state) {
    world.put_initial(first);                               // each state has no past
    const double* value = states->values.data() + state * states->columns;
    for (StateField field : fields)
      for (int i = 0; i < world.columns(field); ++i) world.set(field, 0, i, *value++);
  };
  Progress progress("dump", int64_t(states->rows), asked.json);
  for (size_t s = 0; s < states->rows && !interrupted(); ++s) {
    put(s);
    const Probe probe = world.probe(0, injected.empty() ? nullptr : &injected[s]);
    if (asked.stages) {
      for (const auto& [name, field] : probe.fields)
        if (name != "dual") append(name, field.values), stages[name] = field.stage;   // a workspace of many megabytes, whose layout is the solver's own
    }
    iterations.push_back(probe.iterations);
    contact_lines << contacts_line(probe).dump() << '\n';
    row_lines << rows_line(probe).dump() << '\n';
    world.forward();
    append_state("sensordata", StateField::sensordata);
    append_state("qacc", StateField::qacc);
    put(s);
    world.step(1);
    append_state("next_qpos", StateField::qpos);
    append_state("next_qvel", StateField::qvel);
    append_state("next_act", StateField::act);
    append_state("next_plastic", StateField::plastic);
    append("fault", {double(world.fault(0))});
    progress.at(int64_t(s + 1));
  }
  if (interrupted()) return report("interrupted", asked.json, failed);
  tables["iterations"] = {states->rows, 1, iterations};

  Json model = model_object(m), names = Json::object();
  bool good_files = true;
  for (const auto& [name, table] : tables) {
    if (table.columns == size_t(-1)) {
      model["ragged"].push_back(name);
      continue;
    }
    good_files &= write_npy((out / (name + ".npy")).string(), table);
    names[name] = {{"stage", stages.count(name) ? stages[name] : ""}, {"columns", table.columns}};
  }
  model["fields"] = names;
  std::ofstream(out / "model.json") << model.dump(1) << '\n';
  if (!good_files || !contact_lines.flush() || !row_lines.flush()) return report("cannot write into " + asked.out, asked.json, failed);
  if (asked.json) print({{"ok", true}, {"states", states->rows}, {"out", asked.out}, {"fields", names}});
  else fmt::print("{} states, {} arrays in {}\n", states->rows, names.size(), asked.out);
  return good;
}

}  // namespace

void add_dump(CLI::App& app, int& status) {
  auto asked = std::make_shared<Asked>();
  CLI::App* command = app.add_subcommand("dump", "Stage fields, contacts and rows at given states, for comparison with other programs");
  command->add_option("scene", asked->scene, "Scene (.yaml), model (.xml MJCF, .urdf) or compiled model (.model)")->required()->type_name("SCENE");
  add_loading(*command, asked->paths);
  command->add_option("--states", asked->states, "[n][qpos qvel act warmstart ctrl (equality_active) (mocap_pos mocap_quat) (plastic)], float64")->required()->type_name("FILE.npy");
  command->add_option("--out", asked->out, "Folder for what is written")->required()->type_name("DIR");
  command->add_option("--contacts", asked->contacts, "JSON lines: contacts to use instead of those found, a list per state")->type_name("FILE.jsonl");
  command->add_option("--precision", asked->precision, "Numbers of the kernels")->check(CLI::IsMember({"float", "double", "f32", "f64"}))->capture_default_str();
  command->add_option("--width", asked->width, "Environments per pack: 1, 2, 4, 8 (float: 1, 4, 8, 16); 0: by rule")->check(CLI::Range(0, 64));
  command->add_flag("--stages", asked->stages, "Every stage field too, a .npy file each");
  command->add_flag("--json", asked->json, "One JSON object on standard output");
  command->callback([=, &status] { status = dump(*asked); });
}

}  // namespace nuri::cli
