#include "app/subscriber.hpp"

#include <gtest/gtest.h>

namespace weir::app {
namespace {

TEST(after_close, follows_the_table_of_the_protocol) {
    for (int const code : {1001, 1006, 1011, 1012, 1013, 4006, 4100, 4101, 4102, 4103, 4104, 4200,
                           4201, 4203, 4205, 4207, 4299}) {
        EXPECT_EQ(after_close(static_cast<std::uint16_t>(code)), next_step::reconnect) << code;
    }
    // 4204: the token of the command line stays the same, so it would be refused again.
    for (int const code :
         {1000, 1002, 1003, 1007, 1009, 4000, 4001, 4002, 4003, 4004, 4099, 4204}) {
        EXPECT_EQ(after_close(static_cast<std::uint16_t>(code)), next_step::give_up) << code;
    }
}

TEST(after_refusal, tries_again_only_where_that_can_help) {
    for (errc const code : {errc::unavailable, errc::timeout, errc::rate_limited}) {
        EXPECT_EQ(after_refusal({code, ""}), next_step::reconnect) << to_string(code);
    }
    for (errc const code : {errc::bad_request, errc::unauthorized, errc::forbidden}) {
        EXPECT_EQ(after_refusal({code, ""}), next_step::give_up) << to_string(code);
    }
}

TEST(subscribe_members, are_json_of_what_was_asked_for) {
    sub_options o;
    EXPECT_EQ(subscribe_members(o), "");
    o.state = o.presence = true;
    o.rate = 0.5;
    EXPECT_EQ(subscribe_members(o), R"(,"state":true,"presence":true,"rate":0.5)");
}

}  // namespace
}  // namespace weir::app
