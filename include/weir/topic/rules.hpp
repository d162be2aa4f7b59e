#pragma once

#include <weir/base/error.hpp>
#include <weir/topic/policy.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

enum class right : std::uint8_t { anyone, authenticated, owner, nobody };
enum class topic_action : std::uint8_t { subscribe, publish };

/// What is wrong with a pattern, as a sentence; empty for a good one. Segments separated by '.':
/// a literal of topic characters, `*` (exactly one segment), `{user}` (exactly one, at most once
/// in a pattern), and at the end `**` (one or more). So `a.**` matches `a.b` and `a.b.c` but not
/// `a`, and `**` alone matches every name. Static storage.
std::string_view topic_pattern_fault(std::string_view pattern) noexcept;

/// One entry of `topics:`. A list of rights means any of them; an empty one means nobody.
struct topic_rule {
    std::string match;  ///< a pattern as above
    std::vector<right> subscribe;
    std::vector<right> publish;
    topic_policy policy{};
};

/// The rules of a server, in order. The first whose shape matches a topic counts, and never falls
/// through to the next, so a rule is read without reading the ones below it. Immutable.
///
/// The owner of a topic is the user whose id, written by escape_segment(), stands at `{user}`.
/// `right::owner` in a rule without `{user}` lets nobody in. No look-up allocates, a fault apart.
class rule_set {
public:
    /// Every `match` has passed topic_pattern_fault(); anything else is a bug of the caller, for a
    /// rule that is dropped or bent would open what it was written to close.
    explicit rule_set(std::vector<topic_rule> rules);
    ~rule_set();
    rule_set(rule_set&&) noexcept;
    rule_set& operator=(rule_set&&) noexcept;

    /// Null where no rule's shape matches: then nobody may do anything. Also for reserved topics
    /// (`$…`): no pattern reaches them.
    topic_rule const* find(std::string_view topic) const;

    /// What is kept of a topic; nothing where no rule covers it.
    topic_policy policy_of(std::string_view topic) const;

    /// `user` empty: anonymous. Faults: `unauthorized` where a login would help an anonymous
    /// session, `forbidden` otherwise. Reserved topics (`$…`) are always forbidden.
    result<void> allow(topic_action action, std::string_view topic, std::string_view user) const;

private:
    struct compiled;
    compiled const* match(std::string_view topic, std::string_view& owner) const noexcept;
    std::vector<compiled> rules_;
};

}  // namespace weir
