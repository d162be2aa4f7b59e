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
    return share({.topic = std::move(p.topic),
                  .event = std::move(p.event),
                  .payload = std::move(p.payload),
                  .key = std::move(p.key),
                  .from = std::move(p.from),
                  .at = at,
                  .time = p.time,
                  .exclude = p.exclude,
                  .is_volatile = p.is_volatile,
                  .received = p.received});
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
    if (!home.interest.every([this](unsigned shard) { return !links_.backlog_full(shard); })) {
        links_.count(limit_kind::backlog);
        return queues_full();
    }
    auto const* const keep = topics_.keep_of(home);
    if (keep == nullptr) return {};
    if (!keep->state.admits(p.key, p.payload)) {
        links_.count(limit_kind::state_keys);
        return refused(errc::limit_reached, "the topic's state has as many keys as it may hold");
    }
    if (auto const other = topics_.whom_to_ask()) links_.send(*other, broker_mail::give_way{});
    if (!topics_.reserve(*keep, p)) {
        links_.count(limit_kind::history_bytes);
        return refused(errc::limit_reached, "the server keeps as much state as it may hold");
    }
    return {};
}

result<position> memory_home::publish(publication&& p) {
    if (p.dedupe.empty()) {
        auto* const home = topics_.find_or_create(p.topic);
        if (home == nullptr) return too_many_topics();
        if (auto const admitted = admit(p, *home); !admitted) return admitted.error();
        return order(std::move(p), *home);
    }
    auto print = dedupe_.print_of(p);
    auto const [verdict, first] = dedupe_.look_up(print);
    if (verdict == dedupe_window::verdict::repeated) return first;
    if (verdict == dedupe_window::verdict::other_content) {
        return refused(errc::conflict, "the dedupe id was used for another message");
    }
    auto* const home = topics_.find_or_create(p.topic);
    if (home == nullptr) return too_many_topics();
    if (auto const admitted = admit(p, *home); !admitted) return admitted.error();
    position const next{home->head.epoch, home->head.offset + 1};
    if (!dedupe_.remember(std::move(print), next, topics_.clock())) {
        topics_.release();
        links_.count(limit_kind::dedupe);
        auto full = refused(errc::unavailable, "as many dedupe ids are in use as may be");
        full.retry_after = seconds{1};
        return full;
    }
    return order(std::move(p), *home);
}

/// Everything was admitted. The listener is told last, for it may ask for more from inside.
result<position> memory_home::order(publication&& p, topic_home& home) {
    auto* const keep = topics_.keep_of(home);
    auto const at = topics_.advance(home);
    auto const interest = home.interest;
    if (interest.empty() && keep == nullptr) return at;
    auto m = to_message(std::move(p), at);
    if (keep != nullptr) topics_.store(*keep, m);
    interest.every([&](unsigned shard) {
        if (shard != links_.settings.shard) links_.send(shard, broker_mail::deliver{m});
        return true;
    });
    if (interest.contains(links_.settings.shard)) links_.listener.on_message(std::move(m));
    tell_news();
    return at;
}

log_page memory_home::read(log_query const& q) {
    if (auto* const home = topics_.find(q.topic)) return topics_.read(*home, q);
    log_page nothing;
    if (q.at) nothing.missing = loss{.reason = gap_reason::epoch};
    return nothing;
}

void memory_home::enter(std::string_view topic, std::string_view user, std::string_view info) {
    auto* const home = topics_.find_or_create(topic);
    if (home == nullptr || !topics_.enter(*home, user, info)) links_.count(limit_kind::presence);
    tell_news();
}

void memory_home::exit(std::string_view topic, std::string_view user) {
    if (auto* const home = topics_.find(topic)) topics_.exit(*home, user);
    tell_news();
}

/// What was told is told first: no change with a version up to the page's may come behind it.
presence_page memory_home::members(std::string_view topic, std::uint32_t max) {
    while (topics_.has_news()) tell_news();
    auto* const home = topics_.find(topic);
    return home == nullptr ? presence_page{} : topics_.members(*home, max);
}

void memory_home::tick(mono_time at) {
    topics_.tick(at);
    dedupe_.expire(topics_.clock(), home_table::removed_a_tick);
    tell_news();
}

/// One by one from the front: a listener that asks for members from inside is first told the rest.
void memory_home::tell_news() {
    while (auto news = topics_.take_news()) {
        news->interest.every([&](unsigned shard) {
            if (shard != links_.settings.shard)
                links_.send(shard, broker_mail::presence{news->what});
            return true;
        });
        if (news->interest.contains(links_.settings.shard)) {
            links_.listener.on_presence(std::move(news->what));
        }
    }
}

}  // namespace weir
