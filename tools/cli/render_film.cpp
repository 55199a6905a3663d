// nuri render --out FILE.mp4: a film of a run.
#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include "tools/cli/film.h"
#include "tools/cli/render.h"

namespace nuri::cli {

int render_film(const Options& options, const RenderAsked& asked, session::Session& session, std::vector<int> environments,
                int64_t substeps) {
  auto made = Pictures::make(session, asked.through, std::move(environments), 0);
  if (!made) return report(made.errors(), options.json);
  Pictures& pictures = **made;
  if (pictures.lidar()) return report("a lidar's ranges make no film: --out FILE.png or FILE.npy", options.json);
  if (!Sheet::fits(pictures.environments().size(), pictures.width(), pictures.height()))
    return report("a film of so many pictures is too large", options.json);
  Sheet sheet(pictures, false);
  const uint32_t width = sheet.pixels().width, height = sheet.pixels().height;
  if (Result<bool> fits = Film::possible(width, height); !fits) return report(fits.errors(), options.json);
  if ((width % 2 || height % 2) && tells(options))
    fmt::print(stderr, "a film's sides are even: the last row or column of {} x {} is repeated\n", width, height);
  auto begun = Film::create(asked.out, width, height, asked.pictures_per_second);
  if (!begun) return report(begun.errors(), options.json);
  Film& film = **begun;

  const double timestep = session.model().timestep[0], seconds = double(substeps) * timestep,
               per_picture = asked.speed / asked.pictures_per_second;
  const int64_t count = int64_t(seconds / per_picture * (1 + 1e-9)) + 1;
  const auto start = std::chrono::steady_clock::now();
  int64_t done = 0;
  {
    Progress progress("film", count, !tells(options));
    for (; done < count && !interrupted(); ++done) {
      const int64_t until = std::min<int64_t>(std::llround(double(done) * per_picture / timestep), substeps);
      if (!advance(session, until - int64_t(session.substep()), nullptr) || !sheet.take(pictures, nullptr)) break;
      if (Result<bool> added = film.add(sheet.pixels().bytes.data()); !added) return report(added.errors(), options.json);
      progress.at(done + 1, fmt::format("{} of {} pictures, {:.1f} s of {:.1f} s", done + 1, count, double(until) * timestep, seconds));
    }
  }
  if (done == 0) return report("interrupted", options.json, failed);
  if (Result<bool> finished = film.finish(); !finished) return report(finished.errors(), options.json);
  const double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(),
               shown = double(done) / asked.pictures_per_second;
  const double speed = pictures.seconds() > 0 ? pictures.rays() / pictures.seconds() : 0;
  if (options.json)
    print({{"ok", true},
           {"file", asked.out},
           {"width", width + width % 2},
           {"height", height + height % 2},
           {"pictures", done},
           {"pictures_per_second", asked.pictures_per_second},
           {"seconds", shown},
           {"environments", pictures.environments().size()},
           {"bytes", film.bytes()},
           {"interrupted", done < count},
           {"kernel", pictures.kernel()},
           {"wall_seconds", wall},
           {"rays_per_second", speed}});
  else
    fmt::print("{}{}: {} x {}, {} pictures = {:.1f} s, {:.1f} MB, in {:.1f} s; {} rays per second, {}\n", asked.out,
               done < count ? " (interrupted)" : "", width + width % 2, height + height % 2, done, shown, double(film.bytes()) / 1e6, wall,
               cli::count(speed), pictures.kernel());
  return good;
}

}  // namespace nuri::cli
