#include "tools/editor/workbench/scene_text.h"

#include <charconv>
#include <cmath>
#include <filesystem>
#include <numbers>
#include "engine/scene/yaml_map.h"
#include "tools/editor/workbench/text_patch.h"

namespace nuri::editor::scene_text {
namespace {

std::string list_of(const double* values, size_t count) {
  std::string out = "[";
  for (size_t i = 0; i < count; ++i) out += (i ? ", " : "") + number(values[i]);
  return out + "]";
}

bool read_numbers(const YAML::Node& node, double* out, size_t count) {
  if (!node.IsDefined() || !node.IsSequence() || node.size() != count) return false;
  for (size_t i = 0; i < count; ++i)
    if (!node[i].IsScalar() || !scene::yaml::parse(node[i].Scalar(), out[i])) return false;
  return true;
}

std::string scalar(const YAML::Node& map, const std::string& key) {
  const YAML::Node found = TextPatch::find(map, key);
  return found.IsDefined() && found.IsScalar() ? found.Scalar() : "";
}

// As the scene's reader: a quaternion, or degrees about the fixed x, then y, then z axis.
std::array<double, 4> rotation_of(const YAML::Node& entry) {
  std::array<double, 4> q{1, 0, 0, 0};
  double euler[3], c[3], s[3];
  if (read_numbers(TextPatch::find(entry, "euler"), euler, 3)) {
    for (int i = 0; i < 3; ++i) c[i] = std::cos(euler[i] * std::numbers::pi / 360), s[i] = std::sin(euler[i] * std::numbers::pi / 360);
    return {c[0] * c[1] * c[2] + s[0] * s[1] * s[2], s[0] * c[1] * c[2] - c[0] * s[1] * s[2], c[0] * s[1] * c[2] + s[0] * c[1] * s[2],
            c[0] * c[1] * s[2] - s[0] * s[1] * c[2]};
  }
  if (!read_numbers(TextPatch::find(entry, "orientation"), q.data(), 4)) return {1, 0, 0, 0};
  const double norm = std::sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3]);
  for (double& x : q) x /= norm;
  return q;
}

Placement placement_of(const YAML::Node& entry) {
  Placement out;
  out.name = scalar(entry, "name");
  out.file = scalar(entry, "file");
  if (out.file.empty()) out.file = scalar(entry, "model");
  read_numbers(TextPatch::find(entry, "position"), out.position.data(), 3);
  out.rotation = rotation_of(entry);
  return out;
}

template <class F> void each_model(const YAML::Node& root, F f) {
  for (const char* key : {"models", "variants"})
    if (const YAML::Node list = TextPatch::find(root, key); list.IsDefined() && list.IsSequence())
      for (size_t i = 0; i < list.size(); ++i) f(list[i]);
}

std::vector<std::string> words(const YAML::Node& node) {
  std::vector<std::string> out;
  if (node.IsDefined() && node.IsScalar()) out.push_back(node.Scalar());
  if (node.IsDefined() && node.IsSequence())
    for (size_t i = 0; i < node.size(); ++i) out.push_back(node[i].IsScalar() ? node[i].Scalar() : "");
  return out;
}

bool alike(const std::array<double, 4>& a, const std::array<double, 4>& b, double within) {
  double same = 0, other = 0;                    // q and -q are one rotation
  for (int k = 0; k < 4; ++k) same = std::max(same, std::abs(a[k] - b[k])), other = std::max(other, std::abs(a[k] + b[k]));
  return std::min(same, other) <= within;
}

// Runs an edit; what it cannot do is a finding.
template <class F> Result<std::string> edited(const std::string& what, F edit) {
  try {
    return edit();
  } catch (const TextPatch::Unfit&) {
  } catch (const YAML::Exception&) {
  }
  return Diagnostic{Severity::error, "cannot-edit", "the scene's text is written in a way in which " + what + " cannot be put in",
                    "write the models and 'vary' as lists of mappings, each value on one line", {}, {}, {}};
}

// Whether two fields change the same numbers.
bool related(const std::string& a, const std::string& b) {
  auto both = [&](const char* word, const char* field) {
    return (a == word && std::string_view(b).starts_with(field)) || (b == word && std::string_view(a).starts_with(field));
  };
  return a == b || both("mass", "body_mass") || both("mass", "body_inertia") || both("gain", "actuator_gainprm") ||
      both("gain", "actuator_biasprm");
}

}  // namespace

std::string number(double value) {
  char text[40];
  const auto end = std::to_chars(text, text + sizeof text, value == 0 ? 0.0 : value).ptr;
  return std::string(text, end);
}

std::string quoted(const std::string& word) {
  bool plain = !word.empty() && word[0] != '-' &&
      word.find_first_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_") != std::string::npos;
  for (const unsigned char c : word) plain = plain && (std::isalnum(c) || c == '_' || c == '/' || c == '.' || c == '-');
  for (const char* special : {"null", "Null", "NULL"}) plain = plain && word != special;
  if (plain) return word;
  std::string out = "\"";
  for (const unsigned char c : word) {
    constexpr char digits[] = "0123456789abcdef";
    if (c == '"' || c == '\\') out += '\\', out += char(c);
    else if (c < 0x20) out += "\\x", out += digits[c / 16], out += digits[c % 16];
    else out += char(c);
  }
  return out + '"';
}

std::string around(const std::string& file, bool urdf) {
  return "models:\n  - {file: " + quoted(file) + (urdf ? ", actuators: {type: motor}" : "") + "}\n";
}

std::vector<Placement> placements(const std::string& text) {
  std::vector<Placement> out;
  try {
    each_model(YAML::Load(text), [&](const YAML::Node& entry) { out.push_back(placement_of(entry)); });
  } catch (const YAML::Exception&) {
    out.clear();
  }
  return out;
}

Result<std::string> with_number(const std::string& text, const FixedNumber& wanted) {
  return edited("'" + wanted.field + "'", [&] {
    TextPatch patch(text);
    const YAML::Node list = TextPatch::find(patch.root(), "vary");
    // the last entry that changes these numbers counts: is it ours?
    auto last_of = [&](const YAML::Node& rules) {
      YAML::Node last(YAML::NodeType::Undefined);
      if (rules.IsDefined() && rules.IsSequence())
        for (size_t i = 0; i < rules.size(); ++i)
          if (related(scalar(rules[i], "field"), wanted.field)) last.reset(rules[i]);
      return last;
    };
    auto is_ours = [&](const YAML::Node& entry) {
      const YAML::Node component = TextPatch::find(entry, "component"), set = TextPatch::find(entry, "set");
      return entry.IsDefined() && scalar(entry, "field") == wanted.field && scalar(entry, "names") == wanted.names &&
             set.IsDefined() && set.IsScalar() &&
             (wanted.component < 0 ? !component.IsDefined() : scalar(entry, "component") == std::to_string(wanted.component));
    };
    const std::string value = number(wanted.value);
    std::string entry = "{field: " + quoted(wanted.field) + ", names: " + quoted(wanted.names);
    if (wanted.component >= 0) entry += ", component: " + std::to_string(wanted.component);
    entry += ", set: " + value + "}";
    const YAML::Node last = last_of(list);
    const bool there = is_ours(last);
    if (there) patch.replace(TextPatch::find(last, "set"), value);
    else if (list.IsDefined()) patch.append(list, entry);
    else if (!patch.root().IsMap()) throw TextPatch::Unfit{};
    else if (patch.root().Style() == YAML::EmitterStyle::Flow) patch.add_key(patch.root(), "vary", "[" + entry + "]");
    else patch.add_section("vary", entry);
    const std::string out = patch.done();

    const YAML::Node rules = TextPatch::find(YAML::Load(out), "vary"), written = last_of(rules);
    double read = 0;
    if (!is_ours(written) || !scene::yaml::parse(scalar(written, "set"), read) || read != wanted.value) throw TextPatch::Unfit{};
    if (rules.size() != (list.IsDefined() ? list.size() : 0) + (there ? 0 : 1)) throw TextPatch::Unfit{};
    return out;
  });
}

Result<std::string> with_placement(const std::string& text, const std::string& name, const std::array<double, 3>& position,
                                   const std::array<double, 4>& rotation) {
  return edited("the place of '" + name + "'", [&] {
    TextPatch patch(text);
    bool found = false;
    each_model(patch.root(), [&](const YAML::Node& entry) {
      const Placement now = placement_of(entry);
      if (found || !now.is(name)) return;
      found = true;
      if (const YAML::Node written = TextPatch::find(entry, "position"); written.IsDefined()) {
        for (size_t k = 0; k < 3; ++k)
          if (now.position[k] != position[k]) patch.replace(written[k], number(position[k]));
      } else if (position != std::array<double, 3>{0, 0, 0}) {
        patch.add_key(entry, "position", list_of(position.data(), 3));
      }
      if (alike(now.rotation, rotation, 0)) return;
      if (const YAML::Node written = TextPatch::find(entry, "orientation"); written.IsDefined()) {
        for (size_t k = 0; k < 4; ++k) patch.replace(written[k], number(rotation[k]));
      } else if (TextPatch::find(entry, "euler").IsDefined()) {
        patch.replace_entry(entry, "euler", "orientation: " + list_of(rotation.data(), 4));
      } else {
        patch.add_key(entry, "orientation", list_of(rotation.data(), 4));
      }
    });
    if (!found) throw TextPatch::Unfit{};
    const std::string out = patch.done();
    for (const Placement& p : placements(out))
      if (p.is(name)) {
        if (p.position != position || !alike(p.rotation, rotation, 1e-8)) throw TextPatch::Unfit{};
        return out;
      }
    throw TextPatch::Unfit{};
  });
}

std::vector<std::string> parts(const std::string& text, const std::string& name) {
  std::vector<std::string> out;
  bool found = false;
  try {
    each_model(YAML::Load(text), [&](const YAML::Node& entry) {
      if (!found && placement_of(entry).is(name)) found = true, out = words(TextPatch::find(TextPatch::find(entry, "decompose"), "meshes"));
    });
  } catch (const YAML::Exception&) {
    out.clear();
  }
  return out;
}

Result<std::string> with_parts(const std::string& text, const std::string& name, const std::vector<std::string>& meshes) {
  return edited("'decompose' of '" + name + "'", [&] {
    TextPatch patch(text);
    std::string value;
    for (const std::string& mesh : meshes) value += (value.empty() ? "" : ", ") + quoted(mesh);
    if (meshes.size() > 1) value = "[" + value + "]";
    bool found = false;
    each_model(patch.root(), [&](const YAML::Node& entry) {
      if (found || !placement_of(entry).is(name)) return;
      found = true;
      const YAML::Node rule = TextPatch::find(entry, "decompose");
      if (rule.IsDefined() && meshes.empty()) patch.remove_entry(entry, "decompose");
      else if (rule.IsDefined()) patch.replace_entry(rule, "meshes", "meshes: " + value);
      else if (!meshes.empty()) patch.add_key(entry, "decompose", "{meshes: " + value + "}");
    });
    if (!found) throw TextPatch::Unfit{};
    const std::string out = patch.done();
    const std::vector<Placement> before = placements(text), after = placements(out);
    const auto same = [](const Placement& a, const Placement& b) {
      return a.name == b.name && a.file == b.file && a.position == b.position && a.rotation == b.rotation;
    };
    if (parts(out, name) != meshes || !std::equal(before.begin(), before.end(), after.begin(), after.end(), same)) throw TextPatch::Unfit{};
    return out;
  });
}

Result<std::string> moved(const std::string& text, const std::string& from_folder, const std::string& to_folder) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path from = fs::weakly_canonical(fs::absolute(from_folder.empty() ? "." : from_folder), error),
      to = fs::weakly_canonical(fs::absolute(to_folder.empty() ? "." : to_folder), error);
  if (from == to) return text;
  return edited("another folder", [&] {
    TextPatch patch(text);
    auto move = [&](const YAML::Node& file) {
      if (!file.IsScalar()) throw TextPatch::Unfit{};
      const fs::path named = file.Scalar();
      if (named.is_relative()) patch.replace(file, quoted((from / named).lexically_normal().lexically_relative(to).generic_string()));
    };
    each_model(patch.root(), [&](const YAML::Node& entry) {
      YAML::Node file = TextPatch::find(entry, "file");
      if (!file.IsDefined()) file.reset(TextPatch::find(entry, "model"));
      if (!file.IsDefined()) throw TextPatch::Unfit{};
      move(file);
      if (const YAML::Node parts_file = TextPatch::find(TextPatch::find(entry, "decompose"), "file"); parts_file.IsDefined()) move(parts_file);
    });
    return patch.done();
  });
}

}  // namespace nuri::editor::scene_text
