// The schema's version: creating a journal, taking an older one forward, refusing a newer one.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace engine::journal {

class Connection;

/// Takes a journal from version `to - 1` to `to`. The version number itself is written by `bring_up_to_date`.
struct Migration {
  int to;
  const char* sql;
};

struct Schema {
  int version;
  const char* create;  ///< the SQL that makes an empty file a journal of this version
  std::span<const Migration> migrations;
};

/// What this program writes: schema/*.sql, and the way there from each version ever released.
const Schema& current_schema();

/// Creates the schema in an empty file, or migrates an older one in one transaction, after copying it to
/// PATH.backup-vN-TIME. Throws journal_failed for a newer schema and for a file that is no journal, journal_full.
void bring_up_to_date(Connection& connection, const Schema& schema = current_schema());

/// For those who only read. Throws journal_failed unless the file is a journal of exactly this version.
void require_version(Connection& connection, int version);

/// The journal's random identity.
std::string journal_id(Connection& connection);

/// 32 random hexadecimal digits.
std::string random_journal_id();

}  // namespace engine::journal
