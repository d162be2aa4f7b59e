#pragma once

#include <weir/base/error.hpp>
#include <weir/base/ids.hpp>
#include <weir/topic/rules.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace weir {

/// Names one question of a session until it is answered.
using authority_ticket = std::uint32_t;

/// May this session do that?
struct authority_question {
    topic_action action = topic_action::subscribe;
    std::string_view topic;
    std::string_view user;   ///< empty: anonymous
    std::string_view token;  ///< subscribe: whose subscription it is, as the client proves it
    session_id session;
    authority_ticket ticket = 0;
};

enum class verdict : std::uint8_t {
    allowed,
    refused,
    pending,  ///< session::on_decided() brings the answer, with the ticket of the question
};

struct decision {
    verdict what = verdict::allowed;
    std::optional<fault> why{};  ///< refused
};

/// Decides what sessions may do. Asked on the shard's thread. It may answer later, but then it
/// answers once, within a time of its own, and never from inside ask(). An answer for a session
/// that has ended finds nobody. The views of a question live during the call.
class authority {
public:
    virtual decision ask(authority_question const& q) = 0;

protected:
    ~authority() = default;
};

/// The rules of the configuration, which answer at once.
class rule_authority final : public authority {
public:
    /// `rules` live until the next change().
    explicit rule_authority(rule_set const& rules) noexcept : rules_(&rules) {}
    void change(rule_set const& rules) noexcept { rules_ = &rules; }

    decision ask(authority_question const& q) override;

private:
    rule_set const* rules_;
};

}  // namespace weir
