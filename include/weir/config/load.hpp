#pragma once

#include <weir/base/error.hpp>
#include <weir/config/settings.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// From the outside world to settings: file < environment < --set, every fault at once.
namespace weir::config {

/// Bounds of what is read.
inline constexpr std::size_t file_bytes_max = 1024 * 1024;
inline constexpr std::size_t secret_bytes_max = 64 * 1024;
inline constexpr std::size_t faults_max = 100;
inline constexpr int nesting_max = 16;

/// What `weir config` shows instead of a secret; refused as a value of one.
inline constexpr std::string_view redacted = "<redacted>";

enum class severity : std::uint8_t { warning, error };

/// One thing to tell the operator.
struct config_fault {
    severity weight = severity::error;
    std::string source;  ///< the file's name, "--set", or the environment variable; may be empty
    int line = 0;        ///< in the file, from 1; 0: none
    int column = 0;
    std::string path;     ///< "limits.connections", "topics[2].match"; may be empty
    std::string message;  ///< a sentence to act on; no secrets

    /// "weir.yaml:12:5: limits.conections: unknown key; did you mean limits.connections?"
    std::string text() const;
    bool operator==(config_fault const&) const = default;
};

/// Where a value comes from. The order is the precedence.
enum class layer : std::uint8_t { fallback, file, environment, assignment };
struct origin {
    layer from = layer::fallback;
    std::string source;
    int line = 0;
    int column = 0;

    /// "weir.yaml:12:5", "WEIR_LIMITS__CONNECTIONS", "--set"; "default".
    std::string text() const;
};
/// Path → origin of everything that was set. Absent: the default.
using provenance = std::map<std::string, origin, std::less<>>;

struct file_content {
    std::string bytes;
    bool others_may_read = false;
};
/// At most `most` bytes, or a sentence saying why not.
using file_reader = std::function<result<file_content>(std::string const& path, std::size_t most)>;
result<file_content> read_file(std::string const& path, std::size_t most);

/// Name → value of every variable whose name starts with `WEIR_`.
using environment = std::map<std::string, std::string>;
environment read_environment();

/// Where the service manager puts this service's credentials: $CREDENTIALS_DIRECTORY of systemd's
/// LoadCredential=. Empty: nowhere.
std::string credentials_directory();

struct sources {
    std::optional<std::string> file;       ///< absent: development_settings() is the base
    environment variables;                 ///< WEIR_A__B=c; a name without `__` is not ours
    std::vector<std::string> assignments;  ///< "a.b=c" of each --set
    file_reader read = read_file;          ///< for the file, secrets and TLS files
    /// A directory whose files come before secret and TLS files of the same name elsewhere:
    /// `key_file: /etc/weir/backend.key` is read from `backend.key` in it, if that is there.
    std::string credentials;
};

struct loaded {
    settings values;  ///< usable only when ok()
    provenance origins;
    std::vector<config_fault> faults;  ///< warnings too; at most faults_max and a count of the rest
    bool development = false;          ///< no file was given

    bool ok() const noexcept;
};

/// Reads, merges and checks. Never throws on account of its input. Blocks on files: for start-up
/// and reload, not for a shard's thread.
loaded load(sources const& from);

/// As load(), with the file's text at hand. `name` stands in faults; `from.file` is not read.
loaded load_text(std::string_view name, std::string_view text, sources const& from);

}  // namespace weir::config
