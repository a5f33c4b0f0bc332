// Judges the expressions of one mapping and says what is wrong with them, each at its place in the file.
#pragma once

#include <string>
#include <string_view>

#include "engine/map/check/finding.h"
#include "engine/map/sandbox.h"
#include "engine/model/layout.h"
#include "engine/settings/diagnostics.h"

namespace engine::map {

class ExpressionCheck {
 public:
  ExpressionCheck(Sandbox& sandbox, const model::Layout& layout, settings::Diagnostics& diagnostics)
      : sandbox_(sandbox), layout_(layout), diagnostics_(diagnostics) {}

  /// Compiles the expression alone. `subject` is named in messages ("field 'name'"). False when it must not be used.
  bool check(const settings::Expression& expression, std::string_view subject);

 private:
  Findings findings(std::string_view sql);
  Finding refused(std::string_view sql, const Sandbox::Prepared& prepared, int offset) const;

  Sandbox& sandbox_;
  const model::Layout& layout_;
  settings::Diagnostics& diagnostics_;
};

/// `sql` as the value of one column over both images. The expression must have passed `check`.
std::string alone(std::string_view sql);

/// The place of the byte at `offset` of an expression.
settings::Origin place_in(const settings::Expression& expression, std::size_t offset);

}  // namespace engine::map
