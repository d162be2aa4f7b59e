#include <weir/async/listener.hpp>
#include <weir/async/stream.hpp>
#include <weir/base/log.hpp>
#include <weir/ops/internal_listener.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace weir::ops {
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {
constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

/// Names the option that would let the request in.
std::string foreign_host_text(std::string_view host) {
    auto const named = http::parse_authority(host);
    std::string const name = named ? " \"" + std::string(named->host) + '"' : "";
    return "this listener does not answer to the Host" + name +
           "; call it by its address, or add the name to the option listen.internal.hosts";
}
}  // namespace

/// Checks the Host of each request before the routes see it.
class internal_listener::guarded final : public http::handler {
public:
    guarded(http::handler& inner, http::host_policy const& hosts) : inner_(inner), hosts_(hosts) {}

    asio::awaitable<http::answer> handle(http::request& r) override {
        if (!http::host_allowed(r.header("Host"), hosts_)) {
            log::limited(log::level::warn, "internal request with a foreign Host refused",
                         r.peer.to_string(),
                         {{"address", r.peer.to_string()}, {"host", r.header("Host")}});
            co_return http::json_error(421, errc::forbidden, foreign_host_text(r.header("Host")));
        }
        co_return co_await inner_.handle(r);
    }
    std::size_t body_bytes_max(http::request const& head) const override {
        return inner_.body_bytes_max(head);
    }
    bool keep_alive() const override { return inner_.keep_alive(); }

private:
    http::handler& inner_;
    http::host_policy const& hosts_;
};

internal_listener::internal_listener(asio::any_io_executor executor, http::handler& h)
    : executor_(executor), handler_(h), tasks_(executor) {}

result<void> internal_listener::listen(std::string const& address, std::uint16_t port,
                                       tls_context tls) {
    auto made = listen_on(executor_, {.address = address, .port = port, .backlog = 128});
    if (!made) return made.error();
    acceptor_.emplace(std::move(*made));
    auto const bound = acceptor_->local_endpoint();
    port_ = bound.port();
    // The port is not compared: behind a forwarded port (ssh -L, kubectl) Host names another one.
    hosts_.listen_address = bound.address();
    hosts_.port = std::nullopt;
    tls_ = std::move(tls);
    return {};
}

void internal_listener::start() {
    tasks_.spawn("accept internal", accept());
}

void internal_listener::stop() {
    boost::system::error_code ignored;
    if (acceptor_) acceptor_->close(ignored);
    tasks_.stop();
}

asio::awaitable<void> internal_listener::accept() {
    asio::steady_timer pause(executor_);
    while (acceptor_->is_open()) {
        if (open_ >= connections_max) {
            pause.expires_after(milliseconds(50));
            auto const [cancelled] = co_await pause.async_wait(as_result);
            if (cancelled) break;
            continue;
        }
        auto socket = co_await next_connection(*acceptor_);
        if (!socket) break;
        tasks_.spawn("internal request", receive(std::move(*socket)));
    }
}

asio::awaitable<void> internal_listener::receive(tcp::socket socket) {
    struct count {
        explicit count(std::size_t& n) : open(n) { ++open; }
        ~count() { --open; }
        count(count const&) = delete;
        count& operator=(count const&) = delete;
        std::size_t& open;
    };
    count const here(open_);
    bool const secure = tls_ != nullptr;
    auto const [error, bytes] = co_await accept_stream(std::move(socket), tls_);
    if (error) co_return;
    guarded h(handler_, hosts_);
    http::serve_settings settings;
    settings.secure = secure;
    co_await http::serve(*bytes, settings, h);
}

}  // namespace weir::ops
