// Assets: textures, materials, meshes, height fields. Files are found here and read by the compiler and the renderers.
#include <algorithm>
#include "engine/scene/mjcf_reader.h"

namespace nuri::scene::mjcf {
namespace {

constexpr std::size_t asset_bytes = std::size_t{512} << 20;   // of one file
constexpr int most_pixels = 16384, most_samples = 8192;       // in one direction

// Meshes and textures that have a file and no name are named after it.
std::string named(Attributes& a, const std::string& file) { return a.has("name") || file.empty() ? "" : stem(file); }

void declare_asset(Reader& reader, Attributes& a, Kind kind, std::string& out_name, std::size_t index, const std::string& otherwise) {
  reader.declare(a, kind, out_name, index);
  if (!out_name.empty()) return;
  if (otherwise.empty()) {                                     // nothing refers to an unnamed texture, skyboxes need no name
    if (kind != Kind::texture) a.error("name", "missing-attribute", "<" + a.element().name + "> needs attribute 'name'");
    return;
  }
  out_name = otherwise;
  auto [entry, is_new] = reader.names[static_cast<std::size_t>(kind)].try_emplace(out_name, Reader::Named{static_cast<int>(index), a.element().place()});
  if (!is_new)
    a.error("file", "repeated-name", std::string("there is a ") + word(kind) + " named " + xml::shown(out_name) + " already, and this one is named after its file",
            "the first is at " + entry->second.place.file + ":" + std::to_string(entry->second.place.line));
}

const std::string& asset_folder(const Reader& reader, const xml::Element& element, bool texture) {
  const Settings& settings = reader.settings_of(element);
  return texture ? settings.texturedir : settings.meshdir;
}

void read_texture(Reader& reader, const xml::Element& element) {
  Attributes a(element, reader.findings);
  Texture texture = reader.classes[static_cast<std::size_t>(reader.find_class(a, "class", 0))].texture;
  read(a, texture);
  a.text("file", texture.file);
  static constexpr const char* faces[] = {"fileright", "fileleft", "fileup", "filedown", "filefront", "fileback"};
  const std::string& folder = asset_folder(reader, element, true);
  const bool memory = reader.settings_of(element).folder.empty();
  auto find = [&](const char* attribute, const std::string& file, std::string& out_path) {
    if (file.empty()) return;
    if (!memory) out_path = reader.find_file(a, attribute, folder, asset_bytes);
    else reader.findings.report.push_back(xml::finding(Severity::warning, element, attribute, "file-not-opened", "a scene read from memory cannot open files: " + xml::shown(file)));
  };
  find("file", texture.file, texture.path);
  for (std::size_t i = 0; i < 6; ++i) {
    a.text(faces[i], texture.cube_files[i]);
    find(faces[i], texture.cube_files[i], texture.cube_paths[i]);
  }
  declare_asset(reader, a, Kind::texture, texture.name, reader.scene.textures.size(), named(a, texture.file));
  a.accept({"content_type"});
  a.finish();
  reader.no_children(element);
  if (a.has("gridlayout"))
    a.check(texture.gridlayout.size() == static_cast<std::size_t>(texture.gridsize[0]) * static_cast<std::size_t>(texture.gridsize[1]), "gridlayout",
            "have one letter for each cell of gridsize");
  texture.place = element.place();
  reader.scene.textures.push_back(std::move(texture));
}

void read_material(Reader& reader, const xml::Element& element) {
  Attributes a(element, reader.findings);
  Material material = reader.classes[static_cast<std::size_t>(reader.find_class(a, "class", 0))].material;
  declare_asset(reader, a, Kind::material, material.name, reader.scene.materials.size(), {});
  read(a, material);
  a.finish();
  read_layers(reader, element, material);
  material.place = element.place();
  reader.scene.materials.push_back(std::move(material));
  reader.materials.push_back(&element);
}

void read_mesh(Reader& reader, const xml::Element& element) {
  Attributes a(element, reader.findings);
  Mesh mesh = reader.classes[static_cast<std::size_t>(reader.find_class(a, "class", 0))].mesh;
  const std::string written = a.has("file") ? element.find("file")->value : "";
  declare_asset(reader, a, Kind::mesh, mesh.name, reader.scene.meshes.size(), named(a, written));
  read(a, mesh);
  mesh.file = reader.find_file(a, "file", asset_folder(reader, element, false), asset_bytes);
  a.vector("refpos", mesh.refpos);
  if (Array4 quat{}; a.vector("refquat", quat) && a.check(normalise(quat), "refquat", "not be zero")) mesh.refquat = quat;
  a.boolean("smoothnormal", mesh.smoothnormal);
  a.list("vertex", mesh.vertices);
  a.list("normal", mesh.normals);
  a.list("texcoord", mesh.texcoords);
  std::vector<double> faces;
  a.list("face", faces);
  read_builtin_mesh(a, mesh);
  a.accept({"content_type", "material"});
  a.finish();
  for (const auto& child : element.children)
    if (child->name == "plugin") reader.not_supported(*child);
    else reader.unknown_element(*child, {"plugin"});

  // a file, or vertices and perhaps what goes with them
  const std::size_t count = mesh.vertices.size() / 3;
  if (a.has("file")) {
    for (const char* other : {"vertex", "face", "normal", "texcoord", "builtin"})
      if (a.has(other)) a.error(other, "conflicting-attributes", std::string("<mesh> has both a file and ") + other);
  } else if (a.has("builtin")) {
    for (const char* other : {"vertex", "face", "normal", "texcoord"})
      if (a.has(other)) a.error(other, "conflicting-attributes", std::string("<mesh> has both builtin and ") + other);
  } else {
    if (!a.has("vertex")) reader.error(element, "missing-attribute", "<mesh> needs 'file' or 'vertex'");
    else a.check(mesh.vertices.size() % 3 == 0 && count >= 4, "vertex", "hold three numbers for each of at least four vertices");
    a.check(mesh.normals.empty() || mesh.normals.size() == mesh.vertices.size(), "normal", "hold three numbers for each vertex");
    a.check(mesh.texcoords.empty() || mesh.texcoords.size() == 2 * count, "texcoord", "hold two numbers for each vertex");
    const auto is_vertex = [&](double i) { return i >= 0 && i < static_cast<double>(count) && i == static_cast<double>(static_cast<std::size_t>(i)); };
    if (a.check(faces.size() % 3 == 0 && std::all_of(faces.begin(), faces.end(), is_vertex), "face", "hold three numbers of vertices, from 0, for each triangle"))
      for (double i : faces) mesh.faces.push_back(static_cast<int>(i));
  }
  mesh.place = element.place();
  reader.scene.meshes.push_back(std::move(mesh));
}

void read_height_field(Reader& reader, const xml::Element& element) {
  Attributes a(element, reader.findings);
  HeightField field;
  const std::string written = a.has("file") ? element.find("file")->value : "";
  declare_asset(reader, a, Kind::hfield, field.name, reader.scene.height_fields.size(), named(a, written));
  field.file = reader.find_file(a, "file", asset_folder(reader, element, false), asset_bytes);
  a.require("size");
  if (a.vector("size", field.size))
    a.check(std::all_of(field.size.begin(), field.size.end(), [](double s) { return s > 0; }), "size", "hold four lengths > 0 m: half x, half y, top, base");
  bool sized = a.integer("nrow", field.rows);
  sized = a.integer("ncol", field.columns) && sized;
  std::vector<double> elevation;
  a.list("elevation", elevation);
  a.accept({"content_type"});
  a.finish();
  reader.no_children(element);
  if (a.has("file")) {
    if (a.has("elevation")) a.error("elevation", "conflicting-attributes", "<hfield> has both a file and elevation");
    field.rows = field.columns = 0;                            // the file says
  } else if (!sized) {
    reader.error(element, "missing-attribute", "<hfield> needs a file, or nrow and ncol");
  } else if (a.check(field.rows >= 1 && field.rows <= most_samples, "nrow", "lie in 1 .. 8192") && a.check(field.columns >= 1 && field.columns <= most_samples, "ncol", "lie in 1 .. 8192")) {
    const auto rows = static_cast<std::size_t>(field.rows), columns = static_cast<std::size_t>(field.columns);
    field.elevation.assign(rows * columns, 0.0f);
    if (a.has("elevation") && a.check(elevation.size() == rows * columns, "elevation", "hold nrow times ncol numbers"))
      for (std::size_t row = 0; row < rows; ++row)             // written from the top, +y, down
        for (std::size_t column = 0; column < columns; ++column) field.elevation[(rows - 1 - row) * columns + column] = static_cast<float>(elevation[row * columns + column]);
  }
  field.place = element.place();
  reader.scene.height_fields.push_back(std::move(field));
}

}  // namespace

void read(Attributes& a, Texture& out) {
  static constexpr const char* types[] = {"2d", "cube", "skybox"};
  static constexpr const char* builtins[] = {"none", "gradient", "checker", "flat"};
  static constexpr const char* marks[] = {"none", "edge", "cross", "random"};
  static constexpr const char* spaces[] = {"auto", "linear", "sRGB"};
  int word = 0;
  if (a.keyword("type", word, {{types[0], 0}, {types[1], 1}, {types[2], 2}})) out.type = types[word];
  if (a.keyword("builtin", word, {{builtins[0], 0}, {builtins[1], 1}, {builtins[2], 2}, {builtins[3], 3}})) out.builtin = builtins[word];
  if (a.keyword("mark", word, {{marks[0], 0}, {marks[1], 1}, {marks[2], 2}, {marks[3], 3}})) out.mark = marks[word];
  if (a.keyword("colorspace", word, {{spaces[0], 0}, {spaces[1], 1}, {spaces[2], 2}})) out.colorspace = spaces[word];
  a.vector("rgb1", out.rgb1);
  a.vector("rgb2", out.rgb2);
  a.vector("markrgb", out.markrgb);
  if (a.number("random", out.random)) a.check(out.random >= 0 && out.random <= 1, "random", "lie in 0 .. 1");
  if (a.integer("width", out.width)) a.check(out.width >= 0 && out.width <= most_pixels, "width", "lie in 0 .. 16384 pixels");
  if (a.integer("height", out.height)) a.check(out.height >= 0 && out.height <= 6 * most_pixels, "height", "lie in 0 .. 98304 pixels");   // six faces
  if (a.integer("nchannel", out.nchannel)) a.check(out.nchannel >= 1 && out.nchannel <= 4, "nchannel", "lie in 1 .. 4");
  if (a.integers("gridsize", out.gridsize.data(), 2))
    a.check(out.gridsize[0] >= 1 && out.gridsize[1] >= 1 && out.gridsize[0] <= 12 && out.gridsize[1] <= 12, "gridsize", "hold two numbers in 1 .. 12");
  if (a.text("gridlayout", out.gridlayout))
    a.check(out.gridlayout.size() <= 12 && out.gridlayout.find_first_not_of(".RLUDFB") == std::string::npos, "gridlayout", "be at most twelve letters of R L U D F B and '.'");
  a.boolean("hflip", out.hflip);
  a.boolean("vflip", out.vflip);
  a.accept({"embed"});
}

void read(Attributes& a, Material& out) {
  a.text("texture", out.texture);
  a.vector("texrepeat", out.texrepeat);
  a.boolean("texuniform", out.texuniform);
  a.number("emission", out.emission);
  a.number("specular", out.specular);
  a.number("shininess", out.shininess);
  a.number("reflectance", out.reflectance);
  a.number("metallic", out.metallic);
  a.number("roughness", out.roughness);
  a.colour("rgba", out.rgba);
}

void read(Attributes& a, Mesh& out) {
  if (a.vector("scale", out.scale)) a.check(out.scale[0] != 0 && out.scale[1] != 0 && out.scale[2] != 0, "scale", "hold numbers that are not 0");
  a.keyword("inertia", out.inertia, {{"convex", MeshInertia::convex}, {"legacy", MeshInertia::legacy}, {"exact", MeshInertia::exact}, {"shell", MeshInertia::shell}});
  if (a.integer("maxhullvert", out.maxhullvert)) a.check(out.maxhullvert == -1 || out.maxhullvert > 3, "maxhullvert", "be -1 or larger than 3");
}

void read_layers(Reader& reader, const xml::Element& element, Material& out) {
  static constexpr const char* roles[] = {"rgb", "occlusion", "roughness", "metallic", "normal", "opacity", "emissive", "rgba", "orm"};
  if (!element.children.empty()) out.layers.clear();           // a class's
  for (const auto& child : element.children) {
    if (child->name != "layer") {
      reader.unknown_element(*child, {"layer"});
      continue;
    }
    if (element.find("texture")) reader.error(*child, "conflicting-attributes", "a material with attribute 'texture' cannot hold <layer>");
    Attributes l(*child, reader.findings);
    Material::Layer layer;
    l.require("role");
    l.require("texture");
    int role = 0;
    if (l.keyword("role", role, {{roles[0], 0}, {roles[1], 1}, {roles[2], 2}, {roles[3], 3}, {roles[4], 4}, {roles[5], 5}, {roles[6], 6}, {roles[7], 7}, {roles[8], 8}})) layer.role = roles[role];
    l.text("texture", layer.texture);
    l.finish();
    reader.no_children(*child);
    out.layers.push_back(std::move(layer));
  }
}

void read_asset(Reader& reader, const xml::Element& section) {
  Attributes(section, reader.findings).finish();
  for (const auto& child : section.children) {
    const std::string& name = child->name;
    if (name == "texture") read_texture(reader, *child);
    else if (name == "material") read_material(reader, *child);
    else if (name == "mesh") read_mesh(reader, *child);
    else if (name == "hfield") read_height_field(reader, *child);
    else if (name == "skin") reader.findings.only_drawn("<skin>", *child);
    else if (name != "model") reader.unknown_element(*child, {"texture", "material", "mesh", "hfield", "skin", "model"});   // models: load_models()
    if (name == "texture" || name == "material") reader.findings.keep(name, *child);
  }
}

void check_textures(Reader& reader) {
  for (std::size_t i = 0; i < reader.materials.size(); ++i) {
    Attributes a(*reader.materials[i], reader.findings);
    const std::string& texture = reader.scene.materials[i].texture;
    if (!texture.empty()) reader.find(a, "texture", texture, Kind::texture);
    for (const auto& layer : reader.materials[i]->children) {
      Attributes l(*layer, reader.findings);
      if (layer->name == "layer") reader.find(l, "texture", Kind::texture);
    }
  }
}

}  // namespace nuri::scene::mjcf
