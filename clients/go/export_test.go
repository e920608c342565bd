package turnpike

import "crypto/x509"

// Authorities shows a test which authorities a client would trust. Nil means the system's.
func Authorities(url string, options ...Option) (*x509.CertPool, error) {
	chosen := settings{url: setting{name: "the URL", value: url, given: true}}
	for _, option := range options {
		option(&chosen)
	}
	found, err := chosen.check()
	if err != nil {
		return nil, err
	}
	return found.tls.RootCAs, nil
}
