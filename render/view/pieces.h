// Pieces: what one environment of a model is drawn as, relative to its bodies. Made once per picture and model; poses make instances of them.
#pragma once
#include "render/view/extent.h"

namespace nuri::view {

struct Piece {
  uint32_t shape = 0, material = 0, id = 0, marks = 0;
  int body = 0;
  Place local = here;                              // in the body
  Scale scale;
  float rgba[4] = {1, 1, 1, 1};                    // linear
  bool clear = false;                              // transparent
  bool counts = true;                              // among what shadows must cover
};

// Geoms with an endless side are not among them: see endless().
std::vector<Piece> pieces(const Scenery::Of& of, const Show& show);

// Planes that go on for ever along x, y or both.
std::vector<int> endless(const Scenery::Of& of, const Show& show);
// Such a plane, around the ground point of the eye.
Piece endless_piece(const Scenery& scenery, const Scenery::Of& of, int geom, const Place& body, const Vec3f& eye);

bool shown(uint32_t groups, int group);
// The opacity that a geom is drawn with; 0: it is not.
float opacity(const model::Model& model, int geom, const model::Look::Part& part, const Show& show);

float linear(float srgb);
void set_colour(Piece& piece, const Colour& srgb); // and whether it is clear
Piece arrow(int body, const Vec3f& from, const Vec3f& axis, float length, float shaft_radius, const Colour& srgb);

Instance instance(const Piece& piece, const Place& body, uint32_t environment);
uint64_t key(const Piece& piece);                  // pieces of one shape and material have the same

}  // namespace nuri::view
