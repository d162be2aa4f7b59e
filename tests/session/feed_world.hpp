#pragma once

#include <weir/session/subscription_feed.hpp>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace weir {

inline subscribe_options options(double rate, bool state = false) {
    subscribe_options o;
    o.rate = rate;
    o.state = state;
    return o;
}

/// Everything around one subscription, as plain as can be: a topic with its log, state and tail,
/// an outbox, a clock, and a client that reads when it is told to.
class feed_world final : public feed_port {
public:
    struct told_ok {
        bool conflating = false;
    };
    struct told_position {
        position at;
        std::uint64_t head;  ///< the topic's newest message then
    };
    using event = std::variant<message_ptr, loss, told_position, told_ok>;

    feed_world(topic_policy p, std::size_t tail_messages)
        : rule(p), bounds_{.messages = tail_messages} {}

    // What a test does.

    /// As client::subscribe() and topic_index::join() do.
    void subscribe(subscribe_options const& with) {
        wish = with.rate;
        bool const past = with.since || with.last != 0 || with.state;
        held = past;
        after = head.offset;
        started_at = head.offset;
        if (past) need().begin_with(with);
        pace();
        if (feed) {
            feed->joined(*this, head);
            settle();
        } else {
            answer({.at = head});
        }
    }
    void change(double rate) {
        wish = rate;
        pace();
        frames.emplace_back(told_ok{conflating()});
    }
    void pace() {
        double const rate =
            rule.rate <= 0 || wish <= 0 ? std::max(rule.rate, wish) : std::min(rule.rate, wish);
        if (rate <= 0 && !feed) return;
        need().set_rate(*this, rate);
        settle();
    }
    message_ptr publish(std::string key, bool is_volatile = false, std::string payload = "1",
                        session_id exclude = {}) {
        auto m = std::make_shared<message>();
        m->topic = "t";
        m->key = std::move(key);
        m->payload = std::move(payload);
        m->at = {head.epoch, ++head.offset};
        m->is_volatile = is_volatile;
        m->exclude = exclude;
        m->received = clock;
        all.push_back(m);
        if (rule.history.kept()) log.push_back(m);
        trim_log();
        if (rule.state != state_kind::none) {
            if (m->payload == "null") {
                state.erase(m->key);
            } else {
                state[m->key] = m;
            }
        }
        if (tail_) tail_->append(m);
        current = m;
        bool const gets = !held && head.offset > after && !closed && !excluded(exclude);
        if (gets) deliver(m);
        current.reset();
        return m;
    }
    void reload(topic_policy p) {
        rule = p;
        trim_log();
        pace();
        // A rule may begin to conflate; that it does not any more is told by the next ok.
        if (conflating()) frames.emplace_back(told_ok{true});
    }
    void detach() { attached = false; }
    void attach() {
        attached = true;
        if (feed) feed->on_attached(*this);
        wants = true;
    }
    void answer_read() {
        if (!read_) return;
        log_query const q = *std::exchange(read_, std::nullopt);
        if (!feed) return;
        feed->on_page(*this, page_of(q));
        settle();
    }
    void work(std::size_t budget = 1000) {
        wants = false;
        if (attached && feed && !closed) {
            feed->work(*this, budget);
            settle();
        }
    }
    void pass_time(nanoseconds by) {
        clock += by;
        if (clock >= wake) {
            wake = never;
            wants = true;
        }
    }
    /// The client reads so many of what waits for it.
    void read_some(std::size_t n) {
        for (; n != 0 && unread() != 0; --n) {
            if (auto const* const m = std::get_if<message_ptr>(&frames[heard])) {
                filled -= size_of(**m);
            }
            ++heard;
        }
        if (feed) wants = true;
    }
    std::size_t unread() const { return frames.size() - heard; }
    /// All that waits for something gets it, until nothing changes any more.
    void settle_all() {
        if (!attached) attach();
        for (int i = 0; i != 5000 && !closed; ++i) {
            read_some(1000);
            answer_read();
            if (wants) work();
            pass_time(milliseconds(100));
            if (!wants && !read_ && unread() == 0 && wake == never) return;
        }
    }
    bool conflating() const {
        return feed ? feed->conflates(rule) : subscription_feed::by_rule(rule);
    }
    std::vector<std::uint64_t> offsets() const {
        std::vector<std::uint64_t> out;
        for (auto const& e : frames) {
            if (auto const* const m = std::get_if<message_ptr>(&e)) out.push_back((*m)->at.offset);
        }
        return out;
    }
    std::vector<loss> losses() const {
        std::vector<loss> out;
        for (auto const& e : frames) {
            if (auto const* const l = std::get_if<loss>(&e)) out.push_back(*l);
        }
        return out;
    }
    bool has_tail() const { return tail_ != nullptr; }

    // feed_port
    feed_port::outbox level() const override {
        return {attached, filled, full / 4, full / 2, full / 4 * 3};
    }
    mono_time time() const override { return clock; }
    topic_policy const& policy() const override { return rule; }
    bool excluded(session_id const& whom) const override { return !whom.empty() && whom == own; }
    bool may_wait(std::size_t bytes) const override {
        return (feed ? feed->bytes() : 0) + bytes <= wait_max;
    }
    bool push(message_ptr const& m) override {
        if (filled + size_of(*m) > full) return false;
        filled += size_of(*m);
        frames.emplace_back(m);
        return true;
    }
    bool push_gap(loss const& what) override {
        frames.emplace_back(what);
        return true;
    }
    bool push_position(position const& at) override {
        frames.emplace_back(told_position{at, head.offset});
        return true;
    }
    void answer(join_answer const& a) override {
        answered = a;
        frames.emplace_back(told_ok{conflating()});
    }
    void refuse(fault const&) override { feed.reset(); }
    void read(log_query q) override { read_ = std::move(q); }
    void hold() override { held = true; }
    void go_live(std::uint64_t behind) override {
        held = false;
        after = behind;
    }
    void use_tail() override {
        std::uint64_t const begin = current ? current->at.offset - 1 : head.offset;
        tail_ = std::make_unique<topic_tail>(
            bounds_,
            topic_tail::kind{rule.slow == slow_policy::conflate, rule.state != state_kind::none},
            position{head.epoch, begin});
        if (current) tail_->append(current);
    }
    void release_tail() override { tail_.reset(); }
    topic_tail const* tail() const override { return tail_.get(); }
    void want_work() override { wants = true; }
    void wake_at(mono_time when) override { wake = std::min(wake, when); }
    void close_slow() override { closed = true; }
    void dropped(drop_reason, std::uint64_t) override {}
    void lags(bool yes) override { lagging += yes ? 1 : -1; }

    topic_policy rule;
    position head{epoch_id{7}, 0};
    mono_time clock{seconds(1000)};
    mono_time wake = never;
    session_id own;
    std::size_t full = 4000, filled = 0, wait_max = 4000;
    std::size_t heard = 0;  ///< of the outbox
    std::vector<event> frames;
    std::vector<message_ptr> all, log;
    std::map<std::string, message_ptr> state;
    std::optional<join_answer> answered;
    std::unique_ptr<subscription_feed> feed;
    std::uint64_t after = 0, started_at = 0;
    double wish = 0;
    int lagging = 0;
    bool attached = true, held = true, wants = false, closed = false;

private:
    static std::size_t size_of(message const&) { return 100; }
    subscription_feed& need() {
        if (!feed) feed = std::make_unique<subscription_feed>();
        return *feed;
    }
    void settle() {
        if (feed && feed->idle()) feed.reset();
    }
    /// As client::deliver(): a subscription that keeps up needs no feed.
    void deliver(message_ptr const& m) {
        if (!feed && attached && filled <= full / 4) {
            push(m);
            return;
        }
        need().on_message(*this, m);
        settle();
    }
    void trim_log() {
        std::size_t const most = rule.history.messages;
        if (log.size() > most) log.erase(log.begin(), log.end() - static_cast<long>(most));
    }
    log_page page_of(log_query const& q) const {
        log_page page;
        page.head = head;
        std::uint64_t const behind = q.at ? q.at->offset : 0;
        std::size_t const most = q.messages_max == ~std::uint32_t{0} ? all.size() : page_max;
        std::vector<message_ptr> from = log;
        if (q.kind == log_query::what::state) {
            from.clear();
            for (auto const& [key, m] : state) from.push_back(m);
            std::sort(from.begin(), from.end(),
                      [](auto const& a, auto const& b) { return a->at.offset < b->at.offset; });
        } else {
            std::uint64_t const oldest = log.empty() ? head.offset + 1 : log.front()->at.offset;
            if (behind + 1 < oldest) {
                page.missing = loss{.from = behind + 1,
                                    .to = oldest - 1,
                                    .count = oldest - 1 - behind,
                                    .reason = gap_reason::trimmed};
            }
        }
        for (message_ptr const& m : from) {
            if (m->at.offset <= behind) continue;
            if (page.messages.size() == most) {
                page.more = true;
                break;
            }
            page.messages.push_back(m);
        }
        return page;
    }

    static constexpr std::size_t page_max = 5;
    topic_tail::bounds bounds_;
    std::unique_ptr<topic_tail> tail_;
    std::optional<log_query> read_;
    message_ptr current;
};

}  // namespace weir
