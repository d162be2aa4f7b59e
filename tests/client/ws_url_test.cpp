#include <weir/client/ws_client.hpp>

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(ws_url_test, takes_urls_apart) {
    struct row {
        char const* text;
        bool secure;
        char const* host;
        unsigned port;
        char const* target;
        char const* authority;
    };
    for (row const& r : {
             row{"ws://127.0.0.1:8080/v1/ws", false, "127.0.0.1", 8080, "/v1/ws", "127.0.0.1:8080"},
             {"wss://weir.example/v1/ws?a=b", true, "weir.example", 443, "/v1/ws?a=b",
              "weir.example:443"},
             {"ws://[::1]:9/x", false, "::1", 9, "/x", "[::1]:9"},
             {"ws://host", false, "host", 80, "/", "host:80"},
             {"ws://host?q=1", false, "host", 80, "/?q=1", "host:80"},
         }) {
        auto const u = parse_ws_url(r.text);
        ASSERT_TRUE(u.has_value()) << r.text;
        EXPECT_EQ(u->secure, r.secure);
        EXPECT_EQ(u->host, r.host);
        EXPECT_EQ(u->port, r.port);
        EXPECT_EQ(u->target, r.target);
        EXPECT_EQ(u->authority(), r.authority);
    }
}

TEST(ws_url_test, refuses_others_with_an_example) {
    for (char const* text :
         {"", "127.0.0.1:8080", "http://host/", "ws://", "ws:///v1/ws", "ws://user:pass@host/",
          "ws://host:0/", "ws://host:99999/", "ws://a b/"}) {
        auto const u = parse_ws_url(text);
        ASSERT_FALSE(u.has_value()) << text;
        EXPECT_NE(u.error().message.find("ws://127.0.0.1"), std::string::npos);
    }
}

}  // namespace
}  // namespace weir
