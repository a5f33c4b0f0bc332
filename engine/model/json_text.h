// Writing and reading the JSON of keys, images and fields by hand: no tree, no allocation for a cell, numbers kept as
// the digits they were written with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace engine::model {

/// Length of the valid UTF-8 sequence at the start of `text` (not empty); 0 when its first byte begins none.
std::size_t utf8_sequence(std::string_view text);
bool is_utf8(std::string_view text);

/// Whether `text` may stand in JSON as a number as it is.
bool is_json_number(std::string_view text);

enum class JsonKind : std::uint8_t { null, boolean, number, text, begin_array, end_array, begin_object, end_object };

/// A token in place. For text: what stands between the quotes, escapes not yet undone.
struct JsonToken {
  JsonKind kind = JsonKind::null;
  bool escaped = false;
  std::string_view raw;
};

/// Reads tokens of one JSON text from the left. It checks what it needs to be safe and exact; texts come from our own
/// journal. Everything malformed throws Error journal_failed.
class JsonScanner {
 public:
  explicit JsonScanner(std::string_view json) : json_(json) {}

  /// The next value's token; for a container only its opening.
  JsonToken value();
  /// After `value()` gave begin_object: the next member's name. False at the end of the object. `first` is cleared.
  bool member(bool& first, JsonToken& name);
  /// After begin_array: true when an element follows.
  bool element(bool& first);
  /// After `value()` opened a container: its whole text, both brackets included; reading goes on behind it. Looks at no value in it.
  std::string_view container();
  /// Only blanks may follow.
  void end();
  [[noreturn]] void malformed(const char* what) const;

 private:
  void blanks();
  bool accept(char c);
  JsonToken text();
  JsonToken word(std::string_view word, JsonKind kind);

  std::string_view json_;
  std::size_t at_ = 0;
};

/// Appends one JSON value without the blanks between its parts, numbers and strings as they are written. False, and `into` as it was, when
/// `json` is none or nests deeper than 64 levels.
bool append_compact_json(std::string_view json, std::string& into);

/// Appends a value that it made, each text in it (names apart) as `write` appends it, quotes included.
using TextWriter = std::function<void(const JsonToken& text, std::string& into)>;
void append_json_with_texts(std::string_view json, const TextWriter& write, std::string& into);

/// Undoes the escapes of `raw` into `out` (room for raw.size()); returns the length. Unpaired surrogates become U+FFFD.
std::size_t unescape_json(std::string_view raw, char* out);
std::string unescaped(const JsonToken& token);

}  // namespace engine::model
