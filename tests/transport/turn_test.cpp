#include "async/run_loop.hpp"

#include <weir/transport/turn.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <sys/eventfd.h>
#include <unistd.h>
#include <vector>

namespace weir {
namespace {

struct item final : turn_item {
    void flush() override {
        ++flushes;
        if (then_flush) then_flush();
    }
    void resume_reading() override {
        ++resumes;
        if (then_resume) then_resume();
    }
    int flushes = 0;
    int resumes = 0;
    std::function<void()> then_flush;
    std::function<void()> then_resume;
};

/// Something the poller tells of at will.
struct bell final : pollable {
    explicit bell(turn& t) : context(t), fd(::eventfd(0, EFD_NONBLOCK)) {
        EXPECT_TRUE(context.descriptors().add(fd, *this));
    }
    ~bell() {
        context.descriptors().remove(fd, *this);
        ::close(fd);
    }
    void ring() const { EXPECT_EQ(::eventfd_write(fd, 1), 0); }
    void on_ready(std::uint32_t) override {
        if (then) then();
    }
    turn& context;
    int fd;
    std::function<void()> then;
};

struct turn_fixture : testing::Test {
    turn_fixture() { context.start(); }
    void settle() { test::run_ready(loop); }
    // Exactly one handler of the loop.
    void step() {
        if (loop.stopped()) loop.restart();
        EXPECT_EQ(loop.poll_one(), 1u);
    }

    boost::asio::io_context loop{1};
    observer counts;
    timing_wheel wheel{mono_time::clock::now(), milliseconds(10)};
    turn context{loop.get_executor(), wheel, counts};
};

TEST_F(turn_fixture, marked_outside_a_poll_all_are_flushed_by_one_post) {
    settle();
    item a;
    item b;
    context.mark_dirty(a);
    context.mark_dirty(b);
    context.mark_dirty(a);
    EXPECT_EQ(a.flushes, 0);
    step();
    EXPECT_EQ(a.flushes, 1);
    EXPECT_EQ(b.flushes, 1);
    EXPECT_EQ(loop.poll(), 0u);
}

TEST_F(turn_fixture, a_poll_reads_then_works_then_flushes_in_one_turn) {
    std::string order;
    item a;
    a.then_flush = [&] { order += "flush "; };
    bell b(context);
    settle();
    b.then = [&] {
        order += "read ";
        context.mark_dirty(a);
        context.request();
    };
    context.set_work([&] {
        order += "work ";
        return false;
    });
    b.ring();
    settle();
    EXPECT_EQ(order, "read work flush ");
}

TEST_F(turn_fixture, what_is_marked_by_work_leaves_in_the_same_turn) {
    item a;
    int works = 0;
    context.set_work([&] {
        ++works;
        context.mark_dirty(a);
        return false;
    });
    settle();
    works = a.flushes = 0;
    context.request();
    step();
    EXPECT_EQ(works, 1);
    EXPECT_EQ(a.flushes, 1);
}

TEST_F(turn_fixture, what_is_marked_during_a_flush_waits_for_the_next_turn) {
    settle();
    item a;
    item b;
    a.then_flush = [&] {
        context.mark_dirty(b);
        if (a.flushes < 3) context.mark_dirty(a);
    };
    context.mark_dirty(a);
    step();
    EXPECT_EQ(a.flushes, 1);
    EXPECT_EQ(b.flushes, 0);
    settle();
    EXPECT_EQ(a.flushes, 3);
    EXPECT_EQ(b.flushes, 3);
}

TEST_F(turn_fixture, work_goes_on_by_posts_and_others_run_in_between) {
    settle();
    std::string order;
    int left = 3;
    context.set_work([&] {
        order += "w";
        return --left > 0;
    });
    context.request();
    boost::asio::post(loop, [&] {
        order += "a";
        boost::asio::post(loop, [&] { order += "b"; });
    });
    settle();
    EXPECT_EQ(order, "wawbw");
}

TEST_F(turn_fixture, a_request_from_a_flush_gets_another_turn) {
    settle();
    int works = 0;
    context.set_work([&] {
        ++works;
        return false;
    });
    item a;
    a.then_flush = [&] { context.request(); };
    context.mark_dirty(a);
    settle();
    EXPECT_EQ(works, 2);
}

TEST_F(turn_fixture, parked_reading_resumes_once_a_turn) {
    settle();
    item a;
    a.then_resume = [&] {
        if (a.resumes < 3) context.park_ready(a);
    };
    context.park_ready(a);
    context.park_ready(a);
    step();
    EXPECT_EQ(a.resumes, 1);
    step();
    EXPECT_EQ(a.resumes, 2);
    settle();
    EXPECT_EQ(a.resumes, 3);
}

TEST_F(turn_fixture, parked_in_a_poll_it_resumes_in_a_turn_of_its_own) {
    item a;
    bell b(context);
    settle();
    b.then = [&] { context.park_ready(a); };
    b.ring();
    step();
    EXPECT_EQ(a.resumes, 0);
    settle();
    EXPECT_EQ(a.resumes, 1);
}

TEST_F(turn_fixture, the_leaving_are_read_behind_all_others) {
    settle();
    std::string order;
    item gone[2], here;
    for (item& g : gone) g.then_resume = [&] { order += "gone "; };
    here.then_resume = [&] { order += "here "; };
    for (item& g : gone) context.park_leaving(g);
    context.park_ready(here);
    settle();
    EXPECT_EQ(order, "here gone gone ");
}

TEST_F(turn_fixture, while_more_may_wait_only_a_few_of_the_leaving_are_read) {
    constexpr std::size_t crowd = 600;  // more than two batches
    std::vector<std::unique_ptr<bell>> bells;
    std::vector<item> gone(crowd);
    while (bells.size() != crowd) bells.push_back(std::make_unique<bell>(context));
    bell last(context);
    settle();
    auto const read = [&] {
        return std::count_if(gone.begin(), gone.end(), [](item const& g) { return g.resumes > 0; });
    };
    for (std::size_t i = 0; i != crowd; ++i) {
        bells[i]->then = [&, i] { context.park_leaving(gone[i]); };
        bells[i]->ring();
    }
    std::ptrdiff_t before_last = -1;
    last.then = [&] { before_last = read(); };
    last.ring();
    settle();
    EXPECT_GE(before_last, 1);   // they are not forgotten
    EXPECT_LE(before_last, 16);  // nor in the way
    EXPECT_EQ(read(), static_cast<std::ptrdiff_t>(crowd));
}

TEST_F(turn_fixture, one_of_the_leaving_may_die_before_it_is_read) {
    settle();
    item kept;
    {
        item dead;
        context.park_leaving(dead);
        context.park_leaving(kept);
        context.park_ready(kept);  // has its place already
    }
    settle();
    EXPECT_EQ(kept.resumes, 1);
}

TEST_F(turn_fixture, an_item_that_dies_leaves_both_lists) {
    settle();
    auto a = std::make_unique<item>();
    item b;
    context.mark_dirty(*a);
    context.park_ready(*a);
    context.mark_dirty(b);
    a.reset();
    settle();
    EXPECT_EQ(b.flushes, 1);
}

// Each may destroy any other, and itself, while the list is walked.
TEST_F(turn_fixture, items_may_die_in_a_flush) {
    for (std::size_t victim = 0; victim < 3; ++victim) {
        std::vector<std::unique_ptr<item>> all;
        for (int i = 0; i < 3; ++i) all.push_back(std::make_unique<item>());
        all[1]->then_flush = [&] { all[victim].reset(); };
        all[1]->then_resume = [&] { all[victim].reset(); };
        for (auto const& i : all) context.mark_dirty(*i);
        settle();
        EXPECT_EQ(all[victim], nullptr);
        all[victim] = std::make_unique<item>();
        if (victim != 1) {
            for (auto const& i : all) context.park_ready(*i);
            settle();
            EXPECT_EQ(all[victim], nullptr);
        }
    }
}

TEST_F(turn_fixture, marked_again_and_destroyed_in_the_same_flush) {
    settle();
    auto a = std::make_unique<item>();
    item b;
    b.then_flush = [&] {
        context.mark_dirty(*a);
        a.reset();
    };
    context.mark_dirty(b);
    context.mark_dirty(*a);
    settle();
    EXPECT_EQ(b.flushes, 1);
}

TEST_F(turn_fixture, a_long_flush_is_cut_and_goes_on_in_order) {
    settle();
    constexpr std::size_t count = 40;
    std::vector<item> all(count);
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < count; ++i) {
        all[i].then_flush = [&, i] {
            order.push_back(i);
            auto const until = mono_time::clock::now() + turn::slice / 4;
            while (mono_time::clock::now() < until) {
            }
        };
        context.mark_dirty(all[i]);
    }
    step();
    EXPECT_LT(order.size(), count);
    EXPECT_GE(order.size(), 1u);
    settle();
    ASSERT_EQ(order.size(), count);
    for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(order[i], i);
}

TEST_F(turn_fixture, reading_in_one_batch_has_its_slice) {
    bell b(context);
    settle();
    std::size_t granted = 0;
    b.then = [&] {
        auto const limit = mono_time::clock::now() + 100 * turn::slice;
        while (context.may_read() && mono_time::clock::now() < limit) ++granted;
        EXPECT_LT(mono_time::clock::now(), limit);
    };
    b.ring();
    settle();
    EXPECT_GE(granted, 1u);
    EXPECT_TRUE(context.may_read());  // the next turn has its own
}

TEST_F(turn_fixture, one_turn_has_one_time) {
    item a;
    bell b(context);
    settle();
    mono_time seen{};
    b.then = [&] {
        seen = context.at().mono;
        while (mono_time::clock::now() == seen) {
        }
        EXPECT_EQ(context.at().mono, seen);
        context.mark_dirty(a);
    };
    a.then_flush = [&] { EXPECT_EQ(context.at().mono, seen); };
    b.ring();
    settle();
    EXPECT_EQ(a.flushes, 1);
    EXPECT_GT(context.at().mono, seen);
}

TEST_F(turn_fixture, stopped_it_does_nothing) {
    settle();
    item a;
    context.mark_dirty(a);
    context.stop();
    settle();
    EXPECT_EQ(a.flushes, 0);
    context.start();
    settle();
    EXPECT_EQ(a.flushes, 1);
}

TEST(turn, dies_before_its_items_and_before_its_post) {
    boost::asio::io_context loop(1);
    observer counts;
    timing_wheel wheel(mono_time::clock::now(), milliseconds(10));
    item a;
    {
        turn context(loop.get_executor(), wheel, counts);
        context.start();
        context.mark_dirty(a);
        context.park_ready(a);
    }
    test::run_ready(loop);
    EXPECT_EQ(a.flushes, 0);
}

TEST(turn, may_die_in_its_own_flush) {
    boost::asio::io_context loop(1);
    observer counts;
    timing_wheel wheel(mono_time::clock::now(), milliseconds(10));
    auto context = std::make_unique<turn>(loop.get_executor(), wheel, counts);
    item a;
    item b;
    a.then_flush = [&] { context.reset(); };
    context->start();
    context->mark_dirty(a);
    context->mark_dirty(b);
    test::run_ready(loop);
    EXPECT_EQ(a.flushes, 1);
    EXPECT_EQ(b.flushes, 0);
}

}  // namespace
}  // namespace weir
