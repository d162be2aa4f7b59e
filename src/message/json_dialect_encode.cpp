#include "message/json_dialect.hpp"
#include "message/json_pieces.hpp"

#include <weir/message/json_text.hpp>

#include <cstdint>

namespace weir {
namespace {

/// Everything of a `message` that is no field: braces, names, numbers at their longest.
constexpr std::size_t envelope_bytes = 160;

using json::add_flag;
using json::add_loss;
using json::add_ms;
using json::add_number;
using json::add_position;
using json::add_text;

void add_id(std::string& out, request_id id) {
    if (id.empty()) return;
    out += R"(,"id":)";
    if (id.is_text()) {
        append_json_string(out, id.text());
    } else if (id.is_negative()) {
        append_json_integer(out, id.negative());
    } else {
        append_json_integer(out, id.number());
    }
}

void add_reason(std::string& out, fault const& f) {
    add_text(out, R"(,"payload":{"code":)", to_string(f.code));
    add_text(out, R"(,"message":)", f.message);
}

}  // namespace

void json_dialect::encode(std::string& out, welcome const& w) const {
    add_text(out, R"({"type":"welcome","payload":{"session":)", w.session.text());
    add_text(out, R"(,"secret":)", w.secret.text());
    if (w.user.empty()) {
        out += R"(,"user":null)";
    } else {
        add_text(out, R"(,"user":)", w.user);
    }
    add_flag(out, R"(,"resumed":)", w.resumed);
    if (!w.reason.empty()) add_text(out, R"(,"reason":)", w.reason);
    add_text(out, R"(,"heartbeat":{"mode":)",
             w.mode == heartbeat_mode::frame ? "frame" : "message");
    add_ms(out, R"(,"interval_ms":)", w.heartbeat_interval);
    add_ms(out, R"(,"timeout_ms":)", w.heartbeat_timeout);
    add_number(out, R"(},"limits":{"message_bytes":)", w.message_bytes);
    add_number(out, R"(,"messages_per_second":)", w.messages_per_second);
    add_number(out, R"(,"subscriptions":)", w.subscriptions);
    add_number(out, R"(,"replay_messages":)", w.replay_messages);
    add_ms(out, R"(},"resume_window_ms":)", w.resume_window);
    add_ms(out, R"(,"dedupe_window_ms":)", w.dedupe_window);
    out += R"(,"time":)";
    append_json_integer(out, w.time);
    out += "}}";
}

void json_dialect::encode(std::string& out, goaway const& g) const {
    add_text(out, R"({"type":"goaway","payload":{"reason":)", g.reason);
    add_ms(out, R"(,"reconnect_after_ms":)", g.reconnect_after);
    add_ms(out, R"(,"deadline_ms":)", g.deadline);
    out += "}}";
}

void json_dialect::encode(std::string& out, message const& m) const {
    out.reserve(out.size() + envelope_bytes + m.topic.size() + m.event.size() + m.key.size() +
                m.from.size() + m.payload.size());
    add_text(out, R"({"type":"message","topic":)", m.topic);
    if (!m.event.empty()) add_text(out, R"(,"event":)", m.event);
    if (m.at.offset != 0) add_number(out, R"(,"offset":)", m.at.offset);
    if (!m.key.empty()) add_text(out, R"(,"key":)", m.key);
    if (!m.from.empty()) add_text(out, R"(,"from":)", m.from);
    if (m.time != 0) {
        out += R"(,"time":)";
        append_json_integer(out, m.time);
    }
    out += R"(,"payload":)";
    out += m.payload;
    out += '}';
}

void json_dialect::encode_ok(std::string& out, request_id id, std::string_view payload) const {
    out += R"({"type":"ok")";
    add_id(out, id);
    if (!payload.empty()) {
        out += R"(,"payload":)";
        out += payload;
    }
    out += '}';
}

void json_dialect::encode_error(std::string& out, request_id id, fault const& f) const {
    out += R"({"type":"error")";
    add_id(out, id);
    add_reason(out, f);
    if (f.retry_after.count() > 0) add_ms(out, R"(,"retry_after_ms":)", f.retry_after);
    if (f.stored == outcome::not_stored) out += R"(,"outcome":"not_stored")";
    if (f.stored == outcome::unknown) out += R"(,"outcome":"unknown")";
    out += "}}";
}

void json_dialect::encode_unsubscribed(std::string& out, std::string_view topic,
                                       fault const& why) const {
    add_text(out, R"({"type":"unsubscribed","topic":)", topic);
    add_reason(out, why);
    out += "}}";
}

void json_dialect::encode_ping(std::string& out) const {
    out += R"({"type":"ping"})";
}

void json_dialect::encode_pong(std::string& out, request_id id) const {
    out += R"({"type":"pong")";
    add_id(out, id);
    out += '}';
}

void json_dialect::subscribed_payload(std::string& out, subscribed const& s) const {
    add_text(out, R"({"topic":)", s.topic);
    if (s.at) add_position(out, R"(,"position":)", *s.at);
    add_flag(out, R"(,"recovered":)", s.recovered);
    if (s.what) {
        add_number(out, R"(,"receipt":{"from":)", s.what->from);
        add_number(out, R"(,"to":)", s.what->to);
        if (s.what->missing) {
            out += R"(,"missing":)";
            add_loss(out, *s.what->missing);
        }
        out += '}';
    }
    if (s.state) add_number(out, R"(,"state":)", *s.state);
    if (s.conflating) out += R"(,"conflating":true)";
    out += '}';
}

void json_dialect::published_payload(std::string& out, std::optional<position> const& at) const {
    out += '{';
    if (at) add_position(out, R"("position":)", *at);
    out += '}';
}

}  // namespace weir
