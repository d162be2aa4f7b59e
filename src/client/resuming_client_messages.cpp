#include <weir/client/json_object.hpp>
#include <weir/client/resuming_client.hpp>

#include <algorithm>
#include <charconv>
#include <utility>

// What numbered messages mean to a client.
namespace weir::client_engine {
namespace {

/// Answers to publishes that were sent twice may come twice; so many are remembered.
constexpr std::size_t answered_max = 256;

std::optional<place> place_of(std::optional<json_object> const& o) {
    if (!o || !o->number("offset")) return std::nullopt;
    return place{o->text("epoch"), *o->number("offset")};
}

declared_loss loss_of(json_object const& o) {
    return {.from = o.number("from").value_or(0),
            .to = o.number("to").value_or(0),
            .count = o.number("count").value_or(0),
            .reason = o.text("reason")};
}

}  // namespace

void resuming_client::on_numbered(std::string_view type, json_object const& m, mono_time now) {
    if (type == "message") return on_message(m);
    if (type == "ok") return on_ok(m);
    if (type == "error") return on_error(m, now);
    if (type == "gap") return on_gap(m);
    if (type == "presence") return on_presence(m);
    if (type == "position") return on_position(m);
    if (type == "unsubscribed") return on_unsubscribed(m);
    // Others are counted and passed over, as the protocol asks.
}

std::optional<std::size_t> resuming_client::slot_of(std::string_view topic) const {
    for (std::size_t i = 0; i != subscriptions_.size(); ++i) {
        if ((*settings_.names)[subscriptions_[i].topic] == topic) return i;
    }
    return std::nullopt;
}

void resuming_client::on_message(json_object const& m) {
    auto const topic = m.text("topic");
    auto const slot = slot_of(topic);
    if (!slot) return broken("a message of " + topic + ", to which it never subscribed");
    subscription& s = subscriptions_[*slot];
    if (s.now != subscription::state::active) return broken("a message of " + topic + " before ok");
    auto const offset = m.number("offset");
    if (!offset) return broken("a message of " + topic + " without an offset");
    if (s.last && !s.conflating) s.last->offset = std::max(s.last->offset, *offset);
    witness_.took({settings_.number, static_cast<std::uint32_t>(*slot)},
                  {.offset = *offset, .key = m.text("key"), .payload = m.raw("payload")});
}

void resuming_client::on_presence(json_object const& m) {
    auto const topic = m.text("topic");
    auto const slot = slot_of(topic);
    auto const payload = m.object("payload");
    auto const version = payload ? payload->number("version") : std::nullopt;
    if (!slot || !version) return;
    witness_.presence_changed({settings_.number, static_cast<std::uint32_t>(*slot)}, *version);
}

void resuming_client::on_position(json_object const& m) {
    auto const topic = m.text("topic");
    auto const slot = slot_of(topic);
    auto const at = place_of(m.object("payload"));
    if (!slot || !at) return broken("a position of " + topic + " that says nothing");
    subscriptions_[*slot].last = at;
    witness_.positioned({settings_.number, static_cast<std::uint32_t>(*slot)}, *at);
}

void resuming_client::on_gap(json_object const& m) {
    auto const topic = m.text("topic");
    auto const slot = slot_of(topic);
    auto const payload = m.object("payload");
    if (!slot || !payload) return broken("a gap of " + topic + " that says nothing");
    subscription& s = subscriptions_[*slot];
    if (s.now != subscription::state::active) return broken("a gap of " + topic + " before ok");
    auto const what = loss_of(*payload);
    if (what.reason.empty()) broken("a gap of " + topic + " without a reason");
    if (what.reason == "epoch") {
        s.last.reset();  // of the new one only its messages are known, not its name
    } else if (s.last && !s.conflating) {
        s.last->offset = std::max(s.last->offset, what.to);
    }
    witness_.gap({settings_.number, static_cast<std::uint32_t>(*slot)}, what);
}

void resuming_client::on_unsubscribed(json_object const& m) {
    auto const topic = m.text("topic");
    broken("unsubscribed from " + topic + ": " + std::string(m.raw("payload")));
    auto const slot = slot_of(topic);
    if (!slot) return;
    if (settings_.subscribe_again) return ask(*slot);
    subscriptions_[*slot].now = subscription::state::ended;
}

std::optional<std::size_t> resuming_client::slot_of_id(std::string_view id) const {
    std::size_t slot = 0;
    if (!id.starts_with('s')) return std::nullopt;
    auto const [end, error] = std::from_chars(id.data() + 1, id.data() + id.size(), slot);
    bool const whole = error == std::errc() && end != id.data() + id.size() && *end == '.';
    if (!whole || slot >= subscriptions_.size()) return std::nullopt;
    return slot;
}

void resuming_client::on_ok(json_object const& m) {
    auto const id = m.raw("id");
    if (auto const number = m.number("id")) return on_publish_ok(*number, m);
    auto const text = unquoted(id);
    if (auto const slot = slot_of_id(text)) return on_subscribe_ok(*slot, text, m);
    if (text.starts_with('q')) return on_answer(text, m);
    broken("an ok that answers nothing: " + std::string(id));
}

void resuming_client::on_answer(std::string_view id, json_object const& m) {
    auto const found = std::find_if(questions_.begin(), questions_.end(),
                                    [&](question const& q) { return q.id == id; });
    if (found == questions_.end()) return;  // it was sent twice
    questions_.erase(found);
    witness_.answered(settings_.number, id.substr(1), m.raw("payload"));
}

void resuming_client::on_subscribe_ok(std::size_t slot, std::string_view id, json_object const& m) {
    subscription& s = subscriptions_[slot];
    // The same question was sent again after a resume, and both were answered.
    bool const again = s.now == subscription::state::active;
    if (id != id_of(slot) || (again && !s.renewing)) return;
    auto const payload = m.object("payload");
    if (!payload) return broken("an ok to subscribe without a payload");
    subscribe_answer a;
    a.at = place_of(payload->object("position"));
    a.recovered = payload->flag("recovered");
    if (auto const r = payload->object("receipt")) {
        a.receipt = {.from = r->number("from").value_or(0), .to = r->number("to").value_or(0)};
        if (auto const missing = r->object("missing")) a.receipt->missing = loss_of(*missing);
    }
    a.state = payload->number("state");
    a.conflating = payload->flag("conflating");
    a.again = again;
    bool const waits_by_key = std::exchange(s.conflating, a.conflating);
    s.renewing = false;
    s.now = subscription::state::active;
    if (again) {
        // What waited was sent before this answer.
        if (waits_by_key && !s.conflating && a.at) s.last = a.at;
        return witness_.subscribed({settings_.number, static_cast<std::uint32_t>(slot)}, a, {});
    }
    if (!a.at) return broken("an ok to the first subscribe without a position");
    // What is recovered comes next; until then the old position stands, where it still counts.
    bool const comes = a.recovered || a.receipt;
    if (!comes || !s.last) {
        s.last = a.at;
    } else if (s.last->epoch != a.at->epoch) {
        s.last = place{a.at->epoch, a.receipt && a.receipt->from != 0 ? a.receipt->from - 1 : 0};
    }
    witness_.subscribed({settings_.number, static_cast<std::uint32_t>(slot)}, a, s.since);
}

void resuming_client::on_publish_ok(std::uint64_t number, json_object const& m) {
    auto const payload = m.object("payload");
    auto const at = payload ? place_of(payload->object("position")) : std::nullopt;
    auto const found = std::find_if(publishes_.begin(), publishes_.end(),
                                    [&](waiting const& w) { return w.number == number; });
    if (found == publishes_.end()) {
        auto const before = std::find_if(answered_.begin(), answered_.end(),
                                         [&](answered const& a) { return a.number == number; });
        if (before == answered_.end()) {
            broken("publish " + std::to_string(number) + " was answered twice, or never sent");
        } else if (at && *at != before->at) {
            broken("publish " + std::to_string(number) + " was answered with offset " +
                   std::to_string(before->at.offset) + " and then with " +
                   std::to_string(at->offset));
        }
        return;
    }
    if (at) {
        witness_.acknowledged(settings_.number, number, found->topic, *at);
    } else {
        broken("an ok to publish without a position");
    }
    if (found->again) answered_.push_back({number, at.value_or(place{})});
    if (answered_.size() > answered_max) answered_.pop_front();
    publishes_.erase(found);
}

void resuming_client::on_error(json_object const& m, mono_time now) {
    auto const payload = m.object("payload");
    if (!payload) return broken("an error without a payload");
    auto const code = payload->text("code");
    auto const wait = milliseconds(payload->number("retry_after_ms").value_or(0));
    bool const passing = code == "rate_limited" || code == "unavailable" || code == "timeout";
    if (!passing) broken("error " + std::string(m.raw("payload")));
    if (auto const number = m.number("id")) {
        auto const found = std::find_if(publishes_.begin(), publishes_.end(),
                                        [&](waiting const& w) { return w.number == *number; });
        if (found == publishes_.end()) {
            bool const twice = std::any_of(
                answered_.begin(), answered_.end(),
                [&](answered const& a) { return a.number == *number && a.at == place{}; });
            if (!twice) broken("an error that answers nothing: " + std::to_string(*number));
            return;
        }
        if (found->again) answered_.push_back({*number, place{}});
        if (payload->text("outcome") == "not_stored") {
            witness_.refused(settings_.number, *number);
        } else {
            witness_.unknown(settings_.number, *number);
        }
        publishes_.erase(found);
    } else if (auto const slot = slot_of_id(m.text("id"))) {
        subscription& s = subscriptions_[*slot];
        if (s.now == subscription::state::active) {
            s.renewing = false;  // the options are as they were, or the first of two was executed
            return;
        }
        s.now = subscription::state::none;
        s.again = now + std::max(wait, milliseconds(50));
    } else if (m.text("id").starts_with('q')) {
        on_answer(m.text("id"), m);
    } else if (passing) {
        broken("error without an id: " + std::string(m.raw("payload")));
    }
}

}  // namespace weir::client_engine
