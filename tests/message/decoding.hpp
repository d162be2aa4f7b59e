#pragma once

#include "kit/decode_one.hpp"

#include <weir/message/dialect.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace weir {

/// An id as a JSON token; empty: none.
inline std::string json_id(request_id id) {
    if (id.empty()) return {};
    if (id.is_text()) return '"' + std::string(id.text()) + '"';
    return id.is_negative() ? std::to_string(id.negative()) : std::to_string(id.number());
}

/// Decodes from a text of exactly its size that lives as long as the fixture.
class json_decode : public testing::Test {
protected:
    command const& read(std::string_view text) {
        decode(text);
        if (auto const* refused = std::get_if<command_fault>(&answer_)) {
            ADD_FAILURE() << text << ": " << refused->message;
            return none_;
        }
        return std::get<command>(answer_);
    }
    command_fault const& refuse(std::string_view text) {
        decode(text);
        if (std::holds_alternative<command>(answer_)) {
            ADD_FAILURE() << text << " was taken";
            return no_fault_;
        }
        return std::get<command_fault>(answer_);
    }

    struct wrong {
        std::string_view text;
        std::string_view message;
    };
    void expect_refused(std::vector<wrong> const& rows) {
        for (wrong const& row : rows) {
            command_fault const& f = refuse(row.text);
            EXPECT_EQ(f.message, row.message) << row.text;
            EXPECT_EQ(f.code, errc::bad_request);
        }
    }

    std::unique_ptr<dialect> dialect_ = make_json_dialect();

private:
    void decode(std::string_view text) {
        text_ = std::make_unique<std::vector<char>>(text.begin(), text.end());
        answer_ = decode_one(*dialect_, {text_->data(), text_->size()});
    }

    std::unique_ptr<std::vector<char>> text_;
    std::variant<command, command_fault> answer_;
    command none_;
    command_fault no_fault_;
};

}  // namespace weir
