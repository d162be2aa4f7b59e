#include "app/notices.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace weir::app {
namespace {

struct notice_case {
    char const* message;
    char const* line;
};

std::vector<notice_case> const cases = {
    {R"({"type":"gap","topic":"a","payload":{"from":3,"to":5,"reason":"trimmed"}})",
     "gap a: lost offsets 3 to 5, reason: trimmed"},
    {R"({"type":"gap","topic":"a","payload":{"from":3,"to":3,"count":1,"reason":"slow"}})",
     "gap a: lost offset 3 (1 message), reason: slow"},
    {R"({"type":"gap","topic":"a","payload":{"count":12,"reason":"slow"}})",
     "gap a: lost 12 messages, reason: slow"},
    {R"({"type":"gap","topic":"a","payload":{"reason":"detached"}})",
     "gap a: lost an unknown number of messages, reason: detached"},
    {R"({"type":"ok","id":"1","payload":{"topic":"a","recovered":false}})", ""},
    {R"({"type":"ok","id":"1","payload":{"topic":"a","receipt":{"from":12,"to":15}}})",
     "receipt a: recovered offsets 12 to 15"},
    {R"({"type":"ok","id":"1","payload":{"topic":"a","receipt":{"from":12,"to":11}}})",
     "receipt a: nothing to recover"},
    {R"({"type":"ok","id":"1","payload":{"topic":"a","receipt":{"from":12,"to":15,)"
     R"("missing":{"from":4,"to":11,"reason":"trimmed"}}}})",
     "receipt a: recovered offsets 12 to 15; missing offsets 4 to 11, reason: trimmed"},
    {R"({"type":"goaway","payload":{"reason":"drain","reconnect_after_ms":5}})",
     "the server asks its clients to leave, reason: drain"},
    {R"({"type":"unsubscribed","topic":"a","payload":{"code":"forbidden","message":"no right"}})",
     "unsubscribed from a: no right"},
    {R"({"type":"presence","topic":"a","payload":{"version":2,"joined":[],"left":[]}})",
     R"(presence a: {"version":2,"joined":[],"left":[]})"},
    {R"({"type":"welcome","payload":{}})", ""},
    {R"({"type":"ping"})", ""},
    {R"({"type":"novelty"})", "novelty"},
};

TEST(notices, are_one_line_each) {
    for (notice_case const& c : cases) {
        auto const m = client_engine::json_object::read(c.message);
        ASSERT_TRUE(m) << c.message;
        EXPECT_EQ(notice_of(*m), c.line) << c.message;
    }
}

}  // namespace
}  // namespace weir::app
