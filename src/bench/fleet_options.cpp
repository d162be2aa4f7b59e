#include "bench/fleet_member.hpp"

#include <weir/message/json_text.hpp>

#include <nlohmann/json.hpp>

// What the clients of a fleet do with the options of the protocol.
namespace weir::bench {

void fleet::publish(std::uint32_t index, mono_time now) {
    member& m = *members_[index];
    if (!publishing_ || m.client.at() != resuming_client::phase::open ||
        m.client.unanswered() >= settings_.unanswered_max) {
        return;
    }
    auto const topic = settings_.published[chance_.below(settings_.published.size())];
    auto const number = ++m.published;
    auto const nanoseconds = now.time_since_epoch().count();
    history_checker::publish_facts facts{.nanoseconds = nanoseconds};
    std::string members;
    auto const traits = topic < settings_.traits.size() ? settings_.traits[topic] : topic_traits();
    if (traits.keys != 0) {
        facts.key = "k" + std::to_string(chance_.below(traits.keys));
        members += R"(,"key":")" + facts.key + "\"";
    }
    if (settings_.is_volatile > 0 && chance_.part() < settings_.is_volatile) {
        members += R"(,"volatile":true)";
    }
    if (settings_.echo_off > 0 && chance_.part() < settings_.echo_off) {
        facts.echo = false;
        members += R"(,"echo":false)";
    }
    facts.removal = traits.state && traits.keys != 0 && chance_.part() < settings_.removals;
    checker_->publishes(index, number, facts);
    m.client.publish(
        number, topic,
        facts.removal ? "null" : payload_of(index, number, nanoseconds, settings_.payload_bytes),
        members);
    touched(index);
}

void fleet::replace_options(std::function<std::string(std::uint32_t topic)> const& choose) {
    auto const index = chance_.below(members_.size());
    auto const slot = chance_.below(settings_.seats[index].size());
    auto const options = choose(settings_.seats[index][slot]);
    auto& client = members_[index]->client;
    if (client.asking(slot)) return;
    client.set_options(slot, options);
    touched(index);
}

bool fleet::compare_states(clock::time_point deadline) {
    states_.clear();
    for (std::uint32_t topic = 0; topic != settings_.traits.size(); ++topic) {
        if (!settings_.traits[topic].state) continue;
        ++states_due_;
        ask_state(topic, {});
    }
    if (!run_until([this] { return states_due_ == 0; }, deadline)) return false;
    for (auto const& [topic, state] : states_) checker_->state_is(topic, state);
    return true;
}

void fleet::ask_state(std::uint32_t topic, std::string const& since) {
    std::string text = R"(,"type":"sync","topics":[)";
    append_json_string(text, settings_.topics[topic]);
    text += "]" + (since.empty() ? since : R"(,"since":)" + since);
    members_[0]->client.request(std::to_string(topic) + "." + std::to_string(++asked_), text);
    touched(0);
}

void fleet::on_answer(std::string_view id, std::string_view payload) {
    auto const topic = static_cast<std::uint32_t>(std::stoul(std::string(id)));
    auto const answer = nlohmann::json::parse(payload, nullptr, false);
    auto const& name = settings_.topics[topic];
    if (!answer.is_object() || !answer.contains("topics") || !answer["topics"].contains(name)) {
        checker_->broken(0, "sync of " + name + " was answered " + std::string(payload));
        --states_due_;
        return;
    }
    auto const& one = answer["topics"][name];
    auto& state = states_[topic];
    std::uint64_t last = 0;
    for (auto const& m : one["messages"]) {
        last = m["offset"].get<std::uint64_t>();
        state[m.value("key", std::string())] = last;
    }
    if (one.value("more", false) && last != 0) {
        auto since = one["position"];
        since["offset"] = last;
        return ask_state(topic, since.dump());
    }
    --states_due_;
}

}  // namespace weir::bench
