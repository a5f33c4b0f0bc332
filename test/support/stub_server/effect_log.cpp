#include "test/support/stub_server/effect_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace stub_server {

namespace {

std::string json_text(std::string_view text) { return boost::json::serialize(boost::json::string(text)); }

/// A JSON body stands in the line as it was sent, its digits included; anything else becomes a string.
std::string one_line(const std::string& body) {
  if (body.empty()) return "null";
  boost::system::error_code error;
  boost::json::parse(body, error);
  if (error) return json_text(body);
  std::string line = body;
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

}  // namespace

EffectLog::EffectLog(const std::string& path) {
  if (path.empty()) return;
  file_ = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (file_ < 0) throw std::runtime_error("cannot open the log " + path);
}

EffectLog::~EffectLog() {
  if (file_ >= 0) close(file_);
}

void EffectLog::append(std::string_view what, const Request& request, std::string_view id) {
  if (file_ < 0) return;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const double ms = std::chrono::duration<double, std::milli>(now).count();
  const std::string line =
      fmt::format("{{\"time\":{:.3f},\"what\":\"{}\",\"method\":\"{}\",\"path\":{},\"key\":{},\"id\":{},\"body\":{}}}\n", ms,
                  what, request.method, json_text(request.path), json_text(request.idempotency_key), json_text(id),
                  one_line(request.body));
  if (write(file_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    throw std::runtime_error("cannot write the log");
  }
}

}  // namespace stub_server
