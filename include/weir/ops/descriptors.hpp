#pragma once

#include <cstdint>

namespace weir::ops {

/// Raises the soft limit of open descriptors to the hard one and answers what it is now.
std::uint64_t raise_descriptor_limit() noexcept;

/// Descriptors that a daemon needs beside one a connection: listeners, loops, log, files.
inline constexpr std::uint64_t descriptors_aside = 64;

}  // namespace weir::ops
