#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir {

/// The deepest nesting that can be scanned; a larger `depth_max` counts as this.
inline constexpr int json_scan_depth_max = 64;

/// Where and why a text is not strict RFC 8259 JSON.
struct json_fault {
    std::size_t byte = 0;   ///< offset of the first byte that cannot stand there
    char const* what = "";  ///< a phrase such as "invalid UTF-8", static storage
};

/// Gets the members of the top-level object as they pass. Spans point into the text: the key
/// between its quotes, still escaped; the value with its quotes or brackets.
class json_members {
public:
    /// Return false to stop: the scan then ends with the fault "duplicate key" at the key's quote.
    virtual bool member(std::string_view raw_key, std::string_view raw_value) = 0;

protected:
    ~json_members() = default;
};

/// One strict pass: grammar, depth (at most `depth_max` nested containers), UTF-8 without
/// surrogates or overlong forms, \u escapes with paired surrogates, numbers by grammar only (any
/// number of digits). True when the whole text is one object. RFC 8259, RFC 3629.
bool scan_json_object(std::string_view text, int depth_max, json_members& sink, json_fault& fault);

/// Gets the elements of a top-level array as they pass; the spans are as in json_members.
class json_elements {
public:
    /// Return false to stop: the scan then ends with the fault "too many elements" at this one.
    virtual bool element(std::string_view raw_value) = 0;

protected:
    ~json_elements() = default;
};

/// True when the whole text is one array. As strict as scan_json_object.
bool scan_json_array(std::string_view text, int depth_max, json_elements& sink, json_fault& fault);

/// The same strictness for any single JSON value. `depth_max` 0 allows scalars only.
bool scan_json_value(std::string_view text, int depth_max, json_fault& fault);

}  // namespace weir
