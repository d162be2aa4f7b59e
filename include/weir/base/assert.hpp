#pragma once

namespace weir {

/// Prints what broke and where, then aborts. A broken invariant is never carried on from.
[[noreturn]] void assertion_failed(char const* expression, char const* file, int line);

}  // namespace weir

/// Checks an invariant of our own code, in release builds too. Never for input from outside:
/// that is answered with a fault.
#define WEIR_ASSERT(expression)              \
    (static_cast<bool>(expression) ? void(0) \
                                   : ::weir::assertion_failed(#expression, __FILE__, __LINE__))
