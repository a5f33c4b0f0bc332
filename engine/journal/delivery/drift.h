// What somebody changed at the target of the fields that had been sent, as a delivery keeps it.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "engine/model/fields.h"

namespace engine::journal {

/// A field that was neither as it was last sent nor as it is wanted, when the record was read before it is overwritten.
struct DriftedField {
  std::optional<model::FieldValue> sent;    ///< last; none: it never was
  std::optional<model::FieldValue> there;   ///< none: nothing
  std::optional<model::FieldValue> wanted;  ///< none: nothing
  bool kept = false;                        ///< it stays as it is there; else a person decides
};

/// {"phone":{"kept":true,"sent":"1","there":"2","wanted":"3"}}
class Drift {
 public:
  Drift() = default;
  /// As the journal has it. Throws Error journal_failed for what is none.
  explicit Drift(const std::optional<std::string>& json);

  void add(const std::string& name, DriftedField field) { fields_.insert_or_assign(name, std::move(field)); }
  const std::map<std::string, DriftedField>& fields() const { return fields_; }
  bool keeps_any() const;
  /// Some of it is for a person to decide.
  bool asks_a_person() const;
  /// Names in order: "email, phone".
  std::string names(bool kept) const;

  /// Kept fields become what is there.
  void leave(model::FieldMap& fields) const;
  /// Of what the record holds after a write, what counts as sent: of kept fields still what was, so that the next change of the row is judged by
  /// it. Both are flat JSON.
  std::string as_sent(const std::string& fields) const;
  /// None: nothing drifted.
  std::optional<std::string> json() const;

 private:
  std::map<std::string, DriftedField> fields_;
};

}  // namespace engine::journal
