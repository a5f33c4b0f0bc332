#include "connectors/files/csv_reader.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <iconv.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "connectors/files/file_gate.h"
#include "engine/base/error.h"

namespace connectors::files {

using engine::Error;
using engine::ErrorCode;

namespace {

constexpr std::size_t block_size = 256 * 1024;
constexpr std::size_t value_size_max = 64 * 1024 * 1024;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

}  // namespace

/// Bytes of a file → UTF-8, block by block.
class CsvReader::Decoder {
 public:
  explicit Decoder(const std::string& encoding) : state_(iconv_open("UTF-8", encoding.c_str())) {
    if (state_ == reinterpret_cast<iconv_t>(-1)) throw Error(ErrorCode::environment_missing, "this machine knows no encoding " + encoding);
  }
  ~Decoder() { iconv_close(state_); }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  /// Where a block ends inside a character, the rest waits for the next one. False: what follows is no character of this encoding.
  bool decode(std::string_view bytes, std::string& into) {
    rest_.append(bytes);
    char* from = rest_.data();
    std::size_t left = rest_.size();
    // UTF-8 takes four bytes for a character at most, and each comes from one byte at least.
    into.resize(rest_.size() * 4 + 16);
    char* to = into.data();
    std::size_t room = into.size();
    const bool whole = iconv(state_, &from, &left, &to, &room) != static_cast<std::size_t>(-1);
    const bool is_cut = !whole && errno == EINVAL;
    into.resize(into.size() - room);
    rest_.erase(0, rest_.size() - left);
    if (is_first_ && !into.empty()) {
      if (into.starts_with(byte_order_mark)) into.erase(0, byte_order_mark.size());
      is_first_ = false;
    }
    return whole || is_cut;
  }
  bool is_inside_character() const { return !rest_.empty(); }

 private:
  iconv_t state_;
  std::string rest_;
  bool is_first_ = true;
};

CsvReader::CsvReader(const std::filesystem::path& file, const FileStamp& stamp, const engine::settings::CsvFiles& options)
    : file_(file), stamp_(stamp), delimiter_(static_cast<unsigned char>(options.delimiter)), final_newline_(options.final_newline),
      decoder_(std::make_unique<Decoder>(options.encoding)) {
  descriptor_ = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor_ < 0) {
    const std::string reason = std::generic_category().message(errno);
    throw Error(ErrorCode::source_unreachable, fmt::format("the file {} cannot be read: {}", file.string(), reason), {{"file", file.string()}});
  }
  if (!is_written(descriptor_, stamp_)) return;
  ::close(descriptor_);
  throw busy_file(file_, "was written just now");
}

CsvReader::~CsvReader() { ::close(descriptor_); }

int CsvReader::get_from_next_block() {
  std::string block(block_size, '\0');
  while (true) {
    if (!is_text_) {
      record_line_ = line_;
      fail("what stands here is no character of the file's encoding", "say which it is with `encoding`: WINDOWS-1252, ISO-8859-15, UTF-16");
    }
    const ssize_t size = ::read(descriptor_, block.data(), block.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) throw Error(ErrorCode::source_unreachable, fmt::format("reading {}: {}", file_.string(), std::generic_category().message(errno)));
    // After the bytes were taken: a writer that came before them has left its time.
    if (is_written(descriptor_, stamp_)) throw busy_file(file_, "was written while it was read");
    if (size == 0 && decoder_->is_inside_character()) {
      record_line_ = line_;
      fail("the file ends inside a character", "whether `encoding` is the file's");
    }
    if (size == 0) return -1;
    at_ = 0;
    is_text_ = decoder_->decode({block.data(), static_cast<std::size_t>(size)}, text_);
    if (!text_.empty()) return static_cast<unsigned char>(text_[at_++]);
  }
}

void CsvReader::fail(const std::string& what, const std::string& hint) const {
  const std::string place = fmt::format("{}:{}", file_.string(), record_line_);
  throw Error(ErrorCode::source_bad_data, place + ": " + what, {{"file", place}}, hint);
}

/// Returns what ended the value.
int CsvReader::read_plain(int first, std::string& into) {
  int c = first;
  for (; !ends_value(c); c = get()) {
    into += static_cast<char>(c);
    if (into.size() > value_size_max) fail("a value is longer than 64 MiB");
  }
  return c;
}

int CsvReader::read_quoted(std::string& into) {
  while (true) {
    int c = get();
    if (c == '"' && (c = get()) != '"') {
      if (!ends_value(c)) fail("text follows the closing quote of a value", "a quote inside a quoted value is written twice");
      return c;
    }
    if (c < 0) throw busy_file(file_, "ends inside a quoted value: it is half written, or a quote is missing");
    if (c == '\n') ++line_;
    into += static_cast<char>(c);
    if (into.size() > value_size_max) fail("a value is longer than 64 MiB", "whether a closing quote is missing");
  }
}

void CsvReader::end_line(int c) {
  ++line_;
  if (c != '\r') return;
  const int following = get();
  if (following >= 0 && following != '\n') --at_;
}

/// A value of the last record may be half written: without a line end behind it the file waits.
bool CsvReader::next(std::vector<CsvCell>& cells) {
  cells.clear();
  int c = get();
  for (; c == '\n' || c == '\r'; c = get()) end_line(c);
  if (c < 0) return false;
  record_line_ = line_;
  while (true) {
    CsvCell& cell = cells.emplace_back();
    cell.quoted = c == '"';
    c = cell.quoted ? read_quoted(cell.text) : read_plain(c, cell.text);
    if (c != delimiter_) break;
    c = get();
  }
  if (c >= 0) end_line(c);
  else if (final_newline_) {
    throw busy_file(file_, fmt::format("has no line end behind its last line ({}): it is half written", record_line_),
               "where the file never has one, say `final_newline: optional`");
  }
  return true;
}

}  // namespace connectors::files
