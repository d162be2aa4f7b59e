#include <weir/session/directory.hpp>

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstring>

namespace weir {
namespace {

constexpr std::array<unsigned char, 12> mapped_prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

template <int Family>
std::string text_of(void const* address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    return ::inet_ntop(Family, address, text.data(), text.size()) != nullptr ? text.data() : "";
}

}  // namespace

std::string address_key(std::string_view ip) {
    std::string const literal(ip.substr(0, ip.find('%')));  // a zone is not part of the address
    std::array<unsigned char, 16> bytes{};
    if (::inet_pton(AF_INET6, literal.c_str(), bytes.data()) != 1) return std::string(ip);
    if (std::equal(mapped_prefix.begin(), mapped_prefix.end(), bytes.begin())) {
        return text_of<AF_INET>(bytes.data() + mapped_prefix.size());
    }
    std::fill(bytes.begin() + 8, bytes.end(), static_cast<unsigned char>(0));
    return text_of<AF_INET6>(bytes.data()) + "/64";
}

}  // namespace weir
