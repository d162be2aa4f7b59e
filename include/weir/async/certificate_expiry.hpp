#pragma once

#include <weir/base/clock.hpp>

struct ssl_ctx_st;

namespace weir {

/// When the first certificate of a server's chain expires; 0 if it has none.
wall_ms certificate_expiry(ssl_ctx_st& context);

}  // namespace weir
