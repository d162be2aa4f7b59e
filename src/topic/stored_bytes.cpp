// What messages count, wherever they are kept or wait.

#include <weir/topic/broker.hpp>
#include <weir/topic/memory_broker.hpp>
#include <weir/topic/policy.hpp>

#include <variant>

namespace weir {

std::size_t stored_bytes(message const& m) noexcept {
    return message_overhead_bytes + m.topic.size() + m.event.size() + m.payload.size() +
           m.key.size() + m.from.size();
}

std::size_t stored_bytes(publication const& p) noexcept {
    return message_overhead_bytes + p.topic.size() + p.event.size() + p.payload.size() +
           p.key.size() + p.from.size();
}

std::size_t mail_bytes(broker_mail const& mail) noexcept {
    if (auto const* const d = std::get_if<broker_mail::deliver>(&mail.content)) {
        return stored_bytes(*d->what);
    }
    if (auto const* const p = std::get_if<broker_mail::publish>(&mail.content)) {
        return stored_bytes(p->what);
    }
    return sizeof mail;
}

}  // namespace weir
