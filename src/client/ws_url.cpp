#include <weir/client/ws_client.hpp>

#include <boost/url/parse.hpp>

#include <charconv>
#include <system_error>

namespace weir {

std::string ws_url::authority() const {
    auto const name = host.find(':') == std::string::npos ? host : "[" + host + "]";
    return name + ":" + std::to_string(port);
}

result<ws_url> parse_ws_url(std::string_view text) {
    auto const refuse = [&](std::string_view why) {
        return fault{errc::bad_request, "\"" + std::string(text) + "\" " + std::string(why) +
                                            "; a URL looks like ws://127.0.0.1:8080/v1/ws"};
    };
    auto const parsed = boost::urls::parse_uri({text.data(), text.size()});
    if (!parsed) return refuse("is not a URL");
    auto const& u = *parsed;
    ws_url url;
    if (u.scheme() == "wss") {
        url.secure = true;
        url.port = 443;
    } else if (u.scheme() != "ws") {
        return refuse("is not ws:// or wss://");
    }
    if (u.has_userinfo()) return refuse("carries a password; use --token");
    if (u.host_address().empty()) return refuse("names no host");
    url.host = u.host_address();
    if (u.has_port()) {
        auto const digits = u.port();  // port_number() wraps what does not fit
        auto const [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), url.port);
        if (error != std::errc{} || end != digits.data() + digits.size() || url.port == 0) {
            return refuse("has no usable port");
        }
    }
    auto const target = u.encoded_target();
    url.target.assign(target.data(), target.size());
    if (url.target.empty() || url.target.front() != '/') url.target.insert(0, "/");
    return url;
}

}  // namespace weir
