#include "ws/extension_grammar.hpp"

#include <weir/ws/extension.hpp>

#include <utility>

namespace weir::ws {
namespace {

/// RFC 9110 section 5.6.2.
constexpr bool is_token_char(char c) noexcept {
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return true;
    return c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

class reader {
public:
    explicit reader(std::string_view text) noexcept : text_(text) {}

    bool at_end() const noexcept { return at_ == text_.size(); }
    void skip_blanks() noexcept {
        while (!at_end() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
    }
    bool accept(char c) noexcept {
        if (at_end() || text_[at_] != c) return false;
        ++at_;
        return true;
    }
    /// Empty when there is none.
    std::string_view token() noexcept {
        std::size_t const from = at_;
        while (!at_end() && is_token_char(text_[at_])) ++at_;
        return text_.substr(from, at_ - from);
    }
    /// A token, or a quoted string that holds one. Nothing for anything else.
    std::optional<std::string> value() {
        if (!accept('"')) {
            std::string_view const plain = token();
            if (plain.empty()) return std::nullopt;
            return std::string(plain);
        }
        std::string unquoted;
        while (!at_end() && !accept('"')) {
            accept('\\');
            std::string_view const one = text_.substr(at_, 1);
            if (one.empty() || !is_token_char(one.front())) return std::nullopt;
            unquoted += one;
            ++at_;
        }
        if (text_[at_ - 1] != '"' || unquoted.empty()) return std::nullopt;
        return unquoted;
    }

private:
    std::string_view text_;
    std::size_t at_ = 0;
};

std::optional<extension_parameter> parse_parameter(reader& in) {
    extension_parameter parameter;
    in.skip_blanks();
    parameter.name = in.token();
    if (parameter.name.empty()) return std::nullopt;
    in.skip_blanks();
    if (in.accept('=')) {
        in.skip_blanks();
        parameter.value = in.value();
        if (!parameter.value) return std::nullopt;
        in.skip_blanks();
    }
    return parameter;
}

}  // namespace

std::optional<std::vector<extension_element>> parse_extensions(std::string_view header) {
    if (header.size() > extensions_bytes_max) return std::nullopt;
    std::vector<extension_element> elements;
    reader in(header);
    for (;;) {
        in.skip_blanks();
        if (in.at_end()) return elements;
        if (in.accept(',')) continue;
        if (elements.size() == extension_elements_max) return std::nullopt;
        extension_element element;
        element.name = in.token();
        if (element.name.empty()) return std::nullopt;
        in.skip_blanks();
        while (in.accept(';')) {
            auto parameter = parse_parameter(in);
            if (!parameter || element.parameters.size() == extension_parameters_max) {
                return std::nullopt;
            }
            element.parameters.push_back(std::move(*parameter));
        }
        elements.push_back(std::move(element));
        if (!in.at_end() && !in.accept(',')) return std::nullopt;
    }
}

}  // namespace weir::ws
