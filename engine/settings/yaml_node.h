// A YAML document as a tree of values that know where they stand. The YAML library stays behind yaml/yaml_parser.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/fields.h"
#include "engine/settings/diagnostics.h"
#include "engine/settings/origin.h"

namespace engine::settings {

/// The text of one file, kept as long as a node of it lives: problems of YAML's syntax are explained from the raw
/// lines.
struct YamlSource {
  std::string file;                ///< as shown in origins
  std::vector<std::string> lines;  ///< without line ends

  /// Empty behind the end. Lines count from 1.
  const std::string& line(int number) const;
};

struct YamlEntry;

/// One value. Copies share their content, which never changes: cheap to pass and to keep.
class YamlNode {
 public:
  enum class Kind : std::uint8_t { scalar, sequence, map };
  enum class Style : std::uint8_t { plain, single_quoted, double_quoted, literal, folded };
  struct Content;

  /// An empty plain scalar without a place: null.
  YamlNode();
  explicit YamlNode(std::shared_ptr<const Content> content) : content_(std::move(content)) {}

  bool is_scalar() const;
  bool is_sequence() const;
  bool is_map() const;
  /// Nothing written, or a plain `~`, `null`, `Null`, `NULL`.
  bool is_null() const;
  /// "a text", "a list", "a map", "nothing": for messages.
  std::string_view kind_name() const;

  /// Of a scalar; empty for the others.
  const std::string& text() const;
  Style style() const;
  bool is_plain() const { return style() == Style::plain; }
  /// Written inside `[…]` or `{…}`, or being one of these.
  bool is_flow() const;
  /// Where the first character of the value stands: behind the opening quote, at the first line of a block scalar.
  const Origin& origin() const;
  /// >= 0: a block scalar, whose next lines start that many columns in. -1: not a block scalar.
  int literal_indent() const;

  /// Items of a sequence; empty for the others.
  std::span<const YamlNode> items() const;
  /// Entries of a map in file order, keys unique; empty for the others.
  std::span<const YamlEntry> entries() const;
  /// The value of a key, or null pointer.
  const YamlNode* find(std::string_view key) const;

  const YamlSource& source() const;
  const std::shared_ptr<const Content>& content() const { return content_; }

 private:
  std::shared_ptr<const Content> content_;
};

struct YamlEntry {
  std::string key;
  Origin origin;         ///< of the key
  bool is_plain = true;  ///< the key was not quoted
  YamlNode value;
};

/// What stands behind a node; built by the parser alone.
struct YamlNode::Content {
  Kind kind = Kind::scalar;
  Style style = Style::plain;
  bool flow = false;
  int literal_indent = -1;
  std::size_t weight = 1;  ///< nodes below and this one, aliases counted as often as they are used
  std::size_t height = 1;  ///< levels below and this one
  std::string text;
  Origin origin;
  std::vector<YamlNode> items;
  std::vector<YamlEntry> entries;
  std::shared_ptr<const YamlSource> source;
};

/// Limits of one document. They hold against files that are large by mistake or by malice ("billion laughs").
struct YamlLimits {
  std::size_t bytes = 4'000'000;
  std::size_t nodes = 200'000;
  std::size_t depth = 40;
};

/// One document. nullopt when it cannot be read as a whole; the problems are in `diagnostics`. Duplicate keys are
/// problems, too, but the rest of the tree is still returned, so that all problems are told at once.
std::optional<YamlNode> parse_yaml(std::string_view text, const std::string& file, Diagnostics& diagnostics,
                                   const YamlLimits& limits = {});
/// The same for a file; `shown` is its name in origins.
std::optional<YamlNode> read_yaml_file(const std::filesystem::path& path, const std::string& shown,
                                       Diagnostics& diagnostics);

/// A scalar by YAML 1.2's core schema: null, true/false, integers, floats; everything quoted, and `yes`, `no`, `on`,
/// `off`, is text. Integers beyond 64 bits keep their digits. `.inf` and `.nan` are text, since no JSON number says
/// them.
model::FieldScalar core_scalar(const YamlNode& scalar);

/// The whole value as JSON text, scalars by the core schema, maps in file order.
std::string json_of(const YamlNode& node);

}  // namespace engine::settings
