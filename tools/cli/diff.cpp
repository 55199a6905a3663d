// nuri diff: two runs of a scene that should be equal, stepped side by side until they are not. Then both are put back to the
// last equal state and looked into stage by stage, so that the answer is a place: environment, step, stage, field, item.
#include <fmt/format.h>
#include <bit>
#include <cmath>
#include <set>
#include <sstream>
#include "tools/cli/cli.h"

namespace nuri::cli {
namespace {

struct Asked {
  Options options;
  Length length;
  std::string other, a, b, nudge;
};

struct Nudge { int environment = -1; int64_t step = 0; StateField field{}; int item = 0; };

// Where two worlds differ first.
struct Finding {
  bool found = false;
  int environment = 0;
  uint64_t step = 0;
  std::string stage, field;
  int item = 0;
  double a = 0, b = 0;
};

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, ',');) parts.push_back(part);
  return parts;
}

bool whole(const std::string& text, uint64_t& out) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string::npos || text.size() > 18) return false;
  out = std::stoull(text);
  return true;
}

// "width=1,threads=2" into options; an empty text or what is wrong with it.
std::string apply(const std::string& text, Options& options) {
  for (const std::string& part : split(text)) {
    const size_t equal = part.find('=');
    const std::string key = part.substr(0, equal), value = equal == std::string::npos ? "" : part.substr(equal + 1);
    uint64_t number = 0;
    const bool is_number = whole(value, number);
    if (key == "backend") options.backend = value;
    else if (!is_number) return "'" + part + "' is not key=number";
    else if (key == "width" && number <= 64) options.width = int(number);
    else if (key == "threads" && number <= 4096) options.threads = int(number);
    else if (key == "envs" && number >= 1 && number <= uint64_t(scene::yaml_limits::environments)) options.environments = int(number);
    else if (key == "seed") options.seed = number;
    else if (key == "group" && number <= 256) options.group = int(number);
    else if (key == "device" && number <= 1023) options.device = int(number);
    else if (key == "alike" && number <= 1) options.pack_alike = number == 1;
    else if (key == "staged" && number <= 1) options.staged = number == 1;
    else return "'" + part + "' is none of width, threads, envs, seed, group, device (numbers), alike, staged (0 or 1), backend (a name)";
  }
  return "";
}

std::string parse(const std::string& text, World& world, Nudge& out) {
  const std::vector<std::string> parts = split(text);
  uint64_t environment, step, item;
  if (parts.size() != 4 || !whole(parts[0], environment) || !whole(parts[1], step) || !whole(parts[3], item)) return "--nudge is ENVIRONMENT,STEP,FIELD,ITEM";
  for (int f = 0; f < state_field_count; ++f) {
    const StateField field = StateField(f);
    if (info(field).output || parts[2] != info(field).name) continue;
    if (environment >= uint64_t(world.environments())) return "--nudge: there is no such environment";
    if (item >= uint64_t(world.columns(field, int(environment)))) return fmt::format("--nudge: {} has {} items", parts[2], world.columns(field, int(environment)));
    out = {int(environment), int64_t(step), field, int(item)};
    return "";
  }
  return "--nudge: there is no state field '" + parts[2] + "'";
}

// The next number of the world's precision, away from zero.
void nudge(World& world, const Nudge& n) {
  if (world.options().precision == Precision::f32) {
    float& x = world.row<float>(n.field, n.environment)[n.item];
    x = std::nextafterf(x, x < 0 ? -INFINITY : INFINITY);
  } else {
    double& x = world.row<double>(n.field, n.environment)[n.item];
    x = std::nextafter(x, x < 0 ? -INFINITY : INFINITY);
  }
}

using Saved = std::vector<std::byte>;   // state fields of the first environments
Saved save(World& world, int environments) {
  Saved saved;
  for (int e = 0; e < environments; ++e)
    for (int f = 0; f < state_field_count; ++f) {
      const auto row = world.bytes(StateField(f), e);
      saved.insert(saved.end(), row.begin(), row.end());
    }
  return saved;
}
void restore(World& world, const Saved& saved) {
  auto from = saved.begin();
  for (int e = 0; from != saved.end(); ++e)
    for (int f = 0; f < state_field_count; ++f) {
      const auto row = world.bytes(StateField(f), e);
      std::copy_n(from, row.size(), row.begin());
      from += long(row.size());
    }
}

bool same(double a, double b) { return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b) || (a == 0 && b == 0) || (a != a && b != b); }

std::string bits(double value, Precision precision) {
  return precision == Precision::f32 ? fmt::format("0x{:08x}", std::bit_cast<uint32_t>(float(value))) : fmt::format("0x{:016x}", std::bit_cast<uint64_t>(value));
}

// First difference of the states themselves.
Finding compare_state(World& a, World& b, int environments, const char* stage, uint64_t step) {
  for (int e = 0; e < environments; ++e) {
    if (a.hash(e) == b.hash(e)) continue;
    for (int f = 0; f < state_field_count; ++f) {
      const StateField field = StateField(f);
      if (info(field).output) continue;
      for (int i = 0; i < a.columns(field, e); ++i) {
        const double x = a.get(field, e, i), y = b.get(field, e, i);
        if (!same(x, y)) return {true, e, step, stage, info(field).name, i, x, y};
      }
    }
    return {true, e, step, stage, a.fault(e) != b.fault(e) ? "fault" : "step counter", 0, double(a.fault(e)), double(b.fault(e))};
  }
  return {};
}

// Scratch fields that are compared, in the order in which they are declared. Left out: those whose size follows the contacts
// (their tail was never written; contact and row records stand for them) and those that several stages use in turn.
const std::vector<std::string>& compared_fields() {
  static const std::vector<std::string> fields = [] {
    const std::set<std::string_view> shared{"good", "body6", "stiff", "lower", "inverse_diagonal", "search", "grad", "Ma", "Mv", "row_value", "row_loss"};
    std::vector<std::string> names;
    for (auto [field, count] : {
#define NURI_REALS(name, count, first, last) std::pair<std::string_view, std::string_view>{#name, #count},
#define NURI_NUMBERS(name, count, first, last)
#define NURI_RANKS(name, count, first, last)
#include "physics/kernel/scratch_fields.inl"
         })
      if (count.find("r.") == count.npos && !shared.contains(field)) names.emplace_back(field);
    return names;
  }();
  return fields;
}

// A list of named numbers, in the order in which they are compared.
using Numbers = std::vector<std::pair<std::string, std::vector<double>>>;

Numbers contact_numbers(const Probe& probe) {
  Numbers list{{"contacts", {double(probe.contacts.size())}}};
  for (size_t i = 0; i < probe.contacts.size(); ++i) {
    const ContactRecord& c = probe.contacts[i];
    std::vector<double> numbers{double(c.geom1), double(c.geom2), double(c.dim), c.dist};
    numbers.insert(numbers.end(), std::begin(c.pos), std::end(c.pos));
    numbers.insert(numbers.end(), std::begin(c.frame), std::end(c.frame));
    numbers.insert(numbers.end(), std::begin(c.friction), std::end(c.friction));
    list.emplace_back(fmt::format("contact {} (geom1 geom2 dim dist pos frame friction)", i), numbers);
  }
  return list;
}

Numbers row_numbers(const Probe& probe, bool solved) {
  Numbers list{{"rows", {double(probe.rows.size())}}};
  for (size_t i = 0; i < probe.rows.size(); ++i) {
    const RowRecord& r = probe.rows[i];
    std::vector<double> numbers{double(r.kind), double(r.id), r.D, r.aref};
    numbers.insert(numbers.end(), r.J.begin(), r.J.end());
    if (solved) list.emplace_back(fmt::format("row {} (jar force)", i), std::vector<double>{r.jar, r.force});
    else list.emplace_back(fmt::format("row {} (kind id D aref J)", i), numbers);
  }
  return list;
}

Numbers stage_numbers(const Probe& probe, const std::string& stage) {
  Numbers list;
  for (const std::string& name : compared_fields()) {
    const auto found = probe.fields.find(name);
    if (found == probe.fields.end()) continue;
    const bool late = name == "sensors" || name == "cacc";   // allocated before the stage that fills them
    if ((late ? "sense" : found->second.stage) == stage) list.emplace_back(name, found->second.values);
  }
  Numbers more;
  if (stage == "contacts") more = contact_numbers(probe);
  if (stage == "constraint_rows" || stage == "solve") more = row_numbers(probe, stage == "solve");
  list.insert(list.begin(), more.begin(), more.end());
  return list;
}

// First difference inside a step of one environment, in the order of the stages.
Finding compare_stages(World& a, World& b, int environment, uint64_t step) {
  const Probe x = a.probe(environment), y = b.probe(environment);
  for (const char* stage : stage_names) {
    const Numbers p = stage_numbers(x, stage), q = stage_numbers(y, stage);
    for (size_t f = 0; f < std::min(p.size(), q.size()); ++f) {
      const std::vector<double>&u = p[f].second, &v = q[f].second;
      for (size_t i = 0; i < std::min(u.size(), v.size()); ++i)
        if (!same(u[i], v[i])) return {true, environment, step, stage, p[f].first, int(i), u[i], v[i]};
    }
  }
  return {};
}

int diff(const Asked& asked) {
  const bool json = asked.options.json;
  Options first = asked.options, second = asked.options;
  if (!asked.other.empty()) second.scene = asked.other;
  if (std::string wrong = apply(asked.a, first); !wrong.empty()) return report("--a: " + wrong, json);
  if (std::string wrong = apply(asked.b, second); !wrong.empty()) return report("--b: " + wrong, json);
  auto session_a = open(first);
  if (!session_a) return report(session_a.errors(), json);
  auto session_b = open(second);
  if (!session_b) return report(session_b.errors(), json);
  World &a = (*session_a)->world(), &b = (*session_b)->world();
  const int environments = std::min(a.environments(), b.environments());
  for (int e = 0; e < environments; ++e)
    for (int f = 0; f < state_field_count; ++f)
      if (a.columns(StateField(f), e) != b.columns(StateField(f), e))
        return report(fmt::format("the two models of environment {} differ in size: {}", e, info(StateField(f)).name), json);
  Nudge nudged;
  if (!asked.nudge.empty())
    if (std::string wrong = parse(asked.nudge, b, nudged); !wrong.empty()) return report(wrong, json);
  if (nudged.environment >= environments) return report("--nudge: there is no such environment in both worlds", json);

  const int64_t substeps = asked.length.of((*session_a)->model(), 1);
  Finding finding = compare_state(a, b, environments, "load", 0);
  Progress progress("diff", substeps, asked.options.quiet);
  int64_t step = 0;
  for (; step < substeps && !finding.found && !interrupted(); ++step) {
    (*session_a)->apply_controls();
    (*session_b)->apply_controls();
    if (nudged.environment >= 0 && step == nudged.step) nudge(b, nudged);
    finding = compare_state(a, b, environments, "load", uint64_t(step));
    if (finding.found) break;
    const Saved before_a = save(a, environments), before_b = save(b, environments);
    (*session_a)->step(1);
    (*session_b)->step(1);
    finding = compare_state(a, b, environments, "integrate", uint64_t(step));
    if (!finding.found) {
      progress.at(step + 1);
      continue;
    }
    // the states differ after this step: find the stage in which they parted
    restore(a, before_a);
    restore(b, before_b);
    const Finding inside = compare_stages(a, b, finding.environment, uint64_t(step));
    if (inside.found) finding = inside;
    break;
  }
  if (!finding.found) {
    if (json) print({{"ok", true}, {"equal", true}, {"environments", environments}, {"substeps", step}, {"a", a.describe()}, {"b", b.describe()}, {"state_hash", hex(a.hash())}});
    else fmt::print("equal: {} environments, {} substeps\n  a: {}\n  b: {}\n", environments, step, a.describe(), b.describe());
    return interrupted() ? failed : good;
  }
  const Precision precision = a.options().precision;
  if (json) {
    print({{"ok", false}, {"equal", false}, {"environment", finding.environment}, {"step", finding.step}, {"stage", finding.stage}, {"field", finding.field}, {"item", finding.item},
           {"a", {{"world", a.describe()}, {"value", finding.a}, {"bits", bits(finding.a, precision)}}},
           {"b", {{"world", b.describe()}, {"value", finding.b}, {"bits", bits(finding.b, precision)}}}});
  } else {
    fmt::print("first difference: environment {}, step {}, stage {}, field {}, item {}\n", finding.environment, finding.step, finding.stage, finding.field, finding.item);
    fmt::print("  a: {} = {:.17g}  ({})\n", bits(finding.a, precision), finding.a, a.describe());
    fmt::print("  b: {} = {:.17g}  ({})\n", bits(finding.b, precision), finding.b, b.describe());
  }
  return failed;
}

}  // namespace

void add_diff(CLI::App& app, int& status) {
  auto asked = std::make_shared<Asked>();
  CLI::App* command = app.add_subcommand("diff", "First divergence of two runs: environment, step, stage, field, item, both values");
  add_scene(*command, asked->options);
  command->add_option("other", asked->other, "Another scene or model for run b")->type_name("SCENE");
  add_world(*command, asked->options);
  add_length(*command, asked->length);
  add_drive(*command, asked->options);
  command->add_option("--a", asked->a, "Settings of run a, such as width=1,threads=1; also envs, seed, alike, backend, and of cuda group, device, staged")->type_name("KEY=VALUE,...");
  command->add_option("--b", asked->b, "Settings of run b")->type_name("KEY=VALUE,...");
  command->add_option("--nudge", asked->nudge, "Move one number of run b's state by the least amount: a check that differences are found")->type_name("ENV,STEP,FIELD,ITEM");
  command->footer("Status 0: equal, 1: different. With different numbers of environments the first ones are compared.");
  command->callback([=, &status] { status = diff(*asked); });
}

}  // namespace nuri::cli
