#include "engine/scene/mjcf_names.h"

namespace nuri::scene::mjcf {

Kind own_kind(const xml::Element& element, Section section) {
  const std::string& tag = element.name;
  switch (section) {
    case Section::tree:
      for (Kind kind : {Kind::body, Kind::joint, Kind::geom, Kind::site, Kind::camera, Kind::light, Kind::frame})
        if (tag == word(kind)) return kind;
      return tag == "freejoint" ? Kind::joint : Kind::count;
    case Section::asset:
      for (Kind kind : {Kind::texture, Kind::material, Kind::mesh, Kind::hfield})
        if (tag == word(kind)) return kind;
      return Kind::count;
    case Section::contact: return tag == "exclude" ? Kind::exclude : Kind::pair;
    case Section::tendon: return Kind::tendon;
    case Section::equality: return Kind::equality;
    case Section::actuator: return Kind::actuator;
    case Section::sensor: return Kind::sensor;
    case Section::count: break;
  }
  return Kind::count;
}

Kind reference_kind(const xml::Element& element, const std::string& attribute) {
  static const std::unordered_map<std::string, Kind> kinds = {
      {"joint", Kind::joint}, {"joint1", Kind::joint}, {"joint2", Kind::joint}, {"jointinparent", Kind::joint},
      {"site", Kind::site}, {"site1", Kind::site}, {"site2", Kind::site}, {"refsite", Kind::site}, {"cranksite", Kind::site},
      {"slidersite", Kind::site}, {"sidesite", Kind::site}, {"geom", Kind::geom}, {"geom1", Kind::geom}, {"geom2", Kind::geom},
      {"body", Kind::body}, {"body1", Kind::body}, {"body2", Kind::body}, {"subtree1", Kind::body}, {"subtree2", Kind::body}, {"target", Kind::body},
      {"tendon", Kind::tendon}, {"tendon1", Kind::tendon}, {"tendon2", Kind::tendon}, {"actuator", Kind::actuator}, {"camera", Kind::camera},
      {"material", Kind::material}, {"texture", Kind::texture}, {"mesh", Kind::mesh}, {"hfield", Kind::hfield}};
  if (attribute == "objname" || attribute == "refname") {
    const xml::Attribute* type = element.find(attribute == "objname" ? "objtype" : "reftype");
    if (!type) return Kind::count;
    for (Kind kind : {Kind::body, Kind::geom, Kind::site, Kind::camera})
      if (type->value == word(kind)) return kind;
    return type->value == "xbody" ? Kind::body : Kind::count;
  }
  auto found = kinds.find(attribute);
  return found == kinds.end() ? Kind::count : found->second;
}

std::string name_key(Kind kind, const std::string& name) { return static_cast<char>('a' + static_cast<int>(kind)) + name; }

void each_reference(const xml::Element& element, const std::function<void(const xml::Attribute&, Kind)>& use) {
  for (const xml::Attribute& attribute : element.attributes)
    if (const Kind kind = reference_kind(element, attribute.name); kind != Kind::count && !is_asset(kind) && !attribute.value.empty()) use(attribute, kind);
  for (const auto& child : element.children) each_reference(*child, use);
}

void collect_names(const xml::Element& tree, NameSet& out) {
  const Kind kind = own_kind(tree, Section::tree);
  if (const xml::Attribute* name = kind == Kind::count ? nullptr : tree.find("name"); name && !name->value.empty()) out.insert(name_key(kind, name->value));
  for (const auto& child : tree.children) collect_names(*child, out);
}

std::size_t element_count(const xml::Element& element) {
  std::size_t count = 1;
  for (const auto& child : element.children) count += element_count(*child);
  return count;
}

std::unique_ptr<xml::Element> copy_of(const xml::Element& element, const xml::Element* parent,
                                      const std::function<void(const xml::Element& from, xml::Element& to)>& change) {
  auto copy = std::make_unique<xml::Element>();
  copy->name = element.name;
  copy->attributes = element.attributes;
  copy->parent = parent;
  copy->source = element.source;
  copy->line = element.line;
  copy->column = element.column;
  change(element, *copy);
  copy->children.reserve(element.children.size());
  for (const auto& child : element.children) copy->children.push_back(copy_of(*child, copy.get(), change));
  return copy;
}

}  // namespace nuri::scene::mjcf
