#pragma once

#include <weir/topic/broker.hpp>
#include <weir/topic/policy.hpp>

#include <cstddef>

namespace weir {

/// Says how much still goes on a page: both bounds of the query, but the first always does.
class page_fill {
public:
    explicit page_fill(log_query const& q) noexcept
        : messages_(q.messages_max), bytes_(q.bytes_max) {}

    bool takes(message const& m) noexcept {
        auto const size = stored_bytes(m);
        if (taken_ != 0 && (taken_ >= messages_ || size > bytes_)) return false;
        ++taken_;
        bytes_ -= size < bytes_ ? size : bytes_;
        return true;
    }

private:
    std::size_t const messages_;
    std::size_t bytes_;
    std::size_t taken_ = 0;
};

}  // namespace weir
