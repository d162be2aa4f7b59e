// A Sec-WebSocket-Extensions header from a client, and one from a server.

#include <weir/base/assert.hpp>
#include <weir/ws/extension.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace weir::ws;

void check_terms(deflate_terms const& t) {
    WEIR_ASSERT(t.server_bits >= window_bits_min && t.server_bits <= window_bits_max);
    WEIR_ASSERT(t.client_bits >= window_bits_min && t.client_bits <= window_bits_max);
}

void offer_to_server(std::string_view offered, deflate_policy const& policy) {
    auto const answer = answer_extensions(offered, policy);
    WEIR_ASSERT(answer.well_formed || !answer.deflate);
    WEIR_ASSERT(answer.header.empty() == !answer.deflate);
    if (!answer.deflate) return;
    check_terms(*answer.deflate);
    WEIR_ASSERT(answer.deflate->server_bits >= policy.server_bits_min);
    // Our own client, had it asked for nothing in particular, must understand the answer.
    auto const verdict = check_extensions(
        answer.header,
        deflate_offer{.server_context = context::kept, .client_context = context::kept});
    WEIR_ASSERT(verdict.acceptable && verdict.deflate);
    WEIR_ASSERT(verdict.deflate->server_bits == answer.deflate->server_bits);
    WEIR_ASSERT(verdict.deflate->server_context == answer.deflate->server_context);
    WEIR_ASSERT(verdict.deflate->client_context == answer.deflate->client_context);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::string_view const header{reinterpret_cast<char const*>(data), size};
    offer_to_server(header, {});
    offer_to_server(header, {.server_context = context::kept,
                             .client_context = context::kept,
                             .server_bits_min = window_bits_min});
    for (context keeping : {context::per_message, context::kept}) {
        deflate_offer const offer{
            .server_context = keeping, .client_context = keeping, .server_bits = 12};
        auto const verdict = check_extensions(header, offer);
        WEIR_ASSERT(verdict.acceptable || !verdict.deflate);
        if (!verdict.deflate) continue;
        check_terms(*verdict.deflate);
        WEIR_ASSERT(verdict.deflate->server_bits <= offer.server_bits);
        if (keeping == context::per_message) {
            WEIR_ASSERT(verdict.deflate->server_context == context::per_message);
            WEIR_ASSERT(verdict.deflate->client_context == context::per_message);
        }
    }
    return 0;
}
