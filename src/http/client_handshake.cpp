#include "http/base64.hpp"
#include "http/response_reader.hpp"

#include <weir/base/assert.hpp>
#include <weir/base/ids.hpp>
#include <weir/http/client_handshake.hpp>
#include <weir/http/upgrade.hpp>
#include <weir/message/command.hpp>
#include <weir/message/json_scan.hpp>
#include <weir/message/json_text.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace weir::http {
namespace {

// An error's body is read as far as that, for its message.
constexpr std::size_t error_body_bytes_max = 64 * 1024;
constexpr std::size_t quoted_bytes_max = 300;
constexpr seconds retry_after_max{3600};

void append_line(std::string& out, std::string_view name, std::string_view value) {
    WEIR_ASSERT(value.find_first_of("\r\n") == std::string_view::npos);
    out.append(name).append(": ").append(value).append("\r\n");
}

errc code_of(int status) noexcept {
    if (status == 401) return errc::unauthorized;
    if (status == 403) return errc::forbidden;
    if (status == 429) return errc::rate_limited;
    return status >= 500 ? errc::unavailable : errc::bad_request;
}

/// Takes one member of an object, if its value begins like the kind that is wanted.
class wanted_member final : public json_members {
public:
    wanted_member(std::string_view key, char first) : key_(key), first_(first) {}
    bool member(std::string_view raw_key, std::string_view raw_value) override {
        if (raw_key == key_ && raw_value.front() == first_) raw = raw_value;
        return true;
    }
    std::string_view raw;

private:
    std::string_view key_;
    char first_;
};

/// The message of {"error":{"message":…}}, or the text itself where it is something else.
std::string servers_words(std::string_view body) {
    json_fault where;
    wanted_member error("error", '{');
    wanted_member message("message", '"');
    if (!scan_json_object(body, json_depth_max, error, where) || error.raw.empty() ||
        !scan_json_object(error.raw, json_depth_max, message, where) || message.raw.empty()) {
        return std::string(body);
    }
    std::string words;
    append_unescaped(words, message.raw.substr(1, message.raw.size() - 2));
    return words;
}

/// For a person's terminal: one line without control characters.
std::string printable(std::string text) {
    if (text.size() > quoted_bytes_max) text.resize(quoted_bytes_max);
    std::replace_if(
        text.begin(), text.end(),
        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
    return text;
}

fault refusal(client_response const& r) {
    fault f{code_of(r.status), "the server answered " + std::to_string(r.status) + ' ' +
                                   std::string(reason_phrase(r.status))};
    auto const wait = r.header("Retry-After");
    unsigned seconds_to_wait = 0;
    if (std::from_chars(wait.data(), wait.data() + wait.size(), seconds_to_wait).ec ==
        std::errc{}) {
        f.retry_after = std::min<seconds>(seconds(seconds_to_wait), retry_after_max);
    }
    if (!r.body.empty()) f.message += ": " + printable(servers_words(r.body));
    return f;
}

fault broken(std::string_view what) {
    return {errc::bad_request, "the server's handshake is not valid: " + std::string(what)};
}

}  // namespace

client_upgrade_bytes make_upgrade_request(client_upgrade const& wanted) {
    std::array<unsigned char, 16> nonce{};
    random_bytes(std::as_writable_bytes(std::span(nonce)));
    client_upgrade_bytes made;
    made.key = to_base64(nonce);
    made.bytes = "GET " + wanted.target + " HTTP/1.1\r\n";
    append_line(made.bytes, "Host", wanted.host);
    append_line(made.bytes, "Upgrade", "websocket");
    append_line(made.bytes, "Connection", "Upgrade");
    append_line(made.bytes, "Sec-WebSocket-Key", made.key);
    append_line(made.bytes, "Sec-WebSocket-Version", "13");
    std::string protocols;
    for (std::string const& p : wanted.subprotocols)
        protocols += (protocols.empty() ? "" : ", ") + p;
    if (!protocols.empty()) append_line(made.bytes, "Sec-WebSocket-Protocol", protocols);
    if (wanted.deflate) {
        append_line(made.bytes, "Sec-WebSocket-Extensions", ws::offer_extensions(*wanted.deflate));
    }
    for (field const& f : wanted.headers) append_line(made.bytes, f.name, f.value);
    made.bytes += "\r\n";
    return made;
}

result<client_established> check_upgrade_response(client_response const& r,
                                                  client_upgrade const& wanted,
                                                  std::string_view key) {
    if (r.status != 101) return refusal(r);
    if (!lists_token(join_fields(r.headers, "upgrade"), "websocket"))
        return broken("no Upgrade: websocket");
    if (!lists_token(join_fields(r.headers, "connection"), "upgrade"))
        return broken("no Connection: Upgrade");
    if (join_fields(r.headers, "sec-websocket-accept") != accept_key(key)) {
        return broken("wrong Sec-WebSocket-Accept");
    }
    client_established e;
    e.subprotocol = join_fields(r.headers, "sec-websocket-protocol");
    auto const& offered = wanted.subprotocols;
    if (!e.subprotocol.empty() &&
        std::find(offered.begin(), offered.end(), e.subprotocol) == offered.end()) {
        return broken("a subprotocol that was not offered");
    }
    auto const extensions =
        ws::check_extensions(join_fields(r.headers, "sec-websocket-extensions"), wanted.deflate);
    if (!extensions.acceptable) return broken("an extension that was not offered");
    e.deflate = extensions.deflate;
    return e;
}

boost::asio::awaitable<result<client_established>> open_websocket(stream& s, client_upgrade wanted,
                                                                  mono_time deadline) {
    auto const made = make_upgrade_request(wanted);
    auto const ec = co_await s.write_all(made.bytes, deadline);
    response_expectation const expected{false, error_body_bytes_max};
    auto got = co_await read_response(s, expected, deadline);
    if (!got && ec) co_return fault{errc::unavailable, "the connection failed: " + ec.message()};
    if (!got) co_return got.error();
    auto judged = check_upgrade_response(got->message, wanted, made.key);
    if (judged) judged->early = std::move(got->rest);
    co_return judged;
}

}  // namespace weir::http
