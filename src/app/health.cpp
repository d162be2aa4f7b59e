#include "app/health.hpp"

#include <weir/client/json_object.hpp>

namespace weir::app {

ws_url readiness_url(config::listener const& internal) {
    ws_url url;
    url.secure = internal.tls.on();
    url.host = internal.address;
    if (url.host == "0.0.0.0") url.host = "127.0.0.1";
    if (url.host == "::") url.host = "::1";
    url.port = internal.port;
    url.target = "/readyz";
    return url;
}

readiness read_readiness(int status, std::string_view body) {
    if (status == 200) return {true, "ready"};
    std::string text = "status " + std::to_string(status);
    auto const answer = client_engine::json_object::read(body);
    if (!answer) return {false, std::move(text)};
    if (auto const reason = answer->text("reason"); !reason.empty()) return {false, reason};
    auto const error = answer->object("error");
    if (error && !error->text("message").empty()) text += ": " + error->text("message");
    return {false, std::move(text)};
}

}  // namespace weir::app
