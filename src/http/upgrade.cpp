#include "http/base64.hpp"

#include <weir/http/upgrade.hpp>

#include <utility>

namespace weir::http {
namespace {

upgrade_refusal refuse(int status, errc code, std::string_view message, handshake_refusal why) {
    upgrade_refusal r{json_error(status, code, message), why};
    r.answer.close = true;
    return r;
}

upgrade_refusal bad(std::string_view message) {
    return refuse(400, errc::bad_request, message, handshake_refusal::bad_request);
}

/// 426 tells what would have worked (RFC 9110 section 15.5.22, RFC 6455 section 4.4).
upgrade_refusal upgrade_required(std::string_view message) {
    auto r = refuse(426, errc::bad_request, message, handshake_refusal::upgrade_required);
    r.answer.headers.push_back({"Upgrade", "websocket"});
    r.answer.headers.push_back({"Sec-WebSocket-Version", "13"});
    return r;
}

std::optional<upgrade_refusal> check_is_handshake(request const& r) {
    if (r.verb != method::get) {
        auto refusal = refuse(405, errc::bad_request, "a WebSocket is opened with GET",
                              handshake_refusal::method);
        refusal.answer.headers.push_back({"Allow", "GET"});
        return refusal;
    }
    bool const upgrade = lists_token(r.joined("upgrade"), "websocket");
    if (!upgrade || r.minor_version == 0) {
        return upgrade_required("this is a WebSocket endpoint: connect with a WebSocket client");
    }
    if (!lists_token(r.joined("connection"), "upgrade")) {
        return upgrade_required(
            "Connection does not say Upgrade; a proxy in between may have to be told to pass it "
            "on");
    }
    return std::nullopt;
}

/// Nothing may stand between the request and the new protocol (request smuggling).
std::optional<upgrade_refusal> check_nothing_follows(request const& r) {
    bool const length = r.has("content-length") && r.joined("content-length") != "0";
    if (length || r.has("transfer-encoding") || !r.body.empty()) {
        return bad("an upgrade request must not have a body");
    }
    if (r.followed) return bad("no bytes may follow an upgrade request before its answer");
    return std::nullopt;
}

std::optional<upgrade_refusal> check_origin(request const& r, origin_policy const& origins) {
    auto const count = r.count("origin");
    if (count == 0) return std::nullopt;
    if (count > 1) return bad("Origin is given twice");
    if (origins.allows(r.header("origin"), r.header("host"), r.secure)) return std::nullopt;
    return refuse(403, errc::forbidden, "pages of this origin may not connect",
                  handshake_refusal::origin);
}

std::optional<upgrade_refusal> check_websocket_fields(request const& r) {
    if (r.count("sec-websocket-version") > 1) return bad("Sec-WebSocket-Version is given twice");
    if (r.header("sec-websocket-version") != "13") {
        return upgrade_required("only version 13 of the WebSocket protocol is spoken here");
    }
    if (r.count("sec-websocket-key") != 1 || !is_base64_of_16(r.header("sec-websocket-key"))) {
        return bad("Sec-WebSocket-Key is not 16 bytes in base64, given once");
    }
    return std::nullopt;
}

struct offered_protocols {
    bool any = false;  // beside tokens
    bool json = false;
    bool msgpack = false;
    std::vector<std::string_view> tokens;
};

offered_protocols read_protocols(std::string_view list) {
    offered_protocols offered;
    for (std::string_view const name : split_list(list)) {
        if (name.starts_with(subprotocol_token_prefix)) {
            offered.tokens.push_back(name.substr(subprotocol_token_prefix.size()));
            continue;
        }
        offered.any = true;
        offered.json |= name == subprotocol_json;
        offered.msgpack |= name == subprotocol_msgpack;
    }
    return offered;
}

std::optional<upgrade_refusal> check_protocols(offered_protocols const& offered) {
    if (offered.json) return std::nullopt;
    if (offered.msgpack) {
        return bad("weir.v1.msgpack is not available in this release; offer weir.v1.json");
    }
    if (offered.any) return bad("no known subprotocol is offered; supported is weir.v1.json");
    if (!offered.tokens.empty()) return bad("weir.token.* needs weir.v1.json beside it");
    return std::nullopt;
}

handshake_credential read_credential(request const& r, offered_protocols const& offered) {
    handshake_credential c;
    auto const take = [&c](std::string_view token) {
        if (c.token && *c.token != token) c.conflict = true;
        if (!c.token) c.token = std::string(token);
    };
    for (field const& f : r.headers) {
        if (!equal_ignoring_case(f.name, "authorization")) continue;
        if (auto const token = bearer_token(f.value)) take(*token);
    }
    for (std::string_view const token : offered.tokens) take(token);
    return c;
}

}  // namespace

upgrade_verdict check_upgrade(request const& r, upgrade_policy const& policy) {
    if (auto no = check_is_handshake(r)) return std::move(*no);
    if (auto no = check_nothing_follows(r)) return std::move(*no);
    if (r.count("host") != 1) return bad("Host is not given once");
    if (auto no = check_origin(r, policy.origins)) return std::move(*no);
    if (auto no = check_websocket_fields(r)) return std::move(*no);
    auto const protocol_list = r.joined("sec-websocket-protocol");
    auto const offered = read_protocols(protocol_list);
    if (auto no = check_protocols(offered)) return std::move(*no);
    auto const extensions =
        ws::answer_extensions(r.joined("sec-websocket-extensions"), policy.deflate);
    if (!extensions.well_formed) return bad("Sec-WebSocket-Extensions is malformed");

    upgrade_accept yes;
    yes.subprotocol = subprotocol_json;
    yes.deflate = extensions.deflate;
    yes.credential = read_credential(r, offered);
    yes.head =
        "HTTP/1.1 101 Switching Protocols\r\n"
        "Upgrade: websocket\r\n"
        "Connection: Upgrade\r\n"
        "Sec-WebSocket-Accept: " +
        accept_key(r.header("sec-websocket-key")) + "\r\n";
    if (offered.json) yes.head += "Sec-WebSocket-Protocol: " + yes.subprotocol + "\r\n";
    if (!extensions.header.empty()) {
        yes.head += "Sec-WebSocket-Extensions: " + extensions.header + "\r\n";
    }
    yes.head += "\r\n";
    return yes;
}

}  // namespace weir::http
