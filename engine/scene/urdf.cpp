#include "engine/scene/urdf.h"
#include <algorithm>
#include <cmath>
#include <tuple>
#include "engine/core/paths.h"
#include "engine/scene/urdf_reader.h"
#include "engine/scene/xml.h"

namespace nuri::scene {
namespace urdf {

void Reader::error(const xml::Element& element, const std::string& code, const std::string& message, const std::string& hint) {
  findings.errors.add(xml::finding(Severity::error, element, {}, code, message, hint));
}

void Reader::warning(const xml::Element& element, const std::string& code, const std::string& message, const std::string& hint) {
  findings.report.push_back(xml::finding(Severity::warning, element, {}, code, message, hint));
}

void Reader::note(const xml::Element& element, const std::string& code, const std::string& message) {
  findings.report.push_back(xml::finding(Severity::note, element, {}, code, message));
}

const xml::Element* Reader::one(const xml::Element& element, const char* name) {
  const xml::Element* found = nullptr;
  for (const auto& child : element.children) {
    if (child->name != name) continue;
    if (!found) found = child.get();
    else error(*child, "repeated-element", "this <" + element.name + "> has a <" + name + "> already", "the first is at line " + std::to_string(found->line));
  }
  return found;
}

void Reader::only(const xml::Element& element, const std::vector<std::string>& known, const std::vector<std::string>& foreign) {
  auto among = [](const std::vector<std::string>& names, const std::string& name) { return std::find(names.begin(), names.end(), name) != names.end(); };
  for (const auto& child : element.children) {
    if (among(known, child->name)) continue;
    if (among(foreign, child->name) || child->name.find(':') != std::string::npos) findings.idle_at("<" + child->name + "> in <" + element.name + ">", *child);
    else error(*child, "unknown-element", "<" + element.name + "> cannot hold <" + child->name + ">", findings.errors.full() ? "" : xml::nearest_hint(child->name, known));
  }
}

void Reader::finish(Attributes& attributes) {
  for (const xml::Attribute& attribute : attributes.element().attributes)
    if (attribute.name.find(':') != std::string::npos) attributes.accept({attribute.name.c_str()});
  attributes.finish();
}

bool Reader::declare(Attributes& attributes, std::map<std::string, int>& names, std::size_t index, std::string& out_name) {
  if (!attributes.text("name", out_name)) {
    attributes.error("name", "missing-attribute", "<" + attributes.element().name + "> needs a name");
    return false;
  }
  auto [entry, is_new] = names.try_emplace(out_name, static_cast<int>(index));
  if (is_new) return true;
  const bool is_link = &names == &link_names;
  const xml::Element& first = is_link ? *links[static_cast<std::size_t>(entry->second)].element : *joints[static_cast<std::size_t>(entry->second)].element;
  attributes.error("name", "repeated-name", std::string("there is a ") + (is_link ? "link" : "joint") + " named " + xml::shown(out_name) + " already",
                   "the first is at " + first.source->name + ":" + std::to_string(first.line));
  return false;
}

int Reader::find(Attributes& attributes, const std::string& attribute, const std::map<std::string, int>& names, const char* kind) {
  std::string name;
  if (!attributes.text(attribute, name)) {
    attributes.error(attribute, "missing-attribute", "<" + attributes.element().name + "> needs attribute '" + attribute + "'");
    return -1;
  }
  if (auto found = names.find(name); found != names.end()) return found->second;
  std::vector<std::string> candidates;
  if (!findings.errors.full())
    for (const auto& [candidate, unused] : names) candidates.push_back(candidate);
  attributes.error(attribute, "unknown-name", std::string("no ") + kind + " is named " + xml::shown(name), xml::nearest_hint(name, candidates));
  return -1;
}

std::string Reader::free_name(const char* kind, const std::string& stem) {
  const std::string own = stem.empty() ? "unnamed" : stem;
  std::string name = own;
  int& next = next_number.try_emplace(std::string(kind) + "/" + own, 2).first->second;
  while (!taken_names.insert(std::string(kind) + "/" + name).second) name = own + "_" + std::to_string(next++);
  return name;
}

// Fixed axes: R = Rz(yaw) Ry(pitch) Rx(roll). quat_xyzw is newer readers' way to write a rotation.
Pose Reader::origin(const xml::Element& element) {
  Pose pose;
  const xml::Element* found = one(element, "origin");
  if (!found) return pose;
  Attributes a(*found, findings);
  if (a.vector("xyz", pose.pos)) a.check(is_within(pose.pos, longest), "xyz", "lie within 1e9 m");
  Array3 rpy{0, 0, 0};
  Array4 xyzw{0, 0, 0, 1};
  if (a.vector("rpy", rpy)) a.check(is_within(rpy, longest), "rpy", "hold angles within 1e9 rad");
  if (a.vector("quat_xyzw", xyzw)) {
    if (a.has("rpy")) a.error("rpy", "conflicting-attributes", "<origin> has both rpy and quat_xyzw", "keep one of them");
    pose.quat = {xyzw[3], xyzw[0], xyzw[1], xyzw[2]};
    if (!a.check(mjcf::normalise(pose.quat), "quat_xyzw", "not be zero")) pose.quat = {1, 0, 0, 0};
  } else {
    auto turn = [](double angle, std::size_t axis) {
      shape::Rot q{std::cos(angle / 2), 0, 0, 0};
      q[axis + 1] = std::sin(angle / 2);
      return q;
    };
    pose.quat = shape::mul(turn(rpy[2], 2), shape::mul(turn(rpy[1], 1), turn(rpy[0], 0)));
    mjcf::normalise(pose.quat);
  }
  finish(a);
  only(*found, {});
  return pose;
}

namespace {

// The first trace of xacro that was not expanded, or null. A left-over xmlns:xacro is none.
const xml::Element* macro_in(const xml::Element& root) {
  std::vector<const xml::Element*> waiting{&root};
  while (!waiting.empty()) {
    const xml::Element& e = *waiting.back();
    waiting.pop_back();
    if (e.name.rfind("xacro:", 0) == 0) return &e;
    for (const xml::Attribute& a : e.attributes)
      if (a.value.find("${") != std::string::npos || a.value.find("$(") != std::string::npos) return &e;
    for (auto child = e.children.rbegin(); child != e.children.rend(); ++child)
      if (&e != &root || (*child)->name == "link" || (*child)->name == "joint" || (*child)->name == "material" || (*child)->name.rfind("xacro:", 0) == 0)
        waiting.push_back(child->get());
  }
  return nullptr;
}

// Elements of <robot> by other programs are theirs; those whose names almost are ours are misspelt.
void check_sections(Reader& reader, const xml::Element& robot) {
  const std::vector<std::string> known{"link", "joint", "material"};
  for (const auto& child : robot.children) {
    if (std::find(known.begin(), known.end(), child->name) != known.end()) continue;
    if (const std::string meant = xml::nearest(child->name, known); !meant.empty() || child->name == "collision" || child->name == "visual" || child->name == "inertial")
      reader.error(*child, "unknown-element", "<robot> cannot hold <" + child->name + ">", meant.empty() ? "it belongs in a <link>" : "did you mean '" + meant + "'?");
    else
      reader.findings.idle_at("<" + child->name + ">", *child);
  }
}

// Text inside other programs' elements is theirs.
void take_report(Reader& reader, xml::Document& document) {
  std::map<std::tuple<std::string, int, int>, bool> foreign;   // by where a section begins
  for (const auto& child : document.root->children)
    foreign[{child->source->name, child->line, child->column}] = child->name != "link" && child->name != "joint" && child->name != "material";
  for (Diagnostic& d : document.report) {
    auto after = foreign.upper_bound({d.place.file, d.place.line, d.place.column});
    const bool theirs = after != foreign.begin() && (--after)->second && std::get<0>(after->first) == d.place.file;
    if (!theirs || d.code != "stray-text") reader.findings.report.push_back(std::move(d));
  }
}

Result<Scene> read_document(Result<xml::Document> read, const UrdfOptions& options, const std::string& folder, const std::string& srdf) {
  if (!read) return read.errors();
  const auto document = std::make_shared<xml::Document>(std::move(*read));
  const xml::Element& root = *document->root;
  Reader reader(options, folder);
  take_report(reader, *document);
  if (root.name != "robot") {
    reader.error(root, "wrong-root", "the root element of a URDF file is <robot>, here it is <" + root.name + ">",
                 root.name == "mujoco" ? "this looks like MJCF" : root.name == "sdf" ? "SDF is not read: convert it to URDF or MJCF" : "");
    return reader.findings.errors.finished();
  }
  if (const xml::Element* macro = macro_in(root)) {
    reader.error(*macro, "xacro", "this file holds xacro macros", "expand them first: xacro FILE.xacro > FILE.urdf");
    return reader.findings.errors.finished();
  }
  reader.scene.option.ccd_iterations = 35;               // as scenes read from MJCF
  reader.scene.option.flags.multiccd = true;
  Attributes attributes(root, reader.findings);
  if (!attributes.text("name", reader.scene.name)) reader.warning(root, "missing-attribute", "<robot> has no name");
  attributes.accept({"version"});
  reader.finish(attributes);

  // materials and names first: they may be defined after their use
  check_sections(reader, root);
  read_materials(reader, root);
  for (const auto& child : root.children)
    if (child->name == "link") read_link(reader, *child);
  for (const auto& child : root.children)
    if (child->name == "joint") read_joint(reader, *child);
  if (reader.links.empty() && reader.findings.errors.count == 0) reader.error(root, "no-link", "<robot> has no <link>");
  if (reader.findings.errors.count > 0) return reader.findings.errors.finished();

  build(reader, root);
  if (reader.findings.errors.count > 0) return reader.findings.errors.finished();   // links have no bodies
  if (!srdf.empty() || !options.disabled_collisions.empty()) {
    LinkPairs pairs;
    if (!srdf.empty()) read_disabled(reader, srdf, pairs);
    for (const auto& names : options.disabled_collisions) pairs.push_back({names, root.place(), "as asked"});
    disable(reader, pairs);
  } else {
    for (std::size_t b = 1; b < reader.scene.bodies.size(); ++b) reader.scene.bodies[b].unlisted = 1;
  }
  if (reader.findings.errors.count > 0) return reader.findings.errors.finished();
  reader.findings.finish();
  reader.scene.report = std::move(reader.findings.report);
  reader.scene.documents.push_back(document);
  return std::move(reader.scene);
}

// The SRDF of the same stem, if there is one.
std::string srdf_beside(const std::string& path, const std::string& folder) {
  const std::size_t slash = path.rfind('/') + 1, dot = path.rfind('.');
  const std::string stem = path.substr(slash, dot == std::string::npos || dot < slash ? std::string::npos : dot - slash);
  Result<std::string> found = resolve_file(stem + ".srdf", folder, {folder}, xml::limits::file_bytes);
  return found ? *found : std::string();
}

}  // namespace
}  // namespace urdf

Result<Scene> read_urdf(const std::string& path, const UrdfOptions& options) {
  Result<xml::Document> document = xml::load(path, {{}, options.included_from, nullptr, {}});
  if (!document) return document.errors();
  const std::string folder = folder_of(path);
  return urdf::read_document(std::move(document), options, folder, options.srdf.empty() ? urdf::srdf_beside(path, folder) : options.srdf);
}

Result<Scene> parse_urdf(const std::string& text, const std::string& name, const UrdfOptions& options, const std::string& folder) {
  return urdf::read_document(xml::parse(text, name), options, folder, options.srdf);
}

}  // namespace nuri::scene
