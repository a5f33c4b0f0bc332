#include "engine/operate/explain/declared_codes.h"

namespace engine::operate {

std::span<const ExplainedCode> runtime_codes() {
  static constexpr ExplainedCode codes[] = {
      {"source.unreachable", "The connection to a source was refused or lost.",
       "Waits, longer each time, and goes on at the checkpoint; nothing is lost. Other sources are not touched.",
       "Check that the server runs and that this machine reaches it (host, port, firewall, VPN)."},
      {"source.refused", "The source answered, and said no: a wrong password, a missing right, a table or column that is not there, bad SQL.",
       "Shows the table as refused, and tries again every 5 minutes.",
       "Read the driver's own message in the error; `datapicker check` names the missing grant or the nearest name."},
      {"source.busy", "A lock, a deadlock, or a statement that took longer than `query_timeout`.", "Tries again soon.",
       "Nothing, when it passes. If it stays: look for long transactions, give the key an index, or raise `query_timeout` of the connection."},
      {"source.schema_changed", "The columns of the table's key are others than when it was last read, or one has another type.",
       "Pauses the table; the pipelines of other tables go on. Other columns that come, go or change their type do not stop a table: they hold a "
       "pipeline that maps one that is missing or of another type.",
       "Compare with `datapicker inspect CONNECTION TABLE`; bring the key back, or declare the table under a new name."},
      {"source.bad_data", "A value that cannot be read exactly (text in an INTEGER column, a date beyond the year 9999), a NULL in a key, or a key twice.",
       "Stops this table and names the row; a value that is not exact is never sent.",
       "Correct the row in the source, leave it out with `query:`, or choose another `key:`."},
      {"journal.full", "The disk that holds the journal is full.", "Pauses capture and sending, and goes on by itself when there is space.",
       "Make space, or move the journal to a larger disk (`journal: { path: … }`)."},
      {"journal.failed", "The journal cannot be read or written: a damaged file, a lost disk, missing rights.",
       "Stops the process: nothing may leave unjournalled.",
       "Read the message; check the disk and the rights. Restore the last backup if `sqlite3 journal.db 'PRAGMA integrity_check'` complains."},
      {"journal.locked", "Another daemon holds this journal.", "The second one does not start.",
       "Stop the other one, or give this instance a journal of its own."},
      {"target.unreachable", "A target could not be connected to.", "Tries again, longer apart each time; deliveries wait in the journal.",
       "Check the URL, the proxy, the firewall, and that the target runs."},
      {"target.auth_refused", "A target refused our credentials.",
       "Pauses that connection, so that no account is locked; its deliveries wait in the journal.",
       "Renew the secret that the connection's `auth:` names, and restart or reload."},
      {"config.invalid", "The configuration, or what a command was given, cannot be.", refuses_whole,
       "`datapicker check` shows every problem with its file and line."},
      {"environment.missing", "Something that the machine has to bring is missing: an ODBC driver, a file, a folder, a journal.", "Does not start.",
       "Install or create what the message names; `odbcinst -q -d` lists the drivers."},
      {"stopped", "The process is shutting down.", "Ends what is in flight, at most 20 seconds.", "Nothing: what waits goes out after the next start."},
      {"internal", "A mistake of the program itself.", "Stops; systemd starts it again, and it goes on at the journal's state.",
       "Report it with the log around it and `datapicker --version`."},
  };
  return codes;
}

}  // namespace engine::operate
