#include "app/first_configuration.hpp"

#include "app/command_line.hpp"

#include <weir/base/ids.hpp>
#include <weir/message/json_text.hpp>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <fcntl.h>
#include <span>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace weir::app {
namespace {

/// 256 random bits in hexadecimal: safe in every file, header and shell.
std::string new_secret() {
    std::array<std::byte, 32> bits;
    random_bytes(bits);
    std::string out;
    for (std::byte const b : bits) {
        constexpr std::string_view digits = "0123456789abcdef";
        out += digits[std::to_integer<std::size_t>(b) >> 4];
        out += digits[std::to_integer<std::size_t>(b) & 15];
    }
    return out + '\n';
}

/// A JSON string is a double-quoted YAML scalar, too.
std::string yaml_text(std::string const& text) {
    std::string out;
    append_json_string(out, text);
    return out;
}

std::string configuration(std::string const& directory) {
    return R"(# A first configuration of Weir. `weir check -c FILE` explains what it does.
# `weir config --defaults` prints every other option.

listen:
  # Only this machine can connect. To serve others, use 0.0.0.0 and set tls: {certificate, key}.
  public: {address: 127.0.0.1, port: 8080}
  # Server API, metrics and health.
  internal: {address: 127.0.0.1, port: 8081}

auth:
  # Clients need a token signed with this secret (HS256); its claim `sub` is the user.
  jwt: {secret_file: )" +
           yaml_text(directory + "/jwt.secret") + R"(}

# Web pages that may connect: from the server's own host; add yours, "https://app.example.com".
origins: [same]

# The first rule that matches a topic counts.
topics:
  # To one user, from your backend. The user gets the last 100 messages after being offline.
  - match: "inbox.{user}"
    subscribe: owner
    history: {messages: 100, age: 24h}
  # Chat rooms: every user reads and writes.
  - match: "chat.**"
    subscribe: authenticated
    publish: authenticated
    history: {messages: 1000, age: 24h}
    presence: true
  # Current values, from your backend. New subscribers first get the newest value of each key.
  - match: "prices.*"
    subscribe: authenticated
    state: keyed
    slow: conflate
    rate: 10/s

api:
  keys:
    # For your backend: Authorization: Bearer KEY
    - name: backend
      key_file: )" +
           yaml_text(directory + "/backend.key") + R"(
      scopes: [publish, send, read]
)";
}

fault cannot(std::string const& path, int error) {
    if (error == EEXIST) {
        return {errc::conflict, path +
                                    " exists already; nothing was written. Remove it first, or "
                                    "give another directory"};
    }
    return {errc::unavailable, path + ": " + std::strerror(error)};
}

result<void> write_new_file(new_file const& f) {
    int const fd = ::open(f.path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, f.mode);
    if (fd < 0) return cannot(f.path, errno);
    std::string_view rest = f.content;
    int error = 0;
    while (!rest.empty() && error == 0) {
        ssize_t const n = ::write(fd, rest.data(), rest.size());
        if (n >= 0) {
            rest.remove_prefix(static_cast<std::size_t>(n));
        } else if (errno != EINTR) {
            error = errno;
        }
    }
    if (::close(fd) != 0 && error == 0) error = errno;
    if (error == 0) return {};
    ::unlink(f.path.c_str());
    return cannot(f.path, error);
}

}  // namespace

std::vector<new_file> first_configuration(std::string const& directory) {
    return {{directory + "/weir.yaml", configuration(directory), 0644},
            {directory + "/jwt.secret", new_secret(), 0600},
            {directory + "/backend.key", new_secret(), 0600}};
}

std::string next_commands(std::string const& directory, std::string const& program) {
    std::string const weir = shell_word(program);
    std::string const file = shell_word(directory + "/weir.yaml");
    return "Start the server:\n\n"
           "  " +
           weir + " serve -c " + file +
           "\n\n"
           "In a second terminal, subscribe as user ann to her inbox:\n\n"
           "  " +
           weir + " sub --token \"$(" + weir + " token -c " + file +
           " --user ann)\" "
           "ws://127.0.0.1:8080/v1/ws inbox.ann\n\n"
           "In a third, publish to it as your backend would:\n\n"
           "  curl http://127.0.0.1:8081/api/v1/publish "
           "-H \"Authorization: Bearer $(cat " +
           shell_word(directory + "/backend.key") +
           ")\" "
           "-d '{\"topic\":\"inbox.ann\",\"payload\":{\"text\":\"hello\"}}'\n";
}

result<void> write_new_files(std::vector<new_file> const& files) {
    for (new_file const& f : files) {  // before the first is written
        struct stat about{};
        if (::lstat(f.path.c_str(), &about) == 0) return cannot(f.path, EEXIST);
    }
    for (std::size_t i = 0; i != files.size(); ++i) {
        auto const written = write_new_file(files[i]);
        if (written) continue;
        while (i != 0) ::unlink(files[--i].path.c_str());
        return written;
    }
    return {};
}

}  // namespace weir::app
