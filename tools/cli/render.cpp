// nuri render: pictures, tensors and films of a scene, without a display.
#include "tools/cli/render.h"

#include <fmt/format.h>
#include <algorithm>
#include <filesystem>
#include <numeric>
#include "tools/cli/film.h"
#include "engine/core/new_file.h"

namespace nuri::cli {
namespace {

enum class Kind { picture, tensor, film, unknown };

Kind kind_of(const std::string& path) {
  std::string end = std::filesystem::path(path).extension().string();
  for (char& c : end) c = char(std::tolower(c));
  return end == ".npy" ? Kind::tensor : end == ".mp4" ? Kind::film : end == ".png" || end.empty() ? Kind::picture : Kind::unknown;
}

int render(const Options& options, const Length& length, RenderAsked asked) {
  if (asked.out.empty()) asked.out = std::filesystem::path(options.scene).stem().string() + ".png";
  for (const std::string& file : {asked.out, asked.depth})
    if (Result<bool> possible = can_create(file); !file.empty() && !possible) return report(possible.errors(), options.json);
  const Kind kind = kind_of(asked.out);
  if (kind == Kind::unknown) return report("--out " + asked.out + ": write a .png, .npy or .mp4", options.json);
  if (kind != Kind::picture && (asked.raster || !asked.depth.empty()))
    return report("--raster and --depth make pictures: --out FILE.png", options.json);
  if (asked.rays && (kind == Kind::tensor || asked.raster)) return report("--rays is for pictures and films by rays", options.json);
  if (kind != Kind::tensor && !asked.output.empty()) return report("--output chooses what a tensor holds: --out FILE.npy", options.json);
  asked.through.fine = asked.rays.value_or(kind == Kind::film ? 2 : 3);
  if (!asked.size.empty()) asked.through.size = {asked.size[0], asked.size[1]};
  if (kind == Kind::film)              // before a long run; how large it becomes is seen later
    if (Result<bool> possible = Film::possible(64, 64); !possible) return report(possible.errors(), options.json);

  Options sized = options;
  asked.sheet |= options.environments.value_or(1) > 1 && !asked.environment && !asked.raster;
  if (!sized.environments) sized.environments = asked.together || asked.sheet ? 16 : asked.environment.value_or(0) + 1;
  auto opened = open(sized);
  if (!opened) return report(opened.errors(), options.json);
  session::Session& session = **opened;
  if (asked.environment.value_or(0) >= session.environments())
    return report(fmt::format("there is no environment {}, there are {}", *asked.environment, session.environments()), options.json);
  std::vector<int> environments(asked.sheet ? size_t(session.environments()) : 1, asked.environment.value_or(0));
  if (asked.sheet) std::iota(environments.begin(), environments.end(), 0);
  if (kind == Kind::film)
    return render_film(options, asked, session, std::move(environments), length.of(session.model(), session.settings().seconds));

  const int64_t substeps = length.of(session.model(), 0);
  {
    Progress progress("step", substeps, !tells(options));
    if (!advance(session, substeps, &progress)) return report("interrupted", options.json, failed);
  }
  if (kind == Kind::tensor) return render_tensor(options, asked, session, std::move(environments));
  return asked.raster ? render_raster(options, asked, session) : render_pictures(options, asked, session, std::move(environments));
}

}  // namespace

int render_pictures(const Options& options, const RenderAsked& asked, session::Session& session, std::vector<int> environments) {
  const int first = environments[0];
  Result<Written> written = write_pictures(session, asked.through, std::move(environments), asked.out, asked.depth, !tells(options));
  if (!written) return report(written.errors(), options.json);
  const Written& w = *written;
  const double speed = w.seconds > 0 ? w.rays / w.seconds : 0;
  if (options.json)
    print({{"ok", true},
           {"file", asked.out},
           {"width", w.width},
           {"height", w.height},
           {"pictures", w.pictures},
           {"time", session.world().time(first)},
           {"kernel", w.kernel},
           {"seconds", w.seconds},
           {"rays_per_second", speed},
           {"legend", w.legend}});
  else
    fmt::print("{}: {} x {}, {} picture{}{}{}, {} rays per second, {}\n", asked.out, w.width, w.height, w.pictures,
               w.pictures == 1 ? "" : "s", w.legend.empty() ? "" : ", ", w.legend, count(speed), w.kernel);
  return good;
}

void add_render(CLI::App& app, int& status) {
  auto options = std::make_shared<Options>();
  auto length = std::make_shared<Length>();
  auto asked = std::make_shared<RenderAsked>();
  CLI::App* command = app.add_subcommand("render", "Pictures, tensors and films of a scene, without a display");
  add_scene(*command, *options);
  add_world(*command, *options);
  add_length(*command, *length);
  add_drive(*command, *options);
  CLI::Option* raster = command->add_flag(
      "--raster", asked->raster,
      "With Vulkan, as the editor draws; on any driver, Mesa's software one included (otherwise by rays, without a driver)");
  command
      ->add_option("-o,--out", asked->out,
                   "A picture, a tensor as a policy gets it, or a film (otherwise the scene's name with .png, here)")
      ->type_name("FILE.png|npy|mp4");
  command->add_option("--depth", asked->depth, "Depth along the view direction too, 16 bits of millimetres; 0: nothing, or beyond 65 m")
      ->type_name("FILE.png");
  command->add_option("--output", asked->output, "What a tensor holds (otherwise rgb, of a lidar range)")
      ->check(CLI::IsMember({"rgb", "depth", "range", "geom", "body", "class", "normal", "intensity", "point"}));
  command
      ->add_option("--size", asked->size,
                   "Pixels of each picture (otherwise the camera's own; a free camera has 1280 x 720, or what fits a sheet 1920 wide)")
      ->expected(2)
      ->type_name("W H")
      ->check(CLI::Range(16, 8192));
  CLI::Option* environment = command->add_option("--env", asked->environment, "Which environment")->check(CLI::Range(0, 10'000'000));
  CLI::Option* sheet =
      command
          ->add_flag("--sheet", asked->sheet,
                     "Every environment (16, or as many as --envs says), as tiles of one; --envs without --env says so too")
          ->excludes(raster)
          ->excludes(environment);
  command->add_flag("--together", asked->together, "All environments (16, or as many as --envs says) side by side in one picture")
      ->needs(raster)
      ->excludes(sheet);
  command->add_option("--spacing", asked->spacing, "Metres between environments side by side (otherwise by the robot's size)")
      ->check(CLI::Range(0.0, 1e6));
  command
      ->add_option("--camera", asked->through.camera,
                   "One of the scene's cameras and lidars, else a camera of the model, by name or number (otherwise all is in view)")
      ->type_name("NAME");
  command->add_option("--from", asked->through.from, "Where a free camera looks from: azimuth, elevation in degrees, distance in metres")
      ->expected(1, 3)
      ->type_name("AZ [EL [M]]");
  command->add_option("--rays", asked->rays, "Rays to a pixel in each direction (otherwise 3, of films 2; tensors have 1)")
      ->check(CLI::Range(1, 8));
  command->add_option("--fps", asked->pictures_per_second, "Pictures per second of a film")
      ->check(CLI::Range(0.1, 240.0))
      ->capture_default_str();
  command->add_option("--speed", asked->speed, "Simulated seconds per second of a film")
      ->check(CLI::Range(1e-4, 1e4))
      ->capture_default_str();
  command->add_flag("--dark", asked->dark, "The editor's dark surroundings")->needs(raster);
  command->add_flag("--no-grid", asked->no_grid, "No lines on the ground")->needs(raster);
  command->add_option("--driver", asked->driver, "Part of the name of the Vulkan device to use")->needs(raster);
  command->add_flag("--validate", asked->validate, "With Vulkan's validation layer; anything it says is a failure")->needs(raster);
  command->footer(
      "Pictures and tensors are of the state after --steps or --seconds, otherwise of the initial state. A film is as long as these say,\n"
      "otherwise as the scene; Ctrl-C ends it early, and it can be played. A tensor is [environment][row][column][channel].");
  command->callback([=, &status] { status = render(*options, *length, *asked); });
}

}  // namespace nuri::cli
