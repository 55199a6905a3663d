// Eyes and labels of a scene, found in a model: what they are mounted on, and what trace::Eyes is told of them.
#pragma once
#include <optional>
#include "engine/model/model.h"
#include "engine/scene/yaml.h"
#include "render/trace/eyes.h"
#include "tools/session/fit.h"

namespace nuri::session {

// Per eye; none where the model lacks what it is mounted on (that is told to `fit`). Sizes are the eyes', timing is left open.
std::vector<std::optional<trace::Sensor>> find_eyes(const model::Model& model, const std::vector<scene::Eye>& eyes, Fit& fit);
// Place and orientation on a site become those in the frame of its body.
void mount_on_site(const double* site_pos, const double* site_quat, std::array<double, 3>& pos, std::array<double, 4>& quat);
// The class of each geom; empty if the scene has no labels.
std::vector<int32_t> find_labels(const model::Model& model, const std::vector<scene::Label>& labels, Fit& fit);

// Eyes of which a camera of a model decides the size get it: that of the first model that has the camera, so that variants agree.
void settle_sizes(const std::vector<std::shared_ptr<const model::Model>>& models, std::vector<scene::Eye>& eyes);
// Each camera of the models as an eye. What has no name is `#5`, the sixth of its model.
std::vector<scene::Eye> eyes_of_cameras(const std::vector<std::shared_ptr<const model::Model>>& models);

// In control steps of `period` seconds.
struct EyeTiming { int every, delay; };
EyeTiming timing_of(const scene::Eye& eye, double period);
// Warnings: rates that are not the control rate divided by a whole number, and what `vary` changes of geoms where there are eyes, which do not
// see it: their pictures are of the model's own sizes and frames of geoms.
std::vector<Diagnostic> doubts(const scene::Settings& settings, double period);

}  // namespace nuri::session
