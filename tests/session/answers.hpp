#pragma once

#include <weir/message/message.hpp>

#include <cstdint>
#include <string>

/// Lines as a script has them, for what a session answers.
namespace weir {

inline std::string const epoch = epoch_id{7}.text();

inline std::string at_offset(int n) {
    return R"("position":{"epoch":")" + epoch + R"(","offset":)" + std::to_string(n) + '}';
}
inline std::string ok(std::string const& id) {
    return R"(send {"type":"ok","id":)" + id + '}';
}
inline std::string ok(std::string const& id, std::string const& payload) {
    return R"(send {"type":"ok","id":)" + id + R"(,"payload":)" + payload + '}';
}
inline std::string joined(std::string const& id, std::string const& topic, int offset) {
    return ok(id, R"({"topic":")" + topic + R"(",)" + at_offset(offset) + R"(,"recovered":false})");
}
inline std::string error(std::string const& id, std::string const& code, std::string const& message,
                         std::string const& more = "") {
    return R"(send {"type":"error")" + (id.empty() ? "" : R"(,"id":)" + id) +
           R"(,"payload":{"code":")" + code + R"(","message":")" + message + '"' + more + "}}";
}
inline constexpr char const* not_stored = R"(,"outcome":"not_stored")";

inline position at_position(std::uint64_t offset) {
    return {epoch_id{7}, offset};
}

}  // namespace weir
