#pragma once

#include <weir/message/command.hpp>

#include <cstddef>
#include <memory>
#include <string_view>

namespace weir {

/// A command that outlives the bytes it was read from: its views point into memory of its own.
class command_copy {
public:
    explicit command_copy(command const& c);

    command const& get() const noexcept { return command_; }
    std::size_t bytes() const noexcept { return bytes_; }  ///< of all its texts

private:
    command command_;
    std::size_t bytes_ = 0;
    std::unique_ptr<char[]> texts_;
    std::unique_ptr<std::string_view[]> topics_;
};

}  // namespace weir
