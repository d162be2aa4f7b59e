#include "auth/user_id.hpp"

#include <weir/auth/identity.hpp>

#include <cstddef>

namespace weir::auth {
namespace {

// contract: Topic names. 200 bytes, of which "$user." takes six.
constexpr std::size_t escaped_bytes_max = 194;

bool stands_as_it_is(char c) noexcept {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

}  // namespace

std::string_view user_id_fault(std::string_view user) noexcept {
    if (user.empty()) return "is empty";
    if (user.size() > user_bytes_max) return "is longer than 190 bytes";
    std::size_t escaped = 0;
    for (char const c : user) {
        auto const byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f) return "has a control character";
        escaped += stands_as_it_is(c) ? 1 : 3;
    }
    if (escaped > escaped_bytes_max) return "is too long to be escaped in a topic name";
    return {};
}

}  // namespace weir::auth
