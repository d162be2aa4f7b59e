#include "message/json_dialect.hpp"

#include "message/json_envelope.hpp"

#include <weir/base/utf8.hpp>
#include <weir/message/json_scan.hpp>

#include <limits>
#include <memory>

namespace weir {
namespace {

using json::field;
using json::find_part;
using json::inside_quotes;
using json::is_string;
using json::part;
using json::part_names;

constexpr std::array<std::string_view, 4> hello_names = {"token", "resume", "heartbeat", "client"};
constexpr std::array<std::string_view, 3> resume_names = {"session", "secret", "received"};
constexpr std::array<std::string_view, 2> heartbeat_names = {"mode", "interval_ms"};
constexpr std::array<std::string_view, 2> since_names = {"epoch", "offset"};

constexpr std::string_view id_rule = "a string of at most 64 bytes or an integer of 64 bits";
constexpr std::size_t resume_token_bytes_max = 64;
constexpr std::size_t epoch_bytes_max = 64;
constexpr std::uint64_t heartbeat_ms_max = 24 * 60 * 60 * 1000;
constexpr std::uint64_t any_u32 = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint64_t any_u64 = std::numeric_limits<std::uint64_t>::max();

/// Reads one message. Every step says false once something is wrong; problem() then says what.
class message_reader {
public:
    message_reader(std::string_view text, json::scratch& memory,
                   std::vector<std::string_view>& topics)
        : text_(text), reader_(text, memory), topics_(topics) {}

    bool read();
    command const& result() const noexcept { return command_; }
    command_fault take_fault();

private:
    bool scan();
    bool read_id();
    void guess_type();
    bool read_type();
    bool read_fields();
    bool read_hello();
    bool read_resume(field const& f);
    bool read_heartbeat(field const& f);
    bool read_client(field const& f);
    bool read_subscribe();
    bool read_publish();
    bool read_call();
    bool read_topics();
    bool read_topic();
    bool read_since();
    bool read_page_of_one();
    bool read_last(std::uint64_t least);
    bool read_count();

    field at(part p) const noexcept {
        auto const i = static_cast<std::size_t>(p);
        return {part_names[i], parts_[i]};
    }
    bool have(part p) const noexcept { return at(p).raw.data() != nullptr; }
    bool needs(std::string_view what);
    bool repeated(std::string_view key, char const* raw);

    std::string_view text_;
    json::field_reader reader_;
    std::vector<std::string_view>& topics_;
    std::array<std::string_view, part_names.size()> parts_{};
    command command_;
    bool wants_resume_ = false;
};

command_fault message_reader::take_fault() {
    return {errc::bad_request, std::move(reader_.problem), stored_id(command_.id), command_.type,
            wants_resume_};
}

bool message_reader::read() {
    return scan() && read_id() && read_type() && read_fields();
}

bool message_reader::needs(std::string_view what) {
    return reader_.fail(std::string(command_.type_name) + " needs a " + std::string(what));
}

bool message_reader::repeated(std::string_view key, char const* raw) {
    return reader_.fail("duplicate key \"" + std::string(cut_utf8(key, key_bytes_max)) + '"' +
                        json::at_byte(reader_.offset_of(raw) - 1));
}

/// Whatever is wrong, the id is kept when it was read by then and is not ambiguous.
bool message_reader::scan() {
    auto& unknown = reader_.memory().unknown_keys;
    json::record envelope(parts_, find_part, reader_.memory(), &unknown);
    json_fault where;
    bool const good = scan_json_object(text_, json_depth_max, envelope, where);
    auto const& duplicate = envelope.duplicate;
    std::optional<json::unknown_key> twin;
    if (good && !duplicate) {
        twin = json::find_duplicate(unknown);
        if (!twin) return true;
    }
    auto const ambiguous = [&](part p) {
        return duplicate && duplicate->index == static_cast<std::size_t>(p);
    };
    if (!ambiguous(part::id)) read_id();
    if (!ambiguous(part::type)) guess_type();
    if (!good) return reader_.fail(where.what + json::at_byte(where.byte));
    if (!duplicate) return repeated(twin->name, twin->raw);
    return repeated(duplicate->name, duplicate->raw);
}

bool message_reader::read_id() {
    field const id = at(part::id);
    if (!id) return true;
    if (!is_string(id.raw)) {
        auto const number = json::integer_id(id.raw);
        if (!number) return reader_.fail(id, id_rule);
        command_.id = *number;
        return true;
    }
    std::string_view const text = reader_.memory().unescape(inside_quotes(id.raw));
    if (text.size() > id_bytes_max) return reader_.fail(id, id_rule);
    command_.id = text;
    return true;
}

/// Of a message that is malformed elsewhere.
void message_reader::guess_type() {
    field const type = at(part::type);
    if (!type || !is_string(type.raw)) return;
    command_.type = json::find_type(reader_.memory().unescape(inside_quotes(type.raw)));
}

bool message_reader::read_type() {
    field const type = at(part::type);
    if (!type) return reader_.fail("a message needs a type");
    if (!reader_.text(type, text_.size(), command_.type_name)) return false;
    command_.type = json::find_type(command_.type_name);
    return true;
}

bool message_reader::read_fields() {
    switch (command_.type) {
        case command_type::hello:
            return read_hello();
        case command_type::auth:
            return reader_.text(at(part::token), token_bytes_max, command_.token) &&
                   (!command_.token.empty() || needs("token"));
        case command_type::subscribe:
            return read_subscribe();
        case command_type::unsubscribe:
        case command_type::presence:
            return read_topic();
        case command_type::publish:
            return read_publish();
        case command_type::sync:
            return read_topics() && read_since() && read_page_of_one();
        case command_type::history:
            return read_topic() && read_since() && read_last(1);
        case command_type::call:
            return read_call();
        case command_type::received:
            return read_count();
        case command_type::ping:
        case command_type::pong:
        case command_type::unknown:
        case command_type::invalid:
            return true;
    }
    return true;
}

bool message_reader::read_hello() {
    field const payload = at(part::payload);
    if (!payload) return true;
    json::named_fields<hello_names> found;
    return found.read(reader_, payload) &&
           reader_.text({"token", found.values[0]}, token_bytes_max, command_.token) &&
           read_resume({"resume", found.values[1]}) &&
           read_heartbeat({"heartbeat", found.values[2]}) &&
           read_client({"client", found.values[3]});
}

bool message_reader::read_resume(field const& f) {
    if (!f) return true;
    wants_resume_ = true;
    json::named_fields<resume_names> found;
    if (!found.read(reader_, f)) return false;
    for (std::string_view const value : found.values) {
        if (value.data() == nullptr) return reader_.fail(f, "{session, secret, received}");
    }
    command::resume_request resume;
    if (!reader_.text({"resume.session", found.values[0]}, resume_token_bytes_max,
                      resume.session) ||
        !reader_.text({"resume.secret", found.values[1]}, resume_token_bytes_max, resume.secret) ||
        !reader_.integer({"resume.received", found.values[2]}, 0, any_u64, resume.received)) {
        return false;
    }
    command_.resume = resume;
    return true;
}

bool message_reader::read_heartbeat(field const& f) {
    if (!f) return true;
    json::named_fields<heartbeat_names> found;
    if (!found.read(reader_, f)) return false;
    field const mode{"heartbeat.mode", found.values[0]};
    field const interval{"heartbeat.interval_ms", found.values[1]};
    if (!mode) return reader_.fail(f, "{mode, interval_ms?}");
    std::string_view word;
    if (!reader_.text(mode, text_.size(), word)) return false;
    if (word != "frame" && word != "message") return reader_.fail(mode, "\"frame\" or \"message\"");
    command_.heartbeat = word == "frame" ? heartbeat_mode::frame : heartbeat_mode::message;
    std::uint64_t every = 0;
    if (!reader_.integer(interval, 1, heartbeat_ms_max, every)) return false;
    if (interval) command_.heartbeat_every = milliseconds(every);
    return true;
}

/// Only for people who read logs: nothing that a client calls itself is refused.
bool message_reader::read_client(field const& f) {
    if (!f) return true;
    command_.client =
        cut_utf8(is_string(f.raw) ? reader_.memory().unescape(inside_quotes(f.raw)) : f.raw,
                 client_bytes_max);
    return true;
}

bool message_reader::read_subscribe() {
    return read_topic() && read_since() && read_last(0) &&
           reader_.flag(at(part::state), command_.want_state) &&
           reader_.flag(at(part::presence), command_.want_presence) &&
           reader_.rate(at(part::rate), command_.rate) &&
           reader_.text(at(part::token), token_bytes_max, command_.token);
}

bool message_reader::read_publish() {
    if (!read_topic()) return false;
    if (!have(part::payload)) return needs("payload");
    command_.payload = at(part::payload).raw;
    if (!reader_.text(at(part::event), event_bytes_max, command_.event) ||
        !reader_.text(at(part::key), key_bytes_max, command_.key) ||
        !reader_.text(at(part::dedupe), dedupe_bytes_max, command_.dedupe)) {
        return false;
    }
    // An empty one would silently be none.
    if (have(part::key) && command_.key.empty()) return reader_.fail(at(part::key), "not empty");
    if (have(part::dedupe) && command_.dedupe.empty()) {
        return reader_.fail(at(part::dedupe), "not empty");
    }
    return reader_.flag(at(part::volatile_flag), command_.is_volatile) &&
           reader_.flag(at(part::echo), command_.echo);
}

bool message_reader::read_call() {
    if (!reader_.text(at(part::method), method_bytes_max, command_.method)) return false;
    if (command_.method.empty()) return needs("method");
    command_.payload = have(part::payload) ? at(part::payload).raw : std::string_view("null");
    return true;
}

/// Collects names; the first that is no name stops it.
class name_list final : public json_elements {
public:
    name_list(json::field_reader& reader, std::vector<std::string_view>& names)
        : reader_(reader), names_(names) {}
    bool element(std::string_view raw_value) override {
        if (names_.size() == sync_topics_max) return false;
        return reader_.topic({"topics", raw_value}, names_.emplace_back());
    }

private:
    json::field_reader& reader_;
    std::vector<std::string_view>& names_;
};

bool message_reader::read_topics() {
    field const f = at(part::topics);
    if (!f) return true;
    topics_.clear();
    name_list names(reader_, topics_);
    json_fault ignored;
    if (!scan_json_array(f.raw, json_depth_max, names, ignored)) {
        if (!reader_.problem.empty()) return false;
        return reader_.fail(
            f, "an array of at most " + std::to_string(sync_topics_max) + " topic names");
    }
    command_.topics = topics_;
    return true;
}

bool message_reader::read_topic() {
    if (!have(part::topic)) return needs("topic");
    return reader_.topic(at(part::topic), command_.topic);
}

bool message_reader::read_since() {
    field const f = at(part::since);
    if (!f) return true;
    json::named_fields<since_names> found;
    if (!found.read(reader_, f)) return false;
    field const epoch{"since.epoch", found.values[0]};
    field const offset{"since.offset", found.values[1]};
    if (!epoch || !offset) return reader_.fail(f, "{epoch, offset}");
    since_position since;
    if (!reader_.text(epoch, epoch_bytes_max, since.epoch) ||
        !reader_.integer(offset, 0, any_u64, since.offset)) {
        return false;
    }
    command_.since = since;
    return true;
}

/// A position is one of one topic.
bool message_reader::read_page_of_one() {
    if (!command_.since || (command_.topics && command_.topics->size() == 1)) return true;
    return reader_.fail(at(part::since), "left out, unless `topics` names one topic,");
}

/// Of a page of nothing nobody could ask on from its end, so `history` has one of 1 at least.
bool message_reader::read_last(std::uint64_t least) {
    field const f = at(part::last);
    std::uint64_t last = 0;
    if (!reader_.integer(f, least, any_u32, last)) return false;
    if (f) command_.last = static_cast<std::uint32_t>(last);
    return true;
}

bool message_reader::read_count() {
    if (!have(part::count)) return needs("count");
    return reader_.integer(at(part::count), 0, any_u64, command_.count);
}

}  // namespace

/// One text is one command. There are no binary messages.
void json_dialect::decode(std::string_view bytes, bool binary, command_sink& to) {
    if (binary) return to.give_up(close_reason::unsupported_data);
    memory_.start(bytes.size());
    message_reader reader(bytes, memory_, topics_);
    if (reader.read()) {
        to.take(reader.result());
    } else {
        to.take(reader.take_fault());
    }
}

std::unique_ptr<dialect> make_json_dialect() {
    return std::make_unique<json_dialect>();
}

}  // namespace weir
