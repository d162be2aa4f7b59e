#include "message/json_pieces.hpp"

#include <weir/message/json_position.hpp>

namespace weir {

void encode_json_position(std::string& out, std::string_view topic, position const& at) {
    json::add_text(out, R"({"type":"position","topic":)", topic);
    json::add_position(out, R"(,"payload":)", at);
    out += '}';
}

}  // namespace weir
