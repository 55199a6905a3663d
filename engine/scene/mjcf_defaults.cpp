// Default classes.
#include <set>
#include "engine/scene/mjcf_reader.h"

namespace nuri::scene::mjcf {

namespace {

// A class's element: everything but name, class and references, which `read` does not ask for, and nothing inside.
template <class Spec> void read_for_class(Reader& reader, const xml::Element& element, Spec& out) {
  Attributes a(element, reader.findings);
  read(a, out);
  a.finish();
  reader.no_children(element);
}

}  // namespace

void read_default(Reader& reader, const xml::Element& section, int parent) {
  Attributes a(section, reader.findings);
  std::string name;
  a.text("class", name);
  a.finish();
  int index = 0;
  if (parent < 0) {
    if (!name.empty() && name != "main") reader.error(section, "bad-value", "the outermost default class is named 'main', not " + xml::shown(name), "nest this class in a <default>");
  } else {
    if (name.empty()) return reader.error(section, "missing-attribute", "a nested <default> needs attribute 'class'");
    if (reader.class_names.contains(name)) return a.error("class", "repeated-name", "there is a default class named " + xml::shown(name) + " already");
    if (reader.classes.size() >= most_classes) return a.error("class", "too-many-classes", "there are more than " + std::to_string(most_classes) + " default classes");
    Class copy = reader.classes[static_cast<std::size_t>(parent)];
    copy.name = name;
    copy.parent = parent;
    index = reader.add_class(std::move(copy));
  }

  // its own elements, then nested classes, which start as copies of what this one has become
  std::set<std::string> seen;
  for (const auto& child : section.children) {
    if (child->name == "default") continue;
    if (!seen.insert(child->name).second) {
      reader.error(*child, "repeated-element", "this class has a <" + child->name + "> already");
      continue;
    }
    Class& c = reader.classes[static_cast<std::size_t>(index)];
    const xml::Element& e = *child;
    if (e.name == "joint") read_for_class(reader, e, c.joint);
    else if (e.name == "geom") read_for_class(reader, e, c.geom);
    else if (e.name == "site") read_for_class(reader, e, c.site);
    else if (e.name == "camera") read_for_class(reader, e, c.camera);
    else if (e.name == "light") read_for_class(reader, e, c.light);
    else if (e.name == "texture") read_for_class(reader, e, c.texture);
    else if (e.name == "material") {
      Attributes attributes(e, reader.findings);
      read(attributes, c.material);
      attributes.finish();
      read_layers(reader, e, c.material);
    }
    else if (e.name == "pair") read_for_class(reader, e, c.pair);
    else if (e.name == "equality") read_for_class(reader, e, c.equality);
    else if (e.name == "tendon") read_for_class(reader, e, c.tendon);
    else if (e.name == "mesh") read_for_class(reader, e, c.mesh);
    else {
      Attributes attributes(e, reader.findings);
      if (read(attributes, c.actuator, reader.classes, index)) attributes.finish();
      else if (e.name == "orientation" || e.name == "pid" || e.name == "muscle" || e.name == "dcmotor") reader.not_supported(e);
      else reader.unknown_element(e, {"default", "joint", "geom", "site", "camera", "light", "texture", "material", "mesh", "pair", "equality", "tendon",
                                      "general", "motor", "position", "velocity", "intvelocity", "damper", "cylinder", "adhesion"});
    }
  }
  for (const auto& child : section.children)
    if (child->name == "default") read_default(reader, *child, index);
}

}  // namespace nuri::scene::mjcf
