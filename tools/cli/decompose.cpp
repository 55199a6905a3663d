// nuri decompose: the convex parts of a mesh, as an OBJ file with one object for each.
#include <fmt/format.h>
#include "engine/shape/convex_parts.h"
#include "tools/cli/cli.h"
#include "engine/core/new_file.h"

namespace nuri::cli {
namespace {

struct Choice {
  std::string mesh, out;
  shape::PartsRule rule;
  bool json = false;
};

// Points as hulls: triangles, counter-clockwise from outside.
std::string obj(const std::vector<std::vector<shape::Vec>>& parts) {
  std::string text;
  std::size_t base = 1;
  for (std::size_t k = 0; k < parts.size(); ++k) {
    const Result<shape::Hull> hull = shape::convex_hull(parts[k]);
    if (!hull) continue;
    text += fmt::format("o part_{}\n", k);
    for (const shape::Vec& v : hull->vertices) text += fmt::format("v {} {} {}\n", v[0], v[1], v[2]);
    for (const std::vector<int>& polygon : hull->polygons) {
      text += 'f';
      for (const int corner : polygon) text += fmt::format(" {}", base + std::size_t(corner));
      text += '\n';
    }
    base += hull->vertices.size();
  }
  return text;
}

int decompose(const Choice& choice) {
  auto refuse = [&](std::vector<Diagnostic> errors, const std::string& file, Status status) {
    for (Diagnostic& d : errors) d.place.file = file;
    report(errors, choice.json);
    return status;
  };
  if (!choice.out.empty()) {
    if (const Result<bool> can = can_create(choice.out); !can) return refuse(can.errors(), choice.out, failed);
  }
  const Result<shape::Mesh> mesh = shape::read_mesh(choice.mesh);
  if (!mesh) return refuse(mesh.errors(), choice.mesh, bad_input);
  const Result<shape::ConvexParts> parts = shape::convex_parts(*mesh, choice.rule);
  if (!parts) return refuse(parts.errors(), choice.mesh, bad_input);
  if (!choice.out.empty()) {
    if (const Result<bool> done = write_whole(choice.out, obj(parts->parts)); !done) return refuse(done.errors(), choice.out, failed);
  }
  const double excess = parts->hulls / parts->solid - 1;
  if (choice.json) print({{"ok", true}, {"parts", parts->parts.size()}, {"volume", parts->solid}, {"parts_volume", parts->hulls}, {"excess", excess}});
  else fmt::print("{} convex parts of {:.6g} m^3 together, {:+.2f} % of the mesh's {:.6g} m^3\n", parts->parts.size(), parts->hulls, 100 * excess, parts->solid);
  return good;
}

}  // namespace

void add_decompose(CLI::App& app, int& status) {
  auto choice = std::make_shared<Choice>();
  CLI::App* command = app.add_subcommand("decompose", "Take a closed mesh apart into convex parts");
  command->add_option("mesh", choice->mesh, "STL, OBJ, MSH, DAE or glTF file")->required()->type_name("MESH");
  command->add_option("-o,--out", choice->out, "File to write: each part is an object of it")->type_name("FILE.obj");
  command->add_option("--parts", choice->rule.most, "At most so many parts (32)")->check(CLI::Range(1, shape::limits::most_parts));
  command->add_option("--excess", choice->rule.excess, "Share of the mesh's volume that the parts may add (0.02)")->check(CLI::Range(0.0, 10.0));
  command->add_flag("--json", choice->json, "One JSON object on standard output");
  command->footer("A scene takes meshes apart when it is loaded, or uses such a file: docs/scene-format.md, 'decompose'.");
  command->callback([=, &status] { status = decompose(*choice); });
}

}  // namespace nuri::cli
