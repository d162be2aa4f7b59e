#include "message/json_dialect.hpp"
#include "message/json_pieces.hpp"

#include <weir/message/json_text.hpp>

// What continuity adds to the protocol: gaps, pages of history and state, presence.
namespace weir {
namespace {

void add_messages(std::string& out, json_dialect const& dialect,
                  std::span<message_ptr const> messages) {
    out += R"("messages":[)";
    bool first = true;
    for (message_ptr const& m : messages) {
        if (!first) out += ',';
        first = false;
        dialect.encode(out, *m);
    }
    out += ']';
}

void add_member(std::string& out, presence_member const& m) {
    json::add_text(out, R"({"user":)", m.user);
    json::add_number(out, R"(,"connections":)", m.connections);
    if (!m.info.empty()) {
        out += R"(,"info":)";
        out += m.info;
    }
    out += '}';
}

void add_members(std::string& out, std::span<presence_member const> members) {
    out += '[';
    bool first = true;
    for (presence_member const& m : members) {
        if (!first) out += ',';
        first = false;
        add_member(out, m);
    }
    out += ']';
}

}  // namespace

void json_dialect::encode_gap(std::string& out, std::string_view topic, loss const& what) const {
    json::add_text(out, R"({"type":"gap","topic":)", topic);
    out += R"(,"payload":)";
    json::add_loss(out, what);
    out += '}';
}

void json_dialect::encode_presence(std::string& out, presence_change const& c) const {
    json::add_text(out, R"({"type":"presence","topic":)", c.topic);
    json::add_number(out, R"(,"payload":{"version":)", c.version);
    out += R"(,"joined":)";
    add_members(out, c.joined);
    out += R"(,"left":[)";
    for (std::size_t i = 0; i != c.left.size(); ++i) {
        if (i != 0) out += ',';
        append_json_string(out, c.left[i]);
    }
    out += "]}}";
}

void json_dialect::history_payload(std::string& out, history_page const& page) const {
    out += '{';
    add_messages(out, *this, page.messages);
    json::add_position(out, R"(,"position":)", page.head);
    json::add_flag(out, R"(,"more":)", page.more);
    if (page.missing) {
        out += R"(,"missing":)";
        json::add_loss(out, *page.missing);
    }
    out += '}';
}

void json_dialect::sync_payload(std::string& out, std::span<topic_state_page const> topics) const {
    out += R"({"topics":{)";
    bool first = true;
    for (topic_state_page const& t : topics) {
        if (!first) out += ',';
        first = false;
        append_json_string(out, t.topic);
        json::add_position(out, R"(:{"position":)", t.at);
        out += ',';
        add_messages(out, *this, t.messages);
        if (t.more) out += R"(,"more":true)";
        out += '}';
    }
    out += "}}";
}

void json_dialect::presence_payload(std::string& out, presence_page const& page) const {
    json::add_number(out, R"({"version":)", page.version);
    json::add_number(out, R"(,"total":)", page.total);
    out += R"(,"members":)";
    add_members(out, page.members);
    out += '}';
}

}  // namespace weir
