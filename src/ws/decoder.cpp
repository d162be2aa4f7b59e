#include "ws/byte_buffer.hpp"
#include "ws/header_reader.hpp"

#include <weir/base/assert.hpp>
#include <weir/ws/close_payload.hpp>
#include <weir/ws/decoder.hpp>
#include <weir/ws/utf8.hpp>

#include <algorithm>
#include <cstring>
#include <utility>
#include <variant>

namespace weir::ws {
namespace {

/// First allocation for a partial message; most messages of a chat end below it.
constexpr std::size_t first_buffer_bytes = 256;

/// DEFLATE with fixed codes makes nine bits of eight at worst (RFC 1951 section 3.2.6).
constexpr std::uint64_t compressed_bytes_max(std::uint64_t plain_bytes_max) noexcept {
    return plain_bytes_max + plain_bytes_max / 8 + 64;
}

}  // namespace

/// What is held between two feeds: a message whose fragments are coming in, or one frame, or both
/// (a control frame may stand between fragments, and may itself be partial).
struct decoder::assembly {
    byte_buffer message;
    std::uint32_t fragments = 0;
    opcode kind = opcode::text;
    bool in_message = false;
    bool compressed = false;
    utf8_validator text;

    bool in_frame = false;
    opcode op = opcode::text;
    bool fin = false;
    mask_key mask{};
    std::uint64_t frame_bytes = 0;
    std::uint64_t taken = 0;  ///< of frame_bytes, also the phase of the mask
    std::array<char, control_bytes_max> control;
};

/// One feed(): the decoder, what is left of the bytes, and what will be returned. The steps say
/// whether to go on. After a sink's `stop` nothing here may touch `self`.
struct decoder::pass {
    decoder& self;
    decoder_sink& sink;
    inflater* inflating;
    message_limits const* limits;
    std::span<char> rest;
    feed_result result{};

    bool fail(frame_fault fault);
    bool answer(flow wanted);
    header_rules rules() const noexcept;

    bool start_frame();
    bool take_header(header_reading& header);
    bool enter(header_reading const& header);
    bool take_payload();
    bool finish_frame();

    std::span<char> advance(std::size_t n) noexcept {
        std::span<char> const front = rest.first(n);
        rest = rest.subspan(n);
        return front;
    }
    bool hand_on_message(opcode kind, bool compressed, bool validated, std::string_view payload);
    bool hand_on_control(opcode op, std::string_view payload);
    bool hand_on_close(std::string_view payload);
};

bool decoder::pass::fail(frame_fault fault) {
    self.assembly_.reset();
    self.header_size_ = 0;
    self.ended_ = true;
    result.state = feed_state::failed;
    result.fault = fault;
    return false;
}

bool decoder::pass::answer(flow wanted) {
    if (wanted == flow::more) return true;
    result.state = wanted == flow::pause ? feed_state::paused : feed_state::ended;
    return false;
}

header_rules decoder::pass::rules() const noexcept {
    header_rules r;
    r.side = self.side_;
    r.deflate = self.deflate_;
    r.plain_bytes_max = self.message_bytes_max_;
    r.compressed_bytes_max = compressed_bytes_max(self.message_bytes_max_);
    if (self.assembly_ != nullptr && self.assembly_->in_message) {
        r.in_message = true;
        r.in_compressed = self.assembly_->compressed;
        r.held = self.assembly_->message.size();
    }
    return r;
}

/// Reads the next frame's header, and the whole frame where it lies if it can.
bool decoder::pass::start_frame() {
    bool const between = self.assembly_ == nullptr || !self.assembly_->in_message;
    if (limits != nullptr && between) {
        self.message_bytes_max_ = limits->bytes_max;
        self.fragments_max_ = limits->fragments_max;
    }
    header_reading header;
    if (!take_header(header)) return false;

    if (header.payload_bytes <= rest.size()) {
        if (is_control(header.op) || (between && header.fin)) {
            std::span<char> const payload = advance(static_cast<std::size_t>(header.payload_bytes));
            if (self.side_ == role::server) apply_mask(payload, header.mask);
            std::string_view const view{payload.data(), payload.size()};
            if (is_control(header.op)) return hand_on_control(header.op, view);
            return hand_on_message(header.op, header.rsv1, false, view);
        }
    }
    return enter(header) && take_payload();
}

/// True with a complete header, which is then consumed. Part of one is kept in the decoder.
bool decoder::pass::take_header(header_reading& header) {
    std::size_t const kept = self.header_size_;
    if (kept == 0) {
        read_header(header, rest, rules());
    } else {
        std::size_t const added = std::min(rest.size(), header_bytes_max - kept);
        std::memcpy(self.header_.data() + kept, rest.data(), added);
        read_header(header, std::span(self.header_).first(kept + added), rules());
    }
    switch (header.status) {
        case header_status::complete:
            // What was kept is less than a header, so it never reaches past the one read now.
            rest = rest.subspan(header.size - kept);
            self.header_size_ = 0;
            return true;
        case header_status::bad:
            return fail(header.fault);
        case header_status::partial:
            break;
    }
    // A header is shorter than header_bytes_max until it is complete, so all of `rest` fits.
    if (kept == 0) std::memcpy(self.header_.data(), rest.data(), rest.size());
    self.header_size_ = static_cast<std::uint8_t>(kept + rest.size());
    rest = {};
    return false;
}

/// Opens the frame, and the message if this is its first, in the assembly.
bool decoder::pass::enter(header_reading const& header) {
    if (self.assembly_ == nullptr) self.assembly_ = std::make_unique<assembly>();
    assembly& a = *self.assembly_;
    if (!is_control(header.op)) {
        if (!a.in_message) {  // so it is new: one that is between messages does not stay
            a.in_message = true;
            a.kind = header.op;
            a.compressed = header.rsv1;
        }
        if (a.fragments == self.fragments_max_) {
            return fail({close_reason::message_too_large, "message in too many fragments"});
        }
        ++a.fragments;
    }
    a.in_frame = true;
    a.op = header.op;
    a.fin = header.fin;
    a.mask = header.mask;
    a.frame_bytes = header.payload_bytes;
    a.taken = 0;
    return true;
}

/// Moves what there is of the open frame's payload into the assembly.
bool decoder::pass::take_payload() {
    assembly& a = *self.assembly_;
    std::uint64_t const missing = a.frame_bytes - a.taken;
    std::span<char> const piece =
        advance(static_cast<std::size_t>(std::min<std::uint64_t>(missing, rest.size())));
    if (self.side_ == role::server) apply_mask(piece, a.mask, static_cast<std::size_t>(a.taken));

    if (is_control(a.op)) {
        if (!piece.empty()) std::memcpy(&a.control[a.taken], piece.data(), piece.size());
    } else if (!piece.empty()) {
        if (a.kind == opcode::text && !a.compressed && !a.text.feed({piece.data(), piece.size()})) {
            return fail({close_reason::invalid_utf8, "text is not valid UTF-8"});
        }
        // The header's length was checked against the limit, so the bound is within it. A last
        // frame tells exactly how long the message will be; before that only the limit does.
        std::uint64_t const most =
            a.compressed ? compressed_bytes_max(self.message_bytes_max_) : self.message_bytes_max_;
        std::uint64_t const bound = a.fin ? a.message.size() + missing : most;
        std::size_t const wanted = a.message.size() + piece.size();
        a.message.grow(wanted, first_buffer_bytes, static_cast<std::size_t>(bound));
        a.message.append(piece.data(), piece.size());
    }
    a.taken += piece.size();
    return a.taken == a.frame_bytes ? finish_frame() : true;
}

bool decoder::pass::finish_frame() {
    // Moved here first: a sink may feed no more, and may destroy the decoder.
    if (is_control(self.assembly_->op)) {
        assembly& a = *self.assembly_;
        a.in_frame = false;
        std::array<char, control_bytes_max> const payload = a.control;
        auto const size = static_cast<std::size_t>(a.frame_bytes);
        opcode const op = a.op;
        if (!a.in_message) self.assembly_.reset();
        return hand_on_control(op, {payload.data(), size});
    }
    self.assembly_->in_frame = false;
    if (!self.assembly_->fin) return true;
    std::unique_ptr<assembly> const whole = std::move(self.assembly_);
    if (whole->kind == opcode::text && !whole->compressed && !whole->text.complete()) {
        return fail({close_reason::invalid_utf8, "text is not valid UTF-8"});
    }
    return hand_on_message(whole->kind, whole->compressed, true, whole->message.view());
}

/// `validated`: plain text was found valid as it came.
bool decoder::pass::hand_on_message(opcode kind, bool compressed, bool validated,
                                    std::string_view payload) {
    if (compressed) {
        auto const inflated = inflating->inflate(payload, self.message_bytes_max_);
        switch (inflated.status) {
            case inflate_status::ok:
                break;
            case inflate_status::too_large:
                return fail({close_reason::message_too_large, "message too large when inflated"});
            case inflate_status::corrupt:
                return fail({close_reason::protocol_violation, "compressed data is corrupt"});
        }
        payload = inflated.text;
        validated = false;
    }
    if (kind == opcode::text && !validated && !is_utf8(payload)) {
        return fail({close_reason::invalid_utf8, "text is not valid UTF-8"});
    }
    return answer(sink.on_message(kind, payload));
}

bool decoder::pass::hand_on_control(opcode op, std::string_view payload) {
    if (op == opcode::ping) return answer(sink.on_ping(payload));
    if (op == opcode::pong) return answer(sink.on_pong(payload));
    return hand_on_close(payload);
}

bool decoder::pass::hand_on_close(std::string_view payload) {
    auto const parsed = parse_close_payload(payload);
    if (auto const* fault = std::get_if<frame_fault>(&parsed)) return fail(*fault);
    self.assembly_.reset();
    self.ended_ = true;
    auto const& close = std::get<close_payload>(parsed);
    result.state = feed_state::ended;
    sink.on_close(close.code, close.text);  // whatever it says: a close frame is the last
    return false;
}

message_limits message_limits::for_messages(std::uint32_t bytes) noexcept {
    message_limits l;
    l.bytes_max = bytes;
    l.fragments_max = std::max(l.fragments_max, bytes / 64);
    return l;
}

decoder_settings decoder_settings::for_messages(std::uint32_t bytes) noexcept {
    auto const limits = message_limits::for_messages(bytes);
    decoder_settings s;
    s.message_bytes_max = limits.bytes_max;
    s.fragments_max = limits.fragments_max;
    return s;
}

decoder::decoder(decoder_settings const& settings) noexcept
    : message_bytes_max_(settings.message_bytes_max),
      fragments_max_(settings.fragments_max),
      header_{},
      side_(settings.side),
      deflate_(settings.deflate),
      ended_(false) {}

decoder::~decoder() = default;
decoder::decoder(decoder&&) noexcept = default;
decoder& decoder::operator=(decoder&&) noexcept = default;

feed_result decoder::feed(std::span<char> bytes, decoder_sink& sink, inflater* inflating,
                          message_limits const* limits) {
    WEIR_ASSERT(!deflate_ || inflating != nullptr);
    pass p{*this, sink, inflating, limits, bytes};
    if (ended_) {
        p.result.state = feed_state::ended;
        p.result.consumed = bytes.size();
        return p.result;
    }
    // Ends because each step consumes a header or some payload, or says no.
    while (!p.rest.empty()) {
        bool const open = assembly_ != nullptr && assembly_->in_frame;
        if (!(open ? p.take_payload() : p.start_frame())) break;
    }
    p.result.consumed = bytes.size() - p.rest.size();
    return p.result;
}

bool decoder::assembling() const noexcept {
    return header_size_ != 0 || assembly_ != nullptr;
}

std::size_t decoder::held_bytes() const noexcept {
    return assembly_ == nullptr ? 0 : sizeof(assembly) + assembly_->message.capacity();
}

}  // namespace weir::ws
