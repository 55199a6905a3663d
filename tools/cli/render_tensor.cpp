// nuri render --out FILE.npy: what a camera or lidar sees as numbers, [environment][row][column][channel], written as it is traced.
#include <fmt/format.h>
#include "tools/cli/npy.h"
#include "tools/cli/render.h"

namespace nuri::cli {
namespace {

struct Output { const char* name; uint32_t bit; const char* type; int channels; };
constexpr Output outputs[] = {{"rgb", trace::output::rgb, "|u1", 3},       {"depth", trace::output::depth, "<f4", 1},
                              {"range", trace::output::range, "<f4", 1},   {"geom", trace::output::geom, "<i4", 1},
                              {"body", trace::output::body, "<i4", 1},     {"class", trace::output::label, "<i4", 1},
                              {"normal", trace::output::normal, "<f4", 3}, {"intensity", trace::output::intensity, "<f4", 1},
                              {"point", trace::output::point, "<f4", 3}};

}  // namespace

int render_tensor(const Options& options, const RenderAsked& asked, session::Session& session, std::vector<int> environments) {
  const scene::Eye* const eye = find_eye(session.settings(), asked.through.camera);
  const Output* what = nullptr;
  for (const Output& o : outputs)
    if (asked.output.empty() ? o.bit == uint32_t(eye && eye->lidar ? trace::output::range : trace::output::rgb) : asked.output == o.name)
      what = &o;
  if (eye && eye->lidar && what->bit & (trace::output::rgb | trace::output::depth))
    return report(fmt::format("a lidar gives no {}", what->name), options.json);

  // an eye of the scene: as a policy gets it at this moment, noise included; otherwise by rays of our own
  std::unique_ptr<session::Eyes> eyes;
  std::unique_ptr<Pictures> pictures;
  int width, height;
  if (eye) {
    session::EyeOptions chosen;
    chosen.names = {eye->name};
    chosen.outputs = what->bit;
    chosen.size = asked.through.size;
    if (eye->lidar && chosen.size[0]) return report("a lidar's size is its rows and columns: leave --size out", options.json);
    auto made = session::Eyes::make(session, chosen);
    if (!made) return report(made.errors(), options.json);
    eyes = std::move(*made);
    width = eyes->eyes()[0].width, height = eyes->eyes()[0].height;
    std::erase_if(environments, [&](int e) { return !eyes->picture(0, e, what->bit); });
    if (environments.empty()) return report(fmt::format("none of these environments has '{}'", eye->name), options.json);
    eyes->finish(environments);
  } else {
    Through through = asked.through;
    through.fine = 1;
    auto made = Pictures::make(session, through, std::move(environments), what->bit);
    if (!made) return report(made.errors(), options.json);
    pictures = std::move(*made);
    width = pictures->width(), height = pictures->height();
    environments = pictures->environments();
  }
  const char* const kernel = eyes ? eyes->kernel() : pictures->kernel();
  const std::vector<int64_t> shape{int64_t(environments.size()), height, width, what->channels};
  const size_t bytes = size_t(height) * size_t(width) * size_t(what->channels) * size_t(what->type[2] - '0');
  Result<NpyWriter> file = NpyWriter::create(asked.out, what->type, shape);
  if (!file) return report(file.errors(), options.json);
  {
    Progress progress("render", shape[0], !tells(options));
    for (size_t i = 0; i < environments.size() && file->good(); ++i) {
      if (interrupted()) return report("interrupted", options.json, failed);
      if (pictures) pictures->take(environments[i]);
      file->add(pictures ? pictures->tensor(what->bit).data : eyes->picture(0, environments[i], what->bit), bytes);
      progress.at(int64_t(i) + 1);
    }
  }
  if (Result<bool> finished = file->finish(); !finished) return report(finished.errors(), options.json);
  Json result{{"ok", true},         {"file", asked.out}, {"output", what->name},
              {"type", what->type}, {"shape", shape},    {"time", session.world().time(environments[0])},
              {"kernel", kernel}};
  if (int(environments.size()) < session.environments()) result["environments"] = environments;
  if (options.json)
    print(result);
  else
    fmt::print("{}: {} {} of {} x {} x {} x {}, {}\n", asked.out, what->name, what->type, shape[0], shape[1], shape[2], shape[3], kernel);
  return good;
}

}  // namespace nuri::cli
