#include "tools/session/divergence.h"

#include <fmt/format.h>
#include <algorithm>
#include <bit>
#include <set>
#include <string_view>
#include "physics/kernel/scratch.h"

namespace nuri::session {
namespace {

bool same(double a, double b) { return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b) || (a == 0 && b == 0) || (a != a && b != b); }

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

}  // namespace

StateBytes save_state(World& world, int environments) {
  StateBytes saved;
  for (int e = 0; e < environments; ++e)
    for (int f = 0; f < state_field_count; ++f) {
      const auto row = world.bytes(StateField(f), e);
      saved.insert(saved.end(), row.begin(), row.end());
    }
  return saved;
}

void restore_state(World& world, const StateBytes& saved) {
  auto from = saved.begin();
  for (int e = 0; from != saved.end(); ++e)
    for (int f = 0; f < state_field_count; ++f) {
      const auto row = world.bytes(StateField(f), e);
      std::copy_n(from, row.size(), row.begin());
      from += long(row.size());
    }
}

std::string bits_of(double value, Precision precision) {
  return precision == Precision::f32 ? fmt::format("0x{:08x}", std::bit_cast<uint32_t>(float(value))) : fmt::format("0x{:016x}", std::bit_cast<uint64_t>(value));
}

Divergence compare_state(World& a, World& b, int environments, const char* stage, uint64_t step) {
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

Divergence compare_stages(World& a, World& b, int environment, uint64_t step) {
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

}  // namespace nuri::session
