#include "config/document.hpp"

#include <weir/base/assert.hpp>
#include <weir/config/load.hpp>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <optional>
#include <sstream>
#include <utility>

namespace weir::config {
namespace {

mark place(YAML::Mark const& m) noexcept {
    return m.is_null() ? mark{} : mark{m.line + 1, m.column + 1};
}

/// Builds the tree from the parser's events. Anything that a configuration has no use for ends the
/// parse at once, before the library can expand it.
class tree_builder final : public YAML::EventHandler {
public:
    std::variant<node, document_fault> take() {
        if (odd_key_) return *std::move(odd_key_);
        return std::move(root_);
    }

    mark root_place() const noexcept { return root_.at; }

    void OnDocumentStart(YAML::Mark const&) override {}
    void OnDocumentEnd() override {}

    /// Nothing, `~` or a plain `null`.
    void OnNull(YAML::Mark const& m, YAML::anchor_t) override { leaf(m, node_kind::null, {}); }
    void OnAlias(YAML::Mark const& m, YAML::anchor_t) override { refuse(m, alias_fault); }
    void OnAnchor(YAML::Mark const& m, std::string const&) override { refuse(m, alias_fault); }
    void OnScalar(YAML::Mark const& m, std::string const& tag, YAML::anchor_t,
                  std::string const& value) override {
        check_tag(m, tag);
        leaf(m, node_kind::scalar, value);
    }
    void OnSequenceStart(YAML::Mark const& m, std::string const& tag, YAML::anchor_t,
                         YAML::EmitterStyle::value) override {
        open(m, tag, node_kind::list);
    }
    void OnSequenceEnd() override { open_.pop_back(); }
    void OnMapStart(YAML::Mark const& m, std::string const& tag, YAML::anchor_t,
                    YAML::EmitterStyle::value) override {
        open(m, tag, node_kind::map);
    }
    void OnMapEnd() override { open_.pop_back(); }

private:
    /// A container that is being filled. In a map a key comes first, then its value.
    struct frame {
        node* where;
        bool key_read = false;
    };

    static constexpr char const* alias_fault =
        "anchors and aliases are not read here; write the value out";

    [[noreturn]] static void refuse(YAML::Mark const& m, std::string const& why) {
        throw YAML::ParserException(m, why);
    }

    static void check_tag(YAML::Mark const& m, std::string const& tag) {
        if (!tag.empty() && tag != "?" && tag != "!") {
            refuse(m, "tags are not read here; write the value without one");
        }
    }

    /// Where the next node goes; null when it is a key.
    node* slot(YAML::Mark const& m) {
        if (open_.empty()) return &root_;
        frame& top = open_.back();
        if (top.where->kind == node_kind::list) return &top.where->items.emplace_back();
        if (!top.key_read) {
            top.where->entries.push_back({{}, place(m), {}});
            top.key_read = true;
            return nullptr;
        }
        top.key_read = false;
        return &top.where->entries.back().value;
    }

    void leaf(YAML::Mark const& m, node_kind kind, std::string const& text) {
        node* const to = slot(m);
        if (to == nullptr) {
            if (text.empty()) refuse(m, "a key is missing");
            open_.back().where->entries.back().key = text;
            return;
        }
        to->kind = kind;
        to->at = place(m);
        to->text = text;
    }

    void open(YAML::Mark const& m, std::string const& tag, node_kind kind) {
        check_tag(m, tag);
        if (open_.size() >= static_cast<std::size_t>(nesting_max)) {
            refuse(m, "nested more than " + std::to_string(nesting_max) + " deep");
        }
        node* to = slot(m);
        if (to == nullptr) {
            // Not refused at once: of an unclosed [ the library makes a key before it complains.
            if (odd_key_) refuse(m, odd_key_->message);
            odd_key_ = {place(m), "a key is one word, not a list or mapping"};
            to = &discarded_;
        }
        to->kind = kind;
        to->at = place(m);
        open_.push_back({to});
    }

    node root_;
    node discarded_;
    std::optional<document_fault> odd_key_;
    // Pointers stay good: only the innermost container grows, and its parents hold it by value.
    std::vector<frame> open_;
};

/// Where the first byte that cannot stand in a configuration is. The library would guess an
/// encoding from it, or replace it in silence.
std::optional<document_fault> find_foreign_byte(std::string_view text) {
    mark at{1, 1};
    std::size_t line_start = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        auto const c = static_cast<unsigned char>(text[i]);
        if (c == '\n') {
            ++at.line;
            line_start = i + 1;
        } else if ((c < 0x20 && c != '\t' && c != '\r') || c == 0x7f) {
            at.column = static_cast<int>(i - line_start) + 1;
            return document_fault{at, "a control character; the file is text in UTF-8"};
        }
    }
    if (is_utf8(text)) return std::nullopt;
    return document_fault{{}, "not UTF-8 text"};
}

/// The library names its grammar's parts; an operator looks for what to type.
std::string in_plain_words(std::string const& message) {
    std::pair<char const*, char const*> const known[] = {
        {YAML::ErrorMsg::END_OF_SEQ_FLOW, "a [ is not closed before this"},
        {YAML::ErrorMsg::END_OF_MAP_FLOW, "a { is not closed before this"},
        {YAML::ErrorMsg::FLOW_END, "this closes a bracket that is not open"},
        {YAML::ErrorMsg::END_OF_MAP,
         "not a `key: value` of the mapping above; look at the indentation"},
        {YAML::ErrorMsg::END_OF_SEQ, "not a `- item` of the list above; look at the indentation"},
        {YAML::ErrorMsg::MAP_VALUE,
         "a colon cannot stand here; quote the text, or look at the indentation"},
        {YAML::ErrorMsg::EOF_IN_SCALAR, "a quote is not closed before the end of the file"},
    };
    for (auto const& [theirs, ours] : known) {
        if (message == theirs) return ours;
    }
    return message;
}

/// The place behind the last byte.
mark end_of(std::string_view text) {
    std::size_t const start = text.rfind('\n') + 1;  // npos + 1 is 0
    return {static_cast<int>(std::ranges::count(text, '\n')) + 1,
            static_cast<int>(text.size() - start) + 1};
}

/// The first line, up to `last`, whose indentation has a tab; 0: none.
int first_tab_indented(std::string_view text, int last) {
    for (int line = 1; line <= last && !text.empty(); ++line) {
        std::size_t const blank = text.find_first_not_of(' ');
        if (blank != std::string_view::npos && text[blank] == '\t') return line;
        std::size_t const end = text.find('\n');
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return 0;
}

}  // namespace

std::string_view describe(node_kind kind) noexcept {
    switch (kind) {
        case node_kind::null:
            return "nothing";
        case node_kind::scalar:
            return "a single value";
        case node_kind::list:
            return "a list";
        case node_kind::map:
            return "a mapping";
    }
    return "";
}

std::variant<node, document_fault> parse_document(std::string_view text) {
    if (auto foreign = find_foreign_byte(text)) return *std::move(foreign);
    try {
        // A comment of our own at the end: the library takes a file that ends in an open quote and
        // white space for good, with everything after the quote as one value.
        std::istringstream in{std::string(text) + "\n#"};
        YAML::Parser parser(in);
        tree_builder builder;
        if (!parser.HandleNextDocument(builder)) return node{};
        tree_builder second;
        if (parser.HandleNextDocument(second)) {
            return document_fault{second.root_place(),
                                  "a second document begins here; the file holds one"};
        }
        return builder.take();
    } catch (YAML::Exception const& e) {
        mark at = place(e.mark);
        mark const end = end_of(text);
        if (at.line > end.line || (at.line == end.line && at.column > end.column)) at = end;
        // Tabs are the usual reason, and the library's words for them are about something else.
        if (int const line = first_tab_indented(text, at.line); line > 0) {
            return document_fault{{line, 1}, "indented with a tab; YAML takes spaces only"};
        }
        return document_fault{at, in_plain_words(e.msg)};
    }
}

bool is_utf8(std::string_view text) noexcept {
    std::size_t i = 0;
    auto const byte = [&](std::size_t k) {
        return k < text.size() ? static_cast<unsigned char>(text[k]) : 0U;
    };
    while (i < text.size()) {
        unsigned const c = byte(i);
        if (c < 0x80) {
            ++i;
            continue;
        }
        std::size_t const length = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
        if (c < 0xC2 || c > 0xF4) return false;
        // The second byte is bounded more tightly where a form could be overlong, a surrogate, or
        // beyond U+10FFFF.
        unsigned const least = c == 0xE0 ? 0xA0U : c == 0xF0 ? 0x90U : 0x80U;
        unsigned const most = c == 0xED ? 0x9FU : c == 0xF4 ? 0x8FU : 0xBFU;
        if (byte(i + 1) < least || byte(i + 1) > most) return false;
        for (std::size_t k = 2; k < length; ++k) {
            if (byte(i + k) < 0x80 || byte(i + k) > 0xBF) return false;
        }
        i += length;
    }
    return true;
}

}  // namespace weir::config
