// Raw bytes into the request reader and, what it takes for a request, into the judge of upgrades.
// The first byte says how the rest is cut into reads. Whatever comes: no crash, the same reading
// however it is cut, and no upgrade of a request that has a body or bytes behind it.

#include "http/request_reader.hpp"

#include <weir/base/assert.hpp>
#include <weir/http/upgrade.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace {

using namespace weir;
using namespace weir::http;

struct reading {
    std::optional<request> whole;
    bool refused = false;
    std::size_t rest = 0;  ///< bytes behind the request
};

reading read_in_pieces(std::string_view bytes, std::size_t piece) {
    request_reader reader({});
    std::string held;
    for (std::size_t at = 0; at < bytes.size();) {
        auto const n = std::min(piece, bytes.size() - at);
        held.append(bytes.substr(at, n));
        at += n;
        for (bool again = true; again;) {
            auto const p = reader.read(held);
            WEIR_ASSERT(p.used <= held.size());
            held.erase(0, p.used);
            again = p.at == request_reader::step::head;
            if (again) reader.allow_body(1000);
            if (p.at == request_reader::step::failed) {
                WEIR_ASSERT(reader.fault().status >= 400 && !reader.fault().text.empty());
                return {std::nullopt, true, 0};
            }
            if (p.at == request_reader::step::done) {
                return {std::move(reader.message()), false, held.size() + bytes.size() - at};
            }
        }
        // What is waited for is bounded by the largest head.
        WEIR_ASSERT(held.size() <= 16 * 1024);
    }
    return {};
}

void agree(reading const& a, reading const& b) {
    WEIR_ASSERT(a.refused == b.refused && a.rest == b.rest);
    WEIR_ASSERT(a.whole.has_value() == b.whole.has_value());
    if (!a.whole) return;
    WEIR_ASSERT(a.whole->target == b.whole->target && a.whole->body == b.whole->body);
    WEIR_ASSERT(a.whole->headers.size() == b.whole->headers.size());
}

void judge(request& r, bool followed) {
    static upgrade_policy const policy{
        origin_policy::parse({"same", "https://*.example.com"}).value(), {}};
    r.followed = followed;
    auto const verdict = check_upgrade(r, policy);
    if (auto const* const no = std::get_if<upgrade_refusal>(&verdict)) {
        WEIR_ASSERT(no->answer.status >= 400 && no->answer.close);
        return;
    }
    auto const& yes = std::get<upgrade_accept>(verdict);
    WEIR_ASSERT(!followed && r.body.empty() && !r.has("transfer-encoding"));
    WEIR_ASSERT(!r.has("content-length") || r.header("content-length") == "0");
    WEIR_ASSERT(r.verb == method::get && r.minor_version == 1 && r.count("host") == 1);
    // One head: its empty line is the only one, and nothing of the request but the key shapes it.
    WEIR_ASSERT(yes.head.find("\r\n\r\n") == yes.head.size() - 4);
    WEIR_ASSERT(yes.head.find("weir.token.") == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    if (size == 0) return 0;
    std::size_t const piece = std::size_t{data[0]} + 1;
    std::string_view const bytes(reinterpret_cast<char const*>(data) + 1, size - 1);
    auto whole = read_in_pieces(bytes, bytes.size());
    agree(whole, read_in_pieces(bytes, piece));
    if (whole.whole) judge(*whole.whole, whole.rest != 0);
    return 0;
}
