#include "app/wire_message.hpp"

#include <weir/message/command.hpp>
#include <weir/message/json_scan.hpp>
#include <weir/message/json_text.hpp>

namespace weir::app {
namespace {

class reader final : public json_members {
public:
    explicit reader(wire_message& into) : into_(into) {}

    bool member(std::string_view key, std::string_view value) override {
        if (key == "type") {
            set_text(into_.type, value);
        } else if (key == "topic") {
            set_text(into_.topic, value);
        } else if (key == "id") {
            into_.id = value;
        } else if (key == "payload") {
            into_.payload = value;
        }
        return true;
    }

private:
    static void set_text(std::string& out, std::string_view raw) {
        out.clear();
        if (raw.size() >= 2 && raw.front() == '"') {
            append_unescaped(out, raw.substr(1, raw.size() - 2));
        }
    }
    wire_message& into_;
};

}  // namespace

wire_message read_wire_message(std::string const& text) {
    wire_message m;
    reader r(m);
    json_fault ignored;
    if (!scan_json_object(text, json_depth_max, r, ignored)) return {};
    return m;
}

}  // namespace weir::app
