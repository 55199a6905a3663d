// Where the files lie that a robot description names by package: package://NAME/PATH, model://NAME/PATH.
//
// A description does not say where its packages are; tools guess, or strip all folders and find the wrong mesh of two that
// share a name. Here nothing is stripped, the places are looked at in one published order, and a file that is not found is an
// error that lists them:
//   1. packages given by name;                      4. a parent folder of the description whose package.xml has that name,
//   2. ROS_PACKAGE_PATH: entry, entry/NAME;             a folder NAME beside those with such a package.xml,
//   3. AMENT_PREFIX_PATH: entry/share/NAME;             a parent folder, then a folder beside the description, called NAME;
//                                                    5. GZ_SIM_RESOURCE_PATH: entry/NAME.
// A package found by the name of a folder alone could be any folder of the disk, so in place 4 such a folder lies at most
// four levels up, is not right below the root of the disk and does not hold the home folder. A package found this way is an
// allowed root for what is named by it; what is named otherwise must lie in the description's folder, in the package that
// holds the description (a parent folder with a package.xml), or in a root that was given.
#pragma once
#include <map>
#include <string>
#include <vector>
#include "engine/core/result.h"

namespace nuri::scene {

struct PackagePaths {
  std::map<std::string, std::string> packages;   // name -> folder
  std::vector<std::string> roots;                // further folders whose files may be read; relative names are tried in them too
  bool environment = true;                       // look at ROS_PACKAGE_PATH, AMENT_PREFIX_PATH, GZ_SIM_RESOURCE_PATH
};

class Packages {
 public:
  // `folder`: of the description, where relative names start; "": there is none.
  Packages(const PackagePaths& paths, const std::string& folder);

  // The file that a description names: package://, model://, file://, relative or absolute. A canonical path in an allowed
  // folder. The diagnostic has no place; its code is "unknown-package" or one of engine/core/paths.h.
  Result<std::string> file(const std::string& name, std::size_t most_bytes);

 private:
  struct Found { std::string folder; std::vector<std::string> looked; };   // folder "": not found
  const Found& find(const std::string& package);
  Found search(const std::string& package) const;
  Result<std::string> in_package(const std::string& name, const std::string& inside, std::size_t most_bytes);

  PackagePaths paths_;
  std::string folder_;                           // canonical
  std::vector<std::string> roots_;               // canonical
  std::map<std::string, Found> found_;
};

}  // namespace nuri::scene
