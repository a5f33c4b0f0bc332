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
  /// `parents`: the pipelines that remote_id() may name.
  ExpressionCheck(Sandbox& sandbox, const model::Layout& layout, const std::vector<std::string>& parents,
                  settings::Diagnostics& diagnostics)
      : sandbox_(sandbox), layout_(layout), parents_(parents), diagnostics_(diagnostics) {}

  /// Compiles the expression alone. `subject` is named in messages ("field 'name'"). False when it must not be used.
  /// `may_refer`: it gives a field's value, which may be another record's id.
  bool check(const settings::Expression& expression, std::string_view subject, bool may_refer);

 private:
  Findings findings(std::string_view sql, bool may_refer);
  Finding refused(std::string_view sql, const Sandbox::Prepared& prepared, int offset) const;

  Sandbox& sandbox_;
  const model::Layout& layout_;
  const std::vector<std::string>& parents_;
  settings::Diagnostics& diagnostics_;
};

/// `sql` as the value of one column over both images. The expression must have passed `check`.
std::string alone(std::string_view sql);

/// The place of the byte at `offset` of an expression.
settings::Origin place_in(const settings::Expression& expression, std::size_t offset);

}  // namespace engine::map
