// Lists that come in pages: where the next one is.
#pragma once

#include <optional>
#include <string>

#include "connectors/http/answer/json_path.h"
#include "connectors/http/wire/exchange.h"
#include "engine/settings/target_definition.h"

namespace connectors::http {

/// How to get from one page to the next.
struct PagePlan {
  PagePlan() = default;
  explicit PagePlan(const engine::settings::PageRule& rule);
  bool any() const { return rule.any(); }

  engine::settings::PageRule rule;
  JsonPath next;
  JsonPath cursor;
};

/// Neither an address nor a problem: there are no more.
struct PageStep {
  std::optional<std::string> url;  ///< none: that was the last page
  std::string problem;             ///< why the next page cannot be asked for
};

/// After page `page` (from 0), which `url` asked for. `items`: where its list stands. The address that an answer gives must
/// be of the same origin: credentials go nowhere else.
PageStep next_page(const PagePlan& plan, const JsonPath& items, const std::string& url, const RawAnswer& answer,
                   std::size_t page);

/// `url` with the query parameter set, over one that is there.
std::string with_parameter(const std::string& url, const std::string& name, const std::string& value);

}  // namespace connectors::http
