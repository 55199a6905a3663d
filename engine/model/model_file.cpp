// The .model file: "NURI", version, then the table of fields (name, kind, size), the fields in the order of the list, the
// names, the look, and the hash of all bytes before it. Little endian. The table makes a file of another field list an
// error that names the first difference, not a misreading.
#include <cstring>
#include <fstream>
#include <sstream>

#include "engine/core/hash.h"
#include "engine/core/new_file.h"
#include "engine/model/look_file.h"
#include "engine/model/model_check.h"
#include "engine/model/model_sizes.h"

namespace nuri::model {
namespace {

constexpr char magic[4] = {'N', 'U', 'R', 'I'};
constexpr uint32_t version = 3;
enum Kind : uint8_t { kind_count, kind_index, kind_real, kind_derived };

struct Names { std::vector<std::string> Model::* list; int32_t Model::* count; };
constexpr Names names[] = {{&Model::body_name, &Model::body_count}, {&Model::joint_name, &Model::joint_count}, {&Model::geom_name, &Model::geom_count},
  {&Model::site_name, &Model::site_count}, {&Model::tendon_name, &Model::tendon_count}, {&Model::actuator_name, &Model::actuator_count},
  {&Model::control_name, &Model::control_count},  {&Model::equality_name, &Model::equality_count}, {&Model::sensor_name, &Model::sensor_count}, {&Model::key_name, &Model::key_count}};

// Everything but the hash.
std::string body(const Model& m) {
  Writer w;
  w.out.assign(magic, 4);
  w.put(version);
  const auto field = [&](const char* name, Kind kind, uint64_t size) { w.text(name), w.put(uint8_t(kind)), w.put(size); };
#define NURI_COUNT(name, doc) field(#name, kind_count, 1);
#define NURI_INDEX(name, count, doc) field(#name, kind_index, m.name.size());
#define NURI_REAL(name, count, unit, doc) field(#name, kind_real, m.name.size());
#define NURI_DERIVED(name, count, unit, doc) field(#name, kind_derived, m.name.size());
#include "engine/model/model_fields.inl"
#define NURI_COUNT(name, doc) w.put(m.name);
#define NURI_INDEX(name, count, doc) w.array(m.name);
#define NURI_REAL(name, count, unit, doc) w.array(m.name);
#define NURI_DERIVED(name, count, unit, doc) w.array(m.name);
#include "engine/model/model_fields.inl"
  for (const Names& n : names) for (const std::string& s : m.*n.list) w.text(s);
  w.text(m.name);
  write_look(w, m.look);
  return std::move(w.out);
}

uint64_t hash_of(std::string_view bytes) { return Hash().add(bytes).value(); }

Diagnostic damaged(const std::string& file, const std::string& message) {
  return {Severity::error, "bad-model-file", message, "compile the scene again", {file, 0, 0}, "", {}};
}
}  // namespace

uint64_t hash(const Model& model) { return hash_of(body(model)); }

std::string serialize(const Model& model) {
  Writer w;
  w.out = body(model);
  w.put(hash_of(w.out));
  return std::move(w.out);
}

Result<Model> deserialize(const std::string& bytes, const std::string& name) {
  if (bytes.size() < 16 || std::memcmp(bytes.data(), magic, 4) != 0) return damaged(name, "this is not a model file");
  const size_t end = bytes.size() - 8;
  Reader r(bytes, end);
  r.get<uint32_t>();
  const uint32_t found = r.get<uint32_t>();
  if (found != version) return damaged(name, "the file has version " + std::to_string(found) + ", this program reads " + std::to_string(version));
  uint64_t stored = 0;
  for (int k = 7; k >= 0; --k) stored = stored << 8 | uint8_t(bytes[end + k]);
  if (stored != hash_of(std::string_view(bytes).substr(0, end))) return damaged(name, "the hash is wrong: the file is damaged");

  // the table of fields, and with it the size of every array
  std::vector<uint64_t> sizes;
  std::string differs;
  auto field = [&](const char* want, Kind kind) {
    const std::string text = r.text();
    const auto have = r.get<uint8_t>();
    sizes.push_back(r.get<uint64_t>());
    if (differs.empty() && (text != want || have != kind)) differs = want;
  };
#define NURI_COUNT(name, doc) field(#name, kind_count);
#define NURI_INDEX(name, count, doc) field(#name, kind_index);
#define NURI_REAL(name, count, unit, doc) field(#name, kind_real);
#define NURI_DERIVED(name, count, unit, doc) field(#name, kind_derived);
#include "engine/model/model_fields.inl"
  if (r.broken || !differs.empty()) return damaged(name, "the file has another list of fields (at " + differs + ")");

  Model out;
  bool negative = false;
#define NURI_COUNT(name, doc) negative |= (out.name = r.get<int32_t>()) < 0;
#include "engine/model/model_fields.inl"
  if (r.broken || negative) return damaged(name, "a count is negative or missing");
  const Sizes m(out);
  size_t at = 0;
  auto read = [&](const char* what, auto& array, int64_t size) {
    if (differs.empty() && sizes[at] != uint64_t(size)) differs = what;
    if (differs.empty()) r.array(array, size);
    if (differs.empty() && r.broken) differs = what;
    ++at;
  };
#define NURI_COUNT(name, doc) ++at;
#define NURI_INDEX(name, count, doc) read(#name, out.name, count);
#define NURI_REAL(name, count, unit, doc) read(#name, out.name, count);
#define NURI_DERIVED(name, count, unit, doc) read(#name, out.name, count);
#include "engine/model/model_fields.inl"
  if (!differs.empty()) return damaged(name, differs + " does not have the size that the counts ask for");
  for (const Names& n : names) {
    const size_t count = size_t(out.*n.count);
    if (count > r.left() / 4) return damaged(name, "names are missing");
    for (size_t i = 0; i < count; ++i) (out.*n.list).push_back(r.text());
  }
  out.name = r.text();
  read_look(r, out.look);
  if (r.broken || r.left() != 0) return damaged(name, "the file is too short or too long");
  std::string fault = find_fault(out);
  if (fault.empty()) fault = find_look_fault(out);
  if (!fault.empty()) return damaged(name, fault);
  return out;
}

Result<Model> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream bytes;
  if (!in || !(bytes << in.rdbuf())) return damaged(path, "the file cannot be read");
  return deserialize(bytes.str(), path);
}

Result<bool> write_file(const Model& model, const std::string& path) { return write_whole(path, serialize(model)); }

}  // namespace nuri::model
