#include "topic/memory_home.hpp"

#include <memory>
#include <utility>

namespace weir {
namespace {

fault refused(errc code, char const* message) {
    fault f;
    f.code = code;
    f.message = message;
    f.stored = outcome::not_stored;
    return f;
}

fault too_many_topics() {
    return refused(errc::limit_reached, "the server has as many topics as it may hold");
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

fault queues_full() {
    auto f = refused(errc::unavailable, "more is published than can be passed on");
    f.retry_after = seconds{1};
    return f;
}

result<position> memory_home::attach(std::string_view topic, unsigned origin) {
    auto* const home = topics_.find_or_create(topic);
    if (home == nullptr) return too_many_topics();
    topics_.add_interest(*home, origin);
    return home->head;
}

void memory_home::detach(std::string_view topic, unsigned origin) {
    if (auto* const home = topics_.find(topic)) topics_.remove_interest(*home, origin);
}

result<void> memory_home::admit(publication const& p, topic_home& home) {
    if (!home.interest.every([this](unsigned shard) { return !links_.overloaded(shard); })) {
        return queues_full();
    }
    auto const* const keep = topics_.keep_of(home);
    if (keep == nullptr) return {};
    if (!keep->state.admits(p.key, p.payload)) {
        return refused(errc::limit_reached, "the topic's state has as many keys as it may hold");
    }
    if (!topics_.has_room(*keep, p)) {
        return refused(errc::limit_reached, "the server keeps as much state as it may hold");
    }
    return {};
}

result<position> memory_home::publish(publication&& p) {
    auto* const home = topics_.find_or_create(p.topic);
    if (home == nullptr) return too_many_topics();
    if (auto const admitted = admit(p, *home); !admitted) return admitted.error();
    auto* const keep = topics_.keep_of(*home);
    auto const at = topics_.advance(*home);
    auto const interest = home->interest;
    if (interest.empty() && keep == nullptr) return at;
    auto m = to_message(std::move(p), at);
    if (keep != nullptr) topics_.store(*keep, m);
    interest.every([&](unsigned shard) {
        if (shard != links_.settings.shard) links_.send(shard, broker_mail::deliver{m});
        return true;
    });
    if (interest.contains(links_.settings.shard)) links_.listener.on_message(std::move(m));
    return at;
}

log_page memory_home::read(log_query const& q) {
    if (auto* const home = topics_.find(q.topic)) return topics_.read(*home, q);
    log_page nothing;
    if (q.at) nothing.missing = loss{.reason = gap_reason::epoch};
    return nothing;
}

}  // namespace weir
