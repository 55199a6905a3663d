// Writes what the targets start from and is no text: a box in every mesh format, pictures, an array, the models of the MJCF files
// that are named. seeds FOLDER FILE.xml...: FOLDER/stl/*, FOLDER/grid/*, ...
#include <png.h>
#include "engine/model/compile.h"
#include "engine/scene/mjcf.h"
#include "tests/engine/shape/mesh_maker.h"
#include "tests/fuzz/fuzz.h"
#include "tools/cli/npy.h"

using namespace nuri;
using namespace nuri::shape::test;

namespace {
// 3 x 4 pixels in every colour type, depth and order that PNG has.
std::string picture(int colour, int bits, int interlace) {
  std::string out;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(png, &out, [](png_structp p, png_bytep data, size_t n) { static_cast<std::string*>(png_get_io_ptr(p))->append(reinterpret_cast<char*>(data), n); }, nullptr);
  png_set_IHDR(png, info, 3, 4, bits, colour, interlace, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  std::vector<png_color> palette(std::size_t(1) << std::min(bits, 8));
  for (std::size_t i = 0; i < palette.size(); ++i) palette[i].red = palette[i].green = palette[i].blue = png_byte(i);
  if (colour == PNG_COLOR_TYPE_PALETTE) png_set_PLTE(png, info, palette.data(), int(palette.size()));
  png_write_info(png, info);
  for (int pass = png_set_interlace_handling(png); pass > 0; --pass)
    for (int row = 0; row < 4; ++row) {
      std::string bytes(png_get_rowbytes(png, info), char(0x11 * row));
      png_write_row(png, reinterpret_cast<png_bytep>(bytes.data()));
    }
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return out;
}
}  // namespace

int main(int count, char** arguments) {
  if (count < 2) return 2;
  const std::filesystem::path folder = arguments[1];
  auto write = [&](const std::string& target, const std::string& name, const std::string& bytes) {
    std::filesystem::create_directories(folder / target);
    std::ofstream(folder / target / name, std::ios::binary) << bytes;
  };
  // meshes; with them the files that scenes name
  const shape::Mesh cube = box(1);
  write("stl", "box.stl", binary_stl(cube));
  write("stl", "text.stl", text_stl(cube));
  write("stl", "solid.stl", binary_stl(cube, "solid"));
  write("obj", "box.obj", box_obj);
  write("msh", "plain.msh", msh(cube));
  write("msh", "box.msh", msh(cube, true));

  // height fields
  std::string field;
  put(field, 2), put(field, 3);
  for (float v : {1.f, 2.f, 3.f, 4.f, 5.f, 9.f}) put(field, v);
  write("grid", "small.field", field);
  const std::vector<std::pair<int, std::vector<int>>> kinds{{PNG_COLOR_TYPE_GRAY, {1, 2, 4, 8, 16}}, {PNG_COLOR_TYPE_GRAY_ALPHA, {8, 16}}, {PNG_COLOR_TYPE_RGB, {8, 16}},
                                                            {PNG_COLOR_TYPE_RGB_ALPHA, {8, 16}}, {PNG_COLOR_TYPE_PALETTE, {1, 2, 4, 8}}};
  for (const auto& [colour, depths] : kinds)
    for (int bits : depths)
      for (int interlace : {PNG_INTERLACE_NONE, PNG_INTERLACE_ADAM7}) write("grid", std::to_string(colour) + "_" + std::to_string(bits) + "_" + std::to_string(interlace) + ".png", picture(colour, bits, interlace));

  // what the child of the importer says: a mesh, an error
  auto pack = [](std::string& to, const auto& values) {
    put(to, std::uint64_t(values.size()));
    for (const auto& value : values) to.append(reinterpret_cast<const char*>(&value), sizeof value);
  };
  std::string good = "+", bad = "-";
  pack(good, cube.vertices), pack(good, cube.faces), pack(good, cube.normals), pack(good, cube.texcoords), pack(good, std::string("a note\n"));
  for (const char* word : {"bad-mesh", "a message", "a hint"}) pack(bad, std::string(word));
  write("import", "mesh", good + "E");
  write("import", "error", bad + "E");

  // states
  std::filesystem::create_directories(folder / "npy");
  if (!cli::write_npy((folder / "npy/states.npy").string(), {2, 3, {1, 2, 3, 4, 5, 6}})) return 1;

  // models
  for (int k = 2; k < count; ++k) {
    const auto scene = scene::read_mjcf(arguments[k]);
    if (!scene) return fuzz::refused(scene.errors()), 1;
    const auto model = model::compile(*scene);
    if (!model) return fuzz::refused(model.errors()), 1;
    write("model", std::filesystem::path(arguments[k]).stem().string() + ".model", model::serialize(*model));
  }
}
