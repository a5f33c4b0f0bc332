// An expected value, as YAML, against one that came, as JSON: each difference at its place in the file.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <vector>

#include "engine/operate/cases/case_check.h"
#include "engine/settings/yaml_node.h"

namespace engine::operate {

/// Maps hold at least what is expected, with `exact` nothing else. Lists are compared item by item. Numbers are compared by value,
/// texts never equal numbers.
void check_value(const settings::YamlNode& expected, const boost::json::value& came, const std::string& name, bool exact,
                 std::vector<CaseProblem>& problems);

/// A key of the journal, `["C001",7]`, against a value or a list of them. Blanks at the end do not count.
bool is_key(const settings::YamlNode& expected, const std::string& key);

}  // namespace engine::operate
