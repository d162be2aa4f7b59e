#include <weir/base/ids.hpp>
#include <weir/topic/name_hash.hpp>

#include <cstring>

namespace weir {
namespace {

__extension__ using wide = unsigned __int128;

std::uint64_t folded_product(std::uint64_t a, std::uint64_t b) noexcept {
    auto const product = wide{a} * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

template <class Int>
std::uint64_t load(char const* from) noexcept {
    Int value = 0;
    std::memcpy(&value, from, sizeof value);
    return value;
}

std::uint64_t byte(char c) noexcept {
    return static_cast<unsigned char>(c);
}

}  // namespace

std::uint64_t hash_name(std::string_view name, name_hash_keys const& keys) noexcept {
    auto const* at = name.data();
    auto left = name.size();
    std::uint64_t h = keys.first ^ left;
    for (; left > 16; at += 16, left -= 16) {
        h = folded_product(load<std::uint64_t>(at) ^ keys.second, load<std::uint64_t>(at + 8) ^ h);
    }
    std::uint64_t a = 0;
    std::uint64_t b = 0;
    if (left >= 8) {  // the two loads overlap where fewer than 16 are left
        a = load<std::uint64_t>(at);
        b = load<std::uint64_t>(at + left - 8);
    } else if (left >= 4) {
        a = load<std::uint32_t>(at);
        b = load<std::uint32_t>(at + left - 4);
    } else if (left > 0) {
        a = byte(at[0]) | byte(at[left / 2]) << 8 | byte(at[left - 1]) << 16;
    }
    h = folded_product(a ^ keys.second, b ^ h);
    return folded_product(h ^ keys.first, keys.second | 1);
}

name_hash::name_hash() {
    static name_hash_keys const keys{random_u64(), random_u64()};
    keys_ = keys;
}

}  // namespace weir
