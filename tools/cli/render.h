// Parts of nuri render: what was asked for, and a file for each kind of output.
#pragma once
#include "tools/cli/pictures.h"

namespace nuri::cli {

struct RenderAsked {
  Through through;
  std::string out, depth, output, driver;
  std::optional<int> environment, rays;
  std::vector<int> size;
  double spacing = 0, pictures_per_second = 30, speed = 1;
  bool raster = false, together = false, sheet = false, dark = false, no_grid = false, validate = false;
};

// Each returns an exit status and says what it wrote.
int render_pictures(const Options& options, const RenderAsked& asked, session::Session& session, std::vector<int> environments);   // PNG
int render_tensor(const Options& options, const RenderAsked& asked, session::Session& session, std::vector<int> environments);     // NPY
// The session runs meanwhile, `substeps` long.
int render_film(const Options& options, const RenderAsked& asked, session::Session& session, std::vector<int> environments,
                int64_t substeps);                                                               // MP4
int render_raster(const Options& options, const RenderAsked& asked, session::Session& session);  // PNG, by Vulkan

}  // namespace nuri::cli
