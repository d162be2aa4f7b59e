// The internal listener over loopback: which Host it answers to, and what it says to others.
#include "async/run_loop.hpp"

#include <weir/async/stream.hpp>
#include <weir/http/client_request.hpp>
#include <weir/http/router.hpp>
#include <weir/ops/internal_listener.hpp>

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::ops {
namespace {

using testing::HasSubstr;

struct internal_listener_test : testing::Test {
    internal_listener_test() {
        routes.on(http::method::get, "/here", http::router::plain_action([](http::request&) {
                      return http::text_response("yes");
                  }));
        auto const listening = listener.listen("127.0.0.1", 0, nullptr);
        if (!listening) throw std::runtime_error(listening.error().message);
        listener.start();
    }
    ~internal_listener_test() override {
        listener.stop();
        test::await(io, listener.join());
    }

    http::client_response ask(std::string host) {
        boost::asio::ip::tcp::socket socket(io);
        socket.connect({boost::asio::ip::address_v4::loopback(), listener.port()});
        auto const stream = make_plain_stream(std::move(socket));
        http::client_request what;
        what.host = std::move(host);
        what.target = "/here";
        what.keep_alive = false;
        auto const deadline = mono_time::clock::now() + seconds(20);
        return test::await(io, http::send_request(*stream, std::move(what), deadline)).value();
    }

    boost::asio::io_context io{1};
    http::router routes;
    internal_listener listener{io.get_executor(), routes};
};

TEST_F(internal_listener_test, answers_to_its_addresses_on_whatever_port_they_were_reached) {
    EXPECT_EQ(ask("127.0.0.1").status, 200);
    EXPECT_EQ(ask("localhost:9999").status, 200);
}

TEST_F(internal_listener_test, tells_a_foreign_host_which_option_would_admit_it) {
    auto const refused = ask("weir:8081");
    EXPECT_EQ(refused.status, 421);
    EXPECT_THAT(refused.body, HasSubstr("listen.internal.hosts"));
    EXPECT_THAT(refused.body, HasSubstr(R"(\"weir\")"));
}

TEST_F(internal_listener_test, answers_to_the_names_of_the_option_from_the_next_request_on) {
    listener.change_hosts({"weir", "weir.internal"});
    EXPECT_EQ(ask("weir:8081").status, 200);
    EXPECT_EQ(ask("WEIR.internal").status, 200);
    EXPECT_EQ(ask("evil.example").status, 421);
    listener.change_hosts({"*"});
    EXPECT_EQ(ask("evil.example").status, 200);
    listener.change_hosts({});
    EXPECT_EQ(ask("weir:8081").status, 421);
    EXPECT_EQ(ask("127.0.0.1").status, 200);
}

}  // namespace
}  // namespace weir::ops
