#pragma once

#include <weir/topic/broker_admin.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace weir {

/// What a broker_admin answers, for brokers that answer inside the call.
template <class R, class Ask>
R answer_of(Ask&& ask) {
    std::optional<result<R>> got;
    ask([&got](result<R> r) {
        EXPECT_FALSE(got.has_value()) << "answered twice";
        got = std::move(r);
    });
    if (!got || !*got) {
        ADD_FAILURE() << "no answer, or a fault";
        return R{};
    }
    return std::move(got->value());
}

inline std::vector<broker_topic> list_of(broker& b, std::string after, std::size_t max) {
    return answer_of<std::vector<broker_topic>>(
        [&](auto done) { b.admin().list(std::move(after), max, std::move(done)); });
}
inline std::optional<broker_topic> facts_of(broker& b, std::string topic) {
    return answer_of<std::optional<broker_topic>>(
        [&](auto done) { b.admin().facts(std::move(topic), std::move(done)); });
}
inline std::optional<bool> clear_history_of(broker& b, std::string topic) {
    return answer_of<std::optional<bool>>(
        [&](auto done) { b.admin().clear_history(std::move(topic), std::move(done)); });
}
inline std::optional<bool> clear_state_of(broker& b, std::string topic) {
    return answer_of<std::optional<bool>>(
        [&](auto done) { b.admin().clear_state(std::move(topic), std::move(done)); });
}

}  // namespace weir
