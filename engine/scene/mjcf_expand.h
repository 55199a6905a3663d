// <replicate> and <attach>, carried out on the tree of elements.
//
// A replicate becomes `count` frames, each holding a copy of what it holds; an attached body or frame becomes one frame.
// Copies are renamed (suffix or prefix), and elements of other sections that refer to what is copied are copied with it:
// for a replicate, instead of themselves. Rules as measured on MuJoCo 3.17:
//   suffix     `sep`, then the index with as many digits as `count` has
//   pose       copy i: turned by euler * i, moved by the sum of the offsets of the copies before, each in that copy's axes
//   referrers  contact, tendon, equality, actuator, sensor, at the end of their lists, copy by copy; equalities and actuators
//              that refer to something outside as well are left out (a warning says so), other elements keep that reference
//   attached   what refers only to what is attached, what refers to nothing (a clock), and all assets; "world" counts as
//              attached for contacts and sensors. Keyframes come along, as add_attached_keys() says.
// Unlike MuJoCo, a replicate does not copy sensors that refer to nothing.
// Expanding in the reader of bodies instead was rejected: every reader would have to know of suffixes and prefixes.
#pragma once
#include "engine/scene/mjcf_reader.h"

namespace nuri::scene::mjcf {

// False: it would not fit (an error was added), there is no point in reading on.
bool expand(Reader& reader, xml::Element& root);

}  // namespace nuri::scene::mjcf
