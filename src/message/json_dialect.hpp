#pragma once

#include "message/json_fields.hpp"

#include <weir/message/dialect.hpp>

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

/// `weir.v1.json`; see make_json_dialect.
class json_dialect final : public dialect {
public:
    void decode(std::string_view bytes, bool binary, command_sink& to) override;

    void encode(std::string& out, welcome const& w) const override;
    void encode(std::string& out, goaway const& g) const override;
    void encode(std::string& out, message const& m) const override;
    void encode_ok(std::string& out, request_id id, std::string_view payload) const override;
    void encode_error(std::string& out, request_id id, fault const& f) const override;
    void encode_unsubscribed(std::string& out, std::string_view topic,
                             fault const& why) const override;
    void encode_ping(std::string& out) const override;
    void encode_pong(std::string& out, request_id id) const override;
    void encode_gap(std::string& out, std::string_view topic, loss const& what) const override;
    void encode_presence(std::string& out, presence_change const& c) const override;
    void subscribed_payload(std::string& out, subscribed const& s) const override;
    void history_payload(std::string& out, history_page const& page) const override;
    void sync_payload(std::string& out, std::span<topic_state_page const> topics) const override;
    void presence_payload(std::string& out, presence_page const& page) const override;
    void published_payload(std::string& out, std::optional<position> const& at) const override;

    /// For tests: the views of the last command point into its text or in here.
    json::scratch const& memory() const noexcept { return memory_; }

private:
    json::scratch memory_;
    std::vector<std::string_view> topics_;  ///< of the last `sync`
};

}  // namespace weir
