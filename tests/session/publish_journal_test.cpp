#include "session/publish_journal.hpp"

#include <gtest/gtest.h>

#include <string>

namespace weir {
namespace {

using verdict = publish_journal::verdict;
position const somewhere{epoch_id{7}, 41};

TEST(publish_journal, an_id_goes_from_fresh_to_running_to_answered_to_fresh) {
    publish_journal j;
    EXPECT_TRUE(j.empty());
    EXPECT_EQ(j.look("1", 5, 0).what, verdict::fresh);
    j.add("1", 5, 0);
    EXPECT_FALSE(j.empty());
    EXPECT_EQ(j.look("1", 5, 0).what, verdict::running);
    EXPECT_EQ(j.look("2", 5, 0).what, verdict::fresh);
    j.answered("1", 3, &somewhere);
    EXPECT_EQ(j.look("1", 5, 0).what, verdict::answered);
    EXPECT_EQ(j.look("1", 5, 0).at, somewhere);
    j.forget(2);
    EXPECT_EQ(j.look("1", 5, 0).what, verdict::answered);
    j.forget(3);
    EXPECT_EQ(j.look("1", 5, 0).what, verdict::fresh);
    EXPECT_TRUE(j.empty());
    EXPECT_EQ(j.size(), 0U);
}

/// What another connection of the session is told of an entry.
TEST(publish_journal, says_all_verdicts) {
    struct row {
        char const* name;
        bool is_answered, fails;
        std::uint64_t content;
        std::uint32_t attachment;
        verdict what;
    };
    for (row const& r : {
             row{"running here", false, false, 5, 1, verdict::running},
             row{"running since before", false, false, 5, 2, verdict::running},
             row{"running, other bytes", false, false, 6, 1, verdict::conflict},
             row{"answered here", true, false, 5, 1, verdict::answered},
             row{"answered before", true, false, 5, 2, verdict::replayed},
             row{"answered, other bytes", true, false, 6, 1, verdict::conflict},
             row{"answered before, other bytes", true, false, 6, 2, verdict::conflict},
             row{"failed here", true, true, 5, 1, verdict::fresh},
             row{"failed before", true, true, 5, 2, verdict::replayed},
             row{"failed, other bytes", true, true, 6, 1, verdict::conflict},
         }) {
        SCOPED_TRACE(r.name);
        publish_journal j;
        j.add("\"a\"", 5, 1);
        if (r.is_answered) j.answered("\"a\"", 9, r.fails ? nullptr : &somewhere);
        EXPECT_EQ(j.look("\"a\"", r.content, r.attachment).what, r.what);
        EXPECT_EQ(j.look("a", r.content, r.attachment).what, verdict::fresh);
    }
}

TEST(publish_journal, a_resume_takes_one_repetition) {
    publish_journal j;
    j.add("1", 5, 0);
    j.answered("1", 1, &somewhere);
    EXPECT_EQ(j.look("1", 5, 1).what, verdict::replayed);
    j.adopt("1", 1);
    EXPECT_EQ(j.look("1", 5, 1).what, verdict::answered);
    EXPECT_EQ(j.look("1", 5, 2).what, verdict::replayed);
    j.adopt("nobody", 1);
    EXPECT_EQ(j.size(), 1U);
}

TEST(publish_journal, what_is_tried_again_outlives_its_first_answer) {
    publish_journal j;
    j.add("1", 5, 0);
    j.answered("1", 1, nullptr);
    j.add("1", 5, 0);
    j.forget(1);
    EXPECT_EQ(j.look("1", 5, 0).what, verdict::running);
    j.answered("1", 2, &somewhere);
    j.forget(1);
    EXPECT_EQ(j.look("1", 5, 0).what, verdict::answered);
    j.forget(2);
    EXPECT_TRUE(j.empty());

    j.add("1", 5, 0);
    j.answered("1", 3, nullptr);
    j.add("1", 5, 0);
    j.answered("1", 4, &somewhere);
    j.forget(3);
    EXPECT_EQ(j.look("1", 5, 0).what, verdict::answered) << "only the failure is forgotten";
}

TEST(publish_journal, running_is_never_forgotten) {
    publish_journal j;
    for (int i = 0; i != 100; ++i) j.add(request_id::of(static_cast<std::uint64_t>(i)), 5, 0);
    for (std::uint64_t i = 0; i != 50; ++i) j.answered(request_id::of(i), i + 1, &somewhere);
    j.forget(1'000'000);
    EXPECT_EQ(j.size(), 50U);
    EXPECT_EQ(j.look(request_id::of(49), 5, 0).what, verdict::fresh);
    EXPECT_EQ(j.look(request_id::of(50), 5, 0).what, verdict::running);
    EXPECT_EQ(j.look("50", 5, 0).what, verdict::fresh) << "a text is not a number";
}

TEST(publish_journal, an_answer_that_nobody_waits_for_leaves_nothing) {
    publish_journal j;
    j.answered("1", 1, &somewhere);
    EXPECT_TRUE(j.empty());
}

}  // namespace
}  // namespace weir
