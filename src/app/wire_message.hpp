#pragma once

#include <string>

namespace weir::app {

/// A message from the server, as the command line looks at it. Payload and id as they came.
struct wire_message {
    std::string type;
    std::string id;
    std::string topic;
    std::string payload;
};

/// Fields that are absent or that cannot be read stay empty.
wire_message read_wire_message(std::string const& text);

}  // namespace weir::app
