#pragma once

#include <memory>
#include <string>
#include <vector>

/// Certificates for tests, made when the test runs: no keys in the repository.
/// Add tests/kit/tls/certificate.cpp to the test's SOURCES and OpenSSL::Crypto to OUTSIDE.
namespace weir::kit {

struct certificate_settings {
    std::vector<std::string> names = {"localhost"};  ///< DNS names; the first is also the subject
    std::vector<std::string> addresses = {"127.0.0.1", "::1"};
    bool expired = false;
    std::string passphrase = {};  ///< not empty: the key is encrypted with it
};

struct certificate {
    std::string chain_pem;  ///< self-signed, so it is its own CA file
    std::string key_pem;
};

/// A fresh P-256 key and a certificate for it.
certificate make_certificate(certificate_settings const& settings = {});

/// A directory of its own under the system's temporary one, gone with the object.
class scratch_directory {
public:
    scratch_directory();
    scratch_directory(scratch_directory const&) = delete;
    scratch_directory& operator=(scratch_directory const&) = delete;
    ~scratch_directory();

    /// Writes a file and returns its path.
    std::string write(std::string const& name, std::string const& content) const;
    std::string path(std::string const& name) const { return path_ + "/" + name; }

private:
    std::string path_;
};

/// A certificate as files, for whoever configures a server by paths.
class certificate_files {
public:
    explicit certificate_files(certificate const& made = make_certificate())
        : chain_(directory_.write("chain.pem", made.chain_pem)),
          key_(directory_.write("key.pem", made.key_pem)) {}

    std::string const& chain() const noexcept { return chain_; }  ///< also the client's CA file
    std::string const& key() const noexcept { return key_; }

private:
    scratch_directory directory_;
    std::string chain_;
    std::string key_;
};

}  // namespace weir::kit
