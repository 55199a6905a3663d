// Labels of a frame as letters on its picture: in Dear ImGui's own small font, with a dark rim, on top of everything. Editors write theirs
// themselves, in a font of their size.
#include <imgui/imgui.h>
#include <cmath>
#include "render/raster/drawing.h"

namespace nuri::raster {

void Drawing::load_font() {
  ImFontAtlas atlas;
  const ImFont* font = atlas.AddFontDefault();
  unsigned char* rgba = nullptr;
  int width = 0, height = 0;
  atlas.GetTexDataAsRGBA32(&rgba, &width, &height);
  font_ = device_.texture(uint32_t(width), uint32_t(height), std::span(rgba, size_t(width) * size_t(height) * 4), false);
  line_height_ = font->FontSize;
  for (size_t c = 0; c < letters_.size(); ++c) {
    const ImFontGlyph* g = font->FindGlyph(ImWchar(c < 0x20 ? '?' : c));
    letters_[c] = {{g->X0, g->Y0, g->X1, g->Y1}, {g->U0, g->V0, g->U1, g->V1}, g->AdvanceX};
  }
}

// Each label begins a few pixels to the right of its place. Letters beyond Latin-1 become question marks.
void Drawing::write_text(Canvas& canvas, const view::Frame& frame, const std::array<float, 16>& clip) const {
  std::vector<shared::LetterData> all;
  const size_t most = room_ / sizeof(shared::LetterData) / 5;
  for (const view::Label& label : frame.labels) {
    const view::Vec3f& p = label.at;
    float c[4];
    for (size_t k = 0; k < 4; ++k) c[k] = clip[4 * k] * p[0] + clip[4 * k + 1] * p[1] + clip[4 * k + 2] * p[2] + clip[4 * k + 3];
    if (!(c[3] > 1e-6f)) continue;
    float x = std::round((0.5f + 0.5f * c[0] / c[3]) * float(canvas.width)) + 4, y = std::round((0.5f + 0.5f * c[1] / c[3]) * float(canvas.height) - 0.5f * line_height_);
    if (!(std::abs(x) < 1e5f) || !(std::abs(y) < 1e5f)) continue;
    for (size_t i = 0; i < label.text.size() && x < float(canvas.width) && all.size() < most; ++i) {
      auto code = static_cast<unsigned char>(label.text[i]);
      if (code >= 0x80) {                          // UTF-8: two bytes reach Latin-1
        const bool two = (code & 0xe0) == 0xc0 && i + 1 < label.text.size();
        const unsigned wide = two ? (code & 0x1fu) << 6 | (static_cast<unsigned char>(label.text[i + 1]) & 0x3fu) : 256;
        while (i + 1 < label.text.size() && (static_cast<unsigned char>(label.text[i + 1]) & 0xc0) == 0x80) ++i;
        code = static_cast<unsigned char>(wide < 256 ? wide : '?');
      }
      const Letter& letter = letters_[code];
      shared::LetterData made{{x + letter.box[0], y + letter.box[1], x + letter.box[2], y + letter.box[3]}, letter.image, {0, 0, 0, 0.6f * label.rgba[3]}};
      x += letter.advance;
      const float rim[][2] = {{-1, 0}, {1, 0}, {0, -1}, {0, 1}};
      for (const auto& [right, down] : rim) {
        shared::LetterData dark = made;
        for (size_t k = 0; k < 4; ++k) dark.box[k] += k % 2 ? down : right;
        all.push_back(dark);
      }
      made.rgba = label.rgba;
      all.push_back(made);
    }
  }
  // the rims first, so that no letter lies under its neighbour's
  canvas.grow(canvas.letters, all.size() * sizeof(shared::LetterData), room_);
  auto* to = static_cast<shared::LetterData*>(canvas.letters.mapped);
  canvas.letter_count = uint32_t(all.size());
  for (const bool rims : {true, false})
    for (size_t k = 0; k < all.size(); ++k)
      if ((k % 5 != 4) == rims) *to++ = all[k];
}

}  // namespace nuri::raster
