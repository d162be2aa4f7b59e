#pragma once

#include <weir/message/dialect.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace weir {

/// As foreign as a dialect may be: binary messages of several commands, a line each (`SUB topic`,
/// `PUB topic payload`, `BYE`); no hello, no welcome, no ids, no `ok`, no numbering; its own close
/// codes. A text message is not for it.
class line_dialect final : public dialect {
public:
    line_dialect()
        : dialect({.binary = true, .waits_for_hello = false, .counts_messages = false}) {}

    void decode(std::string_view bytes, bool binary, command_sink& to) override {
        if (!binary) return to.give_up(close_reason::unsupported_data);
        while (!bytes.empty()) {
            auto const line = bytes.substr(0, bytes.find('\n'));
            bytes.remove_prefix(std::min(bytes.size(), line.size() + 1));
            if (!line.empty() && !read(line, to)) return;
        }
    }
    close_words words_of(close_reason why) const noexcept override {
        if (why == close_reason::unsupported_data) return {3100, "lines"};
        return {3000, "bye"};
    }

    void encode(std::string&, welcome const&) const override {}
    void encode(std::string& out, goaway const&) const override { out += "LEAVE"; }
    void encode(std::string& out, message const& m) const override {
        out += "MSG " + m.topic + ' ' + m.payload;
        ++encoded;
    }
    void encode_ok(std::string&, request_id, std::string_view) const override {}
    void encode_error(std::string& out, request_id, fault const& f) const override {
        out += "ERR " + f.message;
    }
    void encode_unsubscribed(std::string& out, std::string_view topic,
                             fault const&) const override {
        out += "END " + std::string(topic);
    }
    void encode_ping(std::string&) const override {}
    void encode_pong(std::string&, request_id) const override {}
    void encode_gap(std::string&, std::string_view, loss const&) const override {}
    void encode_presence(std::string&, presence_change const&) const override {}
    void subscribed_payload(std::string&, subscribed const&) const override {}
    void history_payload(std::string&, history_page const&) const override {}
    void sync_payload(std::string&, std::span<topic_state_page const>) const override {}
    void presence_payload(std::string&, presence_page const&) const override {}
    void published_payload(std::string&, std::optional<position> const&) const override {}

    mutable int encoded = 0;  ///< messages

private:
    static bool read(std::string_view line, command_sink& to) {
        command c;
        auto const rest = line.size() > 4 ? line.substr(4) : std::string_view{};
        if (line.starts_with("SUB ")) {
            c.type = command_type::subscribe;
            c.topic = rest;
            return to.take(c);
        }
        if (line.starts_with("PUB ")) {
            c.type = command_type::publish;
            c.topic = rest.substr(0, rest.find(' '));
            c.payload = rest.substr(std::min(rest.size(), c.topic.size() + 1));
            return to.take(c);
        }
        return to.take(command_fault{errc::bad_request, "what is " + std::string(line), {}});
    }
};

inline std::unique_ptr<dialect> make_line_dialect() {
    return std::make_unique<line_dialect>();
}

}  // namespace weir
