#pragma once

#include <weir/async/mailbox.hpp>
#include <weir/topic/broker_family.hpp>
#include <weir/topic/memory_broker.hpp>

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

namespace weir {

/// The memory brokers of one process, and the mailboxes between them.
class memory_family final : public broker_family, private broker_post {
public:
    /// `settings.shard` says nothing.
    explicit memory_family(memory_broker_settings settings);
    ~memory_family() override;

    std::unique_ptr<broker> make(broker_site site) override;
    unsigned shard_for(std::string_view topic) const noexcept override;

private:
    /// What waits for one shard. Counted when it is put in and taken out, so that no sibling ever
    /// sees less than there is.
    struct box {
        explicit box(broker_site const& site) : backlog(site.backlog), mails(site.wake) {}
        fan_out_backlog const& backlog;
        std::atomic<std::size_t> bytes{0};
        mailbox<broker_mail> mails;
    };

    void post(unsigned shard, broker_mail mail) override;
    shard_backlog mail_waiting(unsigned shard) const override;
    shard_backlog backlog(unsigned shard) const override;
    bool bring(unsigned shard, memory_broker& to, std::size_t at_most) override;

    memory_broker_settings const settings_;
    memory_broker_shared shared_;
    std::vector<std::unique_ptr<box>> boxes_;  ///< complete before the first thread starts
};

}  // namespace weir
