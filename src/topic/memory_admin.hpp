#pragma once

#include "topic/memory_home.hpp"

#include <weir/topic/broker_admin.hpp>

#include <string>
#include <vector>

namespace weir {

/// broker_admin of a memory broker: knows the topics at home here, and answers inside the call.
class memory_admin final : public broker_admin {
public:
    explicit memory_admin(memory_home& home) : home_(home) {}

    void list(std::string after, std::size_t max, answer<std::vector<broker_topic>> done) override;
    void facts(std::string topic, answer<std::optional<broker_topic>> done) override;
    void read(log_query q, answer<std::optional<log_page>> done) override;
    void members(std::string topic, std::uint32_t max,
                 answer<std::optional<presence_page>> done) override;
    void clear_history(std::string topic, answer<std::optional<bool>> done) override;
    void clear_state(std::string topic, answer<std::optional<bool>> done) override;

private:
    memory_home& home_;
};

}  // namespace weir
