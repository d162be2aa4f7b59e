#include "http/request_reader.hpp"

#include <weir/base/log.hpp>
#include <weir/http/connection.hpp>

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <array>
#include <exception>
#include <string>
#include <utility>

namespace weir::http {
namespace {

using boost::asio::awaitable;
using boost::system::error_code;

constexpr std::size_t read_bytes = 4096;
// Thrown away after a last response, so that the peer's kernel does not throw that away instead.
constexpr std::size_t linger_bytes_max = 256 * 1024;
// A reader slower than that loses a long response; short ones have the write timeout.
constexpr std::size_t write_bytes_per_second_min = 16 * 1024;

response fault_response(http_fault const& f) {
    errc code = errc::bad_request;
    if (f.status == 408) code = errc::timeout;
    if (f.status == 413 || f.status == 414 || f.status == 431) code = errc::too_large;
    if (f.status == 417 || f.status == 501 || f.status == 505) code = errc::unsupported;
    auto r = json_error(f.status, code, f.text);
    r.close = true;
    return r;
}

/// One connection under way: serve() without its arguments.
class server_connection {
public:
    server_connection(stream& s, serve_settings const& settings, handler& h, served before)
        : stream_(s),
          settings_(settings),
          handler_(h),
          buffer_(std::move(before.unread)),
          result_{.requests = before.requests, .accepted = {}, .stream = {}, .unread = {}} {}

    awaitable<served> run();

private:
    enum class heard { message, silence, fault };

    awaitable<heard> read_head(request_reader& reader);
    awaitable<heard> read_body(request_reader& reader);
    awaitable<error_code> fill(mono_time deadline);
    awaitable<answer> ask(request& r);
    awaitable<bool> say(response const& r, wire_options options);
    awaitable<bool> accept(upgrade_accept a);
    awaitable<bool> begin_stream(stream_start const& start, wire_options options);
    awaitable<void> refuse();
    awaitable<void> finish(bool linger);

    mono_time in(milliseconds time) const { return settings_.clock().mono + time; }

    stream& stream_;
    serve_settings const& settings_;
    handler& handler_;
    std::string buffer_;  // read, not used yet
    http_fault fault_;
    served result_;
};

awaitable<error_code> server_connection::fill(mono_time deadline) {
    auto const had = buffer_.size();
    buffer_.resize(had + read_bytes);
    std::span<char> const into(buffer_.data() + had, read_bytes);
    auto const [ec, n] = co_await stream_.read_some(into, deadline);
    buffer_.resize(had + (ec ? 0 : n));
    co_return ec;
}

/// Waits for the first byte (between requests with patience), then for the whole head in one
/// deadline, whatever the number of pieces.
awaitable<server_connection::heard> server_connection::read_head(request_reader& reader) {
    bool const first = result_.requests == 0;
    bool begun = first || !buffer_.empty();
    auto deadline = in(begun ? settings_.header_timeout : settings_.idle_timeout);
    // Ends: each turn reads a byte or returns, and the reader bounds what it waits for.
    for (;;) {
        if (!buffer_.empty()) {
            auto const progress = reader.read(buffer_);
            if (progress.at == request_reader::step::head) {
                buffer_.erase(0, progress.used);
                co_return heard::message;
            }
            if (progress.at == request_reader::step::failed) {
                fault_ = reader.fault();
                co_return heard::fault;
            }
        }
        error_code const ec = co_await fill(deadline);
        if (ec == boost::asio::error::timed_out && !buffer_.empty()) {
            fault_ = {408, "the request's header took too long"};
            co_return heard::fault;
        }
        if (ec == boost::asio::error::timed_out && first) handler_.on_refused(408, false);
        if (ec) co_return heard::silence;
        if (!begun) deadline = in(settings_.header_timeout);
        begun = true;
    }
}

awaitable<server_connection::heard> server_connection::read_body(request_reader& reader) {
    request const& r = reader.message();
    if (reader.has_body() && lists_token(r.joined("upgrade"), "websocket")) {
        fault_ = {400, "an upgrade request must not have a body"};
        co_return heard::fault;
    }
    if (r.has("expect") && !equal_ignoring_case(r.header("expect"), "100-continue")) {
        fault_ = {417, "no expectation but 100-continue is known here"};
        co_return heard::fault;
    }
    reader.allow_body(handler_.body_bytes_max(r));
    auto const deadline = in(settings_.body_timeout);
    bool may_ask = reader.expects_continue() && buffer_.empty();
    // Ends: each turn reads a byte or returns, and the reader bounds what it takes.
    for (;;) {
        auto const progress = reader.read(buffer_);
        buffer_.erase(0, progress.used);
        if (progress.at == request_reader::step::done) co_return heard::message;
        if (progress.at == request_reader::step::failed) {
            fault_ = reader.fault();
            co_return heard::fault;
        }
        if (std::exchange(may_ask, false)) {
            error_code const failed =
                co_await stream_.write_all("HTTP/1.1 100 Continue\r\n\r\n", deadline);
            if (failed) co_return heard::silence;
        }
        error_code const ec = co_await fill(deadline);
        if (ec == boost::asio::error::timed_out) {
            fault_ = {408, "the request's body took too long"};
            co_return heard::fault;
        }
        if (ec) co_return heard::silence;
    }
}

awaitable<answer> server_connection::ask(request& r) {
    std::string failure;
    try {
        co_return co_await handler_.handle(r);
    } catch (boost::system::system_error const& e) {
        // Our own coroutine was cancelled: that is not the handler's failure.
        if (e.code() == boost::asio::error::operation_aborted) throw;
        failure = e.what();
    } catch (std::exception const& e) {
        failure = e.what();
    }
    log::error("http handler failed", {{"path", r.path}, {"what", failure}});
    response broken = json_error(errc::internal, "internal error");
    broken.close = true;
    co_return broken;
}

/// True: the connection goes on.
awaitable<bool> server_connection::say(response const& r, wire_options options) {
    options.date = settings_.clock().wall;
    options.keep_alive = options.keep_alive && !r.close && handler_.keep_alive();
    std::string const bytes = to_bytes(r, options);
    seconds const extra(bytes.size() / write_bytes_per_second_min);
    error_code const ec = co_await stream_.write_all(bytes, in(settings_.write_timeout + extra));
    co_return options.keep_alive && !ec;
}

/// True: the connection belongs to the new protocol.
awaitable<bool> server_connection::accept(upgrade_accept a) {
    // A handler that accepts without check_upgrade() must not lose these either.
    if (!buffer_.empty()) {
        fault_ = {400, "no bytes may follow an upgrade request before its answer"};
        co_await refuse();
        co_return false;
    }
    error_code const ec = co_await stream_.write_all(a.head, in(settings_.write_timeout));
    if (ec) co_return false;
    result_.accepted = std::move(a);
    co_return true;
}

/// True: the connection goes on; else the caller writes the body.
awaitable<bool> server_connection::begin_stream(stream_start const& start, wire_options options) {
    options.date = settings_.clock().wall;
    options.keep_alive = options.keep_alive && !options.http_1_0 && handler_.keep_alive();
    std::string head = to_bytes(start, options);
    if (options.head_only) {
        error_code const ec = co_await stream_.write_all(head, in(settings_.write_timeout));
        co_return options.keep_alive && !ec;
    }
    result_.stream = streamed{
        .head = std::move(head), .chunked = !options.http_1_0, .keep_alive = options.keep_alive};
    result_.unread = std::move(buffer_);
    co_return false;
}

awaitable<void> server_connection::refuse() {
    handler_.on_refused(fault_.status, true);
    response const r = fault_response(fault_);
    wire_options const options{.keep_alive = false};
    co_await say(r, options);
}

awaitable<void> server_connection::finish(bool linger) {
    auto const deadline = in(settings_.linger_timeout);
    co_await stream_.shutdown(deadline);
    std::array<char, 1024> thrown_away;
    // Ends: at the deadline, or at the bound.
    for (std::size_t taken = 0; linger && taken < linger_bytes_max;) {
        auto const [ec, n] = co_await stream_.read_some(thrown_away, deadline);
        if (ec) break;
        taken += n;
    }
}

awaitable<served> server_connection::run() {
    bool linger = false;
    // Ends: when the peer is silent, either side wants the end, or the protocol changes.
    for (bool keep = true; keep;) {
        request_reader reader(settings_.bounds);
        auto got = co_await read_head(reader);
        if (got == heard::message) got = co_await read_body(reader);
        // Whoever may still be sending must be read from, or a reset overtakes the last response.
        linger = got == heard::fault || (got == heard::message && reader.keep_alive());
        if (got == heard::fault) co_await refuse();
        if (got != heard::message) break;

        request& r = reader.message();
        r.peer = stream_.peer().address();
        r.secure = settings_.secure;
        r.followed = !buffer_.empty();
        ++result_.requests;
        wire_options const options{.keep_alive = reader.keep_alive(),
                                   .head_only = r.verb == method::head,
                                   .http_1_0 = r.minor_version == 0};
        answer said = co_await ask(r);
        if (auto* const upgrade = std::get_if<upgrade_accept>(&said)) {
            bool const upgraded = co_await accept(std::move(*upgrade));
            if (upgraded) co_return std::move(result_);
            break;
        }
        if (auto const* const start = std::get_if<stream_start>(&said)) {
            keep = co_await begin_stream(*start, options);
            if (result_.stream) co_return std::move(result_);
            continue;
        }
        keep = co_await say(std::get<response>(said), options);
    }
    co_await finish(linger);
    co_return std::move(result_);
}

}  // namespace

std::size_t handler::body_bytes_max(request const&) const {
    return small_body_bytes;
}
bool handler::keep_alive() const {
    return true;
}
void handler::on_refused(int, bool) {}

awaitable<served> serve(stream& s, serve_settings const& settings, handler& h, served before) {
    server_connection c(s, settings, h, std::move(before));
    co_return co_await c.run();
}

}  // namespace weir::http
