#include <weir/base/frame.hpp>

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace weir {
namespace {

TEST(frame, holds_header_and_body_next_to_each_other) {
    frame_ref const f = make_frame("HEAD", "the body", true);
    EXPECT_EQ(f->body(), "the body");
    EXPECT_EQ(f->wire(), "HEADthe body");
    EXPECT_TRUE(f->numbered());
    EXPECT_EQ(f->wire().data() + 4, f->body().data());
}

TEST(frame, takes_any_header_up_to_the_headroom_and_no_body_too) {
    for (std::size_t n = 0; n <= frame_headroom; ++n) {
        std::string const header(n, 'h');
        frame_ref const f = make_frame(header, "b", false);
        EXPECT_EQ(f->wire(), header + "b");
        EXPECT_FALSE(f->numbered());
    }
    frame_ref const empty = make_frame({}, {}, false);
    EXPECT_EQ(empty->body(), "");
    EXPECT_EQ(empty->wire(), "");
    EXPECT_EQ(make_frame("h", {}, false)->wire(), "h");
    std::string const large(1 << 20, 'x');
    EXPECT_EQ(make_frame("h", large, false)->body(), large);
    EXPECT_DEATH(make_frame(std::string(frame_headroom + 1, 'h'), "b", false), "broken invariant");
}

// That a frame lives exactly as long as its references is what the sanitizers say here.
TEST(frame_ref, counts) {
    frame_ref empty;
    EXPECT_FALSE(empty);
    EXPECT_EQ(empty.get(), nullptr);

    frame_ref a = make_frame("", "a", true);
    frame const* const address = a.get();
    frame_ref b = a;
    EXPECT_EQ(b.get(), address);
    a = frame_ref();
    EXPECT_FALSE(a);
    EXPECT_EQ(b->body(), "a");

    frame_ref c = std::move(b);
    EXPECT_EQ(c.get(), address);
    frame_ref const& itself = c;
    c = itself;
    EXPECT_EQ(c->body(), "a");

    c = make_frame("", "other", true);
    EXPECT_EQ(c->body(), "other");

    std::vector<frame_ref> many(1000, c);
    many.resize(500);
    many.clear();
    EXPECT_EQ(c->body(), "other");
}

TEST(frame_ref, is_eight_bytes_that_can_be_given_away_and_taken) {
    static_assert(sizeof(frame_ref) == 8);
    frame_ref a = make_frame("", "a", true);
    frame const* const raw = a.release();
    EXPECT_FALSE(a);
    frame_ref const b = frame_ref::adopt(raw);
    EXPECT_EQ(b->body(), "a");
}

TEST(frame, carries_one_twin_for_each_window) {
    frame_ref f = make_frame("", "plain", true);
    EXPECT_EQ(f->twin(15), nullptr);
    f->add_twin(15, make_frame("", "small", true));
    f->add_twin(9, make_frame("", "smaller", true));
    ASSERT_NE(f->twin(15), nullptr);
    ASSERT_NE(f->twin(9), nullptr);
    EXPECT_EQ(f->twin(15)->body(), "small");
    EXPECT_EQ(f->twin(9)->body(), "smaller");
    EXPECT_EQ(f->twin(10), nullptr);
    EXPECT_DEATH(f->add_twin(9, make_frame("", "again", true)), "broken invariant");
}

TEST(frame, a_twin_that_is_held_outlives_its_frame) {
    frame_ref f = make_frame("", "plain", true);
    f->add_twin(15, make_frame("", "small", true));
    f->add_twin(12, make_frame("", "other", true));
    frame_ref const held(f->twin(15));
    f = frame_ref();
    EXPECT_EQ(held->body(), "small");
}

}  // namespace
}  // namespace weir
