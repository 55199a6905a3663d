// Little scenes and files that tests of recordings share.
#pragma once
#include <doctest/doctest.h>
#include <unistd.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>
#include "tools/record/hdf5.h"
#include "tools/session/session.h"

namespace nuri::test {

// An arm whose two-legged end touches the floor, a ball, sensors of several sizes, one with a path as its name.
inline const char* const arm = R"(<mujoco model="arm">
  <compiler angle="radian"/>
  <option timestep="0.004"/>
  <worldbody>
    <geom name="floor" type="plane" size="0 0 1"/>
    <body name="upper" pos="0 0 0.4">
      <joint name="shoulder" axis="0 1 0" damping="0.05"/>
      <geom name="upper" type="capsule" fromto="0 0 0 0.3 0 0" size="0.03"/>
      <body name="lower" pos="0.3 0 0">
        <joint name="elbow" axis="0 1 0" damping="0.05" range="-2 2" limited="true"/>
        <geom name="lower" type="capsule" fromto="0 0 0 0.3 0 0" size="0.03"/>
        <site name="tip" pos="0.3 0 0"/>
        <camera name="eye" pos="0 -1 0.5" xyaxes="1 0 0 0 0 1" resolution="12 8"/>
      </body>
    </body>
    <body name="ball" pos="0.5 0.4 0.3"><freejoint name="ball"/><geom name="ball" size="0.05"/></body>
  </worldbody>
  <actuator><motor name="shoulder" joint="shoulder" gear="3" ctrlrange="-1 3" ctrllimited="true"/><motor name="elbow" joint="elbow" gear="2"/></actuator>
  <sensor><framepos name="arm/tip" objtype="site" objname="tip"/><jointpos name="arm_tip" joint="elbow"/></sensor>
</mujoco>)";

inline std::unique_ptr<session::Session> open_arm(int environments, WorldOptions options = {}, int substeps = 5) {
  auto loaded = session::load_mjcf_text(arm, "arm.xml");
  REQUIRE(loaded);
  loaded->settings.substeps = substeps;
  options.environments = environments;
  if (options.threads == 0) options.threads = 1;
  auto session = session::Session::create(std::move(*loaded), options);
  if (!session) FAIL(to_string(session.errors().front()));
  return std::move(*session);
}

// A folder that goes with the test.
struct Folder {
  std::filesystem::path path;
  Folder() {
    static int number = 0;
    path = std::filesystem::temp_directory_path() / ("nuri_record_" + std::to_string(getpid()) + "_" + std::to_string(number++));
    std::filesystem::create_directories(path);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string operator/(const std::string& name) const { return (path / name).string(); }
};

inline std::string bytes_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// A file as another program would read it: through the library, without the driver of recordings.
class Reader {
 public:
  explicit Reader(const std::string& path) : held_(record::hdf5::lock()), file_(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT)) {}
  explicit operator bool() const { return bool(file_); }
  bool has(const std::string& path) const {      // every part of it must be there
    for (size_t at = path.find('/', 1);; at = path.find('/', at + 1)) {
      if (H5Lexists(file_, path.substr(0, at).c_str(), H5P_DEFAULT) <= 0) return false;
      if (at == std::string::npos) return true;
    }
  }
  std::vector<hsize_t> shape(const std::string& path) const {
    const record::hdf5::Handle set(H5Dopen2(file_, path.c_str(), H5P_DEFAULT));
    REQUIRE_MESSAGE(bool(set), path);
    const record::hdf5::Handle space(H5Dget_space(set));
    std::vector<hsize_t> out(size_t(H5Sget_simple_extent_ndims(space)));
    H5Sget_simple_extent_dims(space, out.data(), nullptr);
    return out;
  }
  template <class T> std::vector<T> read(const std::string& path) const {
    size_t count = 1;
    for (const hsize_t n : shape(path)) count *= n;
    std::vector<T> out(count);
    const record::hdf5::Handle set(H5Dopen2(file_, path.c_str(), H5P_DEFAULT));
    REQUIRE(H5Dread(set, type<T>(), H5S_ALL, H5S_ALL, H5P_DEFAULT, out.data()) >= 0);
    return out;
  }
  template <class T> T number(const std::string& path, const std::string& name) const {
    T out{};
    const record::hdf5::Handle attribute(H5Aopen_by_name(file_, path.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT));
    REQUIRE_MESSAGE(bool(attribute), path << " " << name);
    REQUIRE(H5Aread(attribute, type<T>(), &out) >= 0);
    return out;
  }
  std::string text(const std::string& path, const std::string& name) const {
    const record::hdf5::Handle attribute(H5Aopen_by_name(file_, path.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT));
    REQUIRE_MESSAGE(bool(attribute), path << " " << name);
    const record::hdf5::Handle kind(H5Aget_type(attribute));
    char* words = nullptr;
    REQUIRE(H5Aread(attribute, kind, &words) >= 0);
    std::string out = words;
    H5free_memory(words);
    return out;
  }
  int children(const std::string& path) const {
    H5G_info_t info{};
    REQUIRE(H5Gget_info_by_name(file_, path.c_str(), &info, H5P_DEFAULT) >= 0);
    return int(info.nlinks);
  }

 private:
  template <class T> static hid_t type() {
    if constexpr (std::is_same_v<T, float>) return H5T_NATIVE_FLOAT;
    else if constexpr (std::is_same_v<T, double>) return H5T_NATIVE_DOUBLE;
    else if constexpr (std::is_same_v<T, uint8_t> || std::is_same_v<T, std::byte>) return H5T_NATIVE_UINT8;
    else if constexpr (std::is_same_v<T, uint32_t>) return H5T_NATIVE_UINT32;
    else if constexpr (std::is_same_v<T, int32_t>) return H5T_NATIVE_INT32;
    else if constexpr (std::is_same_v<T, int64_t>) return H5T_NATIVE_INT64;
    else return H5T_NATIVE_UINT64;
  }
  std::unique_lock<std::recursive_mutex> held_;
  record::hdf5::Handle file_;
};

}  // namespace nuri::test
