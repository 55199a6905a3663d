// DAE and glTF through Assimp (5.2.5 from Debian 12), in a process of its own.
//
// Of 3000 damaged copies of a box per format, Assimp crashed on 30 (DAE), 1 (glTF) and 1 (OBJ), and ran for more than ten
// seconds on 10 (DAE) and 2 (GLB): bad input would take the program with it. So a forked child does the import, with limits
// on memory and time, and sends plain numbers back through a pipe; whatever becomes of it, the parent has a mesh or a
// diagnostic. (Rejected: threads with a signal handler, because a damaged heap stays damaged; a helper program, because it
// would have to be found and installed.) Assimp may open nothing but files in the mesh's own folder or below.
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <fstream>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <assimp/BaseImporter.h>
#include <assimp/IOStream.hpp>
#include <assimp/IOSystem.hpp>
#include <assimp/Importer.hpp>
#include <assimp/postprocess.h>
#include <assimp/scene.h>

#include "engine/core/paths.h"
#include "engine/shape/mesh_reader.h"

namespace nuri::shape {
namespace {
constexpr int least_seconds = 10, most_seconds = 60;    // of processor time, one more per MB of the file; of the clock, four times that
// Bytes beyond what the program has when it forks. A damaged count must not have gigabytes filled with zeros first.
constexpr rlim_t least_memory = rlim_t{512} << 20, most_memory = rlim_t{4} << 30, memory_per_byte = 32;
constexpr int deepest = 256;                             // nodes
constexpr std::size_t most_message = std::size_t{8} << 30;

// ---- what Assimp may open ---------------------------------------------------------------------------------------------
class Stream : public Assimp::IOStream {
 public:
  explicit Stream(std::string content) : content_(std::move(content)) {}
  size_t Read(void* out, size_t size, size_t count) override {
    if (size == 0) return 0;
    const size_t n = std::min(count, (content_.size() - at_) / size);
    std::memcpy(out, content_.data() + at_, n * size);
    at_ += n * size;
    return n;
  }
  size_t Write(const void*, size_t, size_t) override { return 0; }
  aiReturn Seek(size_t offset, aiOrigin origin) override {
    const size_t base = origin == aiOrigin_SET ? 0 : origin == aiOrigin_CUR ? at_ : content_.size();
    if (offset > content_.size() - base) return aiReturn_FAILURE;
    at_ = base + offset;
    return aiReturn_SUCCESS;
  }
  size_t Tell() const override { return at_; }
  size_t FileSize() const override { return content_.size(); }
  void Flush() override {}

 private:
  std::string content_;
  size_t at_ = 0;
};

class Folder : public Assimp::IOSystem {
 public:
  explicit Folder(std::string folder) : folder_(std::move(folder)) {}
  bool Exists(const char* name) const override { return bool(resolve_file(name, folder_, {folder_}, limits::mesh_bytes)); }
  char getOsSeparator() const override { return '/'; }
  Assimp::IOStream* Open(const char* name, const char* mode) override {
    if (!mode || mode[0] != 'r') return nullptr;
    const Result<std::string> path = resolve_file(name, folder_, {folder_}, limits::mesh_bytes);
    if (!path) return nullptr;
    Result<std::string> content = read_file(*path, limits::mesh_bytes);
    return content ? new Stream(std::move(*content)) : nullptr;
  }
  void Close(Assimp::IOStream* stream) override { delete stream; }
  bool CreateDirectory(const std::string&) override { return false; }
  bool ChangeDirectory(const std::string&) override { return false; }
  bool DeleteFile(const std::string&) override { return false; }

 private:
  std::string folder_;
};

// ---- in the child: import ---------------------------------------------------------------------------------------------
struct Affine { Mat m; Vec p; };
Affine operator*(const Affine& a, const Affine& b) {
  Affine out{{}, add(mul(a.m, b.p), a.p)};
  for (int i = 0; i < 3; ++i) for (int j = 0; j < 3; ++j) for (int k = 0; k < 3; ++k) out.m[3 * i + j] += a.m[3 * i + k] * b.m[3 * k + j];
  return out;
}
Affine affine(const aiMatrix4x4& t) { return {{t.a1, t.a2, t.a3, t.b1, t.b2, t.b3, t.c1, t.c2, t.c3}, {t.a4, t.b4, t.c4}}; }
Vec vec(const aiVector3D& v) { return {v.x, v.y, v.z}; }

struct Missing { bool normals = false, texcoords = false; };

// One aiMesh seen through its node: corners to `out`. Normals go with the cofactors, which for a mirror are turned as faces are.
void put(const aiMesh& from, const Affine& t, Mesh& out, Missing& missing) {
  const Mat& m = t.m;
  const Mat cofactor{m[4] * m[8] - m[5] * m[7], m[5] * m[6] - m[3] * m[8], m[3] * m[7] - m[4] * m[6], m[2] * m[7] - m[1] * m[8], m[0] * m[8] - m[2] * m[6],
                     m[1] * m[6] - m[0] * m[7], m[1] * m[5] - m[2] * m[4], m[2] * m[3] - m[0] * m[5], m[0] * m[4] - m[1] * m[3]};
  const bool mirrored = m[0] * cofactor[0] + m[1] * cofactor[1] + m[2] * cofactor[2] < 0;
  const int first = static_cast<int>(out.vertices.size());
  for (unsigned i = 0; i < from.mNumVertices; ++i) out.vertices.push_back(add(mul(m, vec(from.mVertices[i])), t.p));
  missing.normals = missing.normals || !from.mNormals;
  missing.texcoords = missing.texcoords || !from.mTextureCoords[0];
  for (unsigned i = 0; i < from.mNumFaces; ++i) {
    const aiFace& face = from.mFaces[i];
    if (face.mNumIndices != 3 || std::any_of(face.mIndices, face.mIndices + 3, [&](unsigned v) { return v >= from.mNumVertices; })) continue;
    std::array<unsigned, 3> v{face.mIndices[0], face.mIndices[1], face.mIndices[2]};
    if (mirrored) std::swap(v[1], v[2]);
    out.faces.push_back({first + static_cast<int>(v[0]), first + static_cast<int>(v[1]), first + static_cast<int>(v[2])});
    for (unsigned c : v) {
      if (!missing.normals) out.normals.push_back(scale(mul(cofactor, vec(from.mNormals[c])), mirrored ? -1 : 1));
      if (!missing.texcoords) out.texcoords.push_back({from.mTextureCoords[0][c].x, from.mTextureCoords[0][c].y});
    }
  }
}

// The text after `key` up to one of `ends`; "" if it is not there.
std::string after(const std::string& text, const std::string& key, const char* ends) {
  const std::size_t at = text.find(key);
  if (at == std::string::npos) return "";
  const std::size_t start = at + key.size();
  return text.substr(start, std::min<std::size_t>(text.find_first_of(ends, start) - start, 40));
}

Result<Mesh> import_here(const std::string& path, const std::string& format) {
  const std::string folder = folder_of(path);
  const Result<std::string> content = read_file(path, limits::mesh_bytes);
  if (!content) return content.errors();
  if (content->empty()) return mesh_error("empty-mesh", "the mesh file is empty");

  // an importer that knows this format and nothing else
  Assimp::Importer importer;
  for (std::size_t k = importer.GetImporterCount(); k-- > 0;) {
    Assimp::BaseImporter* loader = importer.GetImporter(k);
    std::set<std::string> endings;
    loader->GetExtensionList(endings);
    if (endings.count(format) == 0) importer.UnregisterLoader(loader), delete loader;
  }
  importer.SetIOHandler(new Folder(folder));   // the importer owns it
  importer.SetPropertyInteger(AI_CONFIG_PP_SBP_REMOVE, aiPrimitiveType_POINT | aiPrimitiveType_LINE);
  importer.SetPropertyBool(AI_CONFIG_IMPORT_NO_SKELETON_MESHES, true);
  const aiScene* scene = importer.ReadFile(path, aiProcess_Triangulate | aiProcess_SortByPType);
  if (!scene || !scene->mRootNode) {
    std::string why = std::string(importer.GetErrorString()).substr(0, 300);
    for (char& c : why) if (static_cast<unsigned char>(c) < 32) c = ' ';
    return mesh_error("bad-mesh", "the " + format + " file cannot be read: " + why);
  }

  // Every node's meshes. What Assimp gives has y up (a DAE with another axis was turned); here z is up.
  Mesh mesh;
  Missing missing;
  const Affine z_up{{1, 0, 0, 0, 0, -1, 0, 1, 0}, {0, 0, 0}};
  struct Visit { const aiNode* node; Affine pose; int depth; };
  std::vector<Visit> stack{{scene->mRootNode, z_up * affine(scene->mRootNode->mTransformation), 0}};
  while (!stack.empty()) {
    const Visit visit = stack.back();
    stack.pop_back();
    if (visit.depth > deepest) return mesh_error("bad-mesh", "nodes of the " + format + " file are nested deeper than " + std::to_string(deepest));
    for (unsigned k = 0; k < visit.node->mNumMeshes; ++k) {
      const unsigned index = visit.node->mMeshes[k];
      if (index >= scene->mNumMeshes) return mesh_error("bad-mesh", "a node of the " + format + " file names a mesh that is not there");
      const aiMesh& from = *scene->mMeshes[index];
      if (mesh.faces.size() + from.mNumFaces > limits::triangles || mesh.vertices.size() + from.mNumVertices > 3 * limits::triangles) {
        return mesh_error("mesh-too-large", "more than " + std::to_string(limits::triangles) + " triangles");
      }
      put(from, visit.pose, mesh, missing);
    }
    for (unsigned k = visit.node->mNumChildren; k-- > 0;) {   // the first child is next
      const aiNode* child = visit.node->mChildren[k];
      stack.push_back({child, visit.pose * affine(child->mTransformation), visit.depth + 1});
    }
    if (stack.size() > limits::triangles) return mesh_error("mesh-too-large", "too many nodes");
  }
  if (missing.normals) mesh.normals.clear();
  if (missing.texcoords) mesh.texcoords.clear();

  // what was applied on the way
  if (format == "dae") {
    const std::string unit = after(*content, "meter=\"", "\""), up = after(*content, "<up_axis>", "< \n\r\t");
    if (!unit.empty() && unit != "1" && unit != "1.0") mesh.adjusted.push_back("the file's unit of " + unit + " m was applied");
    if (up != "Z_UP") mesh.adjusted.push_back((up.empty() ? "the file says no up axis, so y is up" : "the file's " + up) + ": turned so that z is up");
  } else {
    mesh.adjusted.push_back("glTF has y up: turned so that z is up");
  }
  return mesh;
}

// ---- from child to parent ---------------------------------------------------------------------------------------------
// Texts and arrays, each as its count and its bytes; the end mark shows that nothing is missing.
constexpr char end_mark = 'E';

template <class T> void pack(std::string& to, const T& values) {
  const uint64_t n = values.size();
  to.append(reinterpret_cast<const char*>(&n), sizeof n);
  to.append(reinterpret_cast<const char*>(values.data()), n * sizeof values[0]);
}
template <class T> bool unpack(const std::string& from, std::size_t& at, T& values) {
  uint64_t n = 0;
  if (from.size() - at < sizeof n) return false;
  std::memcpy(&n, from.data() + at, sizeof n);
  at += sizeof n;
  if (n > (from.size() - at) / sizeof values[0]) return false;
  values.resize(n);
  if (n) std::memcpy(values.data(), from.data() + at, n * sizeof values[0]);
  at += n * sizeof values[0];
  return true;
}

std::string packed(const Result<Mesh>& result) {
  std::string out;
  if (!result) {
    out = "-";
    pack(out, result.errors()[0].code);
    pack(out, result.errors()[0].message);
    pack(out, result.errors()[0].hint);
  } else {
    out = "+";
    pack(out, result->vertices);
    pack(out, result->faces);
    pack(out, result->normals);
    pack(out, result->texcoords);
    std::string notes;
    for (const std::string& a : result->adjusted) notes += a + '\n';
    pack(out, notes);
  }
  return out + end_mark;
}

bool unpacked(const std::string& message, Result<Mesh>& out) {
  if (message.size() < 2 || message.back() != end_mark) return false;
  std::size_t at = 1;
  if (message[0] == '-') {
    Diagnostic d;
    if (!unpack(message, at, d.code) || !unpack(message, at, d.message) || !unpack(message, at, d.hint)) return false;
    out = d;
    return true;
  }
  Mesh mesh;
  std::string notes;
  if (!unpack(message, at, mesh.vertices) || !unpack(message, at, mesh.faces) || !unpack(message, at, mesh.normals) || !unpack(message, at, mesh.texcoords) || !unpack(message, at, notes)) return false;
  for (std::size_t start = 0, end; (end = notes.find('\n', start)) != std::string::npos; start = end + 1) mesh.adjusted.push_back(notes.substr(start, end - start));
  out = std::move(mesh);
  return true;
}

void limit(int what, rlim_t most) {
  const rlimit l{most, most};
  setrlimit(static_cast<__rlimit_resource_t>(what), &l);
}

struct Budget { int seconds; rlim_t memory; };

Budget budget_for(const std::string& path, const std::string& format) {
  struct stat info;
  const rlim_t bytes = stat(path.c_str(), &info) == 0 ? static_cast<rlim_t>(info.st_size) : 0;
  const int seconds = static_cast<int>(std::min<rlim_t>(most_seconds, least_seconds + (bytes >> 20)));
  return {seconds, format == "gltf" ? most_memory : std::min(most_memory, least_memory + memory_per_byte * bytes)};   // .gltf: what counts lies in other files
}

[[noreturn]] void child(const std::string& path, const std::string& format, const Budget& budget, int out) {
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  limit(RLIMIT_AS, pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE)) + budget.memory);
  const rlimit time{static_cast<rlim_t>(budget.seconds), static_cast<rlim_t>(budget.seconds) + 1};   // SIGXCPU, then SIGKILL
  setrlimit(RLIMIT_CPU, &time);
  limit(RLIMIT_CORE, 0);
  for (int s : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTERM, SIGXCPU}) signal(s, SIG_DFL);   // the program's handlers are not for the child
  const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (nowhere >= 0) dup2(nowhere, 2);   // a dying child is no news: the parent says what matters
  std::string message;
  try {
    message = packed(import_here(path, format));
  } catch (...) {
    message = packed(mesh_error("bad-mesh", "the " + format + " file cannot be read: its contents contradict each other or need too much memory"));
  }
  for (std::size_t sent = 0; sent < message.size();) {
    const ssize_t n = write(out, message.data() + sent, message.size() - sent);
    if (n < 0 && errno != EINTR) break;
    if (n > 0) sent += n;
  }
  _exit(0);
}
}  // namespace

namespace {
long passed_since(std::chrono::steady_clock::time_point start) {   // ms
  return static_cast<long>(std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start).count());
}
}  // namespace

Result<Mesh> import_mesh(const std::string& path, const std::string& format) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return mesh_error("cannot-read", std::string("cannot start the import: ") + std::strerror(errno));
  const Budget budget = budget_for(path, format);
  const pid_t process = fork();
  if (process == 0) close(ends[0]), child(path, format, budget, ends[1]);
  close(ends[1]);
  if (process < 0) return close(ends[0]), mesh_error("cannot-read", std::string("cannot start the import: ") + std::strerror(errno));

  // until the child has said everything, died, or taken too long
  const auto start = std::chrono::steady_clock::now();
  std::string message;
  std::vector<char> buffer(1 << 16);
  for (;;) {
    const long passed = passed_since(start);
    pollfd ready{ends[0], POLLIN, 0};
    const int events = poll(&ready, 1, static_cast<int>(std::max<long>(0, 4000L * budget.seconds - passed)));
    if (events < 0 && errno == EINTR) continue;
    if (events <= 0) break;
    const ssize_t n = read(ends[0], buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0 || message.size() > most_message) break;
    message.append(buffer.data(), n);
  }
  close(ends[0]);
  int status = 0;
  const bool late = passed_since(start) >= 4000L * budget.seconds;
  kill(process, SIGKILL);
  while (waitpid(process, &status, 0) < 0 && errno == EINTR) {}
  Result<Mesh> result{Mesh{}};
  if (unpacked(message, result)) return result;
  if (late || (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)) return mesh_error("bad-mesh", "importing the " + format + " file took longer than " + std::to_string(budget.seconds) + " s");
  return mesh_error("bad-mesh", "the " + format + " file is damaged: its importer failed on it");
}

}  // namespace nuri::shape
