#pragma once

#include <weir/message/request_id.hpp>
#include <weir/topic/name_hash.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir {

/// For tables by the ids of clients. The key is random for each process, as in name_hash.
class id_hash {
public:
    using is_transparent = void;
    std::size_t operator()(request_id id) const {
        if (id.is_text()) return hash_(id.text());
        std::uint64_t const n = id.number();
        return hash_({reinterpret_cast<char const*>(&n), sizeof n}) ^ std::size_t{id.is_negative()};
    }
    std::size_t operator()(stored_id const& id) const { return (*this)(request_id(id)); }

private:
    name_hash hash_;
};

struct id_equal {
    using is_transparent = void;
    bool operator()(request_id a, request_id b) const noexcept { return a == b; }
};

}  // namespace weir
