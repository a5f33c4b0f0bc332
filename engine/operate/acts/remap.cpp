// `remap`: a changed mapping for what was sent before it.
#include <boost/json.hpp>

#include "engine/base/error.h"
#include "engine/operate/acts/act_kinds.h"
#include "engine/operate/acts/request.h"
#include "engine/operate/acts/resending.h"

namespace engine::operate {

namespace json = boost::json;

json::object remap(const json::object& request, const ActContext& context) {
  std::vector<std::string> names = texts_of(request, "pipelines");
  for (const std::string& name : names) known_definition(context.instance.pipelines, "pipeline", name);
  if (names.empty()) throw Error(ErrorCode::config_invalid, "which pipeline?", {}, "name one or several");
  const pipeline::ResendOptions options{
      .force = flag_of(request, "force"), .live_only = flag_of(request, "live_only"), .dry_run = flag_of(request, "dry_run")};
  json::array pipelines;
  for (const std::string& name : names) pipelines.push_back(json_of(name, remap_pipeline(context, name, options)));
  return {{"pipelines", std::move(pipelines)}};
}

}  // namespace engine::operate
