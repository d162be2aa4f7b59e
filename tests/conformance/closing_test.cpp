// The closing handshake (RFC 6455 sections 5.5.1 and 7).
#include "conformance/peer.hpp"

namespace weir::conformance {
namespace {

TEST(closing, codes_that_may_be_sent_are_echoed) {
    std::vector<conformance_case> cases;
    for (int const code : {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014,
                           3000, 3999, 4000, 4999}) {
        cases.push_back({std::to_string(code), frame(8, close_payload(code)), {}, code});
        cases.push_back({std::to_string(code) + " with a reason",
                         frame(8, close_payload(code, "because")),
                         {},
                         code,
                         1});
    }
    check_all(cases);
}

TEST(closing, codes_that_may_not_be_sent_fail) {
    std::vector<conformance_case> cases;
    for (int const code :
         {0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535}) {
        cases.push_back({std::to_string(code), frame(8, close_payload(code)), {}, 1002});
    }
    check_all(cases);
}

TEST(closing, payloads_and_what_follows) {
    check_all({
        {"no payload", frame(8, ""), {}, 1005},
        {"one byte", frame(8, "x"), {}, 1002},
        {"123 bytes of reason", frame(8, close_payload(1000, std::string(123, 'r'))), {}, 1000},
        {"124 bytes of reason", frame(8, close_payload(1000, std::string(124, 'r'))), {}, 1002},
        {"fragmented", frame(8, close_payload(1000), false), {}, 1002},
        {"text after it", frame(8, close_payload(1000)) + text("late"), {}, 1000},
        {"ping after it", frame(8, close_payload(1000)) + ping("late"), {}, 1000},
        {"close after it", frame(8, close_payload(1000)) + frame(8, close_payload(1001)), {}, 1000},
        {"bad frame after it", frame(8, close_payload(1000)) + frame(3, "x"), {}, 1000},
        {"messages before it come back first", text("a") + text("b"), {{1, "a"}, {1, "b"}}},
    });
}

}  // namespace
}  // namespace weir::conformance
