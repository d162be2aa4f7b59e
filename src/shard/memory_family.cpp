#include "shard/memory_family.hpp"

#include <weir/base/assert.hpp>

#include <utility>

namespace weir {

memory_family::memory_family(memory_broker_settings settings) : settings_(settings) {
    boxes_.resize(settings.shards);
}

memory_family::~memory_family() = default;

std::unique_ptr<broker> memory_family::make(broker_site site) {
    auto& own = boxes_.at(site.shard);
    WEIR_ASSERT(own == nullptr);
    own = std::make_unique<box>(site);
    auto settings = settings_;
    settings.shard = site.shard;
    broker_post& post = *this;
    return std::make_unique<memory_broker>(settings, shared_, post, site.listener, site.policies,
                                           site.counts);
}

unsigned memory_family::shard_for(std::string_view topic) const noexcept {
    return memory_broker::home_of(topic, settings_.shards);
}

void memory_family::post(unsigned shard, broker_mail mail) {
    box& to = *boxes_[shard];
    to.bytes.fetch_add(mail_bytes(mail), std::memory_order_relaxed);
    to.mails.push(std::move(mail));
}

shard_backlog memory_family::mail_waiting(unsigned shard) const {
    box const& of = *boxes_[shard];
    return {.messages = of.mails.size(), .bytes = of.bytes.load(std::memory_order_relaxed)};
}

shard_backlog memory_family::backlog(unsigned shard) const {
    auto all = mail_waiting(shard);
    auto const& fan_out = boxes_[shard]->backlog;
    all.messages += fan_out.messages.load(std::memory_order_relaxed);
    all.bytes += fan_out.bytes.load(std::memory_order_relaxed);
    return all;
}

bool memory_family::bring(unsigned shard, memory_broker& to, std::size_t at_most) {
    box& of = *boxes_[shard];
    of.mails.drain(
        [&](broker_mail&& mail) {
            of.bytes.fetch_sub(mail_bytes(mail), std::memory_order_relaxed);
            to.on_mail(std::move(mail));
        },
        at_most);
    return of.mails.has_left_over();
}

}  // namespace weir
