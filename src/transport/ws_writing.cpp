#include "transport/codec.hpp"
#include "transport/ws_extras.hpp"
#include "transport/ws_farewell.hpp"

#include <weir/base/assert.hpp>
#include <weir/transport/frame_writer.hpp>
#include <weir/transport/ws_connection.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <sys/uio.h>

// How frames go out: gathered from what is half sent, control frames and the owner's outbox into
// one system call, and committed by as much as it took.
namespace weir {
namespace {

constexpr std::size_t pieces_max = 64;
constexpr std::size_t flush_bytes_max = 256 * 1024;
// Bodies that one flush may deflate, about 2 ms; the next turn goes on.
constexpr std::size_t deflate_bytes_max = 64 * 1024;
constexpr std::size_t tls_record_bytes = 16 * 1024;

}  // namespace

/// What one write could take, in the order of the wire: partial, pongs, ping, outbox, close.
struct ws_connection::batch {
    std::array<frame const*, pieces_max> forms;  ///< kept alive by who holds them, until commit()
    std::array<std::uint32_t, pieces_max> saved;
    std::size_t size = 0;
    std::size_t bytes = 0;
    bool partial = false;
    std::size_t pongs = 0;
    bool ping = false;
    bool close = false;
    std::size_t outbox = 0;
    std::size_t deflated = 0;  ///< body bytes of twins made in this flush
    bool all = false;          ///< nothing is left behind it

    bool has_room() const noexcept { return size < pieces_max - 1 && bytes < flush_bytes_max; }
    void add(frame const* form, std::size_t offset = 0, std::size_t less = 0) noexcept {
        saved[size] = static_cast<std::uint32_t>(less);
        forms[size++] = form;
        bytes += form->wire().size() - offset;
    }
};

bool ws_connection::has_say() const noexcept {
    return phase_ == phase::open || phase_ == phase::closing || phase_ == phase::answering;
}

void ws_connection::mark() {
    if (writable_) context_.mark_dirty(*this);  // else EPOLLOUT does
}

void ws_connection::flush() {
    woken_ = false;
    if (phase_ == phase::gone) {
        phase_ = phase::told;
        owner_->on_closed({.reason = farewell_->reason,
                           .peer_code = farewell_->peer_code,
                           .text = farewell_->text});
        return;
    }
    if (!writable_ || !has_say()) return;
    secure() ? flush_tls() : flush_plain();
}

// The form in which this connection gets `f`; null when it has to be deflated first and this flush
// has deflated enough.
frame const* ws_connection::form_of(frame const& f, batch& b) {
    if (deflate_bits_ == 0 || f.body().size() < context_.limits().deflate_min_bytes) return &f;
    frame const* twin = f.twin(deflate_bits_);
    if (twin == nullptr) {
        if (b.deflated >= deflate_bytes_max) return nullptr;
        b.deflated += f.body().size();
        twin = make_twin(f);
    }
    return twin->wire().empty() ? &f : twin;
}

// An empty twin says that deflating does not help, so that it is not tried for every subscriber.
frame const* ws_connection::make_twin(frame const& f) {
    auto const deflated = context_.codecs().deflating(deflate_bits_).deflate(f.body());
    frame_ref twin = make_deflated_frame(f, deflated);
    if (twin->wire().size() >= f.wire().size()) twin = make_frame({}, {}, false);
    f.add_twin(deflate_bits_, std::move(twin));
    return f.twin(deflate_bits_);
}

// True when the outbox holds nothing that is not in the batch.
bool ws_connection::gather_outbox(batch& b) {
    std::array<frame const*, pieces_max> next;
    std::size_t const room = pieces_max - 1 - b.size;  // one is left for the close frame
    std::size_t const found = owner_->outbox_peek(std::span(next).first(room));
    WEIR_ASSERT(found <= room);
    for (std::size_t i = 0; i < found; ++i) {
        frame const* const form = b.has_room() ? form_of(*next[i], b) : nullptr;
        if (form == nullptr) return false;
        b.add(form, 0, next[i]->wire().size() - form->wire().size());
        ++b.outbox;
    }
    return found < room;
}

void ws_connection::gather_control(batch& b) {
    auto const& pongs = extras_->pongs;
    while (b.pongs < pongs.size() && b.has_room()) b.add(pongs[b.pongs++].get());
    b.all = b.pongs == pongs.size();
    if (!b.all || !extras_->ping) return;
    b.all = b.has_room();
    if (!b.all) return;
    b.ping = true;
    b.add(extras_->ping.get());
}

void ws_connection::gather(batch& b) {
    if (partial_) {
        b.partial = true;
        b.add(partial_.get(), partial_offset_);
    }
    b.all = true;
    if (phase_ == phase::open && extras_) gather_control(b);
    bool const close_committed = farewell_ && !farewell_->frame;
    if (phase_ != phase::answering && !close_committed && b.all) b.all = gather_outbox(b);
    if (b.all && farewell_ && farewell_->frame && phase_ < phase::gone) {
        b.close = true;
        b.add(farewell_->frame.get());
    }
}

// The first `pieces` of the batch have left, or are in partial_: whoever held them lets go.
void ws_connection::commit(batch const& b, std::size_t pieces) {
    std::size_t const first = std::size_t{b.partial};
    std::size_t const before = first + b.pongs + std::size_t{b.ping};
    if (b.pongs != 0 && pieces > first) {
        auto const sent = static_cast<std::ptrdiff_t>(std::min(b.pongs, pieces - first));
        extras_->pongs.erase(extras_->pongs.begin(), extras_->pongs.begin() + sent);
    }
    if (b.ping && pieces >= before) extras_->ping = {};
    trim_extras();
    if (b.close && pieces == b.size) farewell_->frame = {};
    std::size_t const outbox = std::min(b.outbox, pieces - std::min(pieces, before));
    std::uint64_t saved = 0;
    for (std::size_t i = 0; i < outbox; ++i) saved += b.saved[before + i];
    if (saved != 0) at(context_.counts().saved_bytes, saving::compression).add(saved);
    if (outbox != 0) owner_->outbox_committed(outbox);
}

void ws_connection::account(std::size_t sent) noexcept {
    bytes_out_ += sent;
    context_.counts().sent_bytes.add(sent);
}

void ws_connection::settle(batch const& b, std::size_t sent) {
    std::size_t pieces = 0;
    frame_ref rest;
    std::size_t offset = 0;
    while (pieces < b.size && sent > 0) {
        std::size_t const from = pieces == 0 && b.partial ? partial_offset_ : 0;
        std::size_t const size = b.forms[pieces]->wire().size() - from;
        if (sent < size) {
            rest = frame_ref(b.forms[pieces]);
            offset = from + sent;
        }
        sent -= std::min(sent, size);
        ++pieces;
    }
    if (pieces == 0) return;
    partial_ = std::move(rest);
    partial_offset_ = static_cast<std::uint32_t>(offset);
    commit(b, pieces);
}

void ws_connection::flush_plain() {
    std::size_t budget = flush_bytes_max;
    std::size_t deflated = 0;
    while (has_say()) {
        batch b;
        b.deflated = deflated;
        gather(b);
        deflated = b.deflated;
        if (!has_say()) return;  // the owner aborted
        if (b.size == 0 && b.all) return;
        if (b.size == 0 || budget == 0) return context_.mark_dirty(*this);

        std::array<iovec, pieces_max> pieces;
        for (std::size_t i = 0; i < b.size; ++i) {
            auto wire = b.forms[i]->wire();
            if (i == 0 && b.partial) wire.remove_prefix(partial_offset_);
            pieces[i] = {const_cast<char*>(wire.data()), wire.size()};
        }
        msghdr message{};
        message.msg_iov = pieces.data();
        message.msg_iovlen = b.size;
        auto const n = ::sendmsg(socket_.descriptor(), &message, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            writable_ = false;
            return;
        }
        if (n < 0) return lost();
        auto const sent = static_cast<std::size_t>(n);
        account(sent);
        writable_ = sent == b.bytes;  // the kernel tells of room after a short write as after none
        settle(b, sent);
        if (!has_say()) return;
        if (farewell_ && !farewell_->frame && !partial_) return close_frame_written();
        if (!writable_ || b.all) return;
        budget -= std::min(budget, sent);
    }
}

// OpenSSL wants the same bytes again after a write that could not finish, so what it gets is
// committed before: a frame by itself, or as many small ones as one record holds, copied together.
void ws_connection::load(batch const& b) {
    auto const scratch = context_.scratch();
    std::size_t pieces = 0;
    std::size_t size = 0;
    while (pieces < b.size) {
        auto const wire = b.forms[pieces]->wire();
        if (size + wire.size() > tls_record_bytes) break;
        std::memcpy(scratch.data() + size, wire.data(), wire.size());
        size += wire.size();
        ++pieces;
    }
    if (pieces <= 1) {
        pieces = 1;
        partial_ = frame_ref(b.forms[0]);
    } else {
        partial_ = make_frame({}, {scratch.data(), size}, false);
    }
    partial_offset_ = 0;
    commit(b, pieces);
}

void ws_connection::flush_tls() {
    std::size_t budget = flush_bytes_max;
    std::size_t deflated = 0;
    while (has_say()) {
        if (budget == 0) return context_.mark_dirty(*this);
        if (!partial_) {
            if (farewell_ && !farewell_->frame) return close_frame_written();
            batch b;
            b.deflated = deflated;
            gather(b);
            deflated = b.deflated;
            if (!has_say() || (b.size == 0 && b.all)) return;
            if (b.size == 0) return context_.mark_dirty(*this);
            load(b);
            if (!has_say()) return;
        }
        auto const rest = partial_->wire().substr(partial_offset_);
        auto const size = std::min(rest.size(), tls_record_bytes);
        ERR_clear_error();
        int const n = SSL_write(socket_.tls(), rest.data(), static_cast<int>(size));
        if (n <= 0) {
            int const why = SSL_get_error(socket_.tls(), n);
            if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) {
                ERR_clear_error();
                return lost();
            }
            writable_ = false;
            return;
        }
        auto const sent = static_cast<std::size_t>(n);
        account(sent);
        partial_offset_ += static_cast<std::uint32_t>(sent);
        if (partial_offset_ == partial_->wire().size()) partial_ = {};
        budget -= std::min(budget, sent);
    }
}

}  // namespace weir
