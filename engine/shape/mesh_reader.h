// What the readers of mesh files share. Each fills a Mesh as its file has it, corner by corner; finished() makes it what
// mesh.h promises. Errors carry a code and a message; the caller adds the place.
#pragma once
#include <string>
#include <string_view>
#include <vector>
#include "engine/shape/mesh.h"

namespace nuri::shape {

constexpr double largest_coordinate = 1e10;              // m; squares and sixth powers of it stay finite

Diagnostic mesh_error(std::string code, std::string message, std::string hint = "");
inline bool usable(const Vec& p) { return std::abs(p[0]) <= largest_coordinate && std::abs(p[1]) <= largest_coordinate && std::abs(p[2]) <= largest_coordinate; }

// Gives equal points one index, in the order in which they first come. +0 and -0 are equal.
class Welder {
 public:
  explicit Welder(std::size_t expected = 0);
  int add(Vec point);
  std::vector<Vec> points;

 private:
  void grow(std::size_t slots);
  std::vector<int> table_;                               // open addressing; -1: free
};

Result<Mesh> read_stl(const std::string& content);
Result<Mesh> read_msh(const std::string& content);
Result<Mesh> read_obj(const std::string& content);
Result<std::vector<std::vector<Vec>>> read_obj_objects(const std::string& content);   // the corners of each object's faces
Result<Mesh> import_mesh(const std::string& path, const std::string& format);   // DAE, glTF: by Assimp, in a process of its own

}  // namespace nuri::shape
