#pragma once

#include <weir/client/ws_client.hpp>
#include <weir/config/settings.hpp>

#include <string>
#include <string_view>

namespace weir::app {

/// Where to ask: a wildcard address is asked on loopback.
ws_url readiness_url(config::listener const& internal);

struct readiness {
    bool ready = false;
    std::string text;
};

/// What GET /readyz answered.
readiness read_readiness(int status, std::string_view body);

}  // namespace weir::app
