#pragma once

#include <weir/base/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

enum class right : std::uint8_t { anyone, authenticated, owner, nobody };
enum class topic_action : std::uint8_t { subscribe, publish };

/// One entry of `topics:`. A list of rights means any of them.
struct topic_rule {
    std::string match;  ///< `*` one segment, `**` the rest, `{user}` one segment that names the owner
    std::vector<right> subscribe;
    std::vector<right> publish;
};

/// The rules of a server, in order. The first whose shape matches a topic counts, and never falls
/// through to the next, so a rule is read without reading the ones below it. Immutable.
class rule_set {
public:
    explicit rule_set(std::vector<topic_rule> rules);
    ~rule_set();
    rule_set(rule_set&&) noexcept;
    rule_set& operator=(rule_set&&) noexcept;

    /// Null where no rule's shape matches: then nobody may do anything.
    topic_rule const* find(std::string_view topic) const;

    /// `user` empty: anonymous. Faults: `unauthorized` where a login would help an anonymous
    /// session, `forbidden` otherwise. Reserved topics (`$…`) are always forbidden.
    result<void> allow(topic_action action, std::string_view topic, std::string_view user) const;

private:
    struct compiled;
    std::vector<compiled> rules_;
};

}  // namespace weir
