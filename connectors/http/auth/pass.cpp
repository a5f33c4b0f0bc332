#include "connectors/http/auth/pass.h"

#include "connectors/http/request/auth_marks.h"

namespace connectors::http {

void join(const Pass& pass, Exchange& exchange) {
  exchange.headers.insert(exchange.headers.end(), pass.headers.begin(), pass.headers.end());
  if (!pass.query.empty()) {
    exchange.url += exchange.url.find('?') == std::string::npos ? '?' : '&';
    exchange.url += pass.query;
  }
  if (!pass.values.empty()) fill_auth_marks(pass.values, exchange.body);
}

}  // namespace connectors::http
