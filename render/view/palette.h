// Colours of what is drawn besides the scene; sRGB and opacity.
#pragma once
#include "render/view/frame.h"

namespace nuri::view::palette {

constexpr Colour x_axis{0.90f, 0.24f, 0.22f, 1}, y_axis{0.36f, 0.72f, 0.22f, 1}, z_axis{0.20f, 0.47f, 0.95f, 1};
constexpr Colour hinge{0.16f, 0.60f, 0.95f, 1}, slide{0.90f, 0.35f, 0.80f, 1}, ball{0.12f, 0.72f, 0.66f, 1};
constexpr Colour hull{0.16f, 0.72f, 0.60f, 0.35f};
constexpr Colour mass{0.95f, 0.85f, 0.20f, 1}, inertia{0.85f, 0.25f, 0.55f, 0.35f};
constexpr Colour camera{0.25f, 0.70f, 0.95f, 1}, light{1.00f, 0.80f, 0.25f, 1};
constexpr Colour label{0.95f, 0.96f, 0.97f, 1};
constexpr Colour sticks{0.25f, 0.80f, 0.35f, 1}, slips{0.98f, 0.55f, 0.12f, 1};

}  // namespace nuri::view::palette
