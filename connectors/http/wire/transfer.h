// A reusable libcurl easy handle with the memory its current exchange needs.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "connectors/http/wire/exchange.h"

struct curl_slist;

namespace connectors::http {

/// Used by one thread. Between begin and end the handle may be driven by a multi handle; the address must not change.
class Transfer {
 public:
  explicit Transfer(const WireOptions& options);
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  void* handle() const { return handle_; }
  void begin(Exchange exchange);
  /// `code` is libcurl's result.
  RawAnswer end(int code);
  /// Ended before its time.
  RawAnswer abandon(std::string reason);
  /// After either of them. Its `answered` is for the caller to call.
  Exchange take_exchange() { return std::move(exchange_); }

 private:
  void set_up(const WireOptions& options);
  void release();
  void set_url();
  void set_method();
  void link_headers();
  RawAnswer what_came();
  static std::size_t on_header(char* bytes, std::size_t size, std::size_t count, void* self);
  static std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* self);
  static int on_request(void* self, char*, char*, int, int);

  const WireOptions& options_;
  void* handle_;
  void* url_;  ///< the address of the current exchange, parsed
  Exchange exchange_;
  std::vector<curl_slist> header_links_;  ///< point into exchange_.headers and options_.headers: nothing is copied
  std::string body_;
  bool headers_ended_ = false;
  bool too_large_ = false;
  int requests_begun_ = 0;
  std::array<char, 256> error_{};
};

}  // namespace connectors::http
