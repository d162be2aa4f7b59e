#include "topic/interest_set.hpp"
#include "topic/memory_home.hpp"

#include <weir/base/assert.hpp>
#include <weir/topic/memory_broker.hpp>
#include <weir/topic/name_hash.hpp>

#include <utility>
#include <variant>

namespace weir {
namespace {

/// Fixed, so that a topic's home is the same in every run: figures of one run hold for the next.
constexpr name_hash_keys home_keys{0x9e3779b97f4a7c15, 0xd1b54a32d192ed03};

}  // namespace

/// Where a call goes: to the home here, or by mail to a sibling's; and what mail does.
struct memory_broker::state {
    state(memory_broker_settings const& s, memory_broker_shared& shared, broker_post& siblings,
          broker_listener& own, policy_source const& policies)
        : links{s, siblings, own}, home(links, shared, policies) {
        WEIR_ASSERT(s.shard < s.shards && s.shards <= interest_set::shards_max);
    }

    unsigned home_of(std::string_view topic) const noexcept {
        return memory_broker::home_of(topic, links.settings.shards);
    }
    unsigned self() const noexcept { return links.settings.shard; }

    void on(unsigned from, broker_mail::attach& mail) {
        auto at = home.attach(mail.topic, from);
        links.send(from, broker_mail::attached{std::move(mail.topic), std::move(at)});
    }
    void on(unsigned from, broker_mail::detach& mail) { home.detach(mail.topic, from); }
    void on(unsigned from, broker_mail::publish& mail) {
        auto at = home.publish(std::move(mail.what));
        links.send(from, broker_mail::published{mail.ticket, std::move(at)});
    }
    void on(unsigned from, broker_mail::read& mail) {
        links.send(from, broker_mail::page{mail.ticket, home.read(mail.what)});
    }
    void on(unsigned, broker_mail::enter& mail) { home.enter(mail.topic, mail.user, mail.info); }
    void on(unsigned, broker_mail::exit& mail) { home.exit(mail.topic, mail.user); }
    void on(unsigned from, broker_mail::members& mail) {
        auto page = home.members(mail.topic, mail.max);
        links.send(from, broker_mail::members_page{mail.ticket, std::move(page)});
    }
    void on(unsigned, broker_mail::attached& mail) {
        links.listener.on_attached(mail.topic, std::move(mail.at));
    }
    void on(unsigned, broker_mail::published& mail) {
        links.listener.on_published(mail.ticket, std::move(mail.at));
    }
    void on(unsigned, broker_mail::deliver& mail) {
        links.listener.on_message(std::move(mail.what));
    }
    void on(unsigned, broker_mail::page& mail) {
        links.listener.on_read(mail.ticket, std::move(mail.what));
    }
    void on(unsigned, broker_mail::members_page& mail) {
        links.listener.on_members(mail.ticket, std::move(mail.what));
    }
    void on(unsigned, broker_mail::presence& mail) {
        links.listener.on_presence(std::move(mail.what));
    }

    memory_links links;
    memory_home home;
};

memory_broker::memory_broker(memory_broker_settings settings, memory_broker_shared& shared,
                             broker_post& siblings, broker_listener& listener,
                             policy_source const& policies)
    : state_(std::make_unique<state>(settings, shared, siblings, listener, policies)) {}

memory_broker::~memory_broker() = default;

void memory_broker::attach(std::string_view topic) {
    auto const home = state_->home_of(topic);
    if (home == state_->self()) {
        state_->links.listener.on_attached(topic, state_->home.attach(topic, home));
    } else {
        state_->links.send(home, broker_mail::attach{std::string(topic)});
    }
}

void memory_broker::detach(std::string_view topic) {
    auto const home = state_->home_of(topic);
    if (home == state_->self()) {
        state_->home.detach(topic, home);
    } else {
        state_->links.send(home, broker_mail::detach{std::string(topic)});
    }
}

void memory_broker::publish(publication p, publish_ticket ticket) {
    auto const home = state_->home_of(p.topic);
    if (home == state_->self()) {
        state_->links.listener.on_published(ticket, state_->home.publish(std::move(p)));
    } else if (state_->links.overloaded(home)) {
        state_->links.listener.on_published(ticket, queues_full());
    } else {
        state_->links.send(home, broker_mail::publish{std::move(p), ticket});
    }
}

void memory_broker::read(log_query q, read_ticket ticket) {
    auto const home = state_->home_of(q.topic);
    if (home == state_->self()) {
        state_->links.listener.on_read(ticket, read_here(q));
    } else if (state_->links.overloaded(home)) {
        state_->links.listener.on_read(ticket, queues_full());
    } else {
        state_->links.send(home, broker_mail::read{std::move(q), ticket});
    }
}

void memory_broker::enter(std::string_view topic, std::string_view user, std::string_view info) {
    auto const home = state_->home_of(topic);
    if (home == state_->self()) {
        state_->home.enter(topic, user, info);
    } else {
        state_->links.send(
            home, broker_mail::enter{std::string(topic), std::string(user), std::string(info)});
    }
}

void memory_broker::exit(std::string_view topic, std::string_view user) {
    auto const home = state_->home_of(topic);
    if (home == state_->self()) {
        state_->home.exit(topic, user);
    } else {
        state_->links.send(home, broker_mail::exit{std::string(topic), std::string(user)});
    }
}

void memory_broker::members(std::string_view topic, std::uint32_t max, read_ticket ticket) {
    auto const home = state_->home_of(topic);
    if (home == state_->self()) {
        state_->links.listener.on_members(ticket, members_here(topic, max));
    } else if (state_->links.overloaded(home)) {
        state_->links.listener.on_members(ticket, queues_full());
    } else {
        state_->links.send(home, broker_mail::members{std::string(topic), max, ticket});
    }
}

void memory_broker::policies_changed() {
    state_->home.topics().policies_changed();
}

void memory_broker::on_mail(broker_mail mail) {
    std::visit([&](auto& content) { state_->on(mail.from, content); }, mail.content);
}

void memory_broker::on_tick(mono_time at) {
    state_->home.tick(at);
}

std::size_t memory_broker::topics() const noexcept {
    return state_->home.topics().size();
}

std::size_t memory_broker::history_bytes() const noexcept {
    return state_->home.topics().bytes();
}

memory_broker::tally memory_broker::counts() const noexcept {
    return state_->home.counts();
}

std::vector<memory_broker::topic_facts> memory_broker::list(std::string_view after,
                                                            std::size_t max) const {
    return state_->home.topics().list(after, max);
}

std::optional<position> memory_broker::find(std::string_view topic) const {
    auto const* const home = state_->home.topics().find(topic);
    if (home == nullptr) return std::nullopt;
    return home->head;
}

std::optional<memory_broker::topic_facts> memory_broker::facts_of(std::string_view topic) const {
    auto const* const home = state_->home.topics().find(topic);
    if (home == nullptr) return std::nullopt;
    return state_->home.topics().facts_of(*home);
}

log_page memory_broker::read_here(log_query const& q) {
    return state_->home.read(q);
}

presence_page memory_broker::members_here(std::string_view topic, std::uint32_t max) {
    return state_->home.members(topic, max);
}

bool memory_broker::clear_history(std::string_view topic) {
    auto* const home = state_->home.topics().find(topic);
    if (home != nullptr) state_->home.topics().clear_history(*home);
    return home != nullptr;
}

bool memory_broker::clear_state(std::string_view topic) {
    auto* const home = state_->home.topics().find(topic);
    if (home != nullptr) state_->home.topics().clear_state(*home);
    return home != nullptr;
}

unsigned memory_broker::home_of(std::string_view topic, unsigned shards) noexcept {
    return static_cast<unsigned>(hash_name(topic, home_keys) % shards);
}

}  // namespace weir
