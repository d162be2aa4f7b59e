#pragma once

#include "shard/client.hpp"

#include <weir/base/ids.hpp>
#include <weir/topic/name_hash.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace weir {

/// The clients of one shard: owned by slot, found by user once they are open. A slot
/// is used again with another generation, so that an answer that comes late finds nobody.
class registry {
public:
    /// Generations wrap here: index, generation and a 32-bit ticket fit one publish_ticket.
    static constexpr std::uint32_t generation_bits = 11;
    static constexpr std::uint32_t index_bits = 20;

    static constexpr std::size_t clients_max = std::size_t{1} << index_bits;

    /// None: there are as many as can be named.
    std::optional<client_slot> reserve();
    bool full() const noexcept { return used_ == clients_max; }
    void put(client_slot slot, std::unique_ptr<client> c);
    /// Null when that client is gone.
    client* find(client_slot slot) const noexcept;
    /// Gives the client back to be destroyed; its slot is free.
    std::unique_ptr<client> take(client_slot slot);

    /// The client whose session has that id and that place in its address; null: gone.
    client* find(session_id const& id, std::uint32_t index) const noexcept;

    void index(client& c);
    void unindex(client& c);

    std::size_t size() const noexcept { return used_; }

    template <class F>
    void for_each(F&& f) const {
        for (place const& p : places_) {
            if (p.held) f(*p.held);
        }
    }
    /// Everybody of that user; `f` may close clients, which are destroyed later.
    template <class F>
    std::uint64_t for_user(std::string const& user, F&& f) const {
        auto const all = by_user_.find(user);
        if (all == by_user_.end()) return 0;
        for (client* const c : all->second) f(*c);
        return all->second.size();
    }

private:
    struct place {
        std::unique_ptr<client> held;
        std::uint32_t generation = 0;
    };
    std::vector<place> places_;
    std::vector<std::uint32_t> free_;
    std::unordered_map<std::string, std::vector<client*>, name_hash, std::equal_to<>> by_user_;
    std::size_t used_ = 0;
};

}  // namespace weir
