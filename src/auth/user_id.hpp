#pragma once

#include <string_view>

namespace weir::auth {

/// What is wrong with a user id, as a phrase; empty for a good one. It has 1 to 190 bytes, no
/// control characters, and `$user.` with it escaped fits into a topic name.
std::string_view user_id_fault(std::string_view user) noexcept;

}  // namespace weir::auth
