#pragma once

#include <weir/config/option.hpp>

#include <concepts>
#include <type_traits>
#include <utility>
#include <vector>

namespace weir::config {

template <class Record, class Member>
Record record_of(Member Record::*);

/// The table of a record that stands in a list.
template <class Record>
std::span<option const> table_of();
template <>
std::span<option const> table_of<topic_rule>();
template <>
std::span<option const> table_of<api_key>();

template <class Enum>
    requires std::is_enum_v<Enum>
field field_of(Enum& e) {
    return word_ref{
        &e, [](void const* w) { return static_cast<std::size_t>(*static_cast<Enum const*>(w)); },
        [](void* w, std::size_t n) { *static_cast<Enum*>(w) = static_cast<Enum>(n); }};
}

template <class Record>
    requires std::is_class_v<Record> && (!std::same_as<Record, std::string>)
field field_of(std::vector<Record>& list) {
    using vector = std::vector<Record>;
    return record_list{
        .where = &list,
        .table = &table_of<Record>,
        .size = [](void const* v) { return static_cast<vector const*>(v)->size(); },
        .item = [](void* v, std::size_t i) -> void* { return &(*static_cast<vector*>(v))[i]; },
        .append = [](void* v) -> void* { return &static_cast<vector*>(v)->emplace_back(); },
        .clear = [](void* v) { static_cast<vector*>(v)->clear(); },
        .assign =
            [](void* to, void const* from) {
                *static_cast<vector*>(to) = *static_cast<vector const*>(from);
            },
        .equal =
            [](void const* a, void const* b) {
                return *static_cast<vector const*>(a) == *static_cast<vector const*>(b);
            }};
}

template <class T>
    requires(!std::is_enum_v<T>)
field field_of(T& value) {
    return &value;
}

/// The accessor of an option: member<&settings::heartbeat, &heartbeat_settings::interval>.
template <auto First, auto... Rest>
field member(void* record) {
    using outer = decltype(record_of(First));
    auto& value = ((static_cast<outer*>(record)->*First).*....*Rest);
    return field_of(value);
}

}  // namespace weir::config
