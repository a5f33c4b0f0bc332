#include "connectors/http/request/auth_marks.h"

#include "connectors/http/request/field_text.h"

namespace connectors::http {
namespace {

constexpr std::string_view opening = "\t\"{auth.";
constexpr std::string_view closing = "}\"";

}  // namespace

void append_auth_mark(std::string_view name, std::string& into) { into.append(opening).append(name).append(closing); }

/// What was filled in is not looked through: a value may look like a mark.
void fill_auth_marks(const AuthValues& values, std::string& body) {
  std::size_t at = body.find(opening);
  if (at == std::string::npos) return;
  std::string filled;
  std::size_t copied = 0;
  for (; at != std::string::npos; at = body.find(opening, at + opening.size())) {
    const std::size_t end = body.find(closing, at);
    if (end == std::string::npos) break;
    const std::size_t begin = at + opening.size();
    const auto value = values.find(std::string_view(body).substr(begin, end - begin));
    if (value == values.end()) continue;
    filled.append(body, copied, at - copied);
    append_json(value->second, filled);
    copied = end + closing.size();
  }
  filled.append(body, copied);
  body = std::move(filled);
}

}  // namespace connectors::http
