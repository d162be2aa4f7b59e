#include <weir/base/assert.hpp>
#include <weir/transport/response_stream.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <utility>

namespace weir {
namespace {

constexpr std::size_t pieces_max = 32;
constexpr std::size_t flush_bytes_max = 256 * 1024;
constexpr std::size_t tls_record_bytes = 16 * 1024;
constexpr std::string_view line_end = "\r\n";
constexpr std::string_view last_chunk = "0\r\n\r\n";

}  // namespace

/// What one write could take: for each piece its size line, body and line end.
struct response_stream::gathering {
    struct piece {
        std::array<char, 12> line;
        std::size_t line_size = 0;
        std::string_view body;
        std::size_t end_size = 0;
        std::size_t size() const noexcept { return line_size + body.size() + end_size; }
        void append_to(std::string& out, std::size_t from) const {
            std::array<std::string_view, 3> const parts{std::string_view(line.data(), line_size),
                                                        body, line_end.substr(0, end_size)};
            for (std::string_view part : parts) {
                std::size_t const skipped = std::min(from, part.size());
                out.append(part.substr(skipped));
                from -= skipped;
            }
        }
    };
    std::array<piece, pieces_max> pieces;
    std::size_t count = 0;
    std::size_t bytes = 0;
    bool all = false;  ///< the source has nothing behind them

    void add(std::string_view body, bool chunked) {
        piece& p = pieces[count++];
        p.body = body;
        // An empty chunk would be the last one.
        if (chunked && !body.empty()) {
            auto const end =
                std::to_chars(p.line.data(), p.line.data() + p.line.size(), body.size(), 16).ptr;
            p.line_size = static_cast<std::size_t>(end - p.line.data());
            for (char const c : line_end) p.line[p.line_size++] = c;
            p.end_size = line_end.size();
        }
        bytes += p.size();
    }
};

response_stream::response_stream(turn& context, raw_socket socket, http::streamed begun,
                                 std::string unread, body_source& source,
                                 milliseconds write_timeout)
    : context_(context),
      source_(source),
      socket_(std::move(socket)),
      pending_(std::move(begun.head)),
      unread_(std::move(unread)),
      write_timeout_(write_timeout),
      chunked_(begun.chunked),
      keep_alive_(begun.keep_alive) {}

response_stream::~response_stream() {
    if (registered_) context_.descriptors().remove(socket_.descriptor(), *this);
}

bool response_stream::start() {
    int const fd = socket_.descriptor();
    int const flags = ::fcntl(fd, F_GETFL);
    if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) return false;
    int const on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (!context_.descriptors().add(fd, *this)) return false;
    registered_ = true;
    if (secure()) context_.park_ready(*this);  // OpenSSL may hold bytes; no event tells of those
    mark();
    return true;
}

void response_stream::mark() {
    if (writable_) context_.mark_dirty(*this);  // else EPOLLOUT does
}

void response_stream::wake() {
    if (phase_ <= phase::finishing) mark();
}

void response_stream::finish() {
    if (phase_ != phase::open) return;
    phase_ = phase::finishing;
    mark();
}

void response_stream::abort() {
    if (phase_ <= phase::finishing) end(body_source::ending::aborted);
}

response_stream::rest response_stream::release() {
    WEIR_ASSERT(phase_ == phase::told && how_ == body_source::ending::finished);
    return {std::move(socket_), std::move(unread_), keep_alive_ && chunked_ && !peer_ended_};
}

// on_ended comes from the flush at the turn's end, never from in here.
void response_stream::end(body_source::ending how) {
    phase_ = phase::ended;
    how_ = how;
    context_.wheel().cancel(*this);
    if (registered_) context_.descriptors().remove(socket_.descriptor(), *this);
    registered_ = false;
    pending_ = {};
    if (how != body_source::ending::finished) {
        bool const reset = how != body_source::ending::lost;
        ::linger const at_once{.l_onoff = 1, .l_linger = 0};
        if (reset) {
            ::setsockopt(socket_.descriptor(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        }
        raw_socket const closed = std::move(socket_);
    }
    context_.mark_dirty(*this);
}

void response_stream::on_ready(std::uint32_t events) {
    // A TLS write may wait for input and a read for output, so there any event retries both.
    bool const out = secure() || (events & EPOLLOUT) != 0;
    bool const in = secure() || (events & ~std::uint32_t{EPOLLOUT}) != 0;
    if (out && !writable_) {
        writable_ = true;
        mark();
    }
    if (!in || is_parked()) return;
    context_.may_read() ? read() : context_.park_ready(*this);
}

void response_stream::on_deadline(mono_time) {
    if (phase_ <= phase::finishing) end(body_source::ending::stalled);
}

// Requests that come meanwhile wait; when too many do, the kernel's buffer and then the peer. The
// end of the peer's side is noted: whether it has gone for good shows when we write.
void response_stream::read() {
    while (phase_ <= phase::finishing && !peer_ended_ && unread_.size() < unread_bytes_max) {
        auto const into = context_.scratch().first(unread_bytes_max - unread_.size());
        std::ptrdiff_t n = 0;
        if (secure()) {
            ERR_clear_error();
            n = SSL_read(socket_.tls(), into.data(), static_cast<int>(into.size()));
            if (n <= 0) {
                int const why = SSL_get_error(socket_.tls(), static_cast<int>(n));
                ERR_clear_error();
                if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return;
                if (why != SSL_ERROR_ZERO_RETURN) return end(body_source::ending::lost);
                n = 0;
            }
        } else {
            n = ::recv(socket_.descriptor(), into.data(), into.size(), 0);
            if (n < 0 && errno == EINTR) continue;
            if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
            if (n < 0) return end(body_source::ending::lost);
        }
        if (n == 0) {
            peer_ended_ = true;
            return;
        }
        context_.counts().received_bytes.add(static_cast<std::uint64_t>(n));
        unread_.append(into.data(), static_cast<std::size_t>(n));
    }
}

void response_stream::flush() {
    if (phase_ == phase::ended) {
        phase_ = phase::told;
        return source_.on_ended(how_);
    }
    if (phase_ > phase::finishing || !writable_) return;
    std::size_t budget = flush_bytes_max;
    // Ends: each round writes something, or says that it cannot or need not.
    while (phase_ <= phase::finishing) {
        if (budget == 0) return context_.mark_dirty(*this);
        if (!(pending_.empty() ? write_pieces(budget) : write_pending(budget))) return;
    }
}

// The kernel takes no more. The peer has until the deadline to read something.
void response_stream::blocked() {
    writable_ = false;
    if (!is_set()) context_.wheel().set(*this, context_.at().mono + write_timeout_);
}

void response_stream::account(std::size_t sent) {
    bytes_out_ += sent;
    context_.counts().sent_bytes.add(sent);
    context_.wheel().cancel(*this);
}

/// True: go on with what follows.
bool response_stream::write_pending(std::size_t& budget) {
    auto const left = std::string_view(pending_).substr(pending_at_);
    auto const size = std::min(left.size(), tls_record_bytes);
    std::ptrdiff_t n = 0;
    if (secure()) {
        ERR_clear_error();
        n = SSL_write(socket_.tls(), left.data(), static_cast<int>(size));
        if (n <= 0) {
            int const why = SSL_get_error(socket_.tls(), static_cast<int>(n));
            ERR_clear_error();
            if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
                blocked();
            } else {
                end(body_source::ending::lost);
            }
            return false;
        }
    } else {
        n = ::send(socket_.descriptor(), left.data(), left.size(), MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) return true;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            blocked();
            return false;
        }
        if (n < 0) {
            end(body_source::ending::lost);
            return false;
        }
    }
    auto const sent = static_cast<std::size_t>(n);
    account(sent);
    budget -= std::min(budget, sent);
    pending_at_ += sent;
    if (pending_at_ == pending_.size()) {
        pending_ = {};
        pending_at_ = 0;
    }
    return true;
}

bool response_stream::gather(gathering& g) {
    std::array<frame const*, pieces_max> next;
    std::size_t const found = source_.body_peek(next);
    WEIR_ASSERT(found <= next.size());
    for (std::size_t i = 0; i < found && g.bytes < flush_bytes_max; ++i) {
        g.add(next[i]->body(), chunked_);
    }
    g.all = g.count == found && found < next.size();
    return phase_ <= phase::finishing;  // the source may have aborted
}

/// Behind the last piece. True: there is something to write.
bool response_stream::finish_body() {
    if (phase_ != phase::finishing) return false;
    if (!std::exchange(last_written_, true) && chunked_) {
        pending_ = last_chunk;
        return true;
    }
    end(body_source::ending::finished);
    return false;
}

bool response_stream::write_pieces(std::size_t& budget) {
    gathering g;
    if (last_written_) return finish_body();
    if (!gather(g)) return false;
    if (g.count == 0) return finish_body();
    if (secure() || g.bytes == 0) {
        load(g);
        return true;
    }
    std::array<iovec, pieces_max * 3> parts;
    std::size_t used = 0;
    auto const add = [&](char const* at, std::size_t size) {
        if (size != 0) parts[used++] = {const_cast<char*>(at), size};
    };
    for (std::size_t i = 0; i < g.count; ++i) {
        auto const& p = g.pieces[i];
        add(p.line.data(), p.line_size);
        add(p.body.data(), p.body.size());
        add(line_end.data(), p.end_size);
    }
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = used;
    auto const n = ::sendmsg(socket_.descriptor(), &message, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) return true;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        blocked();
        return false;
    }
    if (n < 0) {
        end(body_source::ending::lost);
        return false;
    }
    auto const sent = static_cast<std::size_t>(n);
    account(sent);
    budget -= std::min(budget, sent);
    keep_rest(g, sent);
    return phase_ == phase::finishing || !g.all || !pending_.empty();
}

/// Commits what was sent; the piece that is half sent goes to pending_.
void response_stream::keep_rest(gathering const& g, std::size_t sent) {
    std::size_t committed = 0;
    for (; committed < g.count; ++committed) {
        auto const& p = g.pieces[committed];
        if (sent < p.size()) {
            if (sent != 0) {
                p.append_to(pending_, sent);
                ++committed;
            }
            break;
        }
        sent -= p.size();
    }
    source_.body_committed(committed);
}

/// Copies pieces for one record: OpenSSL wants the same bytes again after a write that could not
/// finish.
void response_stream::load(gathering const& g) {
    std::size_t committed = 0;
    while (committed < g.count) {
        auto const& p = g.pieces[committed];
        if (committed != 0 && pending_.size() + p.size() > tls_record_bytes) break;
        p.append_to(pending_, 0);
        ++committed;
    }
    source_.body_committed(committed);
}

}  // namespace weir
