#include <cmath>
#include <initializer_list>
#include "tools/editor/theme.h"

namespace nuri::editor::theme {

// Each in a square of side `size` about `centre`; h is half of it.
void icon(ImDrawList& list, Icon what, ImVec2 centre, float size, ImU32 colour) {
  const float h = std::round(size) / 2, w = std::fmax(1.0f, size / 9);
  const float x = centre.x, y = centre.y;
  auto at = [&](float u, float v) { return ImVec2(x + u * h, y + v * h); };
  auto line = [&](float u, float v, float u2, float v2) { list.AddLine(at(u, v), at(u2, v2), colour, w); };
  auto box = [&](float u, float v, float u2, float v2) { list.AddRectFilled(at(u, v), at(u2, v2), colour, 1); };
  auto ring = [&](float u, float v, float r) { list.AddCircle(at(u, v), r * h, colour, 0, w); };
  auto dot = [&](float u, float v, float r) { list.AddCircleFilled(at(u, v), r * h, colour); };
  switch (what) {
    case Icon::play: list.AddTriangleFilled(at(-0.6f, -0.9f), at(0.9f, 0), at(-0.6f, 0.9f), colour); break;
    case Icon::pause:
      box(-0.7f, -0.85f, -0.2f, 0.85f);
      box(0.2f, -0.85f, 0.7f, 0.85f);
      break;
    case Icon::step:
      list.AddTriangleFilled(at(-0.7f, -0.8f), at(0.4f, 0), at(-0.7f, 0.8f), colour);
      box(0.5f, -0.8f, 0.8f, 0.8f);
      break;
    case Icon::back:
      list.AddTriangleFilled(at(0.7f, -0.8f), at(-0.4f, 0), at(0.7f, 0.8f), colour);
      box(-0.8f, -0.8f, -0.5f, 0.8f);
      break;
    case Icon::reset:
      list.PathArcTo(centre, 0.75f * h, -2.2f, 3.0f, 24);
      list.PathStroke(colour, 0, w);
      list.AddTriangleFilled(at(-0.95f, -0.9f), at(-0.05f, -0.75f), at(-0.75f, -0.1f), colour);
      break;
    case Icon::world:
      ring(0, 0, 0.85f);
      line(-0.85f, 0, 0.85f, 0);
      list.AddBezierCubic(at(0, -0.85f), at(0.6f, -0.4f), at(0.6f, 0.4f), at(0, 0.85f), colour, w);
      list.AddBezierCubic(at(0, -0.85f), at(-0.6f, -0.4f), at(-0.6f, 0.4f), at(0, 0.85f), colour, w);
      break;
    case Icon::body:
      line(0, -0.9f, 0.8f, -0.45f), line(0, -0.9f, -0.8f, -0.45f), line(0, 0, 0.8f, -0.45f), line(0, 0, -0.8f, -0.45f), line(0, 0, 0, 0.9f);
      line(-0.8f, -0.45f, -0.8f, 0.45f), line(0.8f, -0.45f, 0.8f, 0.45f), line(-0.8f, 0.45f, 0, 0.9f), line(0.8f, 0.45f, 0, 0.9f);
      break;
    case Icon::joint:
      ring(0, 0, 0.45f);
      line(-0.95f, 0.75f, -0.35f, 0.3f), line(0.35f, -0.3f, 0.95f, -0.75f);
      break;
    case Icon::geom:
      list.AddCircleFilled(at(-0.25f, 0.2f), 0.6f * h, colour);
      list.AddRect(at(-0.1f, -0.8f), at(0.85f, 0.15f), colour, 1, 0, w);
      break;
    case Icon::site: line(-0.7f, 0, 0.7f, 0), line(0, -0.7f, 0, 0.7f); break;
    case Icon::actuator: list.AddTriangleFilled(at(0.25f, -0.95f), at(-0.65f, 0.2f), at(0.1f, 0.2f), colour), list.AddTriangleFilled(at(-0.25f, 0.95f), at(0.65f, -0.2f), at(-0.1f, -0.2f), colour); break;
    case Icon::sensor:
      dot(0, 0.5f, 0.25f);
      for (float r : {0.7f, 1.2f}) {
        list.PathArcTo(at(0, 0.5f), r * h, -2.3f, -0.84f, 12);
        list.PathStroke(colour, 0, w);
      }
      break;
    case Icon::camera:
      list.AddRectFilled(at(-0.9f, -0.5f), at(0.35f, 0.5f), colour, 2);
      list.AddTriangleFilled(at(0.9f, -0.5f), at(0.3f, 0), at(0.9f, 0.5f), colour);
      break;
    case Icon::plus: line(-0.7f, 0, 0.7f, 0), line(0, -0.7f, 0, 0.7f); break;
    case Icon::cross: line(-0.55f, -0.55f, 0.55f, 0.55f), line(-0.55f, 0.55f, 0.55f, -0.55f); break;
    case Icon::undo:
      list.PathArcTo(at(0, 0.1f), 0.6f * h, -2.6f, 1.6f, 18);
      list.PathStroke(colour, 0, w);
      list.AddTriangleFilled(at(-0.95f, -0.1f), at(-0.2f, -0.25f), at(-0.75f, -0.85f), colour);
      break;
    case Icon::warning:
    case Icon::error: list.AddTriangle(at(0, -0.85f), at(0.9f, 0.7f), at(-0.9f, 0.7f), colour, w), line(0, -0.35f, 0, 0.2f), dot(0, 0.45f, 0.12f); break;
    case Icon::note: dot(0, 0, 0.3f); break;
    case Icon::plot: line(-0.9f, 0.6f, -0.35f, -0.1f), line(-0.35f, -0.1f, 0.2f, 0.3f), line(0.2f, 0.3f, 0.9f, -0.7f); break;
  }
}

}  // namespace nuri::editor::theme
