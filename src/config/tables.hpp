#pragma once

#include <weir/config/option.hpp>

#include <cstdint>
#include <span>

/// The parts of the option table in their order, and the units that they are written in.
namespace weir::config {

/// Listeners, origins, who may connect, heartbeat.
std::span<option const> connect_rows();
/// Sessions and limits.
std::span<option const> limit_rows();

inline constexpr std::uint64_t KiB = 1024;
inline constexpr std::uint64_t MiB = 1024 * KiB;
inline constexpr std::uint64_t GiB = 1024 * MiB;
inline constexpr std::uint64_t TiB = 1024 * GiB;
inline constexpr std::uint64_t second = 1000;
inline constexpr std::uint64_t minute = 60 * second;
inline constexpr std::uint64_t hour = 60 * minute;
inline constexpr std::uint64_t day = 24 * hour;
inline constexpr std::uint64_t year = 365 * day;

}  // namespace weir::config
