#pragma once

#include "app/client_options.hpp"

#include <weir/client/json_object.hpp>
#include <weir/client/resuming_client.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace weir::app {

struct sub_options {
    client_options client;
    std::vector<std::string> topics;
    bool json = false;
    bool reconnect = false;
    std::uint64_t count = 0;  ///< 0: no end
    std::uint32_t last = 0;
    bool state = false;
    bool presence = false;
    double rate = 0;
};

/// The JSON members that the options add to each subscribe.
std::string subscribe_members(sub_options const& o);

/// What to do when a connection could not be opened or has ended.
enum class next_step : std::uint8_t { reconnect, give_up };
next_step after_refusal(fault const& why) noexcept;
next_step after_close(std::uint16_t code) noexcept;

/// `weir sub`: the loop with sockets around the engine of the protocol. Prints messages on standard
/// output, everything else on standard error.
class subscriber final : client_engine::client_link, client_engine::witness {
public:
    explicit subscriber(sub_options& o);

    /// True: it has printed as many messages as were asked for. False: it has said why it ended.
    boost::asio::awaitable<bool> run();

private:
    enum class outcome : std::uint8_t { going_on, finished, failed };

    boost::asio::awaitable<outcome> connect();
    boost::asio::awaitable<outcome> follow();
    boost::asio::awaitable<bool> flush();
    outcome take(std::string const& text);
    outcome ended(ws_client::closed const& c);
    outcome take_error(client_engine::json_object const& m);
    void lost(client_engine::ending const& how);

    void send(std::string_view text) override { outgoing_.emplace_back(text); }
    void drop() override { connection_.reset(); }
    void leave() override {}

    void subscribed(client_engine::seat, client_engine::subscribe_answer const&,
                    std::optional<client_engine::place> const&) override {}
    void delivered(client_engine::seat, std::uint64_t, std::string_view) override {}
    void gap(client_engine::seat, client_engine::declared_loss const&) override {}
    void acknowledged(std::uint32_t, std::uint64_t, std::uint32_t,
                      client_engine::place const&) override {}
    void refused(std::uint32_t, std::uint64_t) override {}
    void unknown(std::uint32_t, std::uint64_t) override {}
    // Only a checker minds: topics without history have no offsets, a server may be newer.
    void broken(std::uint32_t, std::string) override {}
    void happened(std::uint32_t, event what, std::uint64_t) override;

    sub_options& options_;
    client_engine::resuming_client engine_;
    std::unique_ptr<ws_client> connection_;
    std::deque<std::string> outgoing_;
    std::uint64_t shown_ = 0;
    std::size_t subscriptions_left_;
    bool silent_ = false;  ///< the engine gave the connection up
};

}  // namespace weir::app
