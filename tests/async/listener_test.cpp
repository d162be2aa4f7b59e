#include "async/run_loop.hpp"

#include <weir/async/listener.hpp>

#include <boost/asio/connect.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using testing::HasSubstr;

struct listener_fixture : testing::Test {
    result<tcp::acceptor> listen(listen_settings const& s) {
        return listen_on(loop.get_executor(), s);
    }
    void connect(std::string const& address, std::uint16_t port) {
        tcp::socket s(loop);
        boost::system::error_code ec;
        s.connect({asio::ip::make_address(address), port}, ec);
        EXPECT_FALSE(ec) << ec.message();
    }
    asio::io_context loop{1};
};

TEST_F(listener_fixture, the_kernel_chooses_a_port) {
    auto const a = listen({.address = "127.0.0.1"});
    ASSERT_TRUE(a) << a.error().message;
    EXPECT_NE(a->local_endpoint().port(), 0);
    connect("127.0.0.1", a->local_endpoint().port());
}

TEST_F(listener_fixture, the_unspecified_v6_address_takes_v4_too) {
    auto const a = listen({.address = "::"});
    if (!a) GTEST_SKIP() << "no IPv6 here: " << a.error().message;
    connect("127.0.0.1", a->local_endpoint().port());
    connect("::1", a->local_endpoint().port());
}

TEST_F(listener_fixture, acceptors_of_the_shards_share_a_port) {
    auto const first = listen({.address = "127.0.0.1", .share_port = true});
    ASSERT_TRUE(first);
    auto const port = first->local_endpoint().port();
    auto const second = listen({.address = "127.0.0.1", .port = port, .share_port = true});
    ASSERT_TRUE(second) << second.error().message;
    EXPECT_EQ(second->local_endpoint().port(), port);
}

TEST_F(listener_fixture, a_port_in_use_is_said_plainly) {
    auto const first = listen({.address = "127.0.0.1"});
    ASSERT_TRUE(first);
    auto const port = first->local_endpoint().port();
    auto const second = listen({.address = "127.0.0.1", .port = port});
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, errc::unavailable);
    EXPECT_EQ(second.error().message, "cannot listen on 127.0.0.1:" + std::to_string(port) +
                                          ": port " + std::to_string(port) +
                                          " is in use by another program; stop it or choose "
                                          "another port");
}

TEST_F(listener_fixture, an_address_of_another_machine_is_said_plainly) {
    auto const a = listen({.address = "192.0.2.1"});  // RFC 5737: nobody's
    ASSERT_FALSE(a);
    EXPECT_THAT(a.error().message, HasSubstr("192.0.2.1 is not an address of this machine"));
}

TEST_F(listener_fixture, what_is_no_address_is_said_plainly) {
    for (auto const* address : {"", "localhost", "127.0.0.1:80", "1.2.3", "[::1]"}) {
        auto const a = listen({.address = address});
        ASSERT_FALSE(a) << address;
        EXPECT_EQ(a.error().code, errc::bad_request);
        EXPECT_THAT(a.error().message, HasSubstr("not an IP address"));
    }
}

}  // namespace
}  // namespace weir
