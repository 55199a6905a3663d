#include "tools/editor/workbench/text_patch.h"

#include <algorithm>

namespace nuri::editor {

TextPatch::TextPatch(const std::string& text) : text_(text), mark_(text.starts_with("\xEF\xBB\xBF") ? 3 : 0), root_(YAML::Load(text)) {}

YAML::Node TextPatch::find(const YAML::Node& map, const std::string& key) {
  if (map.IsDefined() && map.IsMap())
    for (const auto& entry : map)
      if (entry.first.IsScalar() && entry.first.Scalar() == key) return entry.second;
  return YAML::Node(YAML::NodeType::Undefined);
}

size_t TextPatch::begin_of(const YAML::Node& node) const {
  const YAML::Mark mark = node.Mark();
  if (mark.is_null() || size_t(mark.pos) + mark_ > text_.size()) throw Unfit{};
  return size_t(mark.pos) + mark_;
}

bool TextPatch::is_flow(const YAML::Node& node) const {
  const size_t at = begin_of(node);
  return at < text_.size() && (text_[at] == '[' || text_[at] == '{');
}

size_t TextPatch::line_end(size_t at) const {
  size_t end = std::min(text_.find('\n', at), text_.size());
  if (end > at && end < text_.size() && text_[end - 1] == '\r') --end;
  return end;
}

std::string TextPatch::new_line(int column) const {
  return (text_.find("\r\n") == std::string::npos ? "\n" : "\r\n") + std::string(size_t(std::max(0, column)), ' ');
}

size_t TextPatch::end_of(const YAML::Node& node, bool in_flow) const {
  size_t at = begin_of(node);
  if (node.IsSequence() || node.IsMap()) {
    const bool flow = is_flow(node);
    size_t end = flow ? at + 1 : at;
    for (const auto& entry : node) {
      const bool has_value = node.IsMap() && !entry.second.IsNull();
      // a colon follows the key
      if (node.IsMap()) end = std::max(end, has_value ? end_of(entry.second, flow) : end_of(entry.first, flow) + 1);
      else if (!entry.IsNull()) end = std::max(end, end_of(entry, flow));
      else throw Unfit{};
    }
    if (!flow) return end;
    // the closing bracket, after spaces, breaks, comments and perhaps a comma
    const char close = node.IsMap() ? '}' : ']';
    for (; end < text_.size(); ++end) {
      const char c = text_[end];
      if (c == close) return end + 1;
      if (c == '#') end = std::min(text_.find('\n', end), text_.size() - 1);
      else if (c != ' ' && c != '\t' && c != '\n' && c != '\r' && c != ',') throw Unfit{};
    }
    throw Unfit{};
  }
  if (!node.IsScalar() || at >= text_.size()) throw Unfit{};
  if (const char quote = text_[at]; quote == '"' || quote == '\'') {
    for (++at; at < text_.size(); ++at) {
      if (quote == '"' && text_[at] == '\\') ++at;
      else if (text_[at] == quote && quote == '\'' && at + 1 < text_.size() && text_[at + 1] == '\'') ++at;
      else if (text_[at] == quote) return at + 1;
    }
    throw Unfit{};
  }
  // plain, on one line: the text is its meaning
  const std::string& meaning = node.Scalar();
  if (text_.compare(at, meaning.size(), meaning) != 0) throw Unfit{};
  const size_t end = at + meaning.size();
  const std::string after = text_.substr(end, 2);
  const bool ends = after.empty() || std::string(" \t\r\n:").find(after[0]) != std::string::npos ||
      (in_flow && std::string(",]}").find(after[0]) != std::string::npos);
  if (!ends) throw Unfit{};
  return end;
}

void TextPatch::replace(const YAML::Node& scalar, const std::string& by) {
  const size_t begin = begin_of(scalar);
  put(begin, end_of(scalar, true), by);
}

void TextPatch::replace_entry(const YAML::Node& map, const std::string& key, const std::string& by) {
  for (const auto& entry : map) {
    if (!entry.first.IsScalar() || entry.first.Scalar() != key) continue;
    return put(begin_of(entry.first), end_of(entry.second, is_flow(map)), by);
  }
  throw Unfit{};
}

void TextPatch::remove_entry(const YAML::Node& map, const std::string& key) {
  const bool flow = is_flow(map);
  size_t before = std::string::npos;             // where the entry before it ends
  for (auto entry = map.begin(), next = entry; entry != map.end(); entry = next) {
    ++next;
    const size_t end = entry->second.IsNull() ? end_of(entry->first, flow) + 1 : end_of(entry->second, flow);
    if (!entry->first.IsScalar() || entry->first.Scalar() != key) before = end;
    else if (before != std::string::npos) return put(flow ? before : line_end(before), flow ? end : line_end(end), "");
    else if (next != map.end()) return put(begin_of(entry->first), begin_of(next->first), "");
  }
  throw Unfit{};
}

void TextPatch::add_key(const YAML::Node& map, const std::string& key, const std::string& value) {
  if (!map.IsMap()) throw Unfit{};
  const std::string entry = key + ": " + value;
  if (is_flow(map)) {
    const size_t begin = begin_of(map);
    if (map.size() == 0) return put(begin + 1, begin + 1, entry);
    size_t end = begin;
    for (const auto& e : map) end = std::max(end, e.second.IsNull() ? end_of(e.first, true) : end_of(e.second, true));
    return put(end, end, ", " + entry);
  }
  const size_t end = line_end(end_of(map, false));
  put(end, end, new_line(map.Mark().column) + entry);
}

void TextPatch::add_section(const std::string& key, const std::string& entry) {
  const size_t end = line_end(end_of(root_, false));
  put(end, end, new_line(0) + new_line(root_.Mark().column) + key + ":" + new_line(root_.Mark().column + 2) + "- " + entry);
}

void TextPatch::append(const YAML::Node& list, const std::string& value) {
  if (!list.IsSequence()) throw Unfit{};
  if (is_flow(list)) {
    const size_t begin = begin_of(list);
    if (list.size() == 0) return put(begin + 1, begin + 1, value);
    const size_t end = end_of(list[list.size() - 1], true);
    return put(end, end, ", " + value);
  }
  const size_t end = line_end(end_of(list, false));
  put(end, end, new_line(list.Mark().column) + "- " + value);
}

std::string TextPatch::done() const {
  std::vector<Edit> edits = edits_;
  std::stable_sort(edits.begin(), edits.end(), [](const Edit& a, const Edit& b) { return a.begin < b.begin; });
  std::string out;
  size_t at = 0;
  for (const Edit& e : edits) {
    if (e.begin < at) throw Unfit{};
    out.append(text_, at, e.begin - at).append(e.by);
    at = e.end;
  }
  return out.append(text_, at);
}

}  // namespace nuri::editor
