#include "session/script.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace weir {
namespace {

TEST(binary, is_not_spoken) {
    script s;
    session& talk = s.open();
    talk.on_unreadable(close_reason::unsupported_data, s.at);
    EXPECT_EQ(s.did(), actions{"close 1003 this kind of data is not accepted"});
}

TEST(counts, what_was_received) {
    script s;
    session& talk = s.open();
    s.says(R"({"type":"ping"})");
    s.says(R"({"type":"ping"})");
    s.says(R"({"type":"publish","topic":"open.a","payload":1})");
    s.says(R"({"type":"jump"})");
    s.says("[]");
    talk.on_unreadable(close_reason::unsupported_data, s.at);
    s.says(R"({"type":"ping"})");  // too late
    EXPECT_EQ(at(s.counts.received, command_type::hello).read(), 1U);
    EXPECT_EQ(at(s.counts.received, command_type::ping).read(), 2U);
    EXPECT_EQ(at(s.counts.received, command_type::publish).read(), 1U);
    EXPECT_EQ(at(s.counts.received, command_type::unknown).read(), 1U);
    EXPECT_EQ(at(s.counts.received, command_type::invalid).read(), 2U);
}

}  // namespace
}  // namespace weir
