#pragma once

#include <weir/http/response.hpp>

#include <functional>
#include <map>
#include <string>

namespace weir::app {

/// What development mode serves on `/`: clients/demo, built into the binary.
std::map<std::string, http::response, std::less<>> demo_pages();

}  // namespace weir::app
