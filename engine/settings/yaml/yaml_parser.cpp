// Builds our tree from the events of yaml-cpp. Its own node tree is not used: it forgets quotes, accepts duplicate keys
// and expands aliases without a bound.
#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <sstream>
#include <unordered_map>

#include "engine/settings/yaml/syntax_hint.h"
#include "engine/settings/yaml/yaml_text.h"
#include "engine/settings/yaml_node.h"

namespace engine::settings {
namespace {

/// Ends the parse from inside a callback; the problem has been reported.
struct Refused {};

bool is_null_word(std::string_view text) { return text == "~" || text == "null" || text == "Null" || text == "NULL"; }

class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(std::shared_ptr<const YamlSource> source, const YamlLimits& limits, Diagnostics& diagnostics)
      : source_(std::move(source)), limits_(limits), diagnostics_(diagnostics) {}

  const std::optional<YamlNode>& root() const { return root_; }

  SyntaxFailure failure(const YAML::ParserException& error) const {
    SyntaxFailure failure{
        {error.mark.line + 1, static_cast<std::size_t>(std::max(error.mark.column, 0))}, error.msg, {}, last_value_};
    if (!open_.empty() && open_.back().content->flow) failure.open_flow = open_.back().start;
    return failure;
  }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (root_)
      refuse(place_of(mark), "yaml.syntax", "a second document starts here: one file holds one", "remove the line ---");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    // The library points at the next token when nothing is written, maybe lines below: then the key's place is meant.
    const TextPlace place = place_of(mark);
    const std::string& line = source_->line(place.line);
    const std::size_t from = std::min(place.column, line.size());
    const std::string word = line.substr(from, line.find_first_of(" ,]}:", from) - from);
    const bool written =
        is_null_word(word) && (open_.empty() || !open_.back().key || open_.back().key->origin.line == place.line);
    auto content = start(YamlNode::Kind::scalar, place);
    if (written) content->text = word;
    if (!written && !open_.empty() && open_.back().key) content->origin = open_.back().key->origin;
    finish(std::move(content), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) refuse(place_of(mark), "yaml.limit", "this alias stands inside what it names", {});
    attach(found->second, place_of(mark));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    const TextPlace place = behind_properties(*source_, place_of(mark));
    check_tag(tag, place);
    auto content = start(YamlNode::Kind::scalar, place);
    content->text = value;
    if (tag != "?") set_style(*content, place);
    last_value_ = place;
    finish(std::move(content), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    open(YamlNode::Kind::sequence, mark, tag, anchor, style);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    open(YamlNode::Kind::map, mark, tag, anchor, style);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

 private:
  /// A list or map whose end has not come yet.
  struct Frame {
    std::shared_ptr<YamlNode::Content> content;
    TextPlace start;
    YAML::anchor_t anchor = 0;
    std::optional<YamlEntry> key;  ///< waits for its value
    std::unordered_map<std::string, int> lines_of_keys;
  };

  static TextPlace place_of(const YAML::Mark& mark) { return {mark.line + 1, static_cast<std::size_t>(mark.column)}; }
  Origin origin_of(TextPlace place) const { return {source_->file, place.line, static_cast<int>(place.column) + 1}; }

  [[noreturn]] void refuse(TextPlace place, const char* code, std::string message, std::string suggestion) {
    diagnostics_.error(code, origin_of(place), std::move(message), std::move(suggestion));
    throw Refused{};
  }

  void check_tag(const std::string& tag, TextPlace place) {
    if (tag.empty() || tag == "?" || tag == "!" || tag == "tag:yaml.org,2002:str") return;
    refuse(place, "yaml.syntax", fmt::format("the tag '{}' is not used here", tag),
           "quote the value when it starts with '!'");
  }

  std::shared_ptr<YamlNode::Content> start(YamlNode::Kind kind, TextPlace place) {
    auto content = std::make_shared<YamlNode::Content>();
    content->kind = kind;
    content->origin = origin_of(place);
    content->source = source_;
    content->flow = !open_.empty() && open_.back().content->flow;
    return content;
  }

  /// The library tells quoted from plain only; which kind of quote, and where the text starts, stands in the file.
  void set_style(YamlNode::Content& content, TextPlace place) {
    const std::string& line = source_->line(place.line);
    const char first = place.column < line.size() ? line[place.column] : '\0';
    if (first == '\'' || first == '"') {
      content.style = first == '"' ? YamlNode::Style::double_quoted : YamlNode::Style::single_quoted;
      content.origin.column += 1;
      if (closing_quote(*source_, place)) return;
      refuse(place, "yaml.syntax", fmt::format("the quote {} opened here is never closed", first),
             fmt::format("close it with {}", first));
    }
    if (first != '|' && first != '>') {
      content.style = YamlNode::Style::double_quoted;  // an explicit !!str before a plain scalar
      return;
    }
    content.style = first == '|' ? YamlNode::Style::literal : YamlNode::Style::folded;
    content.literal_indent = block_indent(content.text, place.line + 1);
    content.origin.line = place.line + 1;
    content.origin.column = content.literal_indent + 1;
  }

  /// Blanks that YAML took away from each line of a block scalar: those in the file less those left in the text.
  int block_indent(std::string_view text, int line) const {
    while (line <= static_cast<int>(source_->lines.size()) &&
           source_->line(line).find_first_not_of(' ') == std::string::npos)
      ++line;
    const std::size_t written = std::min(source_->line(line).find_first_not_of(' '), source_->line(line).size());
    const std::size_t first = text.find_first_not_of('\n');
    if (first == std::string_view::npos) return static_cast<int>(written);
    const std::size_t kept = std::min(text.find_first_not_of(' ', first), text.size()) - first;
    return static_cast<int>(written - std::min(kept, written));
  }

  void open(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            YAML::EmitterStyle::value style) {
    const TextPlace place = behind_properties(*source_, place_of(mark));
    check_tag(tag, place);
    if (open_.size() >= limits_.depth) too_deep(place);
    auto content = start(kind, place);
    content->flow = content->flow || style == YAML::EmitterStyle::Flow;
    open_.push_back({std::move(content), place, anchor, {}, {}});
  }

  void close() {
    Frame frame = std::move(open_.back());
    open_.pop_back();
    finish(std::move(frame.content), frame.anchor);
  }

  void finish(std::shared_ptr<YamlNode::Content> content, YAML::anchor_t anchor) {
    const TextPlace place{content->origin.line, static_cast<std::size_t>(std::max(content->origin.column - 1, 0))};
    YamlNode node{std::move(content)};
    if (anchor != 0) anchors_.insert_or_assign(anchor, node);
    attach(std::move(node), place);
  }

  void attach(YamlNode node, TextPlace place) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Frame& frame = open_.back();
    if (frame.content->kind == YamlNode::Kind::map && !frame.key) {
      take_key(frame, node, place);
      return;
    }
    count(*frame.content, node, place);
    if (frame.content->kind == YamlNode::Kind::sequence) {
      frame.content->items.push_back(std::move(node));
      return;
    }
    YamlEntry entry = *std::exchange(frame.key, std::nullopt);
    const auto [first, is_new] = frame.lines_of_keys.try_emplace(entry.key, entry.origin.line);
    if (!is_new) {
      diagnostics_.error("key.duplicate", entry.origin,
                         fmt::format("the key '{}' stands here a second time", entry.key),
                         fmt::format("it is already at line {}", first->second));
      return;
    }
    entry.value = std::move(node);
    frame.content->entries.push_back(std::move(entry));
  }

  void take_key(Frame& frame, const YamlNode& node, TextPlace place) {
    if (!node.is_scalar())
      refuse(place, "yaml.syntax", "a key must be a text", "quote it if it starts with '{' or '['");
    if (node.text().empty() && node.is_plain()) refuse(place, "yaml.syntax", "a key is missing before ':'", {});
    frame.key = YamlEntry{node.text(), node.origin(), node.is_plain(), {}};
  }

  /// An alias weighs as much as what it names: so a few lines cannot grow into millions of nodes.
  void count(YamlNode::Content& parent, const YamlNode& child, TextPlace place) {
    parent.weight += child.content()->weight;
    parent.height = std::max(parent.height, child.content()->height + 1);
    if (parent.weight > limits_.nodes) {
      refuse(place, "yaml.limit", fmt::format("the document holds more than {} values, aliases counted", limits_.nodes),
             {});
    }
    if (open_.size() + child.content()->height > limits_.depth + 1) too_deep(place);
  }

  [[noreturn]] void too_deep(TextPlace place) {
    refuse(place, "yaml.limit", fmt::format("values are nested more than {} deep", limits_.depth), {});
  }

  std::shared_ptr<const YamlSource> source_;
  YamlLimits limits_;
  Diagnostics& diagnostics_;
  std::vector<Frame> open_;
  std::unordered_map<YAML::anchor_t, YamlNode> anchors_;
  std::optional<YamlNode> root_;
  std::optional<TextPlace> last_value_;
};

}  // namespace

std::optional<YamlNode> parse_yaml(std::string_view text, const std::string& file, Diagnostics& diagnostics,
                                   const YamlLimits& limits) {
  if (text.size() > limits.bytes) {
    diagnostics.error("yaml.limit", {file, 0, 0}, fmt::format("the file is larger than {} bytes", limits.bytes));
    return std::nullopt;
  }
  const auto source = split_source(text, file);
  if (const auto bad = first_bad_byte(*source)) {
    diagnostics.error("yaml.encoding", {file, bad->line, static_cast<int>(bad->column) + 1}, "this byte is not UTF-8",
                      "save the file as UTF-8");
    return std::nullopt;
  }
  TreeBuilder builder(source, limits, diagnostics);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Refused&) {
    return std::nullopt;
  } catch (const YAML::ParserException& error) {
    report_syntax(*source, builder.failure(error), diagnostics);
    return std::nullopt;
  }
  if (builder.root()) return builder.root();
  auto nothing = std::make_shared<YamlNode::Content>();
  nothing->origin = {file, 0, 0};
  nothing->source = source;
  return YamlNode(std::move(nothing));
}

}  // namespace engine::settings
