#include "topic/pattern.hpp"

#include <weir/message/topic_name.hpp>
#include <weir/topic/rules.hpp>

#include <utility>

namespace weir {
namespace {

/// A list of rights, as a bit for each.
class right_set {
public:
    explicit right_set(std::vector<right> const& rights) noexcept {
        for (right const r : rights) bits_ |= bit(r);
    }
    bool has(right r) const noexcept { return (bits_ & bit(r)) != 0; }

private:
    static unsigned bit(right r) noexcept { return 1U << static_cast<unsigned>(r); }
    unsigned bits_ = 0;
};

std::string deed(topic_action action, std::string_view topic) {
    std::string text = action == topic_action::subscribe ? "subscribing to " : "publishing to ";
    text += topic;
    return text;
}

fault refusal(errc code, std::string message) {
    fault f;
    f.code = code;
    f.message = std::move(message);
    return f;
}

/// Why these rights did not let the user in, and what would.
fault explain(topic_action action, std::string_view topic, bool anonymous, right_set rights,
              bool has_owner) {
    bool const for_owner = has_owner && rights.has(right::owner);
    auto const text = deed(action, topic);
    if (anonymous && rights.has(right::authenticated)) {
        return refusal(errc::unauthorized, text + " needs a login");
    }
    if (anonymous && for_owner) {
        return refusal(errc::unauthorized, text + " is for its owner and needs a login");
    }
    if (for_owner) return refusal(errc::forbidden, text + " is for its owner");
    return refusal(errc::forbidden, text + " is not open to clients");
}

}  // namespace

struct rule_set::compiled {
    explicit compiled(topic_rule r)
        : rule(std::move(r)), shape(rule.match), subscribe(rule.subscribe), publish(rule.publish) {}

    topic_rule rule;
    topic_pattern shape;
    right_set subscribe;
    right_set publish;
};

rule_set::rule_set(std::vector<topic_rule> rules) {
    rules_.reserve(rules.size());
    for (auto& rule : rules) rules_.emplace_back(std::move(rule));
}

rule_set::~rule_set() = default;
rule_set::rule_set(rule_set&&) noexcept = default;
rule_set& rule_set::operator=(rule_set&&) noexcept = default;

rule_set::compiled const* rule_set::match(std::string_view topic,
                                          std::string_view& owner) const noexcept {
    if (is_reserved_topic(topic)) return nullptr;
    for (auto const& candidate : rules_) {
        if (candidate.shape.matches(topic, owner)) return &candidate;
    }
    return nullptr;
}

topic_rule const* rule_set::find(std::string_view topic) const {
    std::string_view owner;
    auto const* const found = match(topic, owner);
    return found == nullptr ? nullptr : &found->rule;
}

topic_policy rule_set::policy_of(std::string_view topic) const {
    auto const* const rule = find(topic);
    return rule == nullptr ? topic_policy{} : rule->policy;
}

result<void> rule_set::allow(topic_action action, std::string_view topic,
                             std::string_view user) const {
    if (is_reserved_topic(topic)) {
        return refusal(errc::forbidden, "topics that start with '$' are the server's own");
    }
    std::string_view owner;
    auto const* const found = match(topic, owner);
    if (found == nullptr) {
        return refusal(errc::forbidden, "no topic rule covers " + std::string(topic));
    }
    auto const rights = action == topic_action::subscribe ? found->subscribe : found->publish;
    bool const anonymous = user.empty();
    if (rights.has(right::anyone)) return {};
    if (!anonymous && rights.has(right::authenticated)) return {};
    if (!anonymous && rights.has(right::owner) && found->shape.has_owner() &&
        segment_names_user(owner, user)) {
        return {};
    }
    return explain(action, topic, anonymous, rights, found->shape.has_owner());
}

}  // namespace weir
