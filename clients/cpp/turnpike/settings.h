#pragma once

#include <string>

namespace turnpike {

// Where the gateway is and who is calling. There is no way to print it: it holds a key.
struct Settings {
  // `http://host:port` for plaintext, `https://host:port` for TLS.
  std::string url;
  // An API key, `tpk_…`.
  std::string api_key;
  // PEM. Empty means the authorities of the system.
  std::string authorities;
  // PEM, both or neither, for mutual TLS.
  std::string certificate, private_key;

  // Reads TURNPIKE_URL, TURNPIKE_API_KEY, and the files named by TURNPIKE_CA_FILE, TURNPIKE_CERT_FILE and
  // TURNPIKE_KEY_FILE. Throws std::invalid_argument that names the one that is wrong.
  static Settings FromEnvironment();
};

}  // namespace turnpike
