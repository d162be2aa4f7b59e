#pragma once

#include <weir/message/message.hpp>

#include <string>
#include <string_view>

namespace weir {

/// Appends a `position` event in `weir.v1.json`: all messages of the topic up to there were sent,
/// or replaced by newer ones.
void encode_json_position(std::string& out, std::string_view topic, position const& at);

}  // namespace weir
