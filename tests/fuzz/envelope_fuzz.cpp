// Client messages into the JSON dialect: it must answer anything, its views must lie in the text
// or in its scratch, and a publish that it took must come out as JSON that says the same.

#include "kit/decode_one.hpp"
#include "message/json_dialect.hpp"

#include <weir/base/assert.hpp>
#include <weir/message/topic_name.hpp>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace weir;

class checker {
public:
    checker(std::string_view text, json::scratch const& memory) : text_(text), memory_(memory) {}

    void check(command const& c) const {
        WEIR_ASSERT(c.type != command_type::invalid);
        for (std::string_view const view : {c.type_name, c.id.text(), c.topic, c.event, c.key,
                                            c.dedupe, c.token, c.method, c.client}) {
            lies_somewhere(view);
        }
        if (c.payload != "null") lies_somewhere(c.payload);
        if (c.since) lies_somewhere(c.since->epoch);
        if (c.resume) {
            lies_somewhere(c.resume->session);
            lies_somewhere(c.resume->secret);
        }
        if (c.topics) {
            for (std::string_view const name : *c.topics) {
                lies_somewhere(name);
                WEIR_ASSERT(topic_name_fault(name).empty());
            }
        }
        WEIR_ASSERT(c.topic.empty() || topic_name_fault(c.topic).empty());
        WEIR_ASSERT(c.event.size() <= event_bytes_max && c.key.size() <= key_bytes_max);
        WEIR_ASSERT(c.dedupe.size() <= dedupe_bytes_max && c.token.size() <= token_bytes_max);
        WEIR_ASSERT(c.client.size() <= client_bytes_max);
        WEIR_ASSERT(c.rate == 0 || (c.rate >= 0.001 && c.rate <= 1e6));
        WEIR_ASSERT(c.type != command_type::history || !c.last || *c.last > 0);
        bool const of_one = c.topics && c.topics->size() == 1;
        WEIR_ASSERT(c.type != command_type::sync || !c.since || of_one);
    }

private:
    void lies_somewhere(std::string_view view) const {
        std::less_equal<> const before;
        bool const in_text = before(text_.data(), view.data()) &&
                             before(view.data() + view.size(), text_.data() + text_.size());
        WEIR_ASSERT(view.empty() || in_text || memory_.holds(view));
    }

    std::string_view text_;
    json::scratch const& memory_;
};

/// Equal in value; numbers that no double holds make nlohmann refuse, then there is no verdict.
void check_publish(dialect const& d, command const& c, std::string_view text) {
    message m;
    m.topic = c.topic;
    m.event = c.event;
    m.key = c.key;
    m.payload = c.payload;
    m.at = {epoch_id{1}, 1};
    std::string out;
    d.encode(out, m);
    WEIR_ASSERT(out.find(c.payload) != std::string::npos);
    json_fault fault;
    WEIR_ASSERT(scan_json_value(out, json_depth_max, fault));

    auto const sent = nlohmann::json::parse(text, nullptr, false);
    auto const got = nlohmann::json::parse(out, nullptr, false);
    WEIR_ASSERT(sent.is_discarded() || !got.is_discarded());
    if (sent.is_discarded()) return;
    WEIR_ASSERT(got["type"] == "message" && got["topic"] == sent["topic"]);
    WEIR_ASSERT(got["payload"] == sent["payload"]);
    WEIR_ASSERT(got.value("event", "") == sent.value("event", ""));
    WEIR_ASSERT(got.value("key", "") == sent.value("key", ""));
}

/// What a client wrote, inside everything that continuity tells others of it.
void check_pages(dialect const& d, command const& c) {
    message m;
    m.topic = c.topic;
    m.event = c.event;
    m.key = c.key;
    m.payload = c.payload;
    m.at = {epoch_id{1}, 1};
    std::vector<message_ptr> const stored{std::make_shared<message const>(m)};
    presence_member const member{std::string(c.key), 1, std::string(c.payload)};
    std::vector<std::string> out(5);
    d.history_payload(out[0], {.messages = stored, .head = m.at, .more = true});
    d.sync_payload(out[1], std::vector<topic_state_page>{{m.topic, m.at, stored, true}});
    d.encode_gap(out[2], c.topic, {.from = 1, .reason = gap_reason::bus});
    d.encode_presence(out[3], {m.topic, 1, {member}, {m.event}});
    d.presence_payload(out[4], {1, 1, {member}});
    for (std::string const& text : out) {
        json_fault fault;
        // Inside a page a payload lies deeper than a client may write it.
        WEIR_ASSERT(scan_json_value(text, json_depth_max, fault) ||
                    std::string_view(fault.what) == "nested too deep");
    }
}

void check_answer(dialect const& d, request_id id, fault const& f) {
    std::string out;
    d.encode_error(out, id, f);
    auto const parsed = nlohmann::json::parse(out, nullptr, false);
    WEIR_ASSERT(!parsed.is_discarded());
    json_fault where;
    WEIR_ASSERT(scan_json_value(out, json_depth_max, where));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    static json_dialect dialect;  // one for all, so that what a message leaves behind is met again
    std::string_view const text(reinterpret_cast<char const*>(data), size);
    auto const read = decode_one(dialect, text);
    if (auto const* refused = std::get_if<command_fault>(&read)) {
        WEIR_ASSERT(refused->code == errc::bad_request && !refused->message.empty());
        check_answer(dialect, refused->id, {refused->code, refused->message});
        return 0;
    }
    auto const& c = std::get<command>(read);
    checker(text, dialect.memory()).check(c);
    check_answer(dialect, c.id, {errc::unsupported, std::string(c.type_name)});
    if (c.type == command_type::publish) {
        check_publish(dialect, c, text);
        check_pages(dialect, c);
    }
    return 0;
}
