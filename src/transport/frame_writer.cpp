#include <weir/base/assert.hpp>
#include <weir/transport/frame_writer.hpp>
#include <weir/ws/header.hpp>

#include <array>

namespace weir {
namespace {

constexpr unsigned opcode_mask = 0x0F;

frame_ref make(ws::opcode op, bool rsv1, std::string_view body, bool numbered) {
    std::array<char, ws::server_header_bytes_max> header;
    std::size_t const size =
        ws::write_header(header.data(), {.op = op, .rsv1 = rsv1, .payload_bytes = body.size()});
    return make_frame({header.data(), size}, body, numbered);
}

}  // namespace

frame_ref make_text_frame(std::string_view body, bool numbered) {
    return make(ws::opcode::text, false, body, numbered);
}

frame_ref make_binary_frame(std::string_view body, bool numbered) {
    return make(ws::opcode::binary, false, body, numbered);
}

frame_ref make_control_frame(ws::opcode op, std::string_view payload) {
    WEIR_ASSERT(ws::is_control(op) && payload.size() <= ws::control_bytes_max);
    return make(op, false, payload, false);
}

frame_ref make_deflated_frame(frame const& plain, std::string_view deflated) {
    WEIR_ASSERT(plain.wire().size() > plain.body().size());
    auto const first = static_cast<unsigned char>(plain.wire().front());
    return make(static_cast<ws::opcode>(first & opcode_mask), true, deflated, plain.numbered());
}

}  // namespace weir
