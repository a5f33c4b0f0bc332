// An instance with one source and the benched table.
#pragma once

#include <string>

#include "engine/settings/instance.h"

namespace bench {

/// Written into `folder`; `capture` is the table's: "mode: diff, probe: false". Throws std::runtime_error when it is refused.
engine::settings::Instance bench_instance(const std::string& folder, const std::string& odbc, const std::string& dialect, const std::string& capture);

}  // namespace bench
