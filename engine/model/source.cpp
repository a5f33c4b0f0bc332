#include "engine/model/source.h"

#include "engine/base/error.h"

namespace engine::model {

namespace {

[[noreturn]] void refuse() {
  throw Error(ErrorCode::source_refused, "this kind of source cannot be read by columns that grow", {}, "use `mode: diff`");
}

}  // namespace

std::optional<std::string> Source::now(const TableRequest&, const Column&) { refuse(); }

std::optional<std::string> Source::highest(const TableRequest&, const TableShape&, std::size_t, const std::optional<std::string>&) { refuse(); }

std::unique_ptr<RowStream> Source::open_growth(const TableRequest&, const TableShape&, const GrowthRange&, std::size_t) { refuse(); }

}  // namespace engine::model
