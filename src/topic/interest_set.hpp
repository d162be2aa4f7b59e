#pragma once

#include <weir/base/assert.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace weir {

/// Some of at most 256 shards, as bits.
class interest_set {
public:
    static constexpr unsigned shards_max = 256;

    void insert(unsigned shard) noexcept { word(shard) |= bit(shard); }
    void erase(unsigned shard) noexcept { word(shard) &= ~bit(shard); }
    bool contains(unsigned shard) const noexcept { return (words_[shard / 64] & bit(shard)) != 0; }
    bool empty() const noexcept { return words_ == std::array<std::uint64_t, 4>{}; }
    /// In rising order, until `f` returns false. True: it never did.
    template <class F>
    bool every(F&& f) const {
        for (std::size_t i = 0; i != words_.size(); ++i) {
            for (auto left = words_[i]; left != 0; left &= left - 1) {
                auto const shard = i * 64 + static_cast<std::size_t>(std::countr_zero(left));
                if (!f(static_cast<unsigned>(shard))) return false;
            }
        }
        return true;
    }

private:
    std::uint64_t& word(unsigned shard) noexcept {
        WEIR_ASSERT(shard < shards_max);
        return words_[shard / 64];
    }
    static std::uint64_t bit(unsigned shard) noexcept { return std::uint64_t{1} << (shard % 64); }

    std::array<std::uint64_t, shards_max / 64> words_{};
};

}  // namespace weir
