// Texts of the script to and from the C types that a caller binds.
#pragma once

#include <cstddef>

#include <sql.h>
#include <sqlext.h>

#include "test/support/scripted_driver/script.h"

namespace scripted {

/// A caller's buffer for one cell.
struct Buffer {
  SQLSMALLINT c_type = SQL_C_CHAR;
  SQLPOINTER data = nullptr;
  SQLLEN size = 0;
  SQLLEN* indicator = nullptr;
};

enum class Put { whole, cut, no_such_type };

/// From byte `given` of the cell on; `given` moves behind what fitted.
Put put_cell(const Column& column, const Cell& cell, const Buffer& buffer, std::size_t& given);

/// The value that is bound, as text.
Cell taken_value(const Buffer& buffer);

}  // namespace scripted
