#include "config/document.hpp"

#include <weir/config/load.hpp>

#include <gtest/gtest.h>

#include <string>

namespace weir::config {
namespace {

document_fault refused(std::string_view text) {
    auto parsed = parse_document(text);
    if (auto* const bad = std::get_if<document_fault>(&parsed)) return *bad;
    ADD_FAILURE() << "read: " << text.substr(0, 80);
    return {};
}

TEST(document, keeps_order_duplicates_and_places) {
    auto const parsed = parse_document("a: 1\nb:\n  - x\n  - {c: ~, d: \"null\"}\na: 2\n");
    ASSERT_TRUE(std::holds_alternative<node>(parsed));
    node const& root = std::get<node>(parsed);
    ASSERT_EQ(root.kind, node_kind::map);
    ASSERT_EQ(root.entries.size(), 3U);
    EXPECT_EQ(root.entries[0].value.text, "1");
    EXPECT_EQ(root.entries[2].key, "a");
    EXPECT_EQ(root.entries[2].at.line, 5);
    EXPECT_EQ(root.entries[2].at.column, 1);
    node const& list = root.entries[1].value;
    ASSERT_EQ(list.items.size(), 2U);
    EXPECT_EQ(list.items[0].at.line, 3);
    EXPECT_EQ(list.items[0].at.column, 5);
    EXPECT_EQ(list.items[1].entries[0].value.kind, node_kind::null);
    EXPECT_EQ(list.items[1].entries[1].value.kind, node_kind::scalar);
}

TEST(document, reads_what_editors_on_windows_write) {
    auto const parsed = parse_document(
        "\xef\xbb\xbf"
        "a: 1\r\nb: \"x\"\r\n");
    ASSERT_TRUE(std::holds_alternative<node>(parsed));
    node const& root = std::get<node>(parsed);
    ASSERT_EQ(root.entries.size(), 2U);
    EXPECT_EQ(root.entries[0].key, "a");
    EXPECT_EQ(root.entries[0].value.text, "1");
    EXPECT_EQ(root.entries[1].at.line, 2);
    EXPECT_EQ(root.entries[1].value.text, "x");
}

TEST(document, the_end_of_the_text_changes_no_value) {
    for (std::string_view const end : {"", "\n", "\n\n", " # done", "\n# done\n", "\n...\n"}) {
        auto const parsed = parse_document("a: |\n  x\nb: [y]" + std::string(end));
        ASSERT_TRUE(std::holds_alternative<node>(parsed)) << end;
        node const& root = std::get<node>(parsed);
        EXPECT_EQ(root.entries.at(0).value.text, "x\n");
        EXPECT_EQ(root.entries.at(1).value.items.at(0).text, "y");
    }
    auto const block = parse_document("a: |\n  x\n");
    EXPECT_EQ(std::get<node>(block).entries.at(0).value.text, "x\n");
}

TEST(document, refuses_what_could_grow) {
    EXPECT_EQ(refused("a: &x 1\n").at.line, 1);
    EXPECT_EQ(refused("a: 1\nb: *x\n").at.line, 2);
    std::string laughs = "a: &a [x,x]\n";
    for (char c = 'b'; c < 'z'; ++c) {
        std::string const before(1, static_cast<char>(c - 1));
        laughs += std::string(1, c) + ": &" + c + " [*" + before + ",*" + before + "]\n";
    }
    EXPECT_EQ(refused(laughs).at.line, 1);
}

TEST(document, bounds_nesting) {
    std::string const deepest(static_cast<std::size_t>(nesting_max), '[');
    std::string const end(static_cast<std::size_t>(nesting_max), ']');
    EXPECT_TRUE(std::holds_alternative<node>(parse_document(deepest + end)));
    EXPECT_EQ(refused('[' + deepest + end + ']').message, "nested more than 16 deep");
}

// Time and memory stay in proportion: under the sanitizers a quadratic one would be noticed.
TEST(document, survives_large_nonsense) {
    for (std::string_view const part :
         {"[",   "{",    "- ",  "? ", "a: ", "!",     "\"",    "'",      "|\n", ": ", "*",
          "[a,", "{a: ", "a\n", "#",  "%",   "---\n", "- a\n", "a: 1\n", "\t",  "\r", ","}) {
        std::string text;
        while (text.size() + part.size() <= file_bytes_max / 64) text += part;
        (void)parse_document(text);
        (void)parse_document(text + "\n]");
    }
}

TEST(document, refuses_other_shapes) {
    EXPECT_EQ(refused("? [a]\n: b\n").message, "a key is one word, not a list or mapping");
    EXPECT_EQ(refused("? {? [a] : b}\n: c\n").message, "a key is one word, not a list or mapping");
    EXPECT_EQ(refused(": b\n").message, "a key is missing");
    EXPECT_EQ(refused("a: !x b\n").at.column, 4);
    EXPECT_EQ(refused(std::string_view("a: \0", 4)).at.column, 4);
    EXPECT_EQ(refused("\xff\xfe"
                      "a: 1")
                  .message,
              "not UTF-8 text");
}

TEST(utf8, is_told_from_bytes) {
    for (std::string_view const good :
         {"", "a", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
          "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
        EXPECT_TRUE(is_utf8(good));
    }
    for (std::string_view const bad :
         {"\x80", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x41", "\xe0\x9f\xbf", "\xe0\xa0",
          "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf0\x90\x80", "\xf4\x90\x80\x80",
          "\xf5\x80\x80\x80", "a\xff"}) {
        EXPECT_FALSE(is_utf8(bad));
    }
}

}  // namespace
}  // namespace weir::config
