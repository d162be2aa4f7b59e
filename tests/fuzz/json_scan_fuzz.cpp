// The scanner against a byte-at-a-time reference (same verdict, same offset) and nlohmann::json.

#include "message/reference_json.hpp"

#include <weir/base/assert.hpp>
#include <weir/message/json_scan.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace {

using namespace weir;

class check_spans final : public json_members, public json_elements {
public:
    explicit check_spans(std::string_view text)
        : last_(text.data()), end_(text.data() + text.size()) {}

    bool member(std::string_view key, std::string_view value) override {
        advance(key);
        advance(value);
        return true;
    }
    bool element(std::string_view value) override {
        advance(value);
        return true;
    }

private:
    /// Spans follow one another inside the text, and a value is JSON by itself.
    void advance(std::string_view span) {
        WEIR_ASSERT(span.data() >= last_ && span.data() + span.size() <= end_);
        last_ = span.data() + span.size();
    }

    char const* last_;
    char const* end_;
};

void compare(std::string_view text, int depth_max) {
    json_fault fault;
    bool const good = scan_json_value(text, depth_max, fault);
    std::size_t const expected = tests::reference_fault(text, depth_max, false);
    WEIR_ASSERT((good ? std::string_view::npos : fault.byte) == expected);

    check_spans members(text);
    bool const object = scan_json_object(text, depth_max, members, fault);
    WEIR_ASSERT((object ? std::string_view::npos : fault.byte) ==
                tests::reference_fault(text, depth_max, true));
    check_spans elements(text);
    bool const array = scan_json_array(text, depth_max, elements, fault);
    auto const first = text.find_first_not_of(" \t\r\n");
    bool const bracket = first != std::string_view::npos && text[first] == '[';
    WEIR_ASSERT(array == (good && bracket));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::string_view const text(reinterpret_cast<char const*>(data), size);
    compare(text, 64);
    compare(text, 3);

    json_fault fault;
    bool const good = scan_json_value(text, 64, fault);
    bool const deep = !good && std::string_view(fault.what) == "nested too deep";
    WEIR_ASSERT(deep || tests::nlohmann_accepts(text).value_or(good) == good);
    return 0;
}
