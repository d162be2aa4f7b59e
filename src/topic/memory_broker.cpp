#include "topic/home_table.hpp"
#include "topic/interest_set.hpp"

#include <weir/base/assert.hpp>
#include <weir/topic/memory_broker.hpp>
#include <weir/topic/name_hash.hpp>

#include <type_traits>
#include <utility>

namespace weir {
namespace {

/// Fixed, so that a topic's home is the same in every run: figures of one run hold for the next.
constexpr name_hash_keys home_keys{0x9e3779b97f4a7c15, 0xd1b54a32d192ed03};

fault too_many_topics() {
    fault f;
    f.code = errc::limit_reached;
    f.message = "the server has as many topics as it may hold";
    f.stored = outcome::not_stored;
    return f;
}

fault queues_full() {
    fault f;
    f.code = errc::unavailable;
    f.message = "more is published than can be passed on";
    f.retry_after = seconds{1};
    f.stored = outcome::not_stored;
    return f;
}

message_ptr to_message(publication&& p, position const& at) {
    auto m = std::make_shared<message>();
    m->topic = std::move(p.topic);
    m->event = std::move(p.event);
    m->payload = std::move(p.payload);
    m->key = std::move(p.key);
    m->from = std::move(p.from);
    m->at = at;
    m->time = p.time;
    m->exclude = p.exclude;
    m->is_volatile = p.is_volatile;
    m->received = p.received;
    return m;
}

}  // namespace

/// The home's part speaks of `origin`, the shard that asked; it may be this one.
struct memory_broker::state {
    state(memory_broker_settings const& s, memory_broker_shared& shared, broker_post& siblings,
          broker_listener& own, policy_source const&)
        : settings(s), post(siblings), listener(own), homes(s.topics_max, shared) {
        WEIR_ASSERT(s.shard < s.shards && s.shards <= interest_set::shards_max);
    }

    unsigned home_of(std::string_view topic) const noexcept {
        return memory_broker::home_of(topic, settings.shards);
    }
    template <class Content>
    void send(unsigned shard, Content content) {
        post.post(shard, broker_mail{settings.shard, std::move(content)});
    }
    bool overloaded(unsigned shard) const { return post.backlog(shard) > settings.backlog_max; }

    result<position> take_interest(std::string_view topic, unsigned origin) {
        auto* const home = homes.find_or_create(topic);
        if (home == nullptr) return too_many_topics();
        homes.add_interest(*home, origin);
        return home->head;
    }

    void drop_interest(std::string_view topic, unsigned origin) {
        if (auto* const home = homes.find(topic)) homes.remove_interest(*home, origin);
    }

    /// Gives the message its place and passes it on. Nothing touches the home after the listener
    /// was called: it may have detached.
    result<position> order(publication&& p) {
        auto* const home = homes.find_or_create(p.topic);
        if (home == nullptr) return too_many_topics();
        auto const interest = home->interest;
        if (!interest.every([this](unsigned shard) { return !overloaded(shard); })) {
            return queues_full();
        }
        auto const at = homes.advance(*home);
        if (interest.empty()) return at;
        auto m = to_message(std::move(p), at);
        interest.every([&](unsigned shard) {
            if (shard != settings.shard) send(shard, broker_mail::deliver{m});
            return true;
        });
        if (interest.contains(settings.shard)) listener.on_message(std::move(m));
        return at;
    }

    void on(unsigned from, broker_mail::attach& mail) {
        auto at = take_interest(mail.topic, from);
        send(from, broker_mail::attached{std::move(mail.topic), std::move(at)});
    }
    void on(unsigned from, broker_mail::detach& mail) { drop_interest(mail.topic, from); }
    void on(unsigned from, broker_mail::publish& mail) {
        auto at = order(std::move(mail.what));
        send(from, broker_mail::published{mail.ticket, std::move(at)});
    }
    void on(unsigned, broker_mail::attached& mail) {
        listener.on_attached(mail.topic, std::move(mail.at));
    }
    void on(unsigned, broker_mail::published& mail) {
        listener.on_published(mail.ticket, std::move(mail.at));
    }
    void on(unsigned, broker_mail::deliver& mail) { listener.on_message(std::move(mail.what)); }

    memory_broker_settings const settings;
    broker_post& post;
    broker_listener& listener;
    home_table homes;
};

memory_broker::memory_broker(memory_broker_settings settings, memory_broker_shared& shared,
                             broker_post& siblings, broker_listener& listener,
                             policy_source const& policies)
    : state_(std::make_unique<state>(settings, shared, siblings, listener, policies)) {}

memory_broker::~memory_broker() = default;

void memory_broker::attach(std::string_view topic) {
    auto const home = state_->home_of(topic);
    if (home != state_->settings.shard) {
        state_->send(home, broker_mail::attach{std::string(topic)});
        return;
    }
    state_->listener.on_attached(topic, state_->take_interest(topic, home));
}

void memory_broker::detach(std::string_view topic) {
    auto const home = state_->home_of(topic);
    if (home != state_->settings.shard) {
        state_->send(home, broker_mail::detach{std::string(topic)});
        return;
    }
    state_->drop_interest(topic, home);
}

void memory_broker::publish(publication p, publish_ticket ticket) {
    auto const home = state_->home_of(p.topic);
    if (home == state_->settings.shard) {
        state_->listener.on_published(ticket, state_->order(std::move(p)));
    } else if (state_->overloaded(home)) {
        state_->listener.on_published(ticket, queues_full());
    } else {
        state_->send(home, broker_mail::publish{std::move(p), ticket});
    }
}

void memory_broker::read(log_query, read_ticket ticket) {
    state_->listener.on_read(ticket, log_page{});
}
void memory_broker::enter(std::string_view, std::string_view, std::string_view) {}
void memory_broker::exit(std::string_view, std::string_view) {}
void memory_broker::members(std::string_view, std::uint32_t, read_ticket ticket) {
    state_->listener.on_members(ticket, presence_page{});
}
void memory_broker::policies_changed() {}
std::size_t memory_broker::history_bytes() const noexcept {
    return 0;
}

void memory_broker::on_mail(broker_mail mail) {
    std::visit([&](auto& content) { state_->on(mail.from, content); }, mail.content);
}

void memory_broker::on_tick(mono_time at) {
    state_->homes.tick(at);
}

std::size_t memory_broker::topics() const noexcept {
    return state_->homes.size();
}

std::vector<memory_broker::topic_facts> memory_broker::list(std::string_view after,
                                                            std::size_t max) const {
    return state_->homes.list(after, max);
}

std::optional<position> memory_broker::find(std::string_view topic) const {
    auto const* const home = state_->homes.find(topic);
    if (home == nullptr) return std::nullopt;
    return home->head;
}

unsigned memory_broker::home_of(std::string_view topic, unsigned shards) noexcept {
    return static_cast<unsigned>(hash_name(topic, home_keys) % shards);
}

}  // namespace weir
