#include "shard/session_address.hpp"

#include <weir/base/assert.hpp>

#include <cstring>
#include <string_view>

namespace weir {
namespace {

// The id: 4 bytes of masked place, 4 of check, 8 random.
constexpr std::size_t check_at = 4;
constexpr std::size_t random_at = 8;

std::uint32_t hashed(std::byte const* bytes, std::size_t size, name_hash_keys const& keys) {
    return static_cast<std::uint32_t>(
        hash_name({reinterpret_cast<char const*>(bytes), size}, keys));
}

}  // namespace

session_addresses::session_addresses()
    : mask_{random_u64(), random_u64()}, check_{random_u64(), random_u64()} {}

session_id session_addresses::make(place where) const {
    WEIR_ASSERT(where.shard < (1U << shard_bits) && where.index < (1U << index_bits));
    session_id id = session_id::random();
    std::byte* const at = id.bytes.data();
    std::uint32_t const masked = (where.shard << index_bits | where.index) ^
                                 hashed(at + random_at, sizeof(std::uint64_t), mask_);
    std::memcpy(at, &masked, sizeof masked);
    std::memcpy(at + check_at, at + random_at, sizeof masked);
    std::uint32_t const check = hashed(at, id.bytes.size(), check_);
    std::memcpy(at + check_at, &check, sizeof check);
    return id;
}

std::optional<session_addresses::place> session_addresses::find(
    session_id const& id) const noexcept {
    session_id copy = id;
    std::byte* const at = copy.bytes.data();
    std::uint32_t told = 0;
    std::memcpy(&told, at + check_at, sizeof told);
    std::memcpy(at + check_at, at + random_at, sizeof told);
    if (hashed(at, copy.bytes.size(), check_) != told) return std::nullopt;
    std::uint32_t masked = 0;
    std::memcpy(&masked, at, sizeof masked);
    masked ^= hashed(at + random_at, sizeof(std::uint64_t), mask_);
    return place{masked >> index_bits, masked & ((1U << index_bits) - 1)};
}

}  // namespace weir
