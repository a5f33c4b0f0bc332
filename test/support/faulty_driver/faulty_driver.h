// An ODBC driver that stands before a real one and breaks it on cue. Loaded by the driver manager under its own path; the test loads the same
// library to say what shall break. It closes no connection whose transaction is open, whatever the real one does.
#pragma once

#include <cstdint>

extern "C" {

/// The `nth` call of a kind from now on (from 1) goes wrong; earlier orders are forgotten, and links that were lost may be made again.
/// `call`: connect, describe, prepare, execute, fetch, data, close. `fault`: a SQLSTATE, with "/" and a native code where that matters (class 08: the
/// link is lost with it); `deaf`: nothing, whether the statement is cancelled or not, until an order without a fault is given here; or for fetch
///   end        the result ends here, and nothing says that it was cut
///   none       success, and no row
///   never_any  the same from then on, at every fetch of more than one row
///   too_many   more rows than there is room for
///   null       all values of the first row are NULL
///   garbage    the first row's bytes are 0xFF
///   longer     the first row's values say that they are longer than they are
///   senseless  lengths that mean nothing
///   hang       nothing, until the statement is cancelled
using faulty_driver_plan_t = void(const char* real_driver, const char* call, int nth, const char* fault);
__attribute__((visibility("default"))) faulty_driver_plan_t faulty_driver_plan;

/// Did it happen?
using faulty_driver_struck_t = bool();
__attribute__((visibility("default"))) faulty_driver_struck_t faulty_driver_struck;
}
