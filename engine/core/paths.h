// Names of files inside scenes. Whatever a scene names must lie in a folder that the user allowed: the folder of the main
// file, a package's folder, or a folder given on the command line. Symbolic links are followed before the check.
#pragma once
#include <string>
#include <vector>
#include "engine/core/result.h"

namespace nuri {

// The file `name` (relative to `folder`, or absolute) as a canonical path that may be opened. It must exist, be a regular
// file of at most `most_bytes`, and lie in one of `roots` (canonical folders) or below. Refused are also names with a zero
// byte, a backslash, a scheme or drive ("http:", "C:"), and more than 4096 bytes. The diagnostic has code and message
// ("outside-folder", "cannot-read", "file-too-large", "bad-file-name") and no place: the caller adds it.
Result<std::string> resolve_file(const std::string& name, const std::string& folder, const std::vector<std::string>& roots, std::size_t most_bytes);

// The whole content of a file that resolve_file() has returned.
Result<std::string> read_file(const std::string& path, std::size_t most_bytes);

// Canonical folder of a file; "" if it cannot be found.
std::string folder_of(const std::string& path);

}  // namespace nuri
