#include "http/base64.hpp"

#include <weir/base/assert.hpp>
#include <weir/http/upgrade.hpp>

#include <openssl/evp.h>

#include <algorithm>
#include <array>

namespace weir::http {

std::string to_base64(std::span<unsigned char const> bytes) {
    std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');  // OpenSSL ends it with a NUL
    auto const n = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(),
                                   static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(n));
    return text;
}

bool is_base64_of_16(std::string_view text) noexcept {
    if (text.size() != 24 || !text.ends_with("==")) return false;
    text.remove_suffix(2);
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               c == '+' || c == '/';
    });
}

std::string accept_key(std::string_view key) {
    std::string const text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    auto const done =
        EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr);
    WEIR_ASSERT(done == 1 && size == 20);
    return to_base64({digest.data(), size});
}

}  // namespace weir::http
