#include <weir/session/authority.hpp>

namespace weir {

decision rule_authority::ask(authority_question const& q) {
    auto const allowed = rules_->allow(q.action, q.topic, q.user);
    if (!allowed) return {verdict::refused, allowed.error()};
    if (!q.token.empty()) {
        // Ignoring it would subscribe as somebody else.
        return {verdict::refused,
                fault{errc::unsupported, "this server does not support token in subscribe"}};
    }
    return {};
}

}  // namespace weir
