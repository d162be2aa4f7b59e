#pragma once

#include <string_view>

namespace weir::http {

/// What is wrong with a message: the status that answers it and a static sentence.
struct http_fault {
    int status = 400;
    std::string_view text;
};

}  // namespace weir::http
