#pragma once

#include <weir/message/dialect.hpp>

#include <string_view>
#include <variant>

namespace weir {

/// What a message says in a dialect in which that is one command. Views as from decode().
inline std::variant<command, command_fault> decode_one(dialect& d, std::string_view text) {
    struct first final : command_sink {
        std::variant<command, command_fault> said = command_fault{errc::internal, "nothing", {}};
        bool take(command const& c) override {
            said = c;
            return false;
        }
        bool take(command_fault const& f) override {
            said = f;
            return false;
        }
        void give_up(close_reason) override {}
    } sink;
    d.decode(text, false, sink);
    return sink.said;
}

}  // namespace weir
