#include "session/bucket_step.hpp"

#include <weir/session/token_bucket.hpp>

namespace weir {

milliseconds token_bucket::take(limit const& l, mono_time at) noexcept {
    bucket_step const s = step_bucket(full_since_, l, at);
    full_since_ = s.full;
    return s.wait;
}

void token_bucket::charge(limit const& l, mono_time at, std::uint32_t tokens) noexcept {
    full_since_ = charge_bucket(full_since_, l, at, tokens);
}

milliseconds token_bucket::wait(limit const& l, mono_time at) const noexcept {
    return step_bucket(full_since_, l, at).wait;
}

}  // namespace weir
