// The module nuri._nuri.
#include "tools/python/handle.h"

namespace nuri::python {

nb::list to_python(const std::vector<Diagnostic>& findings) {
  // bytes of a damaged file may stand in a message: what is not UTF-8 is replaced
  auto text = [](const std::string& s) { return nb::steal<nb::object>(PyUnicode_DecodeUTF8(s.data(), Py_ssize_t(s.size()), "replace")); };
  nb::list out;
  for (const Diagnostic& d : findings) {
    nb::dict entry;
    entry["severity"] = d.severity == Severity::error ? "error" : d.severity == Severity::warning ? "warning" : "note";
    entry["code"] = text(d.code), entry["message"] = text(d.message), entry["hint"] = text(d.hint);
    entry["file"] = text(d.place.file), entry["line"] = d.place.line, entry["column"] = d.place.column;
    entry["text"] = text(to_string(d));
    out.append(std::move(entry));
  }
  return out;
}

}  // namespace nuri::python

NB_MODULE(_nuri, module) {
  using namespace nuri::python;
  module.doc() = "Nuri's engine; the package nuri is its public face.";
  // Learners keep arrays to the end (JAX holds them in its caches), and with them their worlds: that is no leak of ours.
  nb::set_leak_warnings(false);
  nb::register_exception_translator([](const std::exception_ptr& pointer, void*) {
    try {
      std::rethrow_exception(pointer);
    } catch (const Refused& refused) {
      const nb::object type = nb::module_::import_("nuri.error").attr("Error");
      PyErr_SetObject(type.ptr(), type(to_python(refused.findings)).ptr());
    }
  });
  bind_scene(module);
  bind_world(module);
  bind_port(module);
  bind_draws(module);
  bind_eyes(module);
  bind_fields(module);
  bind_device(module);
}
