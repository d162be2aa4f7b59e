#include "shard/public_listener.hpp"

#include "shard/shard.hpp"

#include <weir/async/listener.hpp>
#include <weir/async/stream.hpp>
#include <weir/base/log.hpp>
#include <weir/http/connection.hpp>
#include <weir/http/upgrade.hpp>
#include <weir/transport/ws_connection.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

namespace weir {
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

session::credential check(http::handshake_credential const& c, auth::verifier const* verifier,
                          now const& at) {
    if (c.conflict) {
        return {.identity = {},
                .refused = fault{errc::unauthorized, "two different tokens were given"}};
    }
    if (!c.token) return {};
    if (verifier == nullptr) {
        return {.identity = {},
                .refused = fault{errc::unauthorized, "this server takes no tokens"}};
    }
    auto verified = verifier->verify(*c.token, at.wall);
    if (!verified) return {.identity = {}, .refused = verified.error()};
    return {.identity = std::move(*verified), .refused = {}};
}

}  // namespace

/// One accepted connection while it speaks HTTP.
class public_listener::visit final : public http::handler {
public:
    visit(public_listener& owner, std::string from) : owner_(owner), address(std::move(from)) {}

    asio::awaitable<http::answer> handle(http::request& r) override {
        bool const health = r.path == "/healthz" || r.path == "/readyz";
        if (refusal && !health) co_return *refusal;
        if (auto no = owner_.check_request(r, address)) co_return std::move(*no);
        co_return co_await owner_.routes_.handle(r);
    }
    bool keep_alive() const override {
        return !refusal && owner_.shard_.commons().accepting.load(std::memory_order_relaxed);
    }
    void on_refused(int status, bool) override {
        auto const why = status == 408                    ? handshake_refusal::timeout
                         : status == 413 || status == 431 ? handshake_refusal::too_large
                                                          : handshake_refusal::bad_request;
        at(owner_.shard_.counts().refused, why).add();
    }

private:
    public_listener& owner_;

public:
    std::string address;
    directory::units place;
    std::optional<http::response> refusal;
};

public_listener::public_listener(shard& owner) : shard_(owner), pacer_(0) {
    add_routes();
}

void public_listener::add_routes() {
    using http::method;
    routes_.on(method::get, "/v1/ws",
               http::router::action([this](http::request& r) -> asio::awaitable<http::answer> {
                   return [](public_listener& self,
                             http::request& q) -> asio::awaitable<http::answer> {
                       co_return self.upgrade(q);
                   }(*this, r);
               }));
    routes_.on(method::get, "/healthz", http::router::plain_action([](http::request&) {
                   return http::text_response("ok\n");
               }));
    routes_.on(method::get, "/readyz", http::router::plain_action([this](http::request&) {
                   bool const ready = shard_.commons().accepting.load(std::memory_order_relaxed);
                   if (ready && shard_.relief().refuses_handshakes()) {
                       return http::text_response("overloaded\n", 503);
                   }
                   return ready ? http::text_response("ready\n")
                                : http::text_response("draining\n", 503);
               }));
    for (auto const& [path, page] : shard_.fixed().pages) {
        routes_.on(method::get, path,
                   http::router::plain_action([&page](http::request&) { return page; }));
    }
}

/// Before any route. A handshake for a WebSocket has a rate of its own, see admit().
std::optional<http::response> public_listener::check_request(http::request const& r,
                                                             std::string const& address) {
    if (own_names_ && !http::host_allowed(r.header("Host"), *own_names_)) {
        at(shard_.counts().refused, handshake_refusal::origin).add();
        auto no = http::json_error(403, errc::forbidden,
                                   "in development mode the Host must be this machine");
        no.close = true;
        return no;
    }
    if (r.path == "/v1/ws") return std::nullopt;
    auto const no =
        shard_.commons().directory.admit_request(address_key(address), shard_.turn().at().mono);
    if (!no) return std::nullopt;
    at(shard_.counts().limited, no->limit).add();
    return refusal_of(no->limit, no->retry_after);
}

http::answer public_listener::upgrade(http::request& r) {
    live_settings const& live = shard_.live();
    if (!shard_.commons().accepting.load(std::memory_order_relaxed)) {
        at(shard_.counts().refused, handshake_refusal::draining).add();
        return http::json_error(fault{errc::unavailable, "draining", seconds(1)});
    }
    http::upgrade_policy policy{.origins = live.origins, .deflate = {}};
    policy.deflate.enabled = live.compression;
    auto verdict = http::check_upgrade(r, policy);
    if (auto* const refused = std::get_if<http::upgrade_refusal>(&verdict)) {
        at(shard_.counts().refused, refused->why).add();
        log::limited(log::level::debug, "handshake refused", r.peer.to_string(),
                     {{"address", r.peer.to_string()},
                      {"status", refused->answer.status},
                      {"reason", to_string(refused->why)},
                      {"origin", r.header("Origin")}});
        return std::move(refused->answer);
    }
    return std::move(std::get<http::upgrade_accept>(verdict));
}

dialect_id public_listener::dialect_of(std::string_view subprotocol) const {
    auto const& known = shard_.fixed().dialects;
    for (std::size_t i = 0; i != known.size(); ++i) {
        if (known[i].subprotocol == subprotocol) return static_cast<dialect_id>(i);
    }
    return native_json;
}

result<std::uint16_t> public_listener::listen(asio::any_io_executor executor, std::uint16_t port) {
    auto made = listen_on(
        executor,
        {.address = shard_.fixed().address, .port = port, .share_port = shard_.fixed().shards > 1});
    if (!made) return made.error();
    acceptor_.emplace(std::move(*made));
    if (shard_.fixed().development) {
        own_names_ = {.listen_address = acceptor_->local_endpoint().address(),
                      .port = std::nullopt,
                      .names = {}};
    }
    return acceptor_->local_endpoint().port();
}

void public_listener::start(task_group& tasks) {
    tasks_ = &tasks;
    tasks.spawn("accept", accept());
}

void public_listener::stop() {
    boost::system::error_code ignored;
    if (acceptor_) acceptor_->close(ignored);
}

asio::awaitable<void> public_listener::accept() {
    while (auto socket = co_await next_connection(*acceptor_)) {
        tasks_->spawn("receive", receive(std::move(*socket)));
        co_await breathe();
    }
}

/// Each connection that is accepted is work in front of what comes later for those who are here
/// already. Where the loop is behind, the next one waits in the kernel's queue.
asio::awaitable<void> public_listener::breathe() {
    auto const executor = co_await asio::this_coro::executor;
    auto const asked = std::chrono::steady_clock::now();
    co_await asio::post(executor, asio::use_awaitable);
    auto const behind = std::chrono::steady_clock::now() - asked;
    if (behind < crowded) co_return;
    asio::steady_timer pause(executor);
    pause.expires_after(std::min<nanoseconds>(behind, pause_max));
    co_await pause.async_wait(as_result);
}

asio::awaitable<void> public_listener::receive(tcp::socket socket) {
    boost::system::error_code error;
    auto const peer = socket.remote_endpoint(error);
    if (error) co_return;
    visit v(*this, peer.address().to_string());
    v.refusal = admit(address_key(v.address), v.place);
    if (!v.refusal && !co_await wait_for_slot(v)) co_return;
    if (!v.refusal) {
        co_await talk(std::move(socket), v);
        co_return;
    }
    // To say no over TLS costs more than the connection would.
    if (shard_.live().tls || refusing_ >= refusals_max) co_return;
    ++refusing_;
    co_await talk(std::move(socket), v);
    --refusing_;
}

std::optional<http::response> public_listener::admit(std::string const& key,
                                                     directory::units& place) {
    auto const at = shard_.turn().at().mono;
    directory& directory = shard_.commons().directory;
    if (shard_.relief().refuses_handshakes()) {
        weir::at(shard_.counts().memory_steps, memory_step::handshakes).add();
        return refuse(limit_kind::memory, memory_retry_after);
    }
    if (auto const no = directory.admit_handshake(key, at))
        return refuse(no->limit, no->retry_after);
    if (auto const no = directory.enter(key, at, place)) return refuse(no->limit, no->retry_after);
    return std::nullopt;
}

asio::awaitable<bool> public_listener::wait_for_slot(visit& v) {
    if (shard_.clients().full()) {
        v.refusal = refuse(limit_kind::connections, seconds{1});
        co_return true;
    }
    // Somebody waits there for a session, or somebody else behind the same address: near enough.
    bool const returning = shard_.commons().detached.waits_at(address_key(v.address));
    auto const slot =
        pacer_.admit(shard_.turn().at().mono,
                     returning ? handshake_pacer::who::returning : handshake_pacer::who::newcomer);
    if (!slot.admitted) {
        v.refusal = refuse(limit_kind::handshakes, slot.retry_after);
        co_return true;
    }
    if (slot.wait.count() == 0) co_return true;
    asio::steady_timer timer(co_await asio::this_coro::executor);
    timer.expires_after(slot.wait);
    auto const [error] = co_await timer.async_wait(as_result);
    co_return !error;
}

http::response public_listener::refuse(limit_kind limit, milliseconds retry_after) {
    auto const why = limit == limit_kind::connections          ? handshake_refusal::connections
                     : limit == limit_kind::connections_per_ip ? handshake_refusal::per_ip
                     : limit == limit_kind::memory             ? handshake_refusal::memory
                                                               : handshake_refusal::rate_limited;
    at(shard_.counts().refused, why).add();
    at(shard_.counts().limited, limit).add();
    return refusal_of(limit, retry_after);
}

http::response public_listener::refusal_of(limit_kind limit, milliseconds retry_after) {
    bool const by_address = limit == limit_kind::connections_per_ip ||
                            limit == limit_kind::handshakes_per_ip ||
                            limit == limit_kind::http_requests_per_ip;
    auto const code = by_address ? errc::rate_limited : errc::unavailable;
    auto told = http::json_error(
        fault{code, "limit reached: " + std::string(to_string(limit)), retry_after});
    told.close = true;
    return told;
}

asio::awaitable<void> public_listener::talk(tcp::socket socket, visit& v) {
    bool const secure = shard_.live().tls != nullptr;
    auto const [error, bytes] = co_await accept_stream(std::move(socket), shard_.live().tls);
    if (error) {
        at(shard_.counts().refused, handshake_refusal::tls).add();
        log::limited(log::level::debug, "TLS handshake failed", v.address,
                     {{"address", v.address}, {"error", error.message()}});
        co_return;
    }
    http::serve_settings settings;
    settings.secure = secure;
    auto outcome = co_await http::serve(*bytes, settings, v);
    if (!outcome.accepted) co_return;

    live_settings const& live = shard_.live();
    http::upgrade_accept const& accepted = *outcome.accepted;
    ws_parameters negotiated;
    negotiated.deflate = accepted.deflate.has_value();
    if (accepted.deflate) negotiated.deflate_bits = accepted.deflate->server_bits;
    arrival a;
    a.dialect = dialect_of(accepted.subprotocol);
    a.connection = carry_websocket(bytes->release(), negotiated);
    a.credential = check(accepted.credential, live.verifier.get(), shard_.turn().at());
    a.place = std::move(v.place);
    a.address = std::move(v.address);
    shard_.adopt(std::move(a));
}

}  // namespace weir
