#pragma once

#include "async/run_loop.hpp"

#include <weir/async/stream.hpp>
#include <weir/async/tls_context.hpp>

#include <boost/asio/ip/tcp.hpp>

#include <csignal>
#include <kit/tls/certificate.hpp>
#include <memory>
#include <string>
#include <utility>

namespace weir::test {

/// Two connected sockets over loopback.
inline std::pair<boost::asio::ip::tcp::socket, boost::asio::ip::tcp::socket> connected(
    boost::asio::io_context& loop) {
    using boost::asio::ip::tcp;
    tcp::acceptor acceptor(loop, {boost::asio::ip::address_v4::loopback(), 0});
    tcp::socket client(loop);
    client.connect(acceptor.local_endpoint());
    tcp::socket server = acceptor.accept();
    return {std::move(server), std::move(client)};
}

enum class cipher { plain, tls };

/// Contexts for tests, made once a process.
struct tls_contexts {
    kit::certificate_files files;
    tls_context server = load_server_tls(files.chain(), files.key()).value();
    tls_context client = make_client_tls(files.chain()).value();

    static tls_contexts const& shared() {
        std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes with write(2)
        static tls_contexts const one;
        return one;
    }
};

inline mono_time soon() {
    return mono_time::clock::now() + seconds(20);
}

/// Both ends of one connection as streams.
struct stream_pair {
    stream_pair(boost::asio::io_context& loop, cipher c) {
        auto [a, b] = connected(loop);
        if (c == cipher::plain) {
            server = make_plain_stream(std::move(a));
            client = make_plain_stream(std::move(b));
            return;
        }
        auto const& contexts = tls_contexts::shared();
        bool accepted = false;
        boost::asio::co_spawn(loop, tls_accept(std::move(a), *contexts.server, soon()),
                              [&](std::exception_ptr, auto got) {
                                  server = std::move(got.second);
                                  accepted = true;
                              });
        client = await(loop, tls_connect(std::move(b), *contexts.client, "localhost", true, soon()))
                     .second;
        run_until(loop, [&] { return accepted; });
        if (!server || !client) throw std::runtime_error("the TLS handshake failed");
    }

    std::unique_ptr<stream> server;
    std::unique_ptr<stream> client;
};

}  // namespace weir::test
