// The parts of compile_look(): pictures and triangles.
#pragma once
#include "engine/model/compile_parts.h"

namespace nuri::model {

// A texture as MJCF describes it: from files, or made: flat, checker or gradient from rgb1 to rgb2, with marks.
Result<Look::Image> make_image(const scene::Texture& from);

// The mesh as it is drawn: with its file's normals, or with such that edges of more than 40 degrees stay sharp (`smooth`: none does).
Look::Mesh drawn(const LoadedMesh& mesh, bool smooth);

Look::Track track_of(const std::string& mode);   // MJCF's word

}  // namespace nuri::model
