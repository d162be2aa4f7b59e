#pragma once

#include <weir/client/json_object.hpp>

#include <string>

namespace weir::app {

/// One line about a message that is not a message of a topic: a gap, a receipt, presence, goaway,
/// the end of a subscription. Empty if there is nothing to tell.
std::string notice_of(client_engine::json_object const& m);

}  // namespace weir::app
