#include "connectors/files/file_gate.h"

#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <system_error>

#include "engine/base/error.h"

namespace connectors::files {

namespace model = engine::model;
using engine::Error;
using engine::ErrorCode;

namespace {

constexpr std::int64_t held_back_ms_max = 60'000;
constexpr std::int64_t pause_ms_max = 10'000;
/// No file server's clock that anybody still works with is further off.
constexpr std::int64_t other_clock_ms_max = 600'000;
constexpr std::int64_t zfs_magic = 0x2fc12fc1;
constexpr std::int64_t local_systems[] = {EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, BTRFS_SUPER_MAGIC, F2FS_SUPER_MAGIC, zfs_magic, TMPFS_MAGIC, OVERLAYFS_SUPER_MAGIC, MSDOS_SUPER_MAGIC};

std::int64_t nanoseconds(const timespec& time) { return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

FileStamp stamp_from(const struct stat& found) {
  return {static_cast<std::uint64_t>(found.st_size), found.st_ino, nanoseconds(found.st_mtim), nanoseconds(found.st_ctim)};
}

}  // namespace

std::string FileStamp::text() const { return fmt::format("{}:{}:{}:{}", size, inode, modified_ns, changed_ns); }

FileStamp stamp_of(const std::filesystem::path& file) {
  struct stat found {};
  if (::stat(file.c_str(), &found) == 0) return stamp_from(found);
  const std::string reason = std::generic_category().message(errno);
  throw Error(ErrorCode::source_unreachable, fmt::format("the file {} cannot be looked at: {}", file.string(), reason), {{"file", file.string()}},
              "whether it is there, and may be read by this user");
}

Error busy_file(const std::filesystem::path& file, const std::string& what, const std::string& hint) {
  return Error(ErrorCode::source_busy, fmt::format("{} {}", file.string(), what), {{"file", file.string()}}, hint);
}

bool is_written(int descriptor, const FileStamp& since) {
  struct stat found {};
  if (::fstat(descriptor, &found) != 0) return true;
  const FileStamp now = stamp_from(found);
  return now.size != since.size || now.modified_ns != since.modified_ns;
}

bool has_our_clock(const std::filesystem::path& file) {
  struct statfs system {};
  return ::statfs(file.c_str(), &system) == 0 && std::ranges::find(local_systems, std::int64_t{system.f_type}) != std::end(local_systems);
}

bool FileGate::is_old(const FileStamp& stamp) const {
  const std::int64_t age_ms = clock_.wall_ms() - stamp.modified_ns / 1'000'000;
  return age_ms >= std::max(settle_ms_, other_clock_ms_max) || (age_ms >= settle_ms_ && has_our_clock_(file_));
}

/// Two ways to be sure: it stood still while we looked on, or its times say that it has for long.
std::optional<FileStamp> FileGate::settled() {
  const FileStamp now = stamp_of(file_);
  const std::int64_t steady = clock_.steady_ms();
  if (!first_look_ms_) first_look_ms_ = steady;
  if (seen_ != now) {
    if (!written_since_ms_) looks_seldom_ = seen_ && steady - looked_ms_ > held_back_ms_max;
    moved_ = seen_ && steady - looked_ms_ < settle_ms_;
    seen_ = now;
    seen_since_ms_ = steady;
  }
  looked_ms_ = steady;
  if (steady - seen_since_ms_ >= settle_ms_) return now;
  return is_old(now) && !moved_ ? std::optional(now) : std::nullopt;
}

FileStamp FileGate::ready() {
  if (const auto stamp = settled()) return *stamp;
  const std::int64_t left_ms = *first_look_ms_ + settle_ms_ - clock_.steady_ms();
  if (left_ms > 0 && left_ms <= pause_ms_max) {
    pause_(std::chrono::milliseconds(left_ms));
    if (const auto stamp = settled()) return *stamp;
  }
  throw busy_file(file_, "is still being written");
}

std::optional<std::string> FileGate::proof() {
  if (const auto stamp = settled()) {
    written_since_ms_.reset();
    return proof_ = stamp->text();
  }
  if (!written_since_ms_) written_since_ms_ = clock_.steady_ms();
  if (looks_seldom_) throw busy_file(file_, "is still being written");
  if (clock_.steady_ms() - *written_since_ms_ > held_back_ms_max) throw busy_file(file_, "is being written without a pause, and is not read meanwhile");
  return proof_;
}

namespace {

/// Looks at the file after each batch: what was read of two states is no table.
class UnwrittenRows final : public model::RowStream {
 public:
  UnwrittenRows(std::unique_ptr<model::RowStream> rows, std::filesystem::path file, FileStamp stamp)
      : rows_(std::move(rows)), file_(std::move(file)), stamp_(stamp) {}

  bool next(model::RowBatch& into) override {
    const bool more = rows_->next(into);
    if (stamp_of(file_) != stamp_) throw busy_file(file_, "was written while it was read");
    return more;
  }

 private:
  std::unique_ptr<model::RowStream> rows_;
  std::filesystem::path file_;
  FileStamp stamp_;
};

/// A driver behind the gate.
class GatedSource final : public model::Source {
 public:
  GatedSource(std::unique_ptr<model::Source> source, FileGate gate) : source_(std::move(source)), gate_(std::move(gate)) {}

  /// While the file is being written its tables are what they were: half of a file may show other columns, or no table at all.
  model::TableShape describe(const model::TableRequest& table) override {
    Described& known = described_[table.from + "\n" + table.query];
    const auto stamp = gate_.settled();
    if (known.shape && known.exclude == table.exclude && known.key == table.key && (!stamp || known.stamp == *stamp)) return *known.shape;
    const FileStamp ready = begin();
    model::TableShape shape = source_->describe(table);
    if (stamp_of(gate_.file()) != ready) throw busy_file(gate_.file(), "was written while it was read");
    known = {ready, table.exclude, table.key, shape};
    return shape;
  }
  std::unique_ptr<model::RowStream> open_range(const model::TableRequest& table, const model::TableShape& shape, const model::KeyRange& range,
                                               std::size_t limit) override {
    const FileStamp stamp = begin();
    return guarded(source_->open_range(table, shape, range, limit), stamp);
  }
  std::unique_ptr<model::RowStream> open_whole(const model::TableRequest& table, const model::TableShape& shape) override {
    const FileStamp stamp = begin();
    return guarded(source_->open_whole(table, shape), stamp);
  }
  std::unique_ptr<model::RowStream> open_keys(const model::TableRequest& table, const model::TableShape& shape,
                                              std::span<const model::SourceKey> keys) override {
    const FileStamp stamp = begin();
    return guarded(source_->open_keys(table, shape, keys), stamp);
  }
  std::vector<std::string> probe(const model::TableRequest&) override {
    const auto proof = gate_.proof();
    return proof ? std::vector<std::string>{*proof} : std::vector<std::string>{};
  }
  std::size_t keys_max() const override { return source_->keys_max(); }
  void close() override { source_->close(); }

 private:
  /// A driver may keep pages of a file, or the whole of one that was put away: it opens the file anew when that is another.
  FileStamp begin() {
    const FileStamp stamp = gate_.ready();
    if (opened_ != stamp) source_->close();
    opened_ = stamp;
    return stamp;
  }
  std::unique_ptr<model::RowStream> guarded(std::unique_ptr<model::RowStream> rows, const FileStamp& stamp) const {
    return std::make_unique<UnwrittenRows>(std::move(rows), gate_.file(), stamp);
  }

  struct Described {
    FileStamp stamp;
    std::vector<std::string> exclude, key;
    std::optional<model::TableShape> shape;  ///< none yet
  };

  std::unique_ptr<model::Source> source_;
  FileGate gate_;
  std::optional<FileStamp> opened_;
  std::map<std::string, Described> described_;
};

}  // namespace

std::unique_ptr<model::Source> with_file_gate(std::unique_ptr<model::Source> source, FileGate gate) {
  return std::make_unique<GatedSource>(std::move(source), std::move(gate));
}

}  // namespace connectors::files
