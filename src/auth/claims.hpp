#pragma once

#include <weir/auth/identity.hpp>
#include <weir/base/clock.hpp>
#include <weir/base/error.hpp>

#include <jansson.h>

namespace weir::auth {

/// What the claims of a token whose signature is good say, RFC 7519 section 4. A token that is
/// wrong in any other way is `unauthorized`, also when it is expired as well.
result<identity> read_claims(json_t const* claims, jwt_settings const& settings, wall_ms at);

}  // namespace weir::auth
