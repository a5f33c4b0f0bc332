#include <algorithm>
#include <map>

#include "connectors/catalog/catalog.h"
#include "engine/model/key.h"
#include "engine/operate/review/verify/counting.h"
#include "engine/operate/review/verify/target_side.h"
#include "engine/pipeline/echo/comparable.h"

namespace engine::operate {

namespace {

constexpr std::size_t page_images = 1'000;

using What = WantedRecord::What;

class ListedComparison {
 public:
  explicit ListedComparison(const TargetSide& side) : in_(side) {
    const settings::DatabaseTarget& database = side.connection.database;
    settings::SourceConnection connection{.name = side.connection.name, .odbc = database.odbc, .dialect = database.dialect.name};
    connection.connect_timeout_ms = database.connect_timeout_ms;
    source_ = connectors::catalog::make_source(connection, database.dialect);
    request_.from = side.pipeline.target.object;
    for (const settings::FieldExpression& field : side.pipeline.target.match) request_.key.push_back(field.field);
    shape_ = source_->describe(request_);
    for (const std::string& name : request_.key) match_columns_.push_back(*shape_.layout.find(name));
  }

  VerifiedSide run() {
    index_wanted();
    read_target();
    find_missing();
    return std::move(side_);
  }

 private:
  /// A record that may be there: 16 bytes for each row of the source.
  struct Entry {
    std::uint64_t hash = 0;
    std::int64_t ordinal = 0;
  };

  /// The match value as the table would show it.
  std::uint64_t hash_of(const std::vector<std::optional<std::string>>& match) const {
    std::string text;
    for (const auto& part : match) text += part ? std::to_string(part->size()) + ":" + *part : "-";
    return std::hash<std::string>()(text);
  }

  std::uint64_t hash_of(const std::string& match_json) const {
    const model::FieldMap match = model::fields_from_json(match_json);
    std::vector<std::optional<std::string>> parts;
    for (std::size_t i = 0; i < match_columns_.size(); ++i) {
      const auto value = match.find(request_.key[i]);
      const model::ColumnType type = shape_.layout.columns[match_columns_[i]].type;
      parts.push_back(value == match.end() ? std::nullopt : pipeline::comparable_text(type, value->second));
    }
    return hash_of(parts);
  }

  std::uint64_t hash_of(const model::RowView& row) const {
    std::vector<std::optional<std::string>> parts;
    for (const std::size_t column : match_columns_) {
      const model::ColumnType type = shape_.layout.columns[column].type;
      parts.push_back(row.is_null(column) ? std::nullopt : std::optional(pipeline::comparable_text(type, row.text(column))));
    }
    return hash_of(parts);
  }

  /// As deliveries have it.
  std::string match_of(const model::RowView& row) const {
    model::FieldMap match;
    for (std::size_t i = 0; i < match_columns_.size(); ++i) {
      const std::string text(row.text(match_columns_[i]));
      const bool is_integer = shape_.layout.columns[match_columns_[i]].type == model::ColumnType::integer;
      match.emplace(request_.key[i], is_integer ? model::FieldScalar(model::NumberText{text}) : model::FieldScalar(text));
    }
    return model::fields_json(match);
  }

  template <class Visit>
  void each_image(const char* what, const Visit& visit) {
    const std::int64_t total = in_.records.images.count(in_.table_id);
    std::int64_t done = 0;
    for (std::int64_t after = 0;;) {
      const std::vector<journal::RowImage> page = in_.records.images.page(in_.table_id, after, page_images);
      if (page.empty()) return;
      for (const journal::RowImage& image : page) visit(image);
      after = page.back().ordinal;
      in_.options.tell(what, done += static_cast<std::int64_t>(page.size()), total);
    }
  }

  void index_wanted() {
    each_image("journal", [this](const journal::RowImage& image) {
      const WantedRecord wanted = in_.wanted.of(image);
      if (wanted.what == What::never_sent) ++side_.never_sent;
      if (wanted.match != "{}") entries_.push_back({hash_of(wanted.match), image.ordinal});
    });
    std::ranges::sort(entries_, {}, &Entry::hash);
    met_.resize(entries_.size());
  }

  void read_target() {
    const auto rows = source_->open_whole(request_, shape_);
    model::RowBatch batch;
    while (rows->next(batch)) {
      for (std::size_t i = 0; i < batch.rows(); ++i) look_at(batch.row(i));
      in_.options.tell("target", side_.looked_at, static_cast<std::int64_t>(entries_.size()));
    }
  }

  void look_at(const model::RowView& row) {
    ++side_.looked_at;
    const std::uint64_t hash = hash_of(row);
    auto found = std::ranges::lower_bound(entries_, hash, {}, &Entry::hash);
    if (found == entries_.end() || found->hash != hash) return extra(row, {});
    for (; found != entries_.end() && found->hash == hash; ++found) {
      met_[static_cast<std::size_t>(found - entries_.begin())] = true;
      if (const auto image = in_.records.images.at(found->ordinal)) compare(row, in_.wanted.of(*image));
    }
  }

  void compare(const model::RowView& row, const WantedRecord& wanted) {
    if (wanted.what == What::gone) return extra(row, wanted.key, wanted.is_ours);
    if (wanted.what != What::there) return;
    Mismatch mismatch{.kind = MismatchKind::different, .key = wanted.key, .values = {}};
    for (const auto& [name, value] : wanted.fields) {
      const auto column = shape_.layout.find(name);
      if (!column || pipeline::holds_what_was_written(shape_.layout, row, {{name, value}})) continue;
      const model::ColumnType type = shape_.layout.columns[*column].type;
      mismatch.values.push_back({name, pipeline::comparable_text(type, value).value_or(""), row.is_null(*column) ? "" : std::string(row.text(*column))});
    }
    tell(std::move(mismatch));
  }

  void tell(Mismatch mismatch) {
    if (mismatch.kind == MismatchKind::different && mismatch.values.empty()) ++side_.equal;
    else if (in_.wanted.is_under_way(mismatch.key)) ++side_.under_way;
    else {
      const std::string key = mismatch.key;
      count(side_, std::move(mismatch), key, in_.options.samples);
    }
  }

  /// `key`: of the row that is not wanted there any more; empty: no row stands for it.
  void extra(const model::RowView& row, const std::string& key, bool is_ours = false) {
    if (leaves_records()) return;
    if (key.empty() ? in_.wanted.is_lane_busy(match_of(row)) : in_.wanted.is_under_way(key)) {
      ++side_.under_way;
      return;
    }
    count(side_, {.kind = MismatchKind::extra, .key = model::key_json(shape_.layout, row), .values = {}}, {}, in_.options.samples);
    if (!is_ours) return;
    ++side_.extra_ours;
    if (side_.extra_keys.size() < repaired_keys_max) side_.extra_keys.push_back(key);
  }

  bool leaves_records() const {
    const settings::OnDelete on_delete = in_.pipeline.target.on_delete;
    return on_delete != settings::OnDelete::delete_;
  }

  void find_missing() {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      if (met_[i]) continue;
      const auto image = in_.records.images.at(entries_[i].ordinal);
      if (!image) continue;
      const WantedRecord wanted = in_.wanted.of(*image);
      if (wanted.what == What::there) tell({.kind = MismatchKind::missing, .key = wanted.key, .values = {}});
    }
    if (leaves_records()) side_.notes.push_back("rows that left may stay at the target by `on_delete`: what is extra is not told");
  }

  const TargetSide& in_;
  std::unique_ptr<model::Source> source_;
  model::TableRequest request_;
  model::TableShape shape_;
  std::vector<std::size_t> match_columns_;
  std::vector<Entry> entries_;  ///< by hash
  std::vector<bool> met_;
  VerifiedSide side_;
};

}  // namespace

VerifiedSide compare_listed(const TargetSide& side) {
  const auto table = side.connection.database.tables.find(side.pipeline.target.object);
  if (table != side.connection.database.tables.end() && table->second.appends) {
    return {.unable = "each call becomes a row of its own there: what a record holds cannot be told"};
  }
  return ListedComparison(side).run();
}

}  // namespace engine::operate
