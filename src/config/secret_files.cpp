#include "config/secret_files.hpp"

#include <weir/config/option.hpp>

#include <string>
#include <utility>

namespace weir::config {
namespace {

class secret_reader {
public:
    secret_reader(provenance const& origins, sources const& from, fault_list& faults)
        : origins_(origins), from_(from), faults_(faults) {}

    void table(std::span<option const> rows, void* record, std::string const& prefix) {
        for (option const& row : rows) {
            if (row.at == nullptr) continue;
            std::string const path = prefix + std::string(row.path);
            field const where = row.at(record);
            if (auto* const one = std::get_if<secret*>(&where)) {
                resolve(**one, path);
            } else if (auto* const list = std::get_if<record_list>(&where)) {
                for (std::size_t i = 0; i < list->size(list->where); ++i) {
                    table(list->table(), list->item(list->where, i),
                          path + '[' + std::to_string(i) + "].");
                }
            }
        }
    }

    /// A file that only has to be there.
    void look(std::string& file, std::string const& path, bool is_secret) {
        if (file.empty()) return;
        prefer_credential(file);
        content(file, path, is_secret);
    }

private:
    /// A service may not be allowed to read the file itself, but its manager gave it a copy.
    void prefer_credential(std::string& file) const {
        if (from_.credentials.empty()) return;
        std::string copy = from_.credentials + '/' + file.substr(file.rfind('/') + 1);
        if (from_.read(copy, file_bytes_max)) file = std::move(copy);
    }

    void resolve(secret& one, std::string const& path) {
        if (one.file.empty()) return;
        std::string const file_path = path + "_file";
        if (!one.value.empty()) {
            report(severity::error, file_path, "set beside " + path + "; give one of the two");
            return;
        }
        prefer_credential(one.file);
        std::string bytes = content(one.file, file_path, true);
        if (bytes.ends_with('\n')) bytes.pop_back();
        if (bytes.ends_with('\r')) bytes.pop_back();
        one.value = std::move(bytes);
    }

    std::string content(std::string const& file, std::string const& path, bool is_secret) {
        auto got = from_.read(file, is_secret ? secret_bytes_max : file_bytes_max);
        if (!got) {
            report(severity::error, path, file + ": " + got.error().message);
            return {};
        }
        if (got->bytes.find_first_not_of("\r\n") == std::string::npos) {
            report(severity::error, path, file + ": the file is empty");
            return {};
        }
        if (is_secret && got->others_may_read) {
            report(severity::warning, path,
                   file + ": everyone on this machine may read it; chmod o-r");
        }
        return std::move(got->bytes);
    }

    void report(severity weight, std::string const& path, std::string message) {
        faults_.add(weight, origin_of(origins_, path), path, std::move(message));
    }

    provenance const& origins_;
    sources const& from_;
    fault_list& faults_;
};

}  // namespace

void read_secret_files(settings& values, provenance const& origins, sources const& from,
                       fault_list& faults) {
    secret_reader reader(origins, from, faults);
    reader.table(options(), &values, {});
    listener& open = values.listen.public_listener;
    listener& inner = values.listen.internal_listener;
    reader.look(open.tls.certificate, "listen.public.tls.certificate", false);
    reader.look(open.tls.key, "listen.public.tls.key", true);
    reader.look(inner.tls.certificate, "listen.internal.tls.certificate", false);
    reader.look(inner.tls.key, "listen.internal.tls.key", true);
}

origin origin_of(provenance const& origins, std::string_view path) {
    while (!path.empty()) {
        if (auto const found = origins.find(path); found != origins.end()) return found->second;
        std::size_t const cut = path.find_last_of(".[");
        path = cut == std::string_view::npos ? std::string_view{} : path.substr(0, cut);
    }
    return {};
}

}  // namespace weir::config
