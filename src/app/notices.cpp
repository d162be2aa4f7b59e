#include "app/notices.hpp"

#include <optional>

namespace weir::app {
namespace {

using client_engine::json_object;

/// "3 to 5", "3", "some"; " (12 messages)" if a count says more.
std::string range_of(json_object const& loss) {
    auto const from = loss.number("from");
    auto const to = loss.number("to");
    auto const count = loss.number("count");
    std::string out;
    if (from && to && *from != *to) {
        out = "offsets " + std::to_string(*from) + " to " + std::to_string(*to);
    } else if (from || to) {
        out = "offset " + std::to_string(from ? *from : *to);
    } else if (count) {
        return std::to_string(*count) + (*count == 1 ? " message" : " messages");
    } else {
        return "an unknown number of messages";
    }
    if (count) {
        out += " (" + std::to_string(*count) + (*count == 1 ? " message)" : " messages)");
    }
    return out;
}

std::string because(json_object const& loss) {
    auto const reason = loss.text("reason");
    return reason.empty() ? std::string() : ", reason: " + reason;
}

/// Of an answer to subscribe that recovers.
std::string receipt_of(json_object const& payload) {
    auto const receipt = payload.object("receipt");
    if (!receipt) return {};
    std::string out = "receipt " + payload.text("topic") + ": ";
    auto const from = receipt->number("from");
    auto const to = receipt->number("to");
    if (from && to && *from <= *to) {
        out += "recovered " + range_of(*receipt);
    } else {
        out += "nothing to recover";
    }
    if (auto const missing = receipt->object("missing")) {
        out += "; missing " + range_of(*missing) + because(*missing);
    }
    return out;
}

}  // namespace

std::string notice_of(json_object const& m) {
    auto const type = m.text("type");
    auto const payload = m.object("payload");
    if (type == "ok") return payload ? receipt_of(*payload) : std::string();
    if (type == "welcome" || type == "ping" || type == "pong" || type == "message") return {};
    if (type == "gap" && payload) {
        return "gap " + m.text("topic") + ": lost " + range_of(*payload) + because(*payload);
    }
    if (type == "goaway" && payload) {
        return "the server asks its clients to leave, reason: " + payload->text("reason");
    }
    if (type == "unsubscribed" && payload) {
        return "unsubscribed from " + m.text("topic") + ": " + payload->text("message");
    }
    std::string out = type;
    if (m.has("topic")) out += ' ' + m.text("topic");
    if (m.has("payload")) out += ": " + std::string(m.raw("payload"));
    return out;
}

}  // namespace weir::app
