#include "topic/topic_log.hpp"

#include "topic/dice.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace weir {
namespace {

constexpr epoch_id epoch{7};
constexpr std::size_t all = std::numeric_limits<std::size_t>::max();

message_ptr make(std::uint64_t offset, std::size_t payload = 1) {
    auto m = std::make_shared<message>();
    m->payload.assign(payload, '1');
    m->at = {epoch, offset};
    return m;
}
constexpr std::size_t size_of(std::size_t payload) {
    return message_overhead_bytes + payload;
}

struct written_log {
    explicit written_log(history_policy p, std::uint64_t head = 0) : log(head, p) {}
    void append(std::size_t n, std::size_t payload = 1) {
        for (; n != 0; --n) log.append(make(log.head() + 1, payload), now);
    }
    log_page after(std::optional<std::uint64_t> offset, std::uint32_t max = 1000,
                   std::size_t bytes = all) const {
        log_query q;
        if (offset) q.at = position{epoch, *offset};
        q.messages_max = max;
        q.bytes_max = bytes;
        return log.read(q, {epoch, log.head()}, now);
    }
    log_page before(std::optional<std::uint64_t> offset, std::uint32_t max = 1000,
                    std::size_t bytes = all) const {
        log_query q;
        q.kind = log_query::what::before;
        if (offset) q.at = position{epoch, *offset};
        q.messages_max = max;
        q.bytes_max = bytes;
        return log.read(q, {epoch, log.head()}, now);
    }
    topic_log log;
    nanoseconds now{0};
};

using offsets = std::vector<std::uint64_t>;
offsets on(log_page const& page) {
    offsets out;
    for (auto const& m : page.messages) out.push_back(m->at.offset);
    return out;
}
std::optional<loss> lost(std::uint64_t from, std::uint64_t to, gap_reason why) {
    return loss{from, to, to - from + 1, why};
}

TEST(topic_log, stored_bytes_are_all_text_and_the_overhead) {
    message m;
    m.topic = "t";
    m.event = "ev";
    m.payload = "pay";
    m.key = "keyk";
    m.from = "fromf";
    EXPECT_EQ(stored_bytes(m), message_overhead_bytes + 15);
    EXPECT_GE(message_overhead_bytes, sizeof(message) + 16);
}

TEST(topic_log, keeps_the_newest_by_count) {
    written_log w({.messages = 3});
    w.append(5);
    EXPECT_EQ(on(w.after(std::nullopt)), (offsets{3, 4, 5}));
    EXPECT_EQ(w.log.bytes(), 3 * size_of(1));
    EXPECT_EQ(w.after(1).missing, lost(2, 2, gap_reason::trimmed));
    EXPECT_EQ(w.after(2).missing, std::nullopt);
    EXPECT_EQ(w.after(0).missing, lost(1, 2, gap_reason::trimmed));
}

TEST(topic_log, keeps_the_newest_by_bytes) {
    written_log w({.messages = 100, .bytes = 2 * size_of(10)});
    w.append(3, 10);
    EXPECT_EQ(on(w.after(std::nullopt)), (offsets{2, 3}));
    w.append(1, 11);
    EXPECT_EQ(on(w.after(std::nullopt)), (offsets{4}));
    w.append(1, 10 + size_of(10) + 1);  // larger than all that may be kept
    EXPECT_EQ(w.log.size(), 0U);
    EXPECT_EQ(w.log.bytes(), 0U);
    EXPECT_EQ(w.after(0).missing, lost(1, 5, gap_reason::trimmed));
    w.append(1, 10);
    EXPECT_EQ(on(w.after(std::nullopt)), (offsets{6}));
}

TEST(topic_log, what_is_too_old_is_not_read_even_before_it_is_removed) {
    written_log w({.messages = 100, .age = seconds{10}});
    w.append(2);
    w.now = seconds{5};
    w.append(2);
    EXPECT_EQ(w.log.next_expiry(), seconds{10});
    w.now = seconds{10} - nanoseconds{1};
    EXPECT_EQ(on(w.after(0)), (offsets{1, 2, 3, 4}));
    w.now = seconds{10};
    EXPECT_EQ(on(w.after(0)), (offsets{3, 4}));
    EXPECT_EQ(w.after(0).missing, lost(1, 2, gap_reason::expired));
    EXPECT_EQ(on(w.before(4)), (offsets{3}));
    EXPECT_EQ(w.log.size(), 4U);
    EXPECT_EQ(w.log.expire(w.now, 1), 1U);
    EXPECT_EQ(w.log.size(), 3U);
    EXPECT_EQ(w.after(0).missing, lost(1, 2, gap_reason::expired));
    EXPECT_EQ(w.log.expire(w.now, 10), 1U);
    EXPECT_EQ(w.log.next_expiry(), seconds{15});
    w.now = seconds{15};
    EXPECT_EQ(w.log.expire(w.now, 10), 2U);
    EXPECT_EQ(w.log.next_expiry(), nanoseconds::max());
    EXPECT_EQ(w.after(1).missing, lost(2, 4, gap_reason::expired));
    EXPECT_EQ(w.after(4).missing, std::nullopt);
}

TEST(topic_log, a_loss_has_the_reason_of_its_newest_message) {
    written_log w({.messages = 3, .age = seconds{10}});
    w.append(2);
    w.now = seconds{10};
    w.log.expire(w.now, all);
    w.append(4);
    EXPECT_EQ(w.after(0).missing, lost(1, 3, gap_reason::trimmed));
    w.now = seconds{20};
    EXPECT_EQ(w.after(0).missing, lost(1, 6, gap_reason::expired));
}

TEST(topic_log, without_history_everything_is_missing_but_nothing_at_the_head) {
    written_log w({}, 4);
    w.append(2);
    EXPECT_EQ(w.after(4).missing, lost(5, 6, gap_reason::trimmed));
    EXPECT_EQ(w.after(6).missing, std::nullopt);
    EXPECT_TRUE(w.after(std::nullopt).messages.empty());
    EXPECT_TRUE(w.before(std::nullopt).messages.empty());
    EXPECT_FALSE(w.before(5).more);
}

TEST(topic_log, a_position_nobody_knows_gets_everything_and_the_range_that_is_gone) {
    written_log w({.messages = 3});
    w.append(5);
    auto const ahead = w.after(6);
    EXPECT_EQ(ahead.missing, lost(1, 2, gap_reason::epoch));
    EXPECT_EQ(on(ahead), (offsets{3, 4, 5}));
    log_query q;
    q.at = position{epoch_id{8}, 4};
    auto const other = w.log.read(q, {epoch, 5}, w.now);
    EXPECT_EQ(other.missing, lost(1, 2, gap_reason::epoch));
    EXPECT_EQ(on(other), (offsets{3, 4, 5}));
    q.kind = log_query::what::before;
    auto const front = w.log.read(q, {epoch, 5}, w.now);
    EXPECT_EQ(front.missing, (loss{.reason = gap_reason::epoch}));
    EXPECT_TRUE(front.messages.empty());
    EXPECT_FALSE(front.more);
}

TEST(topic_log, a_position_nobody_knows_misses_no_range_of_a_whole_log) {
    written_log w({.messages = 9});
    w.append(5);
    auto const ahead = w.after(6);
    EXPECT_EQ(ahead.missing, (loss{.reason = gap_reason::epoch}));
    EXPECT_EQ(on(ahead), (offsets{1, 2, 3, 4, 5}));
}

TEST(topic_log, pages_forward_and_back) {
    written_log w({.messages = 5});
    w.append(7);
    auto page = w.after(2, 2);
    EXPECT_EQ(on(page), (offsets{3, 4}));
    EXPECT_TRUE(page.more);
    page = w.after(4, 3);
    EXPECT_EQ(on(page), (offsets{5, 6, 7}));
    EXPECT_FALSE(page.more);
    page = w.before(std::nullopt, 2);
    EXPECT_EQ(on(page), (offsets{6, 7}));
    EXPECT_TRUE(page.more);
    page = w.before(6, 3);
    EXPECT_EQ(on(page), (offsets{3, 4, 5}));
    EXPECT_FALSE(page.more);
    EXPECT_TRUE(w.before(3).messages.empty());
    EXPECT_TRUE(w.before(0).messages.empty());
    EXPECT_EQ(on(w.before(99, 1)), (offsets{7}));
}

TEST(topic_log, a_page_is_bounded_in_bytes_and_never_empty) {
    written_log w({.messages = 5});
    w.append(5, 10);
    EXPECT_EQ(on(w.after(0, 9, 2 * size_of(10))), (offsets{1, 2}));
    EXPECT_EQ(on(w.after(0, 9, 2 * size_of(10) - 1)), (offsets{1}));
    EXPECT_EQ(on(w.after(0, 9, 0)), (offsets{1}));
    EXPECT_EQ(on(w.after(0, 0, 0)), (offsets{1}));
    EXPECT_EQ(on(w.before(5, 9, 2 * size_of(10))), (offsets{3, 4}));
    EXPECT_EQ(on(w.before(5, 0, 0)), (offsets{4}));
}

TEST(topic_log, follows_its_policy) {
    written_log w({.messages = 5});
    w.append(5);
    w.log.set_policy({.messages = 2});
    EXPECT_EQ(on(w.after(std::nullopt)), (offsets{4, 5}));
    w.log.set_policy({});
    EXPECT_EQ(w.log.size(), 0U);
    w.append(1);
    w.log.set_policy({.messages = 2});
    w.append(1);
    EXPECT_EQ(on(w.after(0)), (offsets{7}));
    EXPECT_EQ(w.after(0).missing, lost(1, 6, gap_reason::trimmed));
    w.log.clear();
    EXPECT_EQ(w.after(6).missing, lost(7, 7, gap_reason::trimmed));
    EXPECT_EQ(w.log.bytes(), 0U);
}

/// Every message there ever was, with the reason for which it went.
struct naive_log {
    struct entry {
        std::size_t bytes;
        nanoseconds at;
        std::optional<gap_reason> gone;
    };
    explicit naive_log(history_policy p) : policy(p) {}

    void drop_old(nanoseconds now) {
        for (auto& e : entries) {
            if (!e.gone && policy.age.count() != 0 && e.at + policy.age <= now) {
                e.gone = gap_reason::expired;
            }
        }
    }
    std::size_t kept() const {
        std::size_t n = 0;
        for (auto const& e : entries) n += e.gone ? 0 : 1;
        return n;
    }
    std::size_t bytes() const {
        std::size_t n = 0;
        for (auto const& e : entries) n += e.gone ? 0 : e.bytes;
        return n;
    }
    void trim_one() {
        for (auto& e : entries) {
            if (e.gone) continue;
            e.gone = gap_reason::trimmed;
            return;
        }
    }
    void trim() {
        while (kept() > policy.messages || (policy.bytes != 0 && bytes() > policy.bytes)) {
            trim_one();
        }
    }
    history_policy policy;
    std::vector<entry> entries;  ///< offset 1 first
};

/// Reads all of it page by page, and compares with what is not gone.
void compare(written_log const& w, naive_log const& model, dice& random) {
    offsets expected;
    auto const from = random.below(model.entries.size() + 1);
    for (auto n = from; n != model.entries.size(); ++n) {
        if (!model.entries[n].gone) expected.push_back(n + 1);
    }
    auto const per_page = static_cast<std::uint32_t>(random.below(4));
    auto const bytes = random.below(3 * size_of(10));
    offsets forward;
    auto page = w.after(from, per_page, bytes);
    auto const oldest = expected.empty() ? model.entries.size() + 1 : expected.front();
    if (oldest == from + 1) {
        EXPECT_EQ(page.missing, std::nullopt);
    } else {
        EXPECT_EQ(page.missing, lost(from + 1, oldest - 1, *model.entries[oldest - 2].gone));
    }
    for (;;) {
        ASSERT_LE(page.messages.size(), std::max<std::size_t>(per_page, 1));
        for (auto const offset : on(page)) forward.push_back(offset);
        if (!page.more) break;
        page = w.after(forward.back(), per_page, bytes);
        ASSERT_FALSE(page.missing);
    }
    EXPECT_EQ(forward, expected);

    offsets back;
    page = w.before(std::nullopt, per_page, bytes);
    while (true) {
        auto const part = on(page);
        back.insert(back.begin(), part.begin(), part.end());
        if (!page.more) break;
        page = w.before(back.front(), per_page, bytes);
    }
    EXPECT_EQ(back.size(), model.kept());
    EXPECT_EQ(back, on(w.after(std::nullopt)));
}

TEST(topic_log, random_steps_agree_with_a_naive_model) {
    SCOPED_TRACE(seed_trace());
    dice random(test_seed());
    auto const some_policy = [&] {
        history_policy p;
        p.messages = static_cast<std::uint32_t>(random.below(30));
        if (random.one_in(2)) p.bytes = 1 + random.below(12 * size_of(10));
        if (random.one_in(2)) p.age = seconds{1 + random.below(20)};
        return p;
    };
    for (int round = 0; round != 40 && !testing::Test::HasFailure(); ++round) {
        auto const policy = some_policy();
        written_log w(policy);
        naive_log model(policy);
        for (int step = 0; step != 300; ++step) {
            if (!random.one_in(3)) {
                auto const payload = random.below(20);
                w.append(1, payload);
                model.entries.push_back({size_of(payload), w.now, std::nullopt});
                model.trim();
            } else if (random.one_in(2)) {
                w.now += milliseconds{random.below(3000)};
                model.drop_old(w.now);
                w.log.expire(w.now, all);
            } else if (random.one_in(4)) {
                model.policy = some_policy();
                w.log.set_policy(model.policy);
                model.trim();
                model.drop_old(w.now);
                w.log.expire(w.now, all);
            } else if (w.log.size() != 0) {
                w.log.drop_oldest();
                model.trim_one();
            }
            EXPECT_EQ(w.log.size(), model.kept());
            EXPECT_EQ(w.log.bytes(), model.bytes());
            compare(w, model, random);
            if (testing::Test::HasFailure()) return;
        }
    }
}

}  // namespace
}  // namespace weir
