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
        state_->links.listener.on_read(ticket, state_->home.read(q));
    } else if (state_->links.overloaded(home)) {
        state_->links.listener.on_read(ticket, queues_full());
    } else {
        state_->links.send(home, broker_mail::read{std::move(q), ticket});
    }
}

void memory_broker::enter(std::string_view, std::string_view, std::string_view) {}
void memory_broker::exit(std::string_view, std::string_view) {}
void memory_broker::members(std::string_view, std::uint32_t, read_ticket ticket) {
    state_->links.listener.on_members(ticket, presence_page{});
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
    return {.trimmed_for_others = state_->home.topics().trimmed_for_others()};
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
