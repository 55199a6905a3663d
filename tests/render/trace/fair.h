// A scene, sensors and poses with something of everything, made by hand: what different machines must see alike.
#pragma once
#include "tests/render/trace/viewing.h"

namespace nuri::trace::test {

// Something of everything: shapes, triangles, a height field, pictures, clear and metallic surfaces, lamps of each kind.
inline model::Model fair() {
  model::SceneMaker maker;
  maker.geom(0, GeomType::plane, {0, 0, 1});
  const GeomType kinds[] = {GeomType::sphere, GeomType::capsule, GeomType::ellipsoid, GeomType::cylinder, GeomType::box};
  for (int i = 0; i < 15; ++i) {
    const int b = maker.body(0, {std::cos(1.3 * i) * (0.5 + 0.1 * i), std::sin(1.3 * i) * (0.5 + 0.1 * i), 0.3 + 0.05 * i});
    maker.scene.bodies.back().quat = shape::unit({1, 0.1 * i, 0.2, -0.05 * i});
    maker.geom(b, kinds[i % 5], {0.15, 0.2, 0.1}).rgba = {0.2f + 0.05f * float(i), 0.9f - 0.05f * float(i), 0.5f, i % 7 == 3 ? 0.4f : 1.0f};
  }
  model::Model m = maker.model();
  m.geom_type[5] = 7;
  model::Look::Mesh mesh;
  for (int i = 0; i < 200; ++i) {
    const float a = 0.7f * float(i), z = 0.003f * float(i) - 0.3f;
    mesh.position.insert(mesh.position.end(), {0.3f * std::cos(a), 0.3f * std::sin(a), z});
    mesh.normal.insert(mesh.normal.end(), {std::cos(a), std::sin(a), 0});
    mesh.uv.insert(mesh.uv.end(), {0.1f * float(i), z});
  }
  for (uint32_t i = 0; i + 9 < 200; ++i) mesh.corner.insert(mesh.corner.end(), {i, i + 1, i + 9});
  m.look.meshes = {mesh};
  m.look.parts[5].mesh = 0;
  m.geom_type[10] = 1, m.geom_shape[10] = 0;
  m.height_field_count = 1, m.elevation_count = 20;
  m.height_field_adr = {0}, m.height_field_rows = {4}, m.height_field_columns = {5};
  m.height_field_size = {0.4, 0.3, 0.3, 0.1};
  for (int i = 0; i < 20; ++i) m.height_field_elevation.push_back(0.05 * ((7 * i) % 20));
  model::Look::Image image{8, 8, false, {}}, cube{4, 24, true, {}};
  for (int i = 0; i < 64; ++i) image.rgba.insert(image.rgba.end(), {uint8_t(37 * i), uint8_t(91 * i), uint8_t(53 * i), 255});
  for (int i = 0; i < 96; ++i) cube.rgba.insert(cube.rgba.end(), {uint8_t(11 * i), uint8_t(29 * i), uint8_t(71 * i), 255});
  m.look.images = {image, cube};
  model::Look::Material tiles, steel, ball;
  tiles.image = 0, tiles.uniform = true, tiles.repeat = {2, 2};
  steel.metallic = 1, steel.roughness = 0.25f;
  ball.image = 1;
  m.look.materials = {tiles, steel, ball};
  m.look.parts[0].material = m.look.parts[5].material = 0;
  m.look.parts[2].material = 1;
  m.look.parts[6].material = 2;
  return m;
}
inline Options lit() {
  Options o;
  o.lamps = {{LampKind::directional, 0, {}, {-0.3, 0.4, -0.8}, {0.6f, 0.6f, 0.5f}}, {LampKind::point, 0, {1, 1, 2}, {}, {0.3f, 0.1f, 0.1f}}, {LampKind::spot, 3, {0, 0, 2}, {0, 0.1, -1}, {0.2f, 0.2f, 0.6f}}};
  o.lamps[1].falls = true;
  return o;
}
inline std::vector<Sensor> seers() {
  Sensor a = camera(52, 37, 1.1, output::rgb | output::depth | output::range | output::geom | output::body | output::label | output::normal | output::point, {2.4, -2.1, 1.6});
  a.quat = towards(a.pos, {0, 0, 0.4});
  Sensor b = a;
  Lens& fisheye = std::get<Lens>(b.optics);
  fisheye.model = Lens::Model::fisheye, fisheye.fovy = 2.8;
  b.name = "fisheye", b.pos = {-1.5, 0.4, 1}, b.quat = towards(b.pos, {0, 0, 0.5});
  b.noise.range_sigma = 0.01f, b.noise.colour_sigma = 0.01f, b.noise.dropout = 0.05f, b.noise.grazing = 0.1f;
  Sensor c;
  c.name = "lidar", c.optics = Scan{}, c.outputs = output::range | output::intensity | output::point, c.pos = {0, 0, 1.2}, c.noise.intensity_sigma = 0.02f;
  std::get<Scan>(c.optics).columns = 100;
  return {a, b, c};
}
inline uint64_t hash_of(const Eyes& eyes, int environment, int environments) {
  Hash h;
  for (const Group& g : eyes.groups())
    for (const Tensor& t : g.tensors) h.add(std::span<const uint8_t>(static_cast<const uint8_t*>(t.data) + t.bytes / size_t(environments) * size_t(environment), t.bytes / size_t(environments)));
  return h.value();
}
// Environments differ: bodies are moved by their number.
inline Poses moved(const model::Model& m, int environments, int first = 0) {
  Poses p(m, environments);
  const size_t row = 3 * size_t(m.body_count);
  for (int e = 0; e < environments; ++e)
    for (size_t k = 3; k < row; ++k) p.position[size_t(e) * row + k] += 0.01f * float((int(k) * (e + first)) % 13);
  return p;
}

}  // namespace nuri::trace::test
