// Default classes and assets.
#include <set>
#include "engine/scene/mjcf_reader.h"

namespace nuri::scene::mjcf {

void read(Attributes& a, Texture& out) {
  // file textures are kept by name; opening them is the renderers' task
  a.text("type", out.type);
  a.text("builtin", out.builtin);
  a.text("file", out.file);
  a.vector("rgb1", out.rgb1);
  a.vector("rgb2", out.rgb2);
  if (a.integer("width", out.width)) a.check(out.width >= 0 && out.width <= 16384, "width", "lie in 0 .. 16384 pixels");
  if (a.integer("height", out.height)) a.check(out.height >= 0, "height", "be >= 0 pixels");
  a.accept({"colorspace", "content_type", "gridsize", "gridlayout", "fileright", "fileleft", "fileup", "filedown", "filefront", "fileback", "mark",
            "markrgb", "random", "hflip", "vflip", "nchannel", "embed"});
}

void read(Attributes& a, Material& out) {
  a.text("texture", out.texture);
  a.vector("texrepeat", out.texrepeat);
  a.boolean("texuniform", out.texuniform);
  a.number("emission", out.emission);
  a.number("specular", out.specular);
  a.number("shininess", out.shininess);
  a.number("reflectance", out.reflectance);
  a.colour("rgba", out.rgba);
  a.accept({"metallic", "roughness"});
}

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
    for (const Class& other : reader.classes)
      if (other.name == name) return a.error("class", "repeated-name", "there is a default class named " + xml::shown(name) + " already");
    index = static_cast<int>(reader.classes.size());
    Class copy = reader.classes[static_cast<std::size_t>(parent)];
    copy.name = name;
    copy.parent = parent;
    reader.classes.push_back(std::move(copy));
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
    else if (e.name == "material") read_for_class(reader, e, c.material);
    else if (e.name == "pair") read_for_class(reader, e, c.pair);
    else if (e.name == "equality") read_for_class(reader, e, c.equality);
    else if (e.name == "tendon") read_for_class(reader, e, c.tendon);
    else if (e.name == "mesh") reader.findings.idle_at("<mesh> of a default class", e);
    else {
      Attributes attributes(e, reader.findings);
      if (read(attributes, c.actuator, reader.classes, index)) attributes.finish();
      else if (e.name == "orientation" || e.name == "pid" || e.name == "muscle" || e.name == "adhesion" || e.name == "dcmotor") reader.not_supported(e);
      else reader.unknown_element(e, {"default", "joint", "geom", "site", "camera", "light", "texture", "material", "mesh", "pair", "equality", "tendon",
                                      "general", "motor", "position", "velocity", "intvelocity", "damper", "cylinder"});
    }
  }
  for (const auto& child : section.children)
    if (child->name == "default") read_default(reader, *child, index);
}

void read_asset(Reader& reader, const xml::Element& section) {
  Attributes(section, reader.findings).finish();
  for (const auto& child : section.children) {
    Attributes a(*child, reader.findings);
    const bool is_texture = child->name == "texture";
    if (is_texture || child->name == "material") {
      const auto index = static_cast<std::size_t>(reader.find_class(a, "class", 0));
      if (is_texture) {
        Texture texture = reader.classes[index].texture;
        reader.declare(a, Kind::texture, texture.name, reader.scene.textures.size());
        read(a, texture);
        texture.place = child->place();
        reader.scene.textures.push_back(texture);
      } else {
        Material material = reader.classes[index].material;
        reader.declare(a, Kind::material, material.name, reader.scene.materials.size());
        read(a, material);
        material.place = child->place();
        reader.scene.materials.push_back(material);
        reader.materials.push_back(child.get());
      }
      a.finish();
      for (const auto& layer : child->children) {
        if (layer->name == "layer" && !is_texture) reader.findings.idle_at("<layer>", *layer);
        else reader.unknown_element(*layer, is_texture ? std::vector<std::string>{} : std::vector<std::string>{"layer"});
      }
      reader.findings.keep(child->name, *child);
    } else if (child->name == "mesh" || child->name == "hfield" || child->name == "skin" || child->name == "model") {
      reader.not_supported(*child);
    } else {
      reader.unknown_element(*child, {"texture", "material", "mesh", "hfield", "skin", "model"});
    }
  }
}

void check_textures(Reader& reader) {
  for (std::size_t i = 0; i < reader.materials.size(); ++i) {
    Attributes a(*reader.materials[i], reader.findings);
    const std::string& texture = reader.scene.materials[i].texture;
    if (!texture.empty()) reader.find(a, "texture", texture, Kind::texture);
  }
}

}  // namespace nuri::scene::mjcf
