#pragma once

#include <string_view>

namespace weir::app {

std::string_view version() noexcept;
std::string_view commit() noexcept;

}  // namespace weir::app
