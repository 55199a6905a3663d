#include "tools/record/hdf5_file.h"

#include <hdf5.h>
#include <algorithm>
#include <cstring>

namespace nuri::record {
namespace {

constexpr size_t longest_text = size_t{64} << 20, most_texts = 1 << 20, longest_name = 4096;
constexpr int most_dimensions = 8;

// A handle of HDF5's that is given back.
class Handle {
 public:
  explicit Handle(hid_t id) : id_(id) {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() { if (id_ >= 0) H5Idec_ref(id_); }
  operator hid_t() const { return id_; }
  bool good() const { return id_ >= 0; }

 private:
  hid_t id_;
};

// What HDF5 complains of: the innermost finding.
std::string complaint() {
  std::string out;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, [](unsigned, const H5E_error2_t* e, void* to) -> herr_t {
    std::string& text = *static_cast<std::string*>(to);
    if (text.empty() && e->desc) text = e->desc;
    return 0;
  }, &out);
  H5Eclear2(H5E_DEFAULT);
  return out;
}

Number number_of(hid_t type) {
  const size_t size = H5Tget_size(type);
  switch (H5Tget_class(type)) {
    case H5T_INTEGER: {
      const bool is_signed = H5Tget_sign(type) == H5T_SGN_2;
      if (size == 1) return is_signed ? Number::i8 : Number::u8;
      if (size == 2) return is_signed ? Number::i16 : Number::u16;
      if (size == 4) return is_signed ? Number::i32 : Number::u32;
      return size == 8 ? is_signed ? Number::i64 : Number::u64 : Number::other;
    }
    case H5T_FLOAT: return size == 4 ? Number::f32 : size == 8 ? Number::f64 : Number::other;
    case H5T_STRING: return Number::text;
    case H5T_COMPOUND:
      return H5Tget_nmembers(type) == 3 && H5Tget_member_index(type, "field") >= 0 && H5Tget_member_index(type, "item") >= 0 &&
                     H5Tget_member_index(type, "value") >= 0
                 ? Number::named
                 : Number::other;
    default: return Number::other;
  }
}

hid_t native(Number type) {
  const hid_t types[] = {H5T_NATIVE_UINT8, H5T_NATIVE_INT8, H5T_NATIVE_UINT16, H5T_NATIVE_INT16, H5T_NATIVE_UINT32, H5T_NATIVE_INT32,
                         H5T_NATIVE_UINT64, H5T_NATIVE_INT64, H5T_NATIVE_FLOAT, H5T_NATIVE_DOUBLE};
  return types[size_t(type)];
}

// `count` texts of a data set or attribute; `fetch(memory type, buffer)` reads them.
template <class F> bool texts(hid_t type, hid_t space, size_t count, F fetch, std::vector<std::string>& out) {
  const Handle memory(H5Tcopy(type));
  if (!memory.good() || count > most_texts) return false;
  if (H5Tis_variable_str(type) > 0) {
    std::vector<char*> pointers(count, nullptr);
    if (fetch(memory, pointers.data()) < 0) return false;
    for (const char* p : pointers) out.emplace_back(p ? p : "");
    H5Dvlen_reclaim(memory, space, H5P_DEFAULT, pointers.data());
    return true;
  }
  const size_t size = H5Tget_size(type);
  if (size == 0 || size > longest_text || (count > 0 && size > longest_text / count)) return false;
  std::vector<char> bytes(size * count);
  if (fetch(memory, bytes.data()) < 0) return false;
  for (size_t i = 0; i < count; ++i) {
    const char* const begin = bytes.data() + i * size;
    out.emplace_back(begin, std::find(begin, begin + size, '\0'));
  }
  return true;
}

// One member of all compounds.
template <class F> bool member(const char* name, hid_t as, F fetch, void* to) {
  const Handle memory(H5Tcreate(H5T_COMPOUND, H5Tget_size(as)));
  return memory.good() && H5Tinsert(memory, name, 0, as) >= 0 && fetch(memory, to) >= 0;
}

template <class F> bool named(hid_t type, size_t count, F fetch, Table& out) {
  const Handle word(H5Tget_member_type(type, unsigned(H5Tget_member_index(type, "field"))));
  const size_t size = word.good() && H5Tget_class(word) == H5T_STRING && H5Tis_variable_str(word) == 0 ? H5Tget_size(word) : 0;
  if (size == 0 || size > longest_name || count > most_texts) return false;
  std::vector<char> words(size * count);
  std::vector<double> items(count), values(count);
  if (!member("field", word, fetch, words.data()) || !member("item", H5T_NATIVE_DOUBLE, fetch, items.data()) ||
      !member("value", H5T_NATIVE_DOUBLE, fetch, values.data()))
    return false;
  out.bytes.resize(2 * sizeof(double) * count);
  for (size_t i = 0; i < count; ++i) {
    const char* const begin = words.data() + i * size;
    out.texts.emplace_back(begin, std::find(begin, begin + size, '\0'));
    std::memcpy(out.bytes.data() + 16 * i, &items[i], 8);
    std::memcpy(out.bytes.data() + 16 * i + 8, &values[i], 8);
  }
  return true;
}

Attribute attribute_of(hid_t object, const char* name) {
  Attribute out;
  out.name = name;
  const Handle attribute(H5Aopen(object, name, H5P_DEFAULT));
  if (!attribute.good()) return out;
  const Handle type(H5Aget_type(attribute)), space(H5Aget_space(attribute));
  if (!type.good() || !space.good() || H5Sget_simple_extent_npoints(space) != 1) return out;
  const Number number = number_of(type);
  if (number == Number::text) {
    std::vector<std::string> one;
    if (texts(
            type, space, 1, [&](hid_t memory, void* to) { return H5Aread(attribute, memory, to); }, one))
      out.type = number, out.text = one[0];
  } else if (number == Number::f32 || number == Number::f64) {
    if (H5Aread(attribute, H5T_NATIVE_DOUBLE, &out.real) >= 0) out.type = number;
  } else if (number != Number::other) {
    const herr_t read =
        number == Number::u64 ? H5Aread(attribute, H5T_NATIVE_UINT64, &out.whole) : H5Aread(attribute, H5T_NATIVE_INT64, &out.whole);
    if (read >= 0) out.type = number;
  }
  return out;
}

void attributes_of(hid_t object, std::vector<Attribute>& out) {
  H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, nullptr, [](hid_t of, const char* name, const H5A_info_t*, void* to) -> herr_t {
    static_cast<std::vector<Attribute>*>(to)->push_back(attribute_of(of, name));
    return 0;
  }, &out);
}

bool shape_of(hid_t space, std::vector<uint64_t>& out) {
  const int n = H5Sget_simple_extent_ndims(space);
  if (n < 0 || n > most_dimensions || H5Sget_simple_extent_type(space) == H5S_NULL) return false;
  hsize_t sizes[most_dimensions] = {};
  if (H5Sget_simple_extent_dims(space, sizes, nullptr) != n) return false;
  out.assign(sizes, sizes + n);
  return true;
}

bool entry_of(hid_t group, const char* name, Entry& out) {
  const Handle object(H5Oopen(group, name, H5P_DEFAULT));
  if (!object.good()) return false;
  const H5I_type_t kind = H5Iget_type(object);
  out.group = kind == H5I_GROUP;
  if (kind == H5I_DATASET) {
    const Handle space(H5Dget_space(object)), type(H5Dget_type(object));
    if (!space.good() || !type.good() || !shape_of(space, out.shape)) return false;
    out.type = number_of(type);
    out.stored = H5Dget_storage_size(object);
  }
  attributes_of(object, out.attributes);
  return true;
}

}  // namespace

Hdf5File::~Hdf5File() {
  if (file_ >= 0) H5Fclose(file_);
}

bool Hdf5File::refuse(const std::string& what) {
  const std::string why = complaint();
  error_ = why.empty() ? what : what + " (HDF5: " + why + ")";
  return false;
}

bool Hdf5File::open(const std::string& path) {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  file_ = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  return file_ >= 0 || refuse("it cannot be opened as an HDF5 file");
}

bool Hdf5File::list(const std::string& path, std::vector<Entry>& out) {
  const Handle group(H5Gopen2(file_, path.c_str(), H5P_DEFAULT));
  if (!group.good()) return refuse("there is no group " + path);
  Entry self;
  self.group = true;
  attributes_of(group, self.attributes);
  out.push_back(std::move(self));
  // names first: what a member is may be damaged, and must not end the walk
  std::vector<std::string> names;
  const herr_t walked = H5Literate(
      group, H5_INDEX_NAME, H5_ITER_INC, nullptr,
      [](hid_t, const char* name, const H5L_info_t* link, void* to) -> herr_t {
        if (link->type == H5L_TYPE_HARD) static_cast<std::vector<std::string>*>(to)->emplace_back(name);
        return 0;
      },
      &names);
  if (walked < 0) return refuse("the members of " + path + " cannot be listed");
  for (const std::string& name : names) {
    Entry entry;
    entry.name = name;
    if (name.size() <= longest_name && entry_of(group, name.c_str(), entry)) out.push_back(std::move(entry));
  }
  H5Eclear2(H5E_DEFAULT);
  return true;
}

bool Hdf5File::read(const std::string& path, uint64_t first, uint64_t count, Table& out) {
  const Handle data(H5Dopen2(file_, path.c_str(), H5P_DEFAULT));
  if (!data.good()) return refuse(path + " cannot be opened");
  const Handle space(H5Dget_space(data)), type(H5Dget_type(data));
  if (!space.good() || !type.good() || !shape_of(space, out.shape)) return refuse(path + " has no readable shape");
  out.type = number_of(type);
  if (out.type == Number::other) return refuse(path + " holds things that are no numbers");
  if (!out.shape.empty()) {
    first = std::min<uint64_t>(first, out.shape[0]);
    out.shape[0] = std::min<uint64_t>(count, out.shape[0] - first);
  }
  uint64_t items = 1;
  for (const uint64_t n : out.shape)
    if (__builtin_mul_overflow(items, n, &items)) return refuse(path + " is too large");
  std::vector<hsize_t> from(out.shape.size(), 0), size(out.shape.begin(), out.shape.end());
  if (!from.empty()) from[0] = first;
  const Handle memory(from.empty() ? H5Screate(H5S_SCALAR) : H5Screate_simple(int(size.size()), size.data(), nullptr));
  if (!memory.good() ||
      (!from.empty() && items > 0 && H5Sselect_hyperslab(space, H5S_SELECT_SET, from.data(), nullptr, size.data(), nullptr) < 0))
    return refuse("rows of " + path + " cannot be chosen");
  if (items == 0) return true;
  auto fetch = [&](hid_t as, void* to) { return H5Dread(data, as, memory, space, H5P_DEFAULT, to); };
  if (out.type == Number::text) return texts(type, memory, items, fetch, out.texts) || refuse(path + " cannot be read");
  if (out.type == Number::named) return named(type, items, fetch, out) || refuse(path + " cannot be read");
  if (items > (uint64_t{1} << 40)) return refuse(path + " is too large");
  out.bytes.resize(items * bytes_of(out.type));
  return fetch(native(out.type), out.bytes.data()) >= 0 || refuse(path + " cannot be read");
}

}  // namespace nuri::record
