#pragma once

#include <weir/async/stream.hpp>
#include <weir/base/clock.hpp>
#include <weir/http/limits.hpp>
#include <weir/http/request.hpp>
#include <weir/http/response.hpp>
#include <weir/http/upgrade.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>

namespace weir::http {

/// What a handler says: a response, that the connection becomes a WebSocket, or the head of an
/// answer that is streamed.
using answer = std::variant<response, upgrade_accept, stream_start>;

/// A streamed answer whose head is not written yet. To HEAD there is none: serve() answers itself.
struct streamed {
    std::string head;         ///< goes first
    bool chunked = true;      ///< false: the body ends with the connection
    bool keep_alive = false;  ///< another request may follow it
};

/// Answers requests. Outlives every serve() that uses it; called on the stream's executor.
class handler {
public:
    virtual ~handler() = default;

    /// `r` lives until the answer is taken. Bounds its own time. What it throws is logged as ours
    /// and answered with 500.
    virtual boost::asio::awaitable<answer> handle(request& r) = 0;

    /// The largest body it takes for this request; asked when only the head was read. More than
    /// that is answered with 413. By default small_body_bytes.
    virtual std::size_t body_bytes_max(request const& head) const;

    /// False: each response says `Connection: close` (draining).
    virtual bool keep_alive() const;

    /// The connection answered by itself, or closed without an answer (408 with `told` false):
    /// for counting.
    virtual void on_refused(int status, bool told);
};

struct serve_settings {
    limits bounds;
    milliseconds header_timeout{15'000};  ///< from the first byte (at first: from the start) to
                                          ///< the end of the head, however it drips
    milliseconds body_timeout{15'000};    ///< from the head to the end of the body
    milliseconds idle_timeout{60'000};    ///< between requests
    milliseconds write_timeout{15'000};   ///< for a whole response
    milliseconds linger_timeout{2'000};   ///< for the peer to take a last response
    bool secure = false;
    /// The time; tests bring their own.
    std::function<now()> clock = read_clocks;
};

/// How it ended.
struct served {
    std::size_t requests = 0;  ///< handed to the handler
    /// The 101 response was written: take the descriptor with stream::release(). Nothing of the
    /// new protocol was read.
    std::optional<upgrade_accept> accepted;
    /// The caller writes this answer: take the descriptor with stream::release().
    std::optional<streamed> stream;
    /// With `stream`: bytes behind that request, for the next one.
    std::string unread;
};

/// Speaks HTTP/1 on one connection until either side ends it or a handler accepts an upgrade: one
/// request at a time, pipelined ones in order. What is wrong with a request is answered (400, 408,
/// 413, 414, 417, 431, 501, 505) and ends the connection. Has ended the sending side when it
/// returns without an upgrade or a streamed answer; the caller destroys the stream. `s` and `h`
/// outlive it. It ends when `s` is cancelled or its coroutine is. After a streamed answer the
/// connection goes on with `before`, as that call answered it, with what came meanwhile added to
/// `unread`.
boost::asio::awaitable<served> serve(stream& s, serve_settings const& settings, handler& h,
                                     served before = {});

}  // namespace weir::http
