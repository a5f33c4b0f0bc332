// Every key that a file of an instance may hold, declared once: readers refuse what is not here, and the JSON schemas for
// editors and the reference are printed from it.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace engine::settings {

enum class KeyType : std::uint8_t {
  text,
  boolean,
  integer,
  number,
  duration,    ///< 100ms, 5s, 10m, 1h, 30d
  size,        ///< 512B, 10KB, 1MB, 10GB
  address,     ///< host:port
  texts,       ///< a list of texts; a single one is a list of one
  text_map,    ///< names to texts
  sql,         ///< an expression
  fields,      ///< fields to expressions, or to lists of them
  constants,   ///< fields to constants, or to lists of them
  statuses,    ///< an HTTP status, or a list of them
  block,       ///< a map with keys of its own
  named,       ///< names to such maps
  list,        ///< a list of such maps
  anything,    ///< any YAML, given on as JSON
};

struct Block;

struct Key {
  const char* name;
  KeyType type = KeyType::text;
  const char* about = "";
  const char* fallback = "";          ///< what holds without the key, as YAML; empty: nothing
  const Block* block = nullptr;       ///< of block, named and list; beside `choices`: a map in the place of a word
  std::vector<const char*> choices{};  ///< the words that are allowed, beside values of the type where that is no text; empty: any value of the type
  bool required = false;
  bool later = false;  ///< of the grammar, not carried out by this version: refused (`feature.not_yet`)
};

/// A map with keys of its own: a whole file, or what stands below one of its keys.
struct Block {
  const char* name;   ///< "capture"
  const char* about;  ///< one sentence
  std::vector<Key> keys;

  const Key* find(std::string_view key) const;
};

// Files.
const Block& instance_block();
const Block& source_block();
const Block& csv_block();
const Block& target_connection_block();
const Block& table_block();
const Block& document_part_block();
const Block& pipeline_block();
const Block& target_definition_block();
const Block& dialect_block();
const Block& environment_block();
const Block& case_block();

// Parts of them.
const Block& retention_block();
const Block& journal_block();
const Block& alert_block();
const Block& mail_block();
const Block& webhook_block();
const Block& defaults_block();
const Block& listen_block();
const Block& default_capture_block();
const Block& auth_block();
const Block& oauth2_block();
const Block& oauth2_definition_block();
const Block& derive_block();
const Block& login_block();
const Block& auth_send_block();
const Block& auth_definition_block();
const Block& tls_block();
const Block& sign_block();
const Block& webhook_rule_block();
const Block& limits_block();
const Block& budget_block();
const Block& usage_block();
const Block& written_table_block();
const Block& probe_block();
const Block& dialect_checksum_block();
const Block& dialect_writing_block();
const Block& dialect_change_log_block();
const Block& dialect_history_block();
const Block& dialect_journal_block();
const Block& capture_block();
const Block& enumeration_block();
const Block& guard_block();
const Block& mass_change_block();
const Block& rhythm_block();
const Block& rule_block();
const Block& settle_block();
const Block& flip_flop_block();
const Block& hold_while_block();
const Block& target_use_block();
const Block& on_delete_block();
const Block& comment_block();
const Block& object_block();
const Block& call_block();
const Block& request_block();
const Block& find_block();
const Block& pages_block();
const Block& field_block();
const Block& read_back_block();
const Block& marker_block();
const Block& window_block();
const Block& job_block();
const Block& batches_block();
const Block& batch_block();
const Block& at_most_block();
const Block& accounting_block();
const Block& answer_block();
const Block& header_condition_block();
const Block& json_condition_block();
const Block& answer_value_block();
const Block& after_block();
const Block& trap_block();
const Block& expectation_block();
const Block& expected_request_block();
const Block& expected_delivery_block();
const Block& expected_anomaly_block();
const Block& expected_last_sent_block();
const Block& counted_states_block();
const Block& counted_changes_block();
const Block& case_answer_block();

}  // namespace engine::settings
