#include "topic/memory_admin.hpp"

#include <optional>
#include <utility>

namespace weir {

void memory_admin::list(std::string after, std::size_t max,
                        answer<std::vector<broker_topic>> done) {
    done(home_.topics().list(after, max));
}

void memory_admin::facts(std::string topic, answer<std::optional<broker_topic>> done) {
    std::optional<broker_topic> found;
    if (auto const* const known = home_.topics().find(topic)) {
        found = home_.topics().facts_of(*known);
    }
    done(std::move(found));
}

void memory_admin::read(log_query q, answer<std::optional<log_page>> done) {
    std::optional<log_page> page;
    if (home_.topics().find(q.topic) != nullptr) page = home_.read(q);
    done(std::move(page));
}

void memory_admin::members(std::string topic, std::uint32_t max,
                           answer<std::optional<presence_page>> done) {
    std::optional<presence_page> page;
    if (home_.topics().find(topic) != nullptr) page = home_.members(topic, max);
    done(std::move(page));
}

void memory_admin::clear_history(std::string topic, answer<std::optional<bool>> done) {
    std::optional<bool> cleared;
    if (auto* const known = home_.topics().find(topic)) {
        cleared = home_.topics().facts_of(*known).messages != 0;
        home_.topics().clear_history(*known);
    }
    done(cleared);
}

void memory_admin::clear_state(std::string topic, answer<std::optional<bool>> done) {
    std::optional<bool> cleared;
    if (auto* const known = home_.topics().find(topic)) {
        cleared = home_.topics().facts_of(*known).state_keys != 0;
        home_.topics().clear_state(*known);
    }
    done(cleared);
}

}  // namespace weir
