package turnpike

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	neturl "net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
)

// ConfigurationError says which setting is wrong, before anything is connected. It never shows an API key.
type ConfigurationError struct {
	// Name is that of the environment variable or of the option, such as `TURNPIKE_CA_FILE` or `WithAPIKey`.
	Name string
	// Problem says what is wrong, in a few words.
	Problem string

	cause error
}

// Error says which setting is wrong, and why.
func (e *ConfigurationError) Error() string {
	text := "turnpike: " + e.Name + ": " + e.Problem
	if e.cause != nil {
		text += ": " + e.cause.Error()
	}
	return text
}

// Unwrap returns what the system said, such as an [*os.PathError], or nil.
func (e *ConfigurationError) Unwrap() error { return e.cause }

// A setting knows where it came from, so that an error can name it.
type setting struct {
	name, value string
	given       bool
}

func (s setting) wrong(problem string, cause error) error {
	return &ConfigurationError{Name: s.name, Problem: problem, cause: cause}
}

type keepaliveTimes struct{ silence, answer time.Duration }

// What was chosen, by options or by the environment, and not checked yet.
type settings struct {
	url, apiKey, caFile, certFile, keyFile setting
	keepalive                              *keepaliveTimes
	dialing                                []grpc.DialOption
}

func environment() settings {
	read := func(name string) setting {
		value := os.Getenv(name)
		return setting{name: name, value: value, given: value != ""}
	}
	return settings{
		url:      read("TURNPIKE_URL"),
		apiKey:   read("TURNPIKE_API_KEY"),
		caFile:   read("TURNPIKE_CA_FILE"),
		certFile: read("TURNPIKE_CERT_FILE"),
		keyFile:  read("TURNPIKE_KEY_FILE"),
	}
}

// Without a key or a certificate every call would be refused, so the environment must have one of them.
func (s *settings) requireCredentials() error {
	if !s.apiKey.given && !s.certFile.given && !s.keyFile.given {
		return s.apiKey.wrong("is not set, nor is there a client certificate in TURNPIKE_CERT_FILE", nil)
	}
	return nil
}

func (s *settings) keepaliveSilence() time.Duration {
	if s.keepalive == nil {
		return keepaliveSilence
	}
	return s.keepalive.silence
}

func (s *settings) keepaliveAnswer() time.Duration {
	if s.keepalive == nil {
		return keepaliveAnswer
	}
	return s.keepalive.answer
}

// A target is what the settings come to when nothing is wrong with them.
type target struct {
	url, address, apiKey string
	// Nil means no TLS.
	tls *tls.Config
}

func (s *settings) check() (target, error) {
	found, err := s.readURL()
	if err != nil {
		return target{}, err
	}
	if s.apiKey.given {
		if err := s.checkAPIKey(); err != nil {
			return target{}, err
		}
		found.apiKey = s.apiKey.value
	}
	if s.keepaliveSilence() <= 0 || s.keepaliveAnswer() <= 0 {
		return target{}, &ConfigurationError{Name: "WithKeepalive", Problem: "both times must be greater than zero"}
	}
	if found.tls == nil {
		for _, file := range []setting{s.caFile, s.certFile, s.keyFile} {
			if file.given {
				return target{}, file.wrong("is for https, and the address begins with http:", nil)
			}
		}
		return found, nil
	}
	if err := s.readAuthorities(found.tls); err != nil {
		return target{}, err
	}
	return found, s.readCertificate(found.tls)
}

func (s *settings) readURL() (target, error) {
	if s.url.value == "" {
		return target{}, s.url.wrong("is not set; it is http://host:port or https://host:port", nil)
	}
	// What url.Parse says is not passed on: it repeats the whole text, and there may be a password in it.
	parsed, err := neturl.Parse(s.url.value)
	if err != nil {
		return target{}, s.url.wrong("cannot be read as http://host:port or https://host:port", nil)
	}
	switch {
	case parsed.Scheme != "http" && parsed.Scheme != "https":
		return target{}, s.url.wrong("must begin with http:// or https://", nil)
	case parsed.User != nil:
		return target{}, s.url.wrong("must not hold a user; the API key is given by itself", nil)
	case parsed.Hostname() == "":
		return target{}, s.url.wrong("names no host", nil)
	case parsed.Port() == "":
		return target{}, s.url.wrong("names no port", nil)
	case strings.Trim(parsed.Path, "/") != "" || parsed.RawQuery != "" || parsed.Fragment != "":
		return target{}, s.url.wrong("must end after the port", nil)
	}
	if port, err := strconv.ParseUint(parsed.Port(), 10, 16); err != nil || port == 0 {
		return target{}, s.url.wrong("has a port that is not between 1 and 65535", nil)
	}
	found := target{url: parsed.Scheme + "://" + parsed.Host, address: net.JoinHostPort(parsed.Hostname(), parsed.Port())}
	if parsed.Scheme == "https" {
		found.tls = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return found, nil
}

// A key goes into a header, where a line break, as from a file that was read whole, would be refused late and obscurely.
func (s *settings) checkAPIKey() error {
	if s.apiKey.value == "" {
		return s.apiKey.wrong("is empty", nil)
	}
	for _, character := range s.apiKey.value {
		if character <= ' ' || character > '~' {
			return s.apiKey.wrong("holds a space, a line break or another character that no key has", nil)
		}
	}
	return nil
}

func (s *settings) readAuthorities(config *tls.Config) error {
	if !s.caFile.given {
		return nil
	}
	pem, err := os.ReadFile(s.caFile.value)
	if err != nil {
		return s.caFile.wrong("cannot be read", err)
	}
	config.RootCAs = x509.NewCertPool()
	if !config.RootCAs.AppendCertsFromPEM(pem) {
		return s.caFile.wrong(fmt.Sprintf("%s holds no certificate in PEM", s.caFile.value), nil)
	}
	return nil
}

func (s *settings) readCertificate(config *tls.Config) error {
	switch {
	case !s.certFile.given && !s.keyFile.given:
		return nil
	case !s.certFile.given:
		return s.certFile.wrong("is not set, and "+s.keyFile.name+" is", nil)
	case !s.keyFile.given:
		return s.keyFile.wrong("is not set, and "+s.certFile.name+" is", nil)
	}
	cert, err := os.ReadFile(s.certFile.value)
	if err != nil {
		return s.certFile.wrong("cannot be read", err)
	}
	key, err := os.ReadFile(s.keyFile.value)
	if err != nil {
		return s.keyFile.wrong("cannot be read", err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return s.certFile.wrong("and its key are no pair in PEM", err)
	}
	config.Certificates = []tls.Certificate{pair}
	return nil
}
