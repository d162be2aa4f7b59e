#pragma once

#include <weir/message/command_copy.hpp>
#include <weir/session/authority.hpp>

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

namespace weir {

/// The command of a session that an authority has to think about, and those behind it, in the
/// order they came. Whoever owns it bounds it.
struct held_commands {
    std::deque<command_copy> waiting;  ///< the first is the one that the question is about
    std::size_t bytes = 0;
    authority_ticket ticket = 0;         ///< of the question; 0: it is answered
    std::optional<result<void>> answer;  ///< not acted on yet
    /// A command may ask several questions: so many of the first one's are allowed.
    std::size_t granted = 0;
    std::size_t asked = 0;  ///< the one that is pending
    bool running = false;   ///< the first one is being executed again

    void add(command const& c) {
        waiting.emplace_back(c);
        bytes += waiting.back().bytes();
    }
    command_copy take() {
        command_copy first = std::move(waiting.front());
        waiting.pop_front();
        bytes -= first.bytes();
        return first;
    }
    void put_back(command_copy c) {
        bytes += c.bytes();
        waiting.push_front(std::move(c));
    }
};

}  // namespace weir
