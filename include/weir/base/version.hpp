#pragma once

#include <string_view>

namespace weir {

/// The version of the project, and the commit that was built (`unknown` outside of a clone).
std::string_view version() noexcept;
std::string_view commit() noexcept;

}  // namespace weir
