// Shapes, meshes, colours.
#include <algorithm>
#include <filesystem>
#include "engine/scene/urdf_reader.h"
#include "engine/shape/mesh.h"

namespace nuri::scene::urdf {
namespace {

constexpr std::size_t texture_bytes = std::size_t{256} << 20;

// A file's diagnostic at the attribute that names it.
Diagnostic placed(const xml::Element& element, const char* attribute, Severity severity, const Diagnostic& d) {
  return xml::finding(severity, element, attribute, d.code, d.message, d.hint);
}

// A package that is missing is one error, however many meshes it holds; the first stands for them, with their number.
void add_missing(Reader& reader, Diagnostic d, const std::string& file) {
  if (d.code != "unknown-package") return reader.findings.errors.add(std::move(d));
  const std::size_t begin = file.find("://") + 3;
  const std::string package = file.substr(begin, file.find('/', begin) - begin);
  auto [entry, is_new] = reader.missing_packages.try_emplace(package, Reader::Missing{reader.findings.errors.kept.size(), 0});
  if (is_new) reader.findings.errors.add(d);
  if (++entry->second.meshes > 1 && entry->second.error < reader.findings.errors.kept.size())
    reader.findings.errors.kept[entry->second.error].message =
        "no package " + xml::shown(package) + " was found for " + std::to_string(entry->second.meshes) + " meshes, of which this is the first";
}

int mesh_of(Reader& reader, Attributes& a, const std::string& name, const Array3& scale) {
  Result<std::string> path = reader.packages.file(name, shape::limits::mesh_bytes);
  if (!path) {
    add_missing(reader, placed(a.element(), "filename", Severity::error, path.errors().front()), name);
    return -1;
  }
  auto [entry, is_new] = reader.meshes.try_emplace({*path, scale}, static_cast<int>(reader.scene.meshes.size()));
  if (!is_new) return entry->second;
  Mesh mesh;
  mesh.name = reader.free_name("mesh", std::filesystem::path(*path).stem().string());
  mesh.file = *path;
  mesh.scale = scale;
  if (const std::string stem = std::filesystem::path(*path).stem().string(); mesh.name != stem && !stem.empty())
    reader.note(a.element(), "renamed", "there is a mesh named '" + stem + "' already: this one is '" + mesh.name + "'");
  if (scale[0] * scale[1] * scale[2] < 0) reader.note(a.element(), "mirrored-mesh", "mesh '" + mesh.name + "' is mirrored by its scale: its faces are turned round");
  mesh.place = a.element().place();
  reader.scene.meshes.push_back(std::move(mesh));
  return entry->second;
}

// A texture that cannot be read costs the picture, not the physics.
std::string texture_of(Reader& reader, const xml::Element& element) {
  Attributes a(element, reader.findings);
  std::string name;
  a.require("filename");
  a.text("filename", name);
  reader.finish(a);
  reader.only(element, {});
  if (name.empty()) return {};
  Result<std::string> path = reader.packages.file(name, texture_bytes);
  if (!path) {
    reader.findings.report.push_back(placed(element, "filename", Severity::warning, path.errors().front()));
    return {};
  }
  auto [entry, is_new] = reader.textures.try_emplace(*path, "");
  if (!is_new) return entry->second;
  Texture texture;
  texture.name = reader.free_name("texture", std::filesystem::path(*path).stem().string());
  texture.type = "2d";
  texture.file = *path;
  texture.place = element.place();
  entry->second = texture.name;
  reader.scene.textures.push_back(std::move(texture));
  return entry->second;
}

// <material>: a name, and perhaps what it looks like.
Colouring read_material(Reader& reader, const xml::Element& element) {
  Colouring out;
  out.element = &element;
  out.material.place = element.place();
  Attributes a(element, reader.findings);
  a.text("name", out.material.name);
  a.require("name");
  reader.finish(a);
  reader.only(element, {"color", "texture"}, {"specular", "ambient", "diffuse", "emissive"});
  if (const xml::Element* color = reader.one(element, "color")) {
    Attributes c(*color, reader.findings);
    Array4 rgba{0, 0, 0, 1};
    c.require("rgba");
    const int count = c.up_to("rgba", rgba);
    if (count > 0) c.check(count >= 3, "rgba", "hold 4 numbers");
    for (std::size_t i = 0; i < 4; ++i) out.material.rgba[i] = static_cast<float>(std::clamp(rgba[i], 0.0, 1.0));
    if (std::any_of(rgba.begin(), rgba.end(), [](double x) { return x < 0 || x > 1; }))
      reader.warning(*color, "bad-colour", "the numbers of a colour lie in 0 .. 1; these are cut to it");
    reader.finish(c);
    reader.only(*color, {});
    out.has_content = true;
  }
  if (const xml::Element* texture = reader.one(element, "texture")) {
    out.material.texture = texture_of(reader, *texture);
    out.has_content = true;
  }
  return out;
}

bool same_look(const Material& a, const Material& b) { return a.rgba == b.rgba && a.texture == b.texture; }

}  // namespace

void read_materials(Reader& reader, const xml::Element& robot) {
  // global ones have precedence; two of one name that differ are an error
  for (const auto& child : robot.children) {
    if (child->name != "material") continue;
    Colouring found = read_material(reader, *child);
    if (found.material.name.empty() || !found.has_content) continue;
    auto [entry, is_new] = reader.materials.try_emplace(found.material.name, found);
    if (!is_new && !same_look(entry->second.material, found.material))
      reader.findings.errors.add(xml::finding(Severity::error, *child, "name", "repeated-name", "there is another material named " + xml::shown(found.material.name) + " already",
                                              "the first is at line " + std::to_string(entry->second.element->line)));
  }
  for (const auto& [name, colouring] : reader.materials) reader.scene.materials.push_back(colouring.material);

  // the first definition inside a link is everybody's
  for (const auto& link : robot.children) {
    if (link->name != "link") continue;
    for (const auto& visual : link->children) {
      if (visual->name != "visual") continue;
      for (const auto& child : visual->children) {
        if (child->name != "material") continue;
        const xml::Attribute* name = child->find("name");
        const bool has_content = std::any_of(child->children.begin(), child->children.end(), [](const auto& e) { return e->name == "color" || e->name == "texture"; });
        if (!name || name->value.empty() || !has_content || reader.materials.count(name->value)) continue;
        mjcf::Findings unsaid;                               // said again, and kept, when the visual is read
        std::swap(unsaid, reader.findings);
        Colouring found = read_material(reader, *child);
        std::swap(unsaid, reader.findings);
        reader.scene.materials.push_back(found.material);
        reader.materials.emplace(name->value, std::move(found));
      }
    }
  }
  for (const auto& [name, colouring] : reader.materials) reader.free_name("material", name);
}

void colour(Reader& reader, const xml::Element& visual, Geom& geom) {
  const xml::Element* element = reader.one(visual, "material");
  if (!element) return;
  Colouring own = read_material(reader, *element);
  const std::string name = own.material.name;
  auto known = reader.materials.find(name);
  if (!own.has_content) {
    if (name.empty()) return;
    if (known == reader.materials.end()) {
      // as with textures: the picture suffers, not the physics
      reader.findings.report.push_back(xml::finding(Severity::warning, *element, "name", "unknown-name", "no material is named " + xml::shown(name) + ": it is grey", reader.hint(name, reader.materials)));
      return;
    }
    own = known->second;
  } else if (known == reader.materials.end() || !same_look(known->second.material, own.material)) {
    // without a name, or another look under the same name: a colour needs no material, a texture does
    if (!name.empty()) reader.findings.idle_at("name of a <material> that looks different elsewhere", *element);
    own.material.name.clear();
    if (!own.material.texture.empty()) {
      own.material.name = reader.free_name("material", name);
      reader.scene.materials.push_back(own.material);
    }
  }
  geom.material = own.material.name;
  geom.rgba = own.material.rgba;
}

bool read_geometry(Reader& reader, const xml::Element& part, Geom& out) {
  const xml::Element* geometry = reader.one(part, "geometry");
  if (!geometry) {
    reader.error(part, "missing-element", "<" + part.name + "> needs <geometry>");
    return false;
  }
  Attributes(*geometry, reader.findings).finish();
  reader.only(*geometry, {"box", "sphere", "cylinder", "capsule", "mesh"}, {"material"});
  const xml::Element* shape = nullptr;
  for (const char* kind : {"box", "sphere", "cylinder", "capsule", "mesh"})
    if (const xml::Element* found = reader.one(*geometry, kind)) {
      if (shape) reader.error(*found, "repeated-element", "<geometry> holds one shape, here it has two");
      shape = found;
    }
  if (!shape) {
    if (geometry->children.empty()) reader.error(*geometry, "missing-element", "<geometry> is empty", "it holds one of box, sphere, cylinder, capsule, mesh");
    return false;
  }

  const std::size_t before = reader.findings.errors.count;
  bool nothing = false;                                             // to see: no geom, and no error
  Attributes a(*shape, reader.findings);
  if (shape->name == "box") {
    Array3 size{};
    a.require("size");
    if (a.vector("size", size)) a.check(is_length(size[0]) && is_length(size[1]) && is_length(size[2]), "size", "hold three lengths > 0 m, within 1e-10 .. 1e9");
    out.type = GeomType::box;
    out.size = {size[0] / 2, size[1] / 2, size[2] / 2};
  } else if (shape->name == "mesh") {
    std::string file;
    Array3 scale{1, 1, 1};
    a.require("filename");
    const int count = a.up_to("scale", scale);
    if (count == 1) scale = {scale[0], scale[0], scale[0]};
    else if (count == 2) a.check(false, "scale", "hold 3 numbers");
    bool good = a.check(is_length(std::abs(scale[0])) && is_length(std::abs(scale[1])) && is_length(std::abs(scale[2])), "scale", "not hold 0, nor what is beyond 1e-10 .. 1e9");
    out.type = GeomType::mesh;
    if (a.text("filename", file) && good) out.mesh = mesh_of(reader, a, file, scale);
    else if (a.has("filename") && good) a.error("filename", "missing-attribute", "<mesh> needs the name of a file");
  } else {
    double radius = 0, length = 0;
    a.require("radius");
    const bool read = a.number("radius", radius);
    nothing = read && radius == 0 && shape->name == "sphere" && part.name == "visual";
    if (read && !nothing) a.check(is_length(radius), "radius", "be > 0 m, within 1e-10 .. 1e9");
    if (nothing) reader.findings.idle_at("a visual sphere of radius 0", *shape);
    if (shape->name != "sphere") {
      a.require("length");
      if (a.number("length", length)) a.check(is_length(length), "length", "be > 0 m, within 1e-10 .. 1e9");
    }
    out.type = shape->name == "sphere" ? GeomType::sphere : shape->name == "cylinder" ? GeomType::cylinder : GeomType::capsule;
    out.size = {radius, length / 2, 0};
  }
  reader.finish(a);
  reader.only(*shape, {});
  return !nothing && reader.findings.errors.count == before && (out.type != GeomType::mesh || out.mesh >= 0);   // not every missing mesh is an error of its own
}

}  // namespace nuri::scene::urdf
