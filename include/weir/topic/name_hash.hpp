#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir {

/// Two secrets that decide how names are scattered.
struct name_hash_keys {
    std::uint64_t first = 0;
    std::uint64_t second = 0;
};

/// 64 well-mixed bits of a topic name.
std::uint64_t hash_name(std::string_view name, name_hash_keys const& keys) noexcept;

/// For tables whose keys strangers choose: the keys are random for each process, so that nobody
/// can prepare names that fall into one bucket.
class name_hash {
public:
    using is_transparent = void;
    name_hash();
    /// Not noexcept on purpose: libstdc++ then keeps the hash in the node, and a walk along a
    /// bucket compares numbers before it touches names.
    std::size_t operator()(std::string_view name) const { return hash_name(name, keys_); }

private:
    name_hash_keys keys_;
};

}  // namespace weir
