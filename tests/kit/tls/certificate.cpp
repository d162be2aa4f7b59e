#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <filesystem>
#include <fstream>
#include <kit/tls/certificate.hpp>
#include <stdexcept>
#include <stdlib.h>

namespace weir::kit {
namespace {

template <auto Free>
struct free_with {
    template <class T>
    void operator()(T* p) const noexcept {
        Free(p);
    }
};
using key_ptr = std::unique_ptr<EVP_PKEY, free_with<EVP_PKEY_free>>;
using x509_ptr = std::unique_ptr<X509, free_with<X509_free>>;
using bio_ptr = std::unique_ptr<BIO, free_with<BIO_free>>;
using extension_ptr = std::unique_ptr<X509_EXTENSION, free_with<X509_EXTENSION_free>>;

constexpr long day_seconds = 24L * 60 * 60;

void require(bool ok) {
    if (!ok) throw std::runtime_error("the test certificate could not be made");
}

std::string text_of(BIO* bio) {
    char* first = nullptr;
    long const size = BIO_get_mem_data(bio, &first);
    return {first, static_cast<std::size_t>(size)};
}

void add_extension(X509& to, int id, std::string const& value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, &to, &to, nullptr, nullptr, 0);
    extension_ptr const made(X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str()));
    require(made && X509_add_ext(&to, made.get(), -1) == 1);
}

std::string alternative_names(certificate_settings const& s) {
    std::string all;
    for (auto const& n : s.names) all += (all.empty() ? "DNS:" : ",DNS:") + n;
    for (auto const& a : s.addresses) all += (all.empty() ? "IP:" : ",IP:") + a;
    return all;
}

}  // namespace

certificate make_certificate(certificate_settings const& settings) {
    key_ptr const key(EVP_EC_gen("P-256"));
    x509_ptr const made(X509_new());
    require(key && made);
    X509_set_version(made.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
    long const shift = settings.expired ? -30 * day_seconds : 0;
    X509_gmtime_adj(X509_getm_notBefore(made.get()), shift - day_seconds);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), shift + day_seconds);
    X509_set_pubkey(made.get(), key.get());
    X509_NAME* const subject = X509_get_subject_name(made.get());
    auto const& name = settings.names.front();
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                               reinterpret_cast<unsigned char const*>(name.c_str()), -1, -1, 0);
    X509_set_issuer_name(made.get(), subject);
    add_extension(*made, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(*made, NID_subject_alt_name, alternative_names(settings));
    require(X509_sign(made.get(), key.get(), EVP_sha256()) > 0);

    bio_ptr const chain(BIO_new(BIO_s_mem()));
    bio_ptr const secret(BIO_new(BIO_s_mem()));
    require(chain && secret && PEM_write_bio_X509(chain.get(), made.get()) == 1);
    bool const encrypted = !settings.passphrase.empty();
    auto* const phrase = reinterpret_cast<unsigned char const*>(settings.passphrase.data());
    require(PEM_write_bio_PrivateKey(
                secret.get(), key.get(), encrypted ? EVP_aes_128_cbc() : nullptr,
                encrypted ? phrase : nullptr, static_cast<int>(settings.passphrase.size()), nullptr,
                nullptr) == 1);
    return {text_of(chain.get()), text_of(secret.get())};
}

scratch_directory::scratch_directory()
    : path_((std::filesystem::temp_directory_path() / "weir-test-XXXXXX").string()) {
    require(::mkdtemp(path_.data()) != nullptr);
}

scratch_directory::~scratch_directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::string scratch_directory::write(std::string const& name, std::string const& content) const {
    std::string where = path(name);
    std::ofstream(where, std::ios::binary) << content;
    return where;
}

}  // namespace weir::kit
