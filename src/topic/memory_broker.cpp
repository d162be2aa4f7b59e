#include "topic/interest_set.hpp"
#include "topic/memory_admin.hpp"
#include "topic/memory_home.hpp"

#include <weir/base/assert.hpp>
#include <weir/topic/memory_broker.hpp>
#include <weir/topic/name_hash.hpp>

#include <type_traits>
#include <utility>
#include <variant>

namespace weir {
namespace {

/// Fixed, so that a topic's home is the same in every run: figures of one run hold for the next.
constexpr name_hash_keys home_keys{0x9e3779b97f4a7c15, 0xd1b54a32d192ed03};

// The questions that are refused while the queues of their topic's home are full.
broker_mail::published refused(broker_mail::publish const& q) {
    return {q.ticket, queues_full()};
}
broker_mail::page refused(broker_mail::read const& q) {
    return {q.ticket, queues_full()};
}
broker_mail::members_page refused(broker_mail::members const& q) {
    return {q.ticket, queues_full()};
}

template <class Question>
std::string const& topic_of(Question const& q) {
    if constexpr (requires { q.what.topic; }) {
        return q.what.topic;
    } else {
        return q.topic;
    }
}

}  // namespace

/// Where a question goes: to the home here, or by mail to a sibling's; and what each mail does.
struct memory_broker::state {
    state(memory_broker_settings const& s, memory_broker_shared& shared, broker_post& siblings,
          broker_listener& own, policy_source const& policies, observer& counted)
        : links{s, siblings, own, counted},
          home(links, shared, policies),
          admin(home),
          upkeep(*this) {
        WEIR_ASSERT(s.shard < s.shards && s.shards <= interest_set::shards_max);
    }

    /// Asks the home of the question's topic.
    template <class Question>
    void ask(Question&& q) {
        auto const at = memory_broker::home_of(topic_of(q), links.settings.shards);
        if (at == links.settings.shard) return on(at, q);
        if constexpr (requires { refused(q); }) {
            if (links.mail_full(at)) {
                if constexpr (std::is_same_v<Question, broker_mail::publish>)
                    links.count(limit_kind::backlog);
                auto no = refused(q);
                return on(at, no);
            }
        }
        links.send(at, std::move(q));
    }
    /// Answers the shard that asked.
    template <class Answer>
    void answer(unsigned to, Answer a) {
        if (to == links.settings.shard) return on(to, a);
        links.send(to, std::move(a));
    }

    // Questions, at home.
    void on(unsigned from, broker_mail::attach& q) {
        auto at = home.attach(q.topic, from);
        answer(from, broker_mail::attached{std::move(q.topic), std::move(at)});
    }
    void on(unsigned from, broker_mail::detach& q) { home.detach(q.topic, from); }
    void on(unsigned from, broker_mail::publish& q) {
        auto at = home.publish(std::move(q.what));
        answer(from, broker_mail::published{q.ticket, std::move(at)});
    }
    void on(unsigned from, broker_mail::read& q) {
        answer(from, broker_mail::page{q.ticket, home.read(q.what)});
    }
    void on(unsigned, broker_mail::enter& q) { home.enter(q.topic, q.user, q.info); }
    void on(unsigned, broker_mail::exit& q) { home.exit(q.topic, q.user); }
    void on(unsigned from, broker_mail::members& q) {
        answer(from, broker_mail::members_page{q.ticket, home.members(q.topic, q.max)});
    }
    // Answers and news, for the shard served here.
    void on(unsigned, broker_mail::attached& a) {
        links.listener.on_attached(a.topic, std::move(a.at));
    }
    void on(unsigned, broker_mail::published& a) {
        links.listener.on_published(a.ticket, std::move(a.at));
    }
    void on(unsigned, broker_mail::deliver& a) { links.listener.on_message(std::move(a.what)); }
    void on(unsigned, broker_mail::page& a) { links.listener.on_read(a.ticket, std::move(a.what)); }
    void on(unsigned, broker_mail::members_page& a) {
        links.listener.on_members(a.ticket, std::move(a.what));
    }
    void on(unsigned, broker_mail::give_way&) { home.topics().give_way(); }
    void on(unsigned, broker_mail::presence& a) { links.listener.on_presence(std::move(a.what)); }

    struct keeper final : broker_upkeep {
        explicit keeper(state& s) : self(s) {}
        void policies_changed() override { self.home.topics().policies_changed(); }
        bool work(std::size_t at_most) override {
            return self.links.post.bring(self.links.settings.shard, *self.owner, at_most);
        }
        void on_tick(mono_time at) override { self.home.tick(at); }
        bool wants_ticks() const noexcept override { return self.home.topics().size() != 0; }
        state& self;
    };

    memory_broker* owner = nullptr;
    memory_links links;
    memory_home home;
    memory_admin admin;
    keeper upkeep;
};

memory_broker::memory_broker(memory_broker_settings settings, memory_broker_shared& shared,
                             broker_post& siblings, broker_listener& listener,
                             policy_source const& policies, observer& counts)
    : state_(std::make_unique<state>(settings, shared, siblings, listener, policies, counts)) {
    state_->owner = this;
}

memory_broker::~memory_broker() = default;

void memory_broker::attach(std::string_view topic) {
    state_->ask(broker_mail::attach{std::string(topic)});
}

void memory_broker::detach(std::string_view topic) {
    state_->ask(broker_mail::detach{std::string(topic)});
}

void memory_broker::publish(publication p, publish_ticket ticket) {
    state_->ask(broker_mail::publish{std::move(p), ticket});
}

void memory_broker::read(log_query q, read_ticket ticket) {
    state_->ask(broker_mail::read{std::move(q), ticket});
}

void memory_broker::enter(std::string_view topic, std::string_view user, std::string_view info) {
    state_->ask(broker_mail::enter{std::string(topic), std::string(user), std::string(info)});
}

void memory_broker::exit(std::string_view topic, std::string_view user) {
    state_->ask(broker_mail::exit{std::string(topic), std::string(user)});
}

void memory_broker::members(std::string_view topic, std::uint32_t max, read_ticket ticket) {
    state_->ask(broker_mail::members{std::string(topic), max, ticket});
}

broker_admin& memory_broker::admin() noexcept {
    return state_->admin;
}

broker_upkeep& memory_broker::upkeep() noexcept {
    return state_->upkeep;
}

void memory_broker::on_mail(broker_mail mail) {
    std::visit([&](auto& content) { state_->on(mail.from, content); }, mail.content);
}

unsigned memory_broker::home_of(std::string_view topic, unsigned shards) noexcept {
    return static_cast<unsigned>(hash_name(topic, home_keys) % shards);
}

}  // namespace weir
