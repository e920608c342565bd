#include "turnpike/settings.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace turnpike {
namespace {

std::string Optional(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string Required(const char* name) {
  std::string value = Optional(name);
  if (value.empty()) throw std::invalid_argument(std::string(name) + " is not set");
  return value;
}

std::string FileNamedBy(const char* name) {
  const std::string path = Optional(name);
  if (path.empty()) return "";
  std::ifstream file(path, std::ios::binary);
  std::string content{std::istreambuf_iterator<char>(file), {}};
  if (content.empty()) throw std::invalid_argument(std::string(name) + " names a file that cannot be read");
  return content;
}

}  // namespace

Settings Settings::FromEnvironment() {
  Settings settings{
      .url = Required("TURNPIKE_URL"),
      .api_key = Required("TURNPIKE_API_KEY"),
      .authorities = FileNamedBy("TURNPIKE_CA_FILE"),
      .certificate = FileNamedBy("TURNPIKE_CERT_FILE"),
      .private_key = FileNamedBy("TURNPIKE_KEY_FILE"),
  };
  if (settings.certificate.empty() != settings.private_key.empty())
    throw std::invalid_argument("TURNPIKE_CERT_FILE and TURNPIKE_KEY_FILE go together");
  return settings;
}

}  // namespace turnpike
