#pragma once

#include <weir/message/dialect.hpp>
#include <weir/message/json_scan.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace weir {

/// Encodes behind something that is already there: the encoders append.
class json_encode : public testing::Test {
protected:
    template <class Write>
    std::string encode(Write write) {
        std::string out = "before";
        write(out);
        EXPECT_TRUE(out.starts_with("before"));
        out.erase(0, 6);
        json_fault fault;
        EXPECT_TRUE(scan_json_value(out, 64, fault)) << fault.what << ": " << out;
        return out;
    }
    template <class Event>
    std::string event(Event const& e) {
        return encode([&](std::string& out) { dialect_->encode(out, e); });
    }

    std::unique_ptr<dialect> dialect_ = make_json_dialect();
    epoch_id epoch_{0x1122'3344'5566'7788};
    std::string epoch_text_ = epoch_.text();
};

}  // namespace weir
