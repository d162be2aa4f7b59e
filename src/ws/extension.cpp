#include "ws/extension_grammar.hpp"

#include <weir/ws/extension.hpp>

namespace weir::ws {
namespace {

constexpr std::string_view deflate_name = "permessage-deflate";
constexpr std::string_view server_no_takeover = "server_no_context_takeover";
constexpr std::string_view client_no_takeover = "client_no_context_takeover";
constexpr std::string_view server_window = "server_max_window_bits";
constexpr std::string_view client_window = "client_max_window_bits";

/// The parameters of one permessage-deflate element, in an offer or an answer.
struct deflate_parameters {
    bool server_no_context = false;
    bool client_no_context = false;
    bool client_window_named = false;
    std::optional<int> server_bits;
    std::optional<int> client_bits;
};

/// 8 to 15, without leading zeros (RFC 7692 section 7.1.2).
std::optional<int> parse_window_bits(std::string_view value) noexcept {
    if (value == "8") return 8;
    if (value == "9") return 9;
    if (value.size() == 2 && value[0] == '1' && value[1] >= '0' && value[1] <= '5') {
        return 10 + (value[1] - '0');
    }
    return std::nullopt;
}

bool set_flag(bool& flag, extension_parameter const& parameter) noexcept {
    if (flag || parameter.value) return false;  // twice, or with a value it does not have
    flag = true;
    return true;
}

bool set_bits(std::optional<int>& bits, extension_parameter const& parameter) noexcept {
    if (bits || !parameter.value) return false;
    bits = parse_window_bits(*parameter.value);
    return bits.has_value();
}

/// None for anything that RFC 7692 section 7.1 tells to decline: an unknown parameter, one that
/// stands twice, a value that is missing, wrong or not expected.
std::optional<deflate_parameters> read_parameters(extension_element const& element) {
    deflate_parameters read;
    for (extension_parameter const& p : element.parameters) {
        bool good = false;
        if (p.name == server_no_takeover) {
            good = set_flag(read.server_no_context, p);
        } else if (p.name == client_no_takeover) {
            good = set_flag(read.client_no_context, p);
        } else if (p.name == server_window) {
            good = set_bits(read.server_bits, p);
        } else if (p.name == client_window) {
            good = !read.client_window_named && (!p.value || set_bits(read.client_bits, p));
            read.client_window_named = true;
        }
        if (!good) return std::nullopt;
    }
    return read;
}

std::optional<deflate_terms> agree(deflate_parameters const& offer, deflate_policy const& policy) {
    deflate_terms terms;
    terms.server_bits = offer.server_bits.value_or(window_bits_max);
    if (terms.server_bits < policy.server_bits_min) return std::nullopt;
    terms.client_bits = offer.client_bits.value_or(window_bits_max);
    bool const server_kept = policy.server_context == context::kept && !offer.server_no_context;
    bool const client_kept = policy.client_context == context::kept && !offer.client_no_context;
    terms.server_context = server_kept ? context::kept : context::per_message;
    terms.client_context = client_kept ? context::kept : context::per_message;
    return terms;
}

std::string write_answer(deflate_parameters const& offer, deflate_terms const& terms) {
    std::string out(deflate_name);
    auto const add = [&out](std::string_view parameter) { out.append("; ").append(parameter); };
    if (terms.server_context == context::per_message) add(server_no_takeover);
    if (terms.client_context == context::per_message) add(client_no_takeover);
    // To accept an offer with it, an answer must state it (section 7.1.2.1). Of the client's
    // window nothing need be said: the inflater reads any.
    if (offer.server_bits)
        add(std::string(server_window) + '=' + std::to_string(terms.server_bits));
    return out;
}

}  // namespace

extension_answer answer_extensions(std::string_view offered, deflate_policy const& policy) {
    extension_answer answer;
    auto const elements = parse_extensions(offered);
    if (!elements) {
        answer.well_formed = false;
        return answer;
    }
    if (!policy.enabled) return answer;
    for (extension_element const& element : *elements) {
        if (element.name != deflate_name) continue;
        auto const offer = read_parameters(element);
        if (!offer) continue;
        answer.deflate = agree(*offer, policy);
        if (!answer.deflate) continue;
        answer.header = write_answer(*offer, *answer.deflate);
        break;
    }
    return answer;
}

std::string offer_extensions(deflate_offer const& offer) {
    std::string out(deflate_name);
    auto const add = [&out](std::string_view parameter) { out.append("; ").append(parameter); };
    if (offer.server_context == context::per_message) add(server_no_takeover);
    if (offer.client_context == context::per_message) add(client_no_takeover);
    if (offer.server_bits != window_bits_max) {
        add(std::string(server_window) + '=' + std::to_string(offer.server_bits));
    }
    add(client_window);  // any window that the server prefers will do
    return out;
}

extension_verdict check_extensions(std::string_view answered,
                                   std::optional<deflate_offer> const& offer) {
    extension_verdict const unacceptable{false, std::nullopt};
    auto const elements = parse_extensions(answered);
    if (!elements) return unacceptable;
    if (elements->empty()) return {};  // declined, which is the server's right
    extension_element const& element = elements->front();
    if (!offer || elements->size() != 1 || element.name != deflate_name) return unacceptable;
    auto const read = read_parameters(element);
    if (!read) return unacceptable;
    if (read->client_window_named && !read->client_bits) return unacceptable;

    deflate_terms terms;
    terms.server_bits = read->server_bits.value_or(window_bits_max);
    if (terms.server_bits > offer->server_bits) return unacceptable;
    terms.client_bits = read->client_bits.value_or(window_bits_max);
    bool const client_kept = offer->client_context == context::kept && !read->client_no_context;
    if (offer->server_context == context::per_message && !read->server_no_context) {
        return unacceptable;
    }
    terms.server_context = read->server_no_context ? context::per_message : context::kept;
    terms.client_context = client_kept ? context::kept : context::per_message;
    return {true, terms};
}

}  // namespace weir::ws
