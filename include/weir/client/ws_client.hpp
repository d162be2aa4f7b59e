#pragma once

#include <weir/async/stream.hpp>
#include <weir/base/clock.hpp>
#include <weir/base/error.hpp>
#include <weir/ws/decoder.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace weir {

struct ws_client_options {
    std::string token;    ///< sent as Authorization: Bearer; empty: none
    std::string ca_file;  ///< one more root for wss
    bool verify = true;   ///< false: any certificate (trying out only)
    bool deflate = true;  ///< offers permessage-deflate
    std::uint32_t message_bytes = 16 * 1024 * 1024;
};

/// A WebSocket URL taken apart: ws or wss, host, port with its default, target.
struct ws_url {
    bool secure = false;
    std::string host;
    std::uint16_t port = 80;
    std::string target = "/";
    std::string authority() const;
};
result<ws_url> parse_ws_url(std::string_view text);

/// One client connection as a coroutine sees it: for the command line and for tests, where one
/// connection a coroutine is what it costs. Answers pings. One send and one receive at a time.
class ws_client {
public:
    /// Resolves, connects, does TLS and the opening handshake. Faults are sentences for a person.
    static boost::asio::awaitable<result<std::unique_ptr<ws_client>>> connect(
        std::string url, ws_client_options options, mono_time deadline);

    boost::asio::awaitable<result<void>> send(std::string_view text, mono_time deadline);

    struct closed {
        std::uint16_t code = 1006;  ///< 1006: without a close frame; 1005: without a code
        std::string text;
    };
    /// The next text message, or how it ended. A fault: the deadline passed (`timeout`; call
    /// again), or the server broke the protocol.
    boost::asio::awaitable<result<std::variant<std::string, closed>>> receive(mono_time deadline);

    /// The close handshake; what still comes is dropped.
    boost::asio::awaitable<void> close(std::uint16_t code, std::string_view text,
                                       mono_time deadline);

private:
    class sink;
    ws_client(std::unique_ptr<stream> bytes, ws_client_options const& options, bool deflate);
    boost::asio::awaitable<boost::system::error_code> send_frame(ws::opcode op,
                                                                 std::string_view payload,
                                                                 mono_time deadline);
    /// Decodes what came; false: the server broke the protocol.
    bool take(std::span<char> bytes);
    boost::asio::awaitable<void> answer_pings(mono_time deadline);

    std::unique_ptr<stream> bytes_;
    ws::decoder decoder_;
    ws::inflater inflater_;
    std::deque<std::string> messages_;
    std::deque<std::string> pings_;
    std::optional<closed> closed_;
    std::string fault_;
    bool close_sent_ = false;
};

}  // namespace weir
