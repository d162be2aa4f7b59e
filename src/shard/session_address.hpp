#pragma once

#include <weir/base/ids.hpp>
#include <weir/topic/name_hash.hpp>

#include <cstdint>
#include <optional>

namespace weir {

/// Session ids that tell where their session lives, to this process alone: shard and place in the
/// registry are masked by the id's random half, and a check says that the id was made here. So no
/// table of sessions is needed, and a connection that resumes finds its way in one step (ADR 0009).
/// An id is a public name: it needs to be unique and to tell nothing, not to be secret. One for
/// the process; thread-safe.
class session_addresses {
public:
    session_addresses();

    static constexpr unsigned shard_bits = 8;
    static constexpr unsigned index_bits = 20;
    struct place {
        std::uint32_t shard = 0;  ///< below 2^shard_bits
        std::uint32_t index = 0;  ///< below 2^index_bits
        bool operator==(place const&) const = default;
    };
    session_id make(place where) const;
    /// Nothing: no session of this process was ever called so.
    std::optional<place> find(session_id const& id) const noexcept;

private:
    name_hash_keys mask_;
    name_hash_keys check_;
};

}  // namespace weir
